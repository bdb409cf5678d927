"""A difference is traced to the step of the pipeline where it begins."""

import copy

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier, VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

from lastmile.errors import EvidenceFailed
from lastmile.exporting.evidence import demand_holds, gather_evidence
from lastmile.exporting.onnx import to_onnx
from lastmile.exporting.onnx.converters import CONVERTERS
from lastmile.exporting.signature.parts import short_path

NUMBERS = ["my col-é", "miss"]


def pipeline(final):
    scaled = Pipeline([("fill", SimpleImputer()), ("scale", StandardScaler())])
    both = FeatureUnion([("wide", scaled), ("plain", SimpleImputer())])
    texts = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = ColumnTransformer([("num", both, NUMBERS), ("cat", texts, ["class"])])
    return Pipeline([("columns", columns), ("model", final)])


@pytest.fixture
def spoil(monkeypatch):
    """Let the converter of a class write an estimator whose attribute is another one."""

    def spoil(kind, attribute, change):
        right = CONVERTERS[f"sklearn.{kind}"]

        def wrong(writer, estimator, parts):
            other = copy.deepcopy(estimator)
            setattr(other, attribute, change(getattr(other, attribute)))
            return right(writer, other, parts)

        monkeypatch.setitem(CONVERTERS, f"sklearn.{kind}", wrong)

    return spoil


def evidence_of(estimator, rows):
    few = rows.iloc[:60]
    graph = to_onnx(estimator, few)
    return gather_evidence(estimator, graph.signature, graph, None, few)


@pytest.mark.parametrize(
    "final",
    [
        LogisticRegression(),
        RandomForestClassifier(9, random_state=0),
        VotingClassifier([("a", LogisticRegression())], voting="soft"),
        BaggingClassifier(LogisticRegression(), n_estimators=2),
    ],
    ids=lambda final: type(final).__name__,
)
def test_it_is_found_inside_columns_unions_and_nested_pipelines(final, people, targets, spoil):
    estimator = pipeline(final).fit(people, targets.two)
    if "n_jobs" in final.get_params():
        final.set_params(n_jobs=2)
    spoil("SimpleImputer", "statistics_", lambda learned: learned + 1)
    step = evidence_of(estimator, people).first_step

    assert step.path == "columns > num > wide > fill (SimpleImputer)"
    assert None in step.inputs.values()
    assert set(step.before["scikit-learn"]) == set(NUMBERS)
    column = step.column
    assert step.after["ONNX Runtime"][column] == pytest.approx(
        step.after["scikit-learn"][column] + 1
    )


@pytest.mark.parametrize(
    ("kind", "attribute", "change", "path"),
    [
        (
            "StandardScaler",
            "scale_",
            lambda learned: learned * 1.001,
            "columns > num > wide > scale (StandardScaler)",
        ),
        (
            "OneHotEncoder",
            "categories_",
            lambda learned: [learned[0][::-1]],
            "columns > cat (OneHotEncoder)",
        ),
        ("LogisticRegression", "coef_", lambda learned: -learned, "model (LogisticRegression)"),
    ],
    ids=["a scaler", "an encoder", "the last step"],
)
def test_earlier_steps_are_not_blamed(kind, attribute, change, path, people, targets, spoil):
    estimator = pipeline(LogisticRegression()).fit(people, targets.two)
    spoil(kind, attribute, change)
    evidence = evidence_of(estimator, people)

    assert evidence.first_step.path == path
    with pytest.raises(EvidenceFailed) as failed:
        demand_holds(evidence)
    told = str(failed.value)
    assert f"{path}: here the difference first appears" in told
    assert "(ONNX Runtime)" in told
    assert "miss=" in told


def test_a_member_of_a_vote_is_named(people, targets, spoil):
    inner = Pipeline([("small", MinMaxScaler()), ("line", LogisticRegression())])
    vote = VotingClassifier([("plain", LogisticRegression()), ("fit", inner)], voting="soft")
    estimator = pipeline(vote).fit(people, targets.two)
    spoil("MinMaxScaler", "scale_", lambda learned: learned * 2)
    step = evidence_of(estimator, people).first_step

    assert step.path == "model > fit > small (MinMaxScaler)"
    assert step.method == "transform"


def test_what_comes_with_the_finished_graph_blames_no_step(people, targets):
    estimator = pipeline(LogisticRegression()).fit(people, targets.two)
    graph = to_onnx(estimator, people)
    for tensor in graph.proto.graph.initializer:
        if tensor.name.startswith("constant") and tensor.data_type == 1:
            values = np.frombuffer(tensor.raw_data, np.float32) * np.float32(1.5)
            tensor.raw_data = values.tobytes()
    for node in graph.proto.graph.node:
        for attribute in node.attribute:
            if attribute.name in ("scale", "coefficients"):
                attribute.floats[:] = [value * 2 for value in attribute.floats]
    evidence = gather_evidence(estimator, graph.signature, graph, None, people)

    assert not evidence.holds
    assert evidence.first_step.path == "the finished graph"


def test_a_path_names_the_class_of_its_last_step_only():
    assert short_path("Pipeline > columns (ColumnTransformer) > num (Pipeline)") == (
        "columns > num (Pipeline)"
    )
    assert short_path("Ridge") == "Ridge"


def test_golden_rows_of_what_fails_are_those_that_agree(people, targets, spoil):
    estimator = pipeline(LogisticRegression()).fit(people, targets.two)
    spoil("SimpleImputer", "statistics_", lambda learned: learned + 1)
    evidence = evidence_of(estimator, people)

    assert not evidence.holds
    assert evidence.golden
    assert not any(row.rows == "`miss` missing" for row in evidence.golden)
