"""Values that flow between the stages of a model, for all rows at once."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


class Malformed(Exception):
    """The model contradicts itself or the rows; leaves the evaluator as `PackageBroken`."""


def need(holds: object, reason: str) -> None:
    """Raise `Malformed` unless `holds`."""
    if not holds:
        raise Malformed(reason)


@dataclass(frozen=True, slots=True)
class Dictionary:
    """Numbers by key for every row: keys [K], values [N, K] f64."""

    keys: tuple[str | int, ...]
    values: np.ndarray

    def columns(self, keys: Sequence[str | int]) -> np.ndarray:
        """The values in the order of `keys`, zero where a key is absent: [N, len(keys)]."""
        places = {key: at for at, key in enumerate(self.keys)}
        table = np.zeros((len(self.values), len(keys)))
        for column, key in enumerate(keys):
            if key in places:
                table[:, column] = self.values[:, places[key]]
        return table


def conform(description: Any, value: Any) -> Any:
    """`value` in the type that a `FeatureDescription` declares.

    Raises:
        Malformed: it has another type or shape.
    """
    kind = description.type.WhichOneof("Type")
    name = description.name
    if kind == "dictionaryType":
        need(isinstance(value, Dictionary), f"`{name}` is not a dictionary")
        return value
    need(not isinstance(value, Dictionary), f"`{name}` is a dictionary")
    array = np.asarray(value)
    if kind == "stringType":
        need(array.dtype.kind in "OU" and array.ndim == 1, f"`{name}` is not a text per row")
        return array.astype(object)
    need(array.dtype.kind in "fiub", f"`{name}` is not numeric")
    if kind == "multiArrayType":
        return _array(description.type.multiArrayType, array, name)
    need(array.ndim == 1, f"`{name}` is not one number per row")
    if kind == "int64Type":
        need(array.dtype.kind in "iub", f"`{name}` is not a whole number")
        return array.astype(np.int64)
    need(kind == "doubleType", f"`{name}` is of a type that is not supported: {kind}")
    return array.astype(np.float64)


_FLOAT32, _DOUBLE, _INT32 = 65568, 65600, 131104


def _array(declared: Any, array: np.ndarray, name: str) -> np.ndarray:
    """Arrays are rounded to the element type that is declared."""
    shape = tuple(declared.shape)
    need(shape == array.shape[1:], f"`{name}` has shape {array.shape[1:]}, declared {shape}")
    dtypes: dict[int, Any] = {_FLOAT32: np.float32, _DOUBLE: np.float64, _INT32: np.int32}
    need(declared.dataType in dtypes, f"`{name}` has an element type that is not supported")
    with np.errstate(over="ignore", invalid="ignore"):
        return array.astype(dtypes[declared.dataType])


def flat(array: np.ndarray) -> np.ndarray:
    """Rows of any shape as rows of numbers: [N, ...] -> [N, C], also where there is no row."""
    return array.reshape(len(array), math.prod(array.shape[1:]))


def as_numbers(value: Any) -> np.ndarray:
    """The numbers of a feature as a table: [N, C] f64.

    A dictionary with int64 keys is spread by its keys as positions (source: the comment on
    dictionaries in `FeatureVectorizer.proto`).
    """
    if isinstance(value, Dictionary):
        need(all(isinstance(key, int) for key in value.keys), "a dictionary with text keys")
        need(all(0 <= int(key) < 100_000 for key in value.keys), "a key that is no position")
        return value.columns(range(max((int(key) for key in value.keys), default=-1) + 1))
    array = np.asarray(value)
    need(array.dtype.kind in "fiub", "texts are not numbers")
    return flat(array).astype(np.float64)


Inputs = dict[str, Any]


def only(inputs: Inputs) -> Any:
    """The value of a stage that has one input."""
    need(len(inputs) == 1, f"a stage has {len(inputs)} inputs instead of one")
    return next(iter(inputs.values()))


def gives(model: Any, value: Any) -> dict[str, Any]:
    """The outputs of a stage that has one."""
    need(len(model.description.output) == 1, "a stage does not have one output")
    return {model.description.output[0].name: value}


def side_by_side(model: Any, inputs: Inputs) -> np.ndarray:
    """The numbers of all inputs in the order in which they are declared: [N, C] f64."""
    order = [declared.name for declared in model.description.input]
    need(order, "a stage without inputs")
    return np.concatenate([as_numbers(inputs[name]) for name in order], axis=1)
