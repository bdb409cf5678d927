"""What went wrong without an error in runtimes and converters, and may not come back."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import ExtraTreesClassifier, IsolationForest, RandomForestClassifier

from lastmile.errors import RuntimeRefused
from lastmile.exporting.onnx import Graph, runtime, to_onnx
from lastmile.exporting.onnx.options import Options


@pytest.fixture(scope="module")
def rows():
    drawn = np.random.default_rng(3).integers(0, 6, (400, 3)).astype(float)
    return pd.DataFrame(drawn, columns=["a", "b", "c"])


@pytest.mark.parametrize("newest", [3, 5])
def test_an_isolation_forest_never_names_the_operators_that_runtimes_refuse(rows, newest):
    """skl2onnx asks for `ai.onnx.ml` 4 by itself, and then cannot write it."""
    fitted = IsolationForest(n_estimators=5, random_state=0).fit(rows)
    graph = to_onnx(fitted, rows, options=Options(trees=newest))
    numbers = {one.domain: one.version for one in graph.proto.opset_import}
    assert numbers["ai.onnx.ml"] == newest
    assert np.array_equal(graph.run(rows)["label"], fitted.predict(rows))


@pytest.mark.parametrize("newest", [3, 5])
@pytest.mark.parametrize("kind", [RandomForestClassifier, ExtraTreesClassifier])
def test_forests_that_are_split_evenly_answer_as_scikit_learn(kind, newest):
    """In 32 bits the shares of 20 trees do not add up to exactly one half."""
    chance = np.random.default_rng(4)
    drawn = chance.normal(size=(3000, 3)).astype(np.float32).astype(np.float64)
    asked = pd.DataFrame(drawn, columns=["a", "b", "c"])
    fitted = kind(20, random_state=0).fit(asked[:200], chance.integers(0, 2, 200))
    even = np.abs(fitted.predict_proba(asked)[:, 1] - 0.5) < 1e-12
    assert even.sum() > 50
    graph = to_onnx(fitted, asked[:200], options=Options(trees=newest))
    assert np.array_equal(graph.run(asked)["label"][even], fitted.predict(asked)[even])


@pytest.mark.parametrize("release", ["1.26.0", "1.27.0"])
def test_a_graph_is_not_run_by_a_release_that_mis_scores_forests(rows, monkeypatch, release):
    labels = (rows["a"] > 2).to_numpy().astype(int)
    made = to_onnx(RandomForestClassifier(3).fit(rows, labels), rows)
    monkeypatch.setattr(
        runtime, "installed_version", lambda name: release if name == "onnxruntime" else "6.33.6"
    )
    with pytest.raises(RuntimeRefused, match=release.replace(".", r"\.")):
        Graph(made.proto, made.signature).run(rows)
