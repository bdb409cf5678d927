"""Categories become numbers: each column is looked up once, in a table of what was learned."""

from typing import Any

import numpy as np
import onnx

from lastmile.exporting.onnx.answer import Answer
from lastmile.exporting.onnx.nodes import Part, Parts, width_of
from lastmile.exporting.onnx.phone_texts import phone_categories
from lastmile.exporting.onnx.writer import Writer, converts
from lastmile.exporting.signature import Kind


def indicators(writer: Writer, part: Part, categories: Any) -> str:
    """[N, K] f32: 1 for the category that the one column of `part` holds, nothing for others."""
    known, places = _keys(writer, part, categories)
    if part.kind is Kind.STRING:
        keys = [str(value) for value in known]
        hot = writer.ml("OneHotEncoder", part.name, cats_strings=keys, zeros=1)
    elif part.kind is Kind.INT and _all_whole(known):
        hot = writer.ml("OneHotEncoder", part.name, cats_int64s=list(map(int, known)), zeros=1)
    else:
        return _equal(writer, part, np.asarray(known, dtype=np.float64))
    hot = writer("Reshape", hot, np.array([-1, len(known)]))
    if len(places) == len(categories):
        return hot
    return writer("MatMul", hot, np.eye(len(categories))[places])


def _keys(writer: Writer, part: Part, categories: Any) -> tuple[Any, list[int]]:
    """What the raw column holds for each category, and the place of the category that it means.

    Whole numbers that may be missing are known by a marker. It means what an imputer puts in, or
    else the category of missing ones.
    """
    known = phone_categories(np.asarray(categories))
    places = list(range(len(known)))
    marker = writer.markers.get(part.name)
    if part.kind is not Kind.INT or marker is None:
        return known, places
    origin = part.origin(0)
    filled = origin.apply(np.array([np.nan]))[0] if origin else np.nan
    numbers = np.asarray(known, dtype=np.float64)
    meant = np.flatnonzero(np.isnan(numbers) if np.isnan(filled) else numbers == filled)
    own = ~np.isnan(numbers)
    keys = [*known[own], *([marker] * len(meant))]
    return keys, [*np.flatnonzero(own).tolist(), *meant.tolist()]


def _all_whole(known: Any) -> bool:
    return all(float(value).is_integer() for value in known)


def _equal(writer: Writer, part: Part, known: np.ndarray) -> str:
    """The same for numbers; NaN is a category like any other.

    A category is looked for as the 32-bit number nearest to it, which is what a phone makes of it.
    In a column of whole numbers a fraction is never found.
    """
    x = writer.floats(part)
    same = writer("Equal", x, known.astype(np.float32)[None, :])
    exact = (known.astype(np.float32) == known) | np.isnan(known)
    if part.kind is not Kind.FLOAT and not exact.all():
        same = writer("And", same, exact[None, :])
    if np.isnan(known).any():
        same = writer("Or", same, writer("And", writer("IsNaN", x), np.isnan(known)[None, :]))
    return writer("Cast", same, to=onnx.TensorProto.FLOAT)


_TABLES = 2**24
"""Whole numbers below this are themselves in 32-bit floats too: any target looks them up."""


def looked_up(
    writer: Writer, part: Part, categories: Any, values: np.ndarray, otherwise: float
) -> str:
    """[N, 1] f32: the value that belongs to the category, or `otherwise`."""
    known, places = _keys(writer, part, categories)
    floats = np.asarray(values, dtype=np.float32)
    x, keys = part.name, dict[str, Any]()
    if part.kind is Kind.STRING:
        keys = {"keys_strings": [str(value) for value in known]}
    elif part.kind is not Kind.FLOAT and _all_whole(known):
        if max((abs(int(value)) for value in known), default=0) < _TABLES:
            keys = {"keys_int64s": [int(value) for value in known]}
        if part.kind is Kind.BOOL:
            x = writer("Cast", part.name, to=onnx.TensorProto.INT64)
    if not keys:
        return _at_place(writer, indicators(writer, part, categories), floats, otherwise)
    return writer.ml(
        "LabelEncoder", x, **keys, values_floats=floats[places], default_float=float(otherwise)
    )


def _at_place(writer: Writer, hot: str, values: np.ndarray, otherwise: float) -> str:
    """The value [N, 1] of the category that is 1 in `hot` [N, K], or `otherwise`."""
    unknown = writer("Sub", np.float32(1), writer("ReduceSum", hot, np.array([1]), keepdims=1))
    at = writer("ArgMax", writer("Concat", hot, unknown, axis=1), axis=1, keepdims=1)
    return writer("Gather", np.append(values, np.float32(otherwise)), at, axis=0)


def _columns(writer: Writer, parts: Parts) -> list[Part]:
    return [writer.pick(parts, [at])[0] for at in range(width_of(parts))]


@converts("OneHotEncoder")
def one_hot(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """A column for each category, or group of rare ones, that is not dropped."""
    made = []
    for number, part in enumerate(_columns(writer, parts)):
        hot = indicators(writer, part, estimator.categories_[number])
        table, unknown = _grouping(estimator, number)
        if unknown is not None:
            total = writer("ReduceSum", hot, np.array([1]), keepdims=1)
            hot = writer("Concat", hot, writer("Sub", np.float32(1), total), axis=1)
            table = np.vstack([table, unknown])
        if not table.shape[1]:
            continue
        if not np.array_equal(table, np.eye(len(table))):
            hot = writer("MatMul", hot, table)
        made.append(Part(hot, Kind.FLOAT, table.shape[1]))
    if not made:
        raise writer.refusal("it drops every column")
    return Answer(features=tuple(made))


def _grouping(estimator: Any, number: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Which output columns [K, outputs] each category turns on, and those of an unknown one.

    Source: `OneHotEncoder.transform`, `_map_infrequent_categories`.
    """
    categories = estimator.categories_[number]
    codes = np.arange(len(categories))
    rare = estimator._infrequent_enabled and estimator._infrequent_indices[number] is not None
    if rare:
        codes = estimator._default_to_infrequent_mappings[number]
    table = np.eye(int(codes.max()) + 1)[codes]
    to_infrequent = rare and estimator.handle_unknown in ("infrequent_if_exist", "warn")
    unknown = np.eye(table.shape[1])[-1] if to_infrequent else None
    drops = estimator._drop_idx_after_grouping
    if drops is not None and drops[number] is not None:
        kept = np.arange(table.shape[1]) != drops[number]
        table = table[:, kept]
        unknown = unknown[kept] if unknown is not None else None
    return table, unknown


@converts("OrdinalEncoder")
def ordinal(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """A code for each category."""
    made = []
    for number, part in enumerate(_columns(writer, parts)):
        categories = estimator.categories_[number]
        codes = np.arange(len(categories), dtype=np.float64)
        mapping = (
            estimator._default_to_infrequent_mappings[number]
            if estimator._infrequent_enabled
            else None
        )
        if mapping is not None:
            codes[: len(mapping)] = mapping  # a missing category stands last and is not grouped
        if number in estimator._missing_indices:
            codes[estimator._missing_indices[number]] = estimator.encoded_missing_value
        unknown = -1.0 if estimator.unknown_value is None else estimator.unknown_value
        made.append(Part(looked_up(writer, part, categories, codes, unknown), Kind.FLOAT))
    return Answer(features=tuple(made))


@converts("TargetEncoder")
def target(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The mean of the target in each category; that of all for an unknown one."""
    made = []
    several = estimator.target_type_ == "multiclass"
    classes = len(estimator.classes_) if several else 1
    means = np.ravel(estimator.target_mean_)
    for number, part in enumerate(_columns(writer, parts)):
        for place in range(classes):
            values = estimator.encodings_[number * classes + place]
            name = looked_up(writer, part, estimator.categories_[number], values, means[place])
            made.append(Part(name, Kind.FLOAT, 1, (None,)))
    return Answer(features=tuple(made))


@converts("LabelEncoder")
def label(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The position of the label."""
    classes = estimator.classes_
    name = looked_up(writer, parts[0], classes, np.arange(len(classes)), -1)
    return Answer(features=(Part(name, Kind.FLOAT),))


@converts("LabelBinarizer")
def binary(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """A column for each label; one column for two labels."""
    hot = indicators(writer, parts[0], estimator.classes_)
    if len(estimator.classes_) == 2:
        hot = writer("Gather", hot, np.array([1]), axis=1)
    low, high = estimator.neg_label, estimator.pos_label
    if (low, high) != (0, 1):
        hot = writer("Add", writer("Mul", hot, np.float32(high - low)), np.float32(low))
    width = 1 if len(estimator.classes_) == 2 else len(estimator.classes_)
    return Answer(features=(Part(hot, Kind.FLOAT, width),))


@converts("DictVectorizer")
def named(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """A column for each name, or for each name and text."""
    made = []
    by_name = dict(zip(writer.names, parts, strict=True))
    for feature in estimator.feature_names_:
        if feature in by_name and by_name[feature].kind is not Kind.STRING:
            made.append(by_name[feature])
            continue
        name, _, text = feature.partition(estimator.separator)
        if name not in by_name:
            raise writer.refusal(f"the sample has no column `{name}`")
        made.append(Part(indicators(writer, by_name[name], [text]), Kind.FLOAT))
    return Answer(features=tuple(made))
