"""Raw columns at the entrance: missing values, and categories to codes or to zeros and ones."""

import math
from typing import Any

import numpy as np

from lastmile.exporting.claims import ML, claims
from lastmile.exporting.coreml.features import Feature, Form, Vector
from lastmile.exporting.coreml.pipeline import Pipeline
from lastmile.exporting.coreml.schema import messages
from lastmile.exporting.coreml.stages.shared import need, need_row
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

    Core ML maps texts to integers and integers to texts; other tables are not stages. Texts become
    any numbers by way of their place in the table.
    """
    if x.kind is Kind.STRING and _gives_fractions(node):
        return _numbers_of_texts(pipeline, node, x)
    if x.kind is Kind.STRING:
        need("keys_strings" in node.attrs, "the table's keys are not texts")
        keys = node.attrs["keys_strings"]
        values, default, kind = _whole_values(node)
        form = Form.INT64
    else:
        need(x.kind is Kind.INT and "keys_int64s" in node.attrs, "the table's keys are numbers")
        need("values_strings" in node.attrs, "the table maps numbers to numbers")
        keys, values = node.attrs["keys_int64s"], node.attrs["values_strings"]
        default, kind, form = node.attr("default_string", "_Unused"), Kind.STRING, Form.STRING
    need(all(part.form in CATEGORIES for part in x.parts), "categories inside an array")
    table = dict(zip(reversed(keys), reversed(values), strict=True))
    parts = []
    for part in x.parts:
        made = Feature(pipeline.fresh(f"{part.name}_code"), form)
        _fill_table(pipeline.stage("categoricalMapping", [part], [made]), table, default)
        parts.append(made)
    return Vector(tuple(parts), x.shape, kind)


def _gives_fractions(node: Node) -> bool:
    values = [*node.attr("values_floats", ()), node.attr("default_float", -0.0)]
    return not all(float(value).is_integer() for value in values)


def _numbers_of_texts(pipeline: Pipeline, node: Node, x: Vector) -> Vector:
    """Texts as places, unknown ones behind the others, and a tree with a leaf for each place."""
    table = dict(zip(reversed(node.attrs["keys_strings"]),
                     reversed(node.attrs["values_floats"]), strict=True))  # fmt: skip
    values = [*table.values(), float(node.attr("default_float", -0.0))]
    need(np.isfinite(values).all(), "a number that is none")
    parts = []
    for part in x.parts:
        code = Feature(pipeline.fresh(f"{part.name}_code"), Form.INT64)
        places = {key: place for place, key in enumerate(table)}
        _fill_table(pipeline.stage("categoricalMapping", [part], [code]), places, len(table))
        made = Feature(pipeline.fresh(f"{part.name}_value"), Form.DOUBLE)
        message = pipeline.stage("treeEnsembleRegressor", [code], [made], name="look-up")
        message.treeEnsemble.numPredictionDimensions = 1
        message.treeEnsemble.basePredictionValue.append(0.0)
        _grow(message.treeEnsemble, values, 0, len(values))
        parts.append(made)
    return Vector(tuple(parts), x.shape, Kind.FLOAT)


def _grow(trees: Any, values: list[float], low: int, high: int) -> int:
    """Add the branches for the places from `low` to `high`, and tell the topmost one's number."""
    number = len(trees.nodes)
    node = trees.nodes.add(treeId=0, nodeId=number)
    if high - low == 1:
        node.nodeBehavior = node.LeafNode
        node.evaluationInfo.add(evaluationIndex=0, evaluationValue=values[low])
        return number
    middle = (low + high) // 2
    node.nodeBehavior = node.BranchOnValueLessThanEqual
    node.branchFeatureValue = middle - 0.5
    node.trueChildNodeId = _grow(trees, values, low, middle)
    node.falseChildNodeId = _grow(trees, values, middle, high)
    return number


def _whole_values(node: Node) -> tuple[list[int], int, Kind]:
    if "values_int64s" in node.attrs:
        return list(node.attrs["values_int64s"]), int(node.attr("default_int64", -1)), Kind.INT
    need("values_floats" in node.attrs, "the table maps texts to texts")
    found = [*node.attrs["values_floats"], node.attr("default_float", -0.0)]
    need(all(float(value).is_integer() for value in found), "codes that are not whole numbers")
    return [int(value) for value in found[:-1]], int(found[-1]), Kind.FLOAT


def _fill_table(message: Any, table: dict[Any, Any], default: Any) -> None:
    if isinstance(default, str):
        message.int64ToStringMap.map.update(table)
        message.strValue = default
    else:
        message.stringToInt64Map.map.update(table)
        message.int64Value = default
