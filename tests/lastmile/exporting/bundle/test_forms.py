"""Bundles whose ONNX form is written otherwise than usual."""

import json

import pytest
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lastmile.errors import EvidenceFailed
from lastmile.exporting.bundle import check_bundle
from lastmile.jobs.export import export_estimator


@pytest.fixture(scope="module")
def network(people, targets):
    rows = people[["my col-é", "wiek (lata)"]]
    model = MLPClassifier((32, 16), max_iter=60, tol=1e-2, random_state=0)
    return make_pipeline(StandardScaler(), model).fit(rows, targets.two), rows


def exported(network, folder, **about):
    estimator, rows = network
    return export_estimator(
        estimator, rows, name="net", version="1.0.0", targets=["onnx"], output=folder, **about
    )


def test_maps_and_the_runtimes_own_format_are_checked_like_the_usual_form(network, tmp_path):
    bundle = exported(network, tmp_path, onnx={"zipmap": True, "ort": True, "trees": 3})
    check = check_bundle(bundle.folder)
    assert check.holds
    engines = [asked.engine for asked in check.asked]
    assert engines == ["ONNX Runtime", "ONNX Runtime, its own format"]
    manifest = json.loads((bundle.folder / "bundle.json").read_text())
    assert manifest["zipmap"]
    assert manifest["ort"] == "android/Net.ort"
    assert "ai.onnx;21;" in (bundle.folder / "android/required_operators.config").read_text()
    page = (bundle.folder / "README.md").read_text()
    assert "--include_ops_by_config android/required_operators.config" in page
    assert 'answer.get("probabilities").get() as OnnxSequence' in page
    assert "import ai.onnxruntime.OnnxMap\n" in page


def test_narrow_weights_must_hold_within_the_tolerance_and_say_what_they_saved(network, tmp_path):
    with pytest.raises(EvidenceFailed):
        exported(network, tmp_path / "strict", onnx={"weights": "int8"})
    tolerance = {"labels": 400, "probability": 0.2}
    bundle = exported(network, tmp_path, onnx={"weights": "int8"}, tolerance=tolerance)
    assert check_bundle(bundle.folder).holds
    page = (bundle.folder / "README.md").read_text()
    assert "2 matrix products are stored as 8-bit whole numbers" in page
    assert bundle.weights.bytes_after < bundle.weights.bytes_before / 2.5
    (pair,) = bundle.evidence.comparisons
    assert f"the largest difference is {pair.largest_absolute:.2g}" in page
