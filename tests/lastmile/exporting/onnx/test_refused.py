"""What has no exact form is refused by name, and runtimes that answer wrongly are not used."""

import pytest
from sklearn.decomposition import NMF, PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from lastmile.errors import NotExportable, RuntimeRefused
from lastmile.exporting.onnx.refused import REFUSED, demand_not_refused
from lastmile.exporting.onnx.runtime import demand_sound_runtime


def test_a_solver_inside_a_pipeline_is_refused_by_its_name_with_another_way(people, targets):
    pipeline = make_pipeline(NMF(1, tol=10.0), LogisticRegression(max_iter=3000))
    pipeline.fit(people[["code", "wiek (lata)"]] / 100, targets.two)
    with pytest.raises(NotExportable) as refused:
        demand_not_refused(pipeline)
    assert "nmf (NMF) cannot be exported to ONNX: it solves" in refused.value.what
    assert refused.value.fix == "use TruncatedSVD or PCA"


def test_a_product_of_matrices_is_not_refused(people, targets):
    pipeline = make_pipeline(PCA(1), LogisticRegression())
    demand_not_refused(pipeline.fit(people[["code", "wiek (lata)"]], targets.two))


def test_every_refusal_names_a_class_of_scikit_learn_and_says_why():
    from sklearn.utils import all_estimators

    known = {name for name, _ in all_estimators()}
    for refusal in REFUSED:
        assert set(refusal.names) <= known
        assert refusal.reason
        assert refusal.fix


@pytest.mark.parametrize(
    ("installed", "message"),
    [
        ({"onnxruntime": "1.26.0", "protobuf": "6.33.6"}, "onnxruntime 1.26.0"),
        ({"onnxruntime": "1.27.0", "protobuf": "6.33.6"}, "onnxruntime 1.27.0"),
        ({"onnxruntime": "1.32.0", "protobuf": "7.36.2"}, "protobuf 7.36.2"),
    ],
)
def test_a_runtime_that_answers_wrongly_is_refused(installed, message):
    with pytest.raises(RuntimeRefused, match=message):
        demand_sound_runtime(installed)


@pytest.mark.parametrize("runtime", ["1.25.1", "1.28.0", "1.32.0"])
def test_a_sound_runtime_passes(runtime):
    demand_sound_runtime({"onnxruntime": runtime, "protobuf": "6.33.6"})
