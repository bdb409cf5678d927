"""What stands inside an estimator, and which raw columns it reads."""

from collections.abc import Iterator
from typing import Any

from lastmile.exporting.signature.boosters import fitted_names


def parts(estimator: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The estimator itself and every fitted estimator inside it, each with its path.

    A path is what an error shows: `prepare (ColumnTransformer) > scale (StandardScaler)`.
    """
    yield path or type(estimator).__name__, estimator
    for name, inner in children(estimator):
        label = f"{name} ({type(inner).__name__})" if name else type(inner).__name__
        yield from parts(inner, f"{path} > {label}" if path else label)


def short_path(path: str) -> str:
    """`Pipeline > columns (ColumnTransformer) > num (Pipeline)` as `columns > num (Pipeline)`."""
    whole = path.split(" > ")
    steps = whole[1:] or whole
    return " > ".join([*(step.rsplit(" (", 1)[0] for step in steps[:-1]), steps[-1]])


def children(estimator: Any) -> Iterator[tuple[str, Any]]:
    """The fitted estimators directly inside, with the names their owner gives them."""
    for name, inner in _candidates(estimator):
        if hasattr(inner, "get_params") and not isinstance(inner, type):
            yield name, inner


def _candidates(estimator: Any) -> Iterator[tuple[str, Any]]:
    if hasattr(estimator, "transformers_"):
        yield from ((name, inner) for name, inner, _ in estimator.transformers_)
    elif hasattr(estimator, "steps"):
        yield from estimator.steps
    elif hasattr(estimator, "transformer_list"):
        yield from estimator.transformer_list
    for attribute in ("best_estimator_", "estimator_", "final_estimator_", "regressor_"):
        yield attribute, getattr(estimator, attribute, None)
    for index, inner in enumerate(_flat(getattr(estimator, "estimators_", ()))):
        yield f"estimators_[{index}]", inner
    for index, fold in enumerate(getattr(estimator, "calibrated_classifiers_", ())):
        yield f"calibrated_classifiers_[{index}]", getattr(fold, "estimator", None)


def _flat(estimators: Any) -> list[Any]:
    return list(estimators.ravel()) if hasattr(estimators, "ravel") else list(estimators)


def raw_names(estimator: Any, sample_names: list[str]) -> list[str]:
    """The names of the columns that `estimator` was fitted with, in order.

    An estimator that was fitted with an array knows only their number; the sample's own names
    stand for them.
    """
    names = fitted_names(estimator, sample_names)
    return names if names is not None else sample_names


def read_positions(estimator: Any, width: int) -> set[int]:
    """Which of the `width` raw columns, by position, influence the answer."""
    if hasattr(estimator, "transformers_"):
        return {
            position
            for name, inner, _ in estimator.transformers_
            if not is_drop(inner)
            for position in positions_of(estimator, name)
        }
    first = first_readers(estimator)
    if not first:
        return set(range(width))
    return set().union(*(read_positions(inner, width) for inner in first))


def positions_of(transformer: Any, name: str) -> list[int]:
    """The column positions that the part `name` of a fitted ColumnTransformer reads."""
    positions = transformer._transformer_to_input_indices.get(name, [])
    return [int(position) for position in positions]


def is_drop(inner: Any) -> bool:
    """Whether a ColumnTransformer leaves these columns out."""
    return isinstance(inner, str) and inner == "drop"


def first_readers(estimator: Any) -> list[Any]:
    """The estimators that see the raw columns in `estimator`'s stead, if that is all of them."""
    if hasattr(estimator, "steps"):
        real = [step for _, step in estimator.steps if hasattr(step, "get_params")]
        return real[:1]
    if hasattr(estimator, "best_estimator_"):
        return [estimator.best_estimator_]
    if hasattr(estimator, "calibrated_classifiers_"):
        return [fold.estimator for fold in estimator.calibrated_classifiers_]
    composed = hasattr(estimator, "final_estimator_") and not estimator.passthrough
    if composed or hasattr(estimator, "voting") or _is_voting_regressor(estimator):
        return list(estimator.estimators_)
    return []


def _is_voting_regressor(estimator: Any) -> bool:
    return type(estimator).__name__ == "VotingRegressor"
