"""What an estimator answers, typed: learned by asking it one row."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from lastmile.errors import NotExportable, RowsRefused
from lastmile.exporting.signature.boosters import as_categories, fitted_names, reader_of
from lastmile.exporting.signature.shape import Kind, Output, Task


def read_outputs(
    estimator: Any, task: Task, sample: pd.DataFrame, *, score: bool = False
) -> tuple[Output, ...]:
    """The outputs of `estimator`.

    A classifier gives what its `decision_function` says where `score` is set.

    Raises:
        NotExportable: classes, or columns made, of a type that phones do not have.
        RowsRefused: the estimator cannot be applied to its sample.
    """
    row = sample.iloc[:1]
    if task is Task.CLASSIFY:
        return tuple(_classifier(estimator, row, score))
    if task is Task.DETECT:
        return (Output(name="label", kind=Kind.INT, classes=(-1, 1)), *_score(estimator, row))
    if task is Task.CLUSTER:
        return (Output(name="label", kind=Kind.INT), *_mixture(estimator, row))
    twice = sample.iloc[[0, 0]]  # as SparsePCA answers a single row without its axis
    answer = asked(estimator, "transform" if task is Task.TRANSFORM else "predict", twice)
    if answer.dtype.kind not in "fiub":
        raise NotExportable(
            type(estimator).__name__, target="a phone", reason="it makes texts, not numbers"
        )
    names = _names(estimator, answer.shape[1]) if task is Task.TRANSFORM else ()
    return (Output(name="value", kind=Kind.FLOAT, width=answer.shape[1], columns=names),)


def _classifier(estimator: Any, row: pd.DataFrame, score: bool) -> Iterator[Output]:
    several = classes_of_targets(estimator)
    shares = hasattr(estimator, "predict_proba")
    for number, classes in enumerate(several, 1):
        suffix = f"_{number}" if len(several) > 1 else ""
        kind, known = _classes(estimator, classes)
        yield Output(name=f"label{suffix}", kind=kind, classes=known)
        if shares:
            yield Output(
                name=f"probabilities{suffix}", kind=Kind.FLOAT, width=len(known), classes=known
            )
    if len(several) == 1 and score:
        yield from _score(estimator, row)


def classes_of_targets(estimator: Any) -> list[Any]:
    """The classes of each label that a classifier predicts."""
    classes = estimator.classes_
    if isinstance(classes, list):
        return [np.asarray(values) for values in classes]
    if _answers_several(estimator):
        return [np.array([0, 1]) for _ in classes]
    return [np.asarray(classes)]


def _answers_several(estimator: Any) -> bool:
    """Whether the classes are labels that hold each or not, as `multilabel_` and its like say.

    A pipeline or a search is asked for the estimator that it ends in.
    """
    for owner in ("_final_estimator", "best_estimator_"):
        if hasattr(estimator, owner):
            return _answers_several(getattr(estimator, owner))
    if getattr(estimator, "multilabel_", False):
        return True
    binarizer = getattr(estimator, "_label_binarizer", None)
    return getattr(binarizer, "y_type_", "").startswith("multilabel")


def _score(estimator: Any, row: pd.DataFrame) -> Iterator[Output]:
    if hasattr(estimator, "decision_function"):
        answer = asked(estimator, "decision_function", row)
        yield Output(name="score", kind=Kind.FLOAT, width=answer.shape[1])


def _mixture(estimator: Any, row: pd.DataFrame) -> Iterator[Output]:
    if hasattr(estimator, "predict_proba"):
        width = asked(estimator, "predict_proba", row).shape[1]
        classes = tuple(range(width))
        yield Output(name="probabilities", kind=Kind.FLOAT, width=width, classes=classes)


def _names(estimator: Any, width: int) -> tuple[str, ...]:
    """What scikit-learn calls the columns that a transformer makes, where it can."""
    try:
        names = tuple(str(name) for name in estimator.get_feature_names_out())
    except Exception:  # not every transformer can
        return ()
    return names if len(names) == width else ()


def _classes(estimator: Any, classes: np.ndarray) -> tuple[Kind, tuple[str | int, ...]]:
    seen = pd.api.types.infer_dtype(classes)
    if seen == "string":
        return Kind.STRING, tuple(str(value) for value in classes)
    if seen in ("integer", "boolean") or (
        seen == "floating" and all(float(value).is_integer() for value in classes)
    ):
        return Kind.INT, tuple(int(value) for value in classes)
    raise NotExportable(
        type(estimator).__name__,
        target="a phone",
        reason=f"its classes are {seen}",
        fix="use texts or whole numbers",
    )


def asked(estimator: Any, method: str, rows: pd.DataFrame) -> np.ndarray:
    """What `method` answers to some rows, as a table [N, width].

    Raises:
        RowsRefused: it raises.
    """
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return as_table(getattr(estimator, method)(given_to(estimator, rows)))
    except Exception as error:
        raise RowsRefused(
            f"the estimator cannot be applied to its sample: {type(error).__name__}: {error}"
        ) from error


_ONE_COLUMN = ("LabelEncoder", "LabelBinarizer", "IsotonicRegression")
_TEXTS = ("CountVectorizer", "TfidfVectorizer", "HashingVectorizer")


def given_to(estimator: Any, rows: pd.DataFrame) -> Any:
    """The rows in the form in which scikit-learn wants them for this estimator."""
    kind = type(estimator).__name__
    if kind in _ONE_COLUMN or type(reader_of(estimator)).__name__ in _TEXTS:
        return rows.iloc[:, 0].to_numpy()
    if kind in ("DictVectorizer", "FeatureHasher"):
        return rows.to_dict("records")
    if fitted_names(estimator, list(rows.columns)) is None:
        return rows.to_numpy()
    return as_categories(estimator, rows)


def as_table(answer: Any) -> np.ndarray:
    """An answer of any form as a dense table [N, width]."""
    dense = np.asarray(answer.toarray() if hasattr(answer, "toarray") else answer)
    return dense.reshape(len(dense), -1)
