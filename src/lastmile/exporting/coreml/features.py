"""What flows between the stages of a Core ML pipeline, and how a message declares it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lastmile.exporting.coreml.schema import messages
from lastmile.exporting.signature import Column, Kind


class Form(StrEnum):
    """The type of a feature, as far as our pipelines use Core ML's types."""

    DOUBLE = "double"
    INT64 = "int64"
    STRING = "string"
    ARRAY64 = "array of double"
    ARRAY32 = "array of float32"
    STRING_KEYS = "dictionary with string keys"
    INT64_KEYS = "dictionary with int64 keys"

    @property
    def is_array(self) -> bool:
        """Whether values are arrays."""
        return self in (Form.ARRAY64, Form.ARRAY32)

    @property
    def is_number(self) -> bool:
        """Whether a feature vectorizer takes values of this type."""
        return self.is_array or self in (Form.DOUBLE, Form.INT64)


@dataclass(frozen=True, slots=True)
class Feature:
    """A named value between two stages; `width` is the length of an array, else 1.

    A number may stand in the array `of`, at the position `at`, and not be taken out of it yet.
    """

    name: str
    form: Form
    width: int = 1
    of: "Feature | None" = None
    at: int = 0

    def declare(self, description: Any, *, note: str = "") -> None:
        """Fill a `FeatureDescription` message."""
        description.name = self.name
        description.shortDescription = note
        kind = description.type
        if self.form.is_array:
            types = messages("FeatureTypes").ArrayFeatureType
            kind.multiArrayType.shape.append(self.width)
            kind.multiArrayType.dataType = (
                types.DOUBLE if self.form is Form.ARRAY64 else types.FLOAT32
            )
        else:
            _SCALARS[self.form](kind).SetInParent()


def describe(
    model: Any,
    inputs: Sequence[Feature],
    outputs: Sequence[Feature],
    notes: Mapping[str, str] = {},
) -> None:
    """Write the interface of a `Model` message, whose type is set; `notes` are by name.

    Every message gets its interface here, so that none that predicts forgets to say what.
    """
    for feature in inputs:
        feature.declare(model.description.input.add(), note=notes.get(feature.name, ""))
    for feature in outputs:
        feature.declare(model.description.output.add(), note=notes.get(feature.name, ""))
    label, dictionary = _predicted(str(model.WhichOneof("Type")), outputs)
    model.description.predictedFeatureName = label
    model.description.predictedProbabilitiesName = dictionary


def _predicted(kind: str, outputs: Sequence[Feature]) -> tuple[str, str]:
    """The names of the prediction and its dictionary; empty where the type has none.

    Every type that predicts is called a regressor or a classifier (source: `Model.proto`); a
    program is a classifier where it gives a dictionary.
    """
    if kind.endswith("Regressor"):
        return outputs[0].name, ""
    dictionary = next((one.name for one in outputs if one.form in _DICTIONARIES), "")
    if not kind.endswith("Classifier") and not (kind == "mlProgram" and dictionary):
        return "", ""
    return next(one.name for one in outputs if one.form in _LABELS), dictionary


_LABELS = (Form.STRING, Form.INT64)
_DICTIONARIES = (Form.STRING_KEYS, Form.INT64_KEYS)

_SCALARS = {
    Form.DOUBLE: lambda kind: kind.doubleType,
    Form.INT64: lambda kind: kind.int64Type,
    Form.STRING: lambda kind: kind.stringType,
    Form.STRING_KEYS: lambda kind: kind.dictionaryType.stringKeyType,
    Form.INT64_KEYS: lambda kind: kind.dictionaryType.int64KeyType,
}

RAW = {
    Kind.FLOAT: Form.DOUBLE,
    Kind.INT: Form.INT64,
    Kind.STRING: Form.STRING,
    Kind.BOOL: Form.INT64,
}
"""How a raw column enters: Core ML has no boolean, so it is 0 or 1."""


@dataclass(frozen=True, slots=True)
class Vector:
    """A tensor of the graph at batch size 1, as features side by side.

    parts: the features whose values, one after the other, are the tensor in row-major order.
    shape: of the tensor; its size is the sum of the widths.
    kind: what its elements are in the graph.
    """

    parts: tuple[Feature, ...]
    shape: tuple[int, ...]
    kind: Kind = Kind.FLOAT

    @property
    def width(self) -> int:
        """The number of elements."""
        return sum(part.width for part in self.parts)

    @property
    def is_number(self) -> bool:
        """Whether no part of it is a text."""
        return all(part.form.is_number for part in self.parts)

    def shaped(self, *shape: int) -> "Vector":
        """The same elements in the same order under another shape."""
        return Vector(self.parts, tuple(shape), self.kind)


ARRAY = "features"
"""What the one input is called that holds all columns."""


def entrances(columns: Sequence[Column], *, vector: bool) -> tuple[Feature, ...]:
    """The inputs of a model: its columns, or one array of all their numbers."""
    if vector:
        return (Feature(ARRAY, Form.ARRAY64, len(columns)),)
    return tuple(Feature(column.identifier, RAW[column.kind]) for column in columns)


def raw_vectors(columns: Sequence[Column], inputs: Sequence[Feature]) -> dict[str, Vector]:
    """The raw columns as they enter the graph, by identifier: [1, 1]."""
    if len(inputs) == 1 and inputs[0].form.is_array:
        features = [
            Feature(column.identifier, Form.DOUBLE, of=inputs[0], at=at)
            for at, column in enumerate(columns)
        ]
    else:
        features = list(inputs)
    return {
        column.identifier: Vector((feature,), (1, 1), column.kind)
        for column, feature in zip(columns, features, strict=True)
    }
