"""Where an export's estimator and sample come from.

A reference is a function or an object of the workspace's own modules (`module:function`), a file
below the workspace, or a model of MLflow (`models:/NAME/1`, `runs:/ID/model`, or a folder with an
`MLmodel`). Only the format of skops is opened without trust: it lists the types it holds and builds
no other. Pickle and joblib files run whatever program they hold.
"""

import importlib
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from lastmile.errors import BadReference, LastmileError, MissingPart, Untrusted, nearest
from lastmile.exporting.registered import MARK, fetch, flavour_of, is_registered
from lastmile.exporting.trusted import REVIEWED, demand_sound_trees

if TYPE_CHECKING:
    import pandas as pd

_PICKLED = (".joblib", ".pkl", ".pickle")
_TABLES = (".csv", ".parquet")
_BOOSTERS = ("catboost", "lightgbm", "xgboost")


def load_estimator(reference: str, *, root: Path, trust: bool = False) -> Any:
    """The estimator that `reference` leads to, below the folder `root`.

    Raises:
        BadReference: it leads nowhere, out of `root`, or to something that is no estimator.
        MissingPart: it is an estimator of a library that is not installed.
        Untrusted: the file could run code while it is read, and `trust` is not given.
    """
    if is_registered(reference):
        estimator = _from_registry(reference, trust)
    elif (root / reference / MARK).is_file():
        estimator = _from_folder(_inside(f"{reference}/{MARK}", root).parent, reference, trust)
    elif _is_file(reference):
        path = _inside(reference, root)
        estimator = _from_file(path, reference, trust)
    else:
        estimator = _from_module(reference)
    if isinstance(estimator, type) or not hasattr(estimator, "get_params"):
        raise BadReference(
            reference,
            f"it gives a {_described(estimator)}, not a scikit-learn estimator",
            fix="return a fitted estimator or Pipeline",
        )
    return estimator


def load_candidates(
    references: Sequence[str], *, root: Path, trust: bool = False
) -> dict[str, Any]:
    """Estimators by name, in order: a function gives one, or several in a dict.

    Raises:
        BadReference, Untrusted: as `load_estimator`; or two have one name.
    """
    found: dict[str, Any] = {}
    for reference in references:
        is_file = _is_file(reference)
        made = (
            load_estimator(reference, root=root, trust=trust)
            if is_file
            else _from_module(reference)
        )
        several = made if isinstance(made, dict) else {_own_name(reference): made}
        for name, one in several.items():
            if isinstance(one, type) or not hasattr(one, "get_params"):
                raise BadReference(
                    reference, f"`{name}` is a {_described(one)}, not a scikit-learn estimator",
                    fix="return an estimator, or a dict of name and estimator",
                )  # fmt: skip
            if name in found:
                raise BadReference(reference, f"two candidates are called `{name}`")
            found[str(name)] = one
    return found


def _own_name(reference: str) -> str:
    """A function's or a file's own name, in words."""
    plain = reference.rpartition(":")[2] if not _is_file(reference) else Path(reference).stem
    return plain.replace("_", " ")


def load_labelled(reference: str) -> "tuple[pd.DataFrame, Any]":
    """Raw rows and the right answer to each, from a function.

    Raises:
        BadReference: it leads nowhere, or gives something else.
    """
    import pandas as pd

    made = _from_module(reference)
    is_pair = isinstance(made, tuple) and len(made) == 2 and isinstance(made[0], pd.DataFrame)
    if not is_pair or len(made[0]) != len(made[1]):
        raise BadReference(
            reference,
            f"it gives a {_described(made)}, not rows and answers of one length",
            fix="return (rows, answers): a DataFrame of raw rows, and what is right for each",
        )
    return made[0], made[1]


def load_sample(reference: str, root: Path) -> "pd.DataFrame":
    """The sample of raw rows that `reference` leads to, below the folder `root`.

    Raises:
        BadReference: it leads nowhere, out of `root`, or to something that is no table.
    """
    import pandas as pd

    sample = _table(reference, root) if _is_file(reference) else _from_module(reference)
    if not isinstance(sample, pd.DataFrame):
        raise BadReference(
            reference,
            f"it gives a {_described(sample)}, not a pandas DataFrame",
            fix="return the raw rows as a DataFrame, as the estimator was fitted with",
        )
    return sample


def _is_file(reference: str) -> bool:
    """Whether a reference leads to a file or to a model of MLflow, not to a function."""
    if is_registered(reference):
        return True
    return Path(reference).suffix in (".skops", *_PICKLED, *_TABLES) or ":" not in reference


def _inside(reference: str, root: Path) -> Path:
    """The file, which must exist and lie below `root` with all links followed."""
    path = (root / reference).resolve()
    if not path.is_relative_to(root.resolve()):
        raise BadReference(reference, "it leads out of the workspace", fix="copy the file into it")
    if not path.is_file():
        folder = path.parent
        names = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
        raise BadReference(reference, "there is no such file", fix=nearest(path.name, names))
    return path


# --- functions and objects of modules ------------------------------------------------------------


def _from_module(reference: str) -> Any:
    module_name, _, attribute = reference.partition(":")
    module = _module(module_name, reference)
    names = [name for name in vars(module) if not name.startswith("_")]
    if not hasattr(module, attribute):
        raise BadReference(
            reference,
            f"the module {module_name} has no `{attribute}`",
            fix=nearest(attribute, names),
        )
    found = getattr(module, attribute)
    is_maker = callable(found) and not hasattr(found, "get_params")
    return _called(found, reference) if is_maker or isinstance(found, type) else found


def _module(name: str, reference: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or name
        _demand_boosters(error)
        reason = (
            f"there is no module `{missing}`"
            if name == missing or name.startswith(f"{missing}.")
            else f"the module {name} imports `{missing}`, which is not installed"
        )
        raise BadReference(
            reference, reason, fix="`path` in [tool.lastmile] names the folders of modules"
        ) from error
    except LastmileError:
        raise
    except (Exception, SystemExit) as error:  # whatever the module's own code raises
        raise BadReference(
            reference, f"importing {name} raised {type(error).__name__}: {error}"
        ) from error


def _called(function: Callable[[], Any], reference: str) -> Any:
    try:
        return function()
    except LastmileError:
        raise
    except ModuleNotFoundError as error:
        _demand_boosters(error)
        raise BadReference(
            reference,
            f"it imports `{error.name}`, which is not installed",
            where=_last_frame(error),
        ) from error
    except (Exception, SystemExit) as error:  # whatever the function's own code raises
        raise BadReference(
            reference,
            f"calling it raised {type(error).__name__}: {error}",
            where=_last_frame(error),
            fix="it is called without arguments; try it in Python first",
        ) from error


def _demand_boosters(error: ModuleNotFoundError) -> None:
    """Raise `MissingPart` where what is not installed is a library of boosted trees."""
    missing = (error.name or "").split(".")[0]
    if missing in _BOOSTERS:
        raise MissingPart(missing, extra="boosters") from error


def _last_frame(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""


# --- files ---------------------------------------------------------------------------------------


def _from_file(path: Path, reference: str, trust: bool) -> Any:
    if path.suffix == ".skops":
        return _read(lambda: _skops(path, reference, trust), reference)
    if path.suffix not in _PICKLED:
        raise BadReference(reference, f"files of type {path.suffix or '(none)'} are not known")
    if not trust:
        raise Untrusted(reference, f"it is a {path.suffix} file")
    return _read(lambda: _joblib(path), reference)


def _from_registry(address: str, trust: bool) -> Any:
    with TemporaryDirectory(prefix="lastmile-model-") as folder:
        return _from_folder(fetch(address, Path(folder)), address, trust)


def _from_folder(folder: Path, reference: str, trust: bool) -> Any:
    flavour = flavour_of(folder, reference)
    if flavour.skops:
        return _read(lambda: _skops(flavour.file, reference, trust), reference)
    if not trust:
        raise Untrusted(
            reference,
            "its file is a pickle",
            fix='log it with serialization_format="skops", or pass --trust if you know who made it',
        )
    return _read(lambda: _joblib(flavour.file), reference)


def _read(load: Callable[[], Any], reference: str) -> Any:
    """What `load` gives; a version of scikit-learn that does not fit is an error, not a warning."""
    from sklearn.exceptions import InconsistentVersionWarning

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", InconsistentVersionWarning)
            return load()
    except InconsistentVersionWarning as error:
        raise BadReference(
            reference,
            f"{error.estimator_name} was fitted with scikit-learn "
            f"{error.original_sklearn_version}, here is {error.current_sklearn_version}",
            fix=f"pip install scikit-learn=={error.original_sklearn_version}, or fit it again",
        ) from error
    except LastmileError:
        raise
    except ModuleNotFoundError as error:
        _demand_boosters(error)
        raise BadReference(reference, f"it needs `{error.name}`, which is not installed") from error
    except Exception as error:  # a damaged file can raise anything
        raise BadReference(
            reference, f"reading it raised {type(error).__name__}: {error}", fix="save it again"
        ) from error


def _skops(path: Path, reference: str, trust: bool) -> Any:
    from skops.io import get_untrusted_types, load

    asked = get_untrusted_types(file=path)
    unknown = sorted(set(asked) - REVIEWED)
    if unknown and not trust:
        shown = ", ".join(unknown[:8])
        raise Untrusted(
            reference,
            f"it holds types that nobody reviewed: {shown}",
            fix="pass --trust if you know who made it, or name a function as `module:function`",
        )
    estimator = load(path, trusted=asked)
    demand_sound_trees(estimator, reference)
    return estimator


def _joblib(path: Path) -> Any:
    import joblib

    return joblib.load(path)


def _table(reference: str, root: Path) -> "pd.DataFrame":
    import pandas as pd

    path = _inside(reference, root)
    try:
        if path.suffix == ".csv":
            return pd.read_csv(path)
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
    except ImportError as error:
        reason = "reading parquet needs the package `pyarrow`, which is not installed"
        raise BadReference(reference, reason, fix="pip install pyarrow") from error
    except Exception as error:  # a damaged file can raise anything
        raise BadReference(reference, f"it is no table: {error}") from error
    raise BadReference(reference, f"files of type {path.suffix or '(none)'} are no tables")


def _described(value: Any) -> str:
    return f"class {value.__name__}" if isinstance(value, type) else type(value).__name__
