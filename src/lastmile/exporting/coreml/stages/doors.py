"""Raw columns at the entrance: missing values, and categories to codes or to zeros and ones."""

import math
from typing import Any

import numpy as np

from lastmile.exporting.claims import ML, claims
from lastmile.exporting.coreml.features import Feature, Form, Vector
from lastmile.exporting.coreml.pipeline import Pipeline
from lastmile.exporting.coreml.schema import messages
from lastmile.exporting.coreml.stages.shared import need, need_row
from lastmile.exporting.coreml.stages.texts import looked_up
from lastmile.exporting.coreml.text_tables import Table, table_of
from lastmile.exporting.coreml.view import Node
from lastmile.exporting.signature import Kind

CATEGORIES = (Form.STRING, Form.INT64)
"""The types of values that Core ML looks up."""


@claims("Imputer", domain=ML)
def imputer(pipeline: Pipeline, node: Node, x: Vector) -> Vector:
    """Missing numbers replaced, each column by its own value.  x: [1, C] -> [1, C].

    A raw column gets a stage of its own, so that a missing number ends at the door and no later
    stage has to know what NaN is. Integers are never missing.
    """
    need_row(x)
    values = node.array("imputed_value_floats")
    need(values.size in (1, x.width), "it replaces whole numbers")
    values = np.broadcast_to(values, (x.width,))
    # An app hands over the marker as people write it, -9999.01, not what 32 bits make of it.
    replaced = float(str(np.float32(node.attr("replaced_value_float", 0.0))))
    parts, start = [], 0
    for part in x.parts:
        parts.append(_imputed(pipeline, part, values[start : start + part.width], replaced))
        start += part.width
    return Vector(tuple(parts), x.shape, x.kind)


def _imputed(pipeline: Pipeline, part: Feature, values: np.ndarray, replaced: float) -> Feature:
    if part.form is Form.INT64 and math.isnan(replaced):
        return part
    need(part.form is not Form.INT64, "it replaces whole numbers")
    made = Feature(pipeline.fresh(f"{part.name}_filled"), part.form, part.width)
    message = pipeline.stage("imputer", [part], [made])
    message.replaceDoubleValue = replaced
    if part.form.is_array:
        message.imputedDoubleArray.vector.extend(values.tolist())
    else:
        message.imputedDoubleValue = float(values[0])
    return made


@claims("OneHotEncoder", domain=ML)
def one_hot(pipeline: Pipeline, node: Node, x: Vector) -> Vector:
    """Each value as zeros with a one at the place of its category.  x: [1, C] -> [1, C, K]."""
    need(isinstance(x, Vector), "it looks a constant up")
    text = x.kind is Kind.STRING
    need(text or x.kind is Kind.INT, f"categories of {x.kind} values")
    categories = node.attr("cats_strings" if text else "cats_int64s", [])
    need(categories, "it has no categories of the column's type")
    need(len(set(categories)) == len(categories), "a category stands there twice")
    need(all(part.form in CATEGORIES for part in x.parts), "categories inside an array")
    parts = tuple(_hot(pipeline, node, part, categories) for part in x.parts)
    return Vector(parts, (*x.shape, len(categories)), Kind.FLOAT)


def _hot(pipeline: Pipeline, node: Node, part: Feature, categories: list[Any]) -> Feature:
    made = Feature(pipeline.fresh(f"{part.name}_is"), Form.ARRAY64, len(categories))
    message = pipeline.stage("oneHotEncoder", [part], [made])
    held = message.stringCategories if part.form is Form.STRING else message.int64Categories
    held.vector.extend(categories)
    unknown = messages("OneHotEncoder").OneHotEncoder
    message.handleUnknown = (
        unknown.IgnoreUnknown if node.attr("zeros", 1) else unknown.ErrorOnUnknown
    )
    return made


@claims("LabelEncoder", since=2, domain=ML)
def label_encoder(pipeline: Pipeline, node: Node, x: Vector) -> Vector:
    """Each value looked up in a table; what is not in it gets the default.

    Texts become numbers, and whole numbers texts; from number to number there is no stage.
    """
    need(isinstance(x, Vector), "it looks a constant up")
    need(all(part.form in CATEGORIES for part in x.parts), "categories inside an array")
    if x.kind is Kind.STRING:
        need("keys_strings" in node.attrs, "the table's keys are not texts")
        table = _table(node)
        parts = tuple(looked_up(pipeline, part, table) for part in x.parts)
        return Vector(parts, x.shape, table.kind)
    need(x.kind is Kind.INT and "keys_int64s" in node.attrs, "the table's keys are numbers")
    need("values_strings" in node.attrs, "the table maps numbers to numbers")
    keys, values = node.attrs["keys_int64s"], node.attrs["values_strings"]
    parts = tuple(
        _texts_of(pipeline, part, dict(zip(reversed(keys), reversed(values), strict=True)), node)
        for part in x.parts
    )
    return Vector(parts, x.shape, Kind.STRING)


def _table(node: Node) -> Table:
    whole = "values_int64s" in node.attrs
    need(whole or "values_floats" in node.attrs, "the table maps texts to texts")
    kind: Any = np.int64 if whole else np.float64
    values = node.array("values_int64s" if whole else "values_floats", kind)
    other = node.attr("default_int64", -1) if whole else node.attr("default_float", -0.0)
    pairs = zip(reversed(node.attrs["keys_strings"]), values[::-1, None, None], strict=True)
    return table_of(dict(pairs), np.array([[other]], dtype=kind))


def _texts_of(pipeline: Pipeline, part: Feature, table: dict[int, str], node: Node) -> Feature:
    made = Feature(pipeline.fresh(f"{part.name}_code"), Form.STRING)
    message = pipeline.stage("categoricalMapping", [part], [made])
    message.int64ToStringMap.map.update(table)
    message.strValue = node.attr("default_string", "_Unused")
    return made
