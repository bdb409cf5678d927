"""Models of MLflow: read without running code, or refused with the reason."""

import os
import pickle
import subprocess
import sys

import pytest
import skops.io
from sklearn.linear_model import LinearRegression

from lastmile.errors import BadReference, MissingPart, Untrusted
from lastmile.exporting.source import load_estimator

DESCRIPTION = """
flavors:
  python_function:
    loader_module: mlflow.sklearn
  sklearn:
    pickled_model: {file}
    serialization_format: {format}
    sklearn_version: {version}
mlflow_version: 3.17.2
"""


@pytest.fixture
def line():
    return LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0])


@pytest.fixture
def folder(tmp_path, line):
    """The folder `churn` as MLflow writes it, with both files in it."""
    import sklearn

    path = tmp_path / "churn"
    path.mkdir()
    skops.io.dump(line, path / "model.skops")
    (path / "model.pkl").write_bytes(pickle.dumps(line))

    def describe(file="model.skops", form="skops", version=sklearn.__version__):
        text = DESCRIPTION.format(file=file, format=form, version=version)
        (path / "MLmodel").write_text(text)
        return tmp_path

    return describe


def test_a_folder_in_the_format_of_skops_needs_no_trust(folder):
    found = load_estimator("churn", root=folder())
    assert found.predict([[3.0]])[0] == pytest.approx(6.0)


@pytest.mark.parametrize("form", ["cloudpickle", "pickle"])
def test_a_pickle_in_a_folder_needs_trust(folder, form):
    root = folder("model.pkl", form)
    with pytest.raises(Untrusted, match="its file is a pickle"):
        load_estimator("churn", root=root)
    assert load_estimator("churn", root=root, trust=True).coef_[0] == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"version": "1.2.3"}, "fitted with scikit-learn 1.2.3"),
        ({"file": "../secret.skops"}, "names no file in its folder"),
        ({"file": "gone.skops"}, "names no file in its folder"),
    ],
    ids=["another release", "a file outside", "no file"],
)
def test_what_a_description_says_is_checked_before_a_file_is_opened(folder, change, reason):
    root = folder(**change)
    (root / "secret.skops").write_bytes(b"")
    with pytest.raises(BadReference, match=reason):
        load_estimator("churn", root=root, trust=True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("flavors:\n  keras: {}\n", "no flavour `sklearn`"),
        ("- a list", "describes no model"),
        ("a: [", "cannot be read"),
        ("!!python/object/apply:os.getcwd []", "cannot be read"),
    ],
    ids=["another flavour", "a list", "damaged", "a program"],
)
def test_a_description_that_is_none_is_refused(folder, text, reason):
    root = folder()
    (root / "churn/MLmodel").write_text(text)
    with pytest.raises(BadReference, match=reason):
        load_estimator("churn", root=root)


def test_without_mlflow_an_address_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "mlflow.artifacts", None)
    with pytest.raises(MissingPart, match="mlflow-skinny") as missing:
        load_estimator("models:/churn/1", root=tmp_path)
    assert "lastmile[mlflow]" in missing.value.fix


REGISTER = """
import mlflow, mlflow.sklearn
from sklearn.linear_model import LinearRegression
line = LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0])
with mlflow.start_run() as run:
    mlflow.sklearn.log_model(
        line, name="model", registered_model_name="churn", serialization_format="skops",
        pip_requirements=[],
    )
print(run.info.run_id)
"""


@pytest.mark.skipif(
    os.environ.get("LASTMILE_REQUIRE_ALL") != "1",
    reason="a registry of MLflow takes half a minute to begin; LASTMILE_REQUIRE_ALL=1 asks it",
)
def test_addresses_of_a_registry_and_of_a_run_are_fetched(tmp_path, monkeypatch):
    pytest.importorskip("mlflow", reason="MLflow (extra `mlflow`) is not installed")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/registry.db")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", REGISTER],
        cwd=tmp_path,
        env=os.environ.copy(),
        capture_output=True,
        text=True,
        check=True,
    )
    run = done.stdout.split()[-1]

    for address in ("models:/churn/1", f"runs:/{run}/model"):
        assert load_estimator(address, root=tmp_path).coef_[0] == pytest.approx(2.0)
    with pytest.raises(BadReference, match="MLflow does not give it"):
        load_estimator("models:/churn/9", root=tmp_path)
