"""Models as MLflow keeps them: addresses of a registry or a run, and folders with an `MLmodel`.

Only the flavour `sklearn` is read, and not by MLflow, whose own reader would build whatever stands
in the file: the folder is fetched and its one file handed on, to be opened with or without trust.
"""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lastmile.errors import BadReference, MissingPart

MARK = "MLmodel"
_SCHEMES = ("models:/", "runs:/", "mlflow-artifacts:/")


@dataclass(frozen=True, slots=True)
class Flavour:
    """The file of a fitted estimator in a model's folder, and whether it is in skops's format."""

    file: Path
    skops: bool


def is_registered(reference: str) -> bool:
    """Whether a reference is an address of MLflow."""
    return reference.startswith(_SCHEMES)


def fetch(address: str, folder: Path) -> Path:
    """The model at `address`, copied into `folder`; where from, MLflow's own settings say.

    Raises:
        MissingPart: MLflow is not installed.
        BadReference: there is no such model, or it cannot be fetched.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from mlflow.artifacts import download_artifacts
    except ModuleNotFoundError as error:
        raise MissingPart("mlflow-skinny", extra="mlflow") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Path(download_artifacts(artifact_uri=address, dst_path=str(folder)))
    except Exception as error:  # a registry can fail in any way
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise BadReference(
            address,
            f"MLflow does not give it: {lines[0][:200]}",
            fix="see MLFLOW_TRACKING_URI, and the model's name and version",
        ) from error


def flavour_of(folder: Path, reference: str) -> Flavour:
    """The scikit-learn flavour of the model in `folder`.

    Raises:
        MissingPart: nothing installed reads its description.
        BadReference: it has none, leads out of its folder, or was fitted with another release of
            scikit-learn than the one installed.
    """
    described = _description(folder, reference)
    flavour = described.get("flavors", {}).get("sklearn")
    if not isinstance(flavour, dict):
        found = ", ".join(sorted(described.get("flavors", {}))) or "none"
        raise BadReference(
            reference,
            f"it has no flavour `sklearn` (its flavours: {found})",
            fix="log it with mlflow.sklearn.log_model",
        )
    _demand_same_release(str(flavour.get("sklearn_version", "")), reference)
    file = (folder / str(flavour.get("pickled_model", ""))).resolve()
    if not file.is_relative_to(folder.resolve()) or not file.is_file():
        raise BadReference(reference, "its description names no file in its folder")
    return Flavour(file, flavour.get("serialization_format") == "skops")


def _description(folder: Path, reference: str) -> dict[str, Any]:
    try:
        import yaml
    except ModuleNotFoundError as error:
        raise MissingPart("mlflow-skinny", extra="mlflow") from error
    try:
        read = yaml.safe_load((folder / MARK).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadReference(reference, f"its {MARK} cannot be read: {error}") from error
    if not isinstance(read, dict) or not isinstance(read.get("flavors", {}), dict):
        raise BadReference(reference, f"its {MARK} describes no model")
    return read


def _demand_same_release(fitted_with: str, reference: str) -> None:
    """Before the file is opened: what another release wrote may answer otherwise here."""
    import sklearn

    if fitted_with and fitted_with != sklearn.__version__:
        raise BadReference(
            reference,
            f"it was fitted with scikit-learn {fitted_with}, here is {sklearn.__version__}",
            fix=f"pip install scikit-learn=={fitted_with}, or fit it again",
        )
