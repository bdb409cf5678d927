"""Texts at the entrance: what they become is looked up.

A table of whole numbers is a mapping, one of zeros with a single one in each row a one-hot encoder.
Other numbers are the leaves of a tree that reads the row's number.
"""

from typing import Any

import numpy as np

from lastmile.exporting.claims import claims
from lastmile.exporting.coreml.features import Feature, Form, Vector
from lastmile.exporting.coreml.pipeline import Pipeline
from lastmile.exporting.coreml.schema import messages
from lastmile.exporting.coreml.stages.shared import need
from lastmile.exporting.coreml.text_tables import TABLE, Row, Table
from lastmile.exporting.coreml.view import Node

_WHOLE = 2.0**53


@claims(TABLE.type, domain=TABLE.domain)
def text_table(pipeline: Pipeline, node: Node, x: Vector) -> Vector:
    """What a table makes of each text.  x: [1, 1] -> [1, *shape]."""
    table: Table = node.attrs["table"]
    (part,) = x.parts
    return Vector((looked_up(pipeline, part, table),), (1, *table.shape), table.kind)


def looked_up(pipeline: Pipeline, text: Feature, table: Table) -> Feature:
    """The row of each text: a number, or an array of numbers."""
    if table.width > 1 and all(_is_hot(row) for row in table.rows):
        return _hot(pipeline, text, table)
    if table.width == 1 and all(map(_is_whole, table.rows)):
        return _mapped(pipeline, text, table, [_only(row) for row in table.rows])
    return _grown(pipeline, text, table)


def _is_hot(row: Row) -> bool:
    return len(row.values) == 0 or row.values.tolist() == [1.0]


def _is_whole(row: Row) -> bool:
    return all(float(value).is_integer() and abs(value) < _WHOLE for value in row.values)


def _only(row: Row) -> int:
    return int(row.values[0]) if len(row.values) else 0


def _mapped(pipeline: Pipeline, text: Feature, table: Table, codes: list[int]) -> Feature:
    """The code of each text's row; a text whose row is that of unknown ones is not named."""
    made = Feature(pipeline.fresh(f"{text.name}_code"), Form.INT64)
    message = pipeline.stage("categoricalMapping", [text], [made])
    for known, row in (_named(table) or table.texts).items():
        message.stringToInt64Map.map[known] = codes[row]
    if table.unknown is not None:
        message.int64Value = codes[table.unknown]
    return made


def _named(table: Table) -> dict[str, int]:
    """The texts that do not become what unknown ones do."""
    return {text: row for text, row in table.texts.items() if row != table.unknown}


def _hot(pipeline: Pipeline, text: Feature, table: Table) -> Feature:
    """Zeros with a one at the place of each text's row, or zeros only."""
    width, refuses = table.width, table.unknown is None
    places = [int(row.places[0]) if len(row.places) else width for row in table.rows]
    categories = sorted((places[row], known) for known, row in _named(table).items())
    each_once = [place for place, _ in categories] == list(range(width))
    plain = each_once and (refuses or places[table.unknown or 0] == width)
    code = text if plain else _mapped(pipeline, text, table, places)
    made = Feature(pipeline.fresh(f"{text.name}_is"), Form.ARRAY64, width)
    message = pipeline.stage("oneHotEncoder", [code], [made])
    if plain:
        message.stringCategories.vector.extend(known for _, known in categories)
    else:
        message.int64Categories.vector.extend(range(width))
    unknown = messages("OneHotEncoder").OneHotEncoder
    message.handleUnknown = unknown.ErrorOnUnknown if plain and refuses else unknown.IgnoreUnknown
    return made


def _grown(pipeline: Pipeline, text: Feature, table: Table) -> Feature:
    """The numbers of each text's row, from the leaves of a tree; NaN is put in behind it."""
    values = np.concatenate([row.values for row in table.rows])
    need(not np.isinf(values).any(), "a number without end")
    code = _mapped(pipeline, text, table, list(range(len(table.rows))))
    form = Form.ARRAY64 if table.width > 1 else Form.DOUBLE
    made = Feature(pipeline.fresh(f"{text.name}_value"), form, table.width)
    message = pipeline.stage("treeEnsembleRegressor", [code], [made], name="look-up")
    message.treeEnsemble.numPredictionDimensions = table.width
    message.treeEnsemble.basePredictionValue.extend([0.0] * table.width)
    mark = _unused(values)
    _grow(message.treeEnsemble, table.rows, mark, 0, len(table.rows))
    return _with_nan(pipeline, made, mark) if np.isnan(values).any() else made


def _unused(values: np.ndarray) -> float:
    """A number that is none of these."""
    mark = -1.0
    while mark in values:
        mark -= 1.0
    return mark


def _grow(trees: Any, rows: tuple[Row, ...], mark: float, low: int, high: int) -> int:
    """Add the branches for the rows from `low` to `high`, and tell the topmost one's number.

    `mark` stands for NaN.
    """
    number = len(trees.nodes)
    node = trees.nodes.add(treeId=0, nodeId=number)
    if high - low == 1:
        node.nodeBehavior = node.LeafNode
        held = zip(rows[low].places.tolist(), rows[low].values.tolist(), strict=True)
        for place, value in list(held) or [(0, 0.0)]:
            added = mark if np.isnan(value) else value
            node.evaluationInfo.add(evaluationIndex=place, evaluationValue=added)
        return number
    middle = (low + high) // 2
    node.nodeBehavior = node.BranchOnValueLessThanEqual
    node.branchFeatureValue = middle - 0.5
    node.trueChildNodeId = _grow(trees, rows, mark, low, middle)
    node.falseChildNodeId = _grow(trees, rows, mark, middle, high)
    return number


def _with_nan(pipeline: Pipeline, numbers: Feature, mark: float) -> Feature:
    """The numbers with NaN for the mark, put in by an imputer."""
    made = Feature(pipeline.fresh(f"{numbers.name}_or_nan"), numbers.form, numbers.width)
    message = pipeline.stage("imputer", [numbers], [made])
    message.replaceDoubleValue = mark
    if numbers.form.is_array:
        message.imputedDoubleArray.vector.extend([np.nan] * numbers.width)
    else:
        message.imputedDoubleValue = np.nan
    return made
