"""Estimators of LightGBM, from what `Booster.dump_model` tells.

LightGBM compares and adds up in 64 bits.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from lastmile.exporting.onnx.answer import Answer, plain_classes
from lastmile.exporting.onnx.converters import links
from lastmile.exporting.onnx.converters.boosted_columns import category_places, count_of_codes
from lastmile.exporting.onnx.nodes import Parts, width_of
from lastmile.exporting.onnx.trees import Categories, Forest, Tree, absent, cut, joined, regressor
from lastmile.exporting.onnx.trees.dumps import ZERO, of_lightgbm
from lastmile.exporting.onnx.writer import Writer, converts

LINKS: dict[str, links.Link] = {
    "regression": links.same,
    "regression_l1": links.same,
    "huber": links.same,
    "fair": links.same,
    "quantile": links.same,
    "mape": links.same,
    "lambdarank": links.same,
    "rank_xendcg": links.same,
    "cross_entropy": links.logistic,
    "cross_entropy_lambda": links.log_of_odds,
    "poisson": links.exponential,
    "gamma": links.exponential,
    "tweedie": links.exponential,
}
"""What makes an answer of the sum, by objective."""


@converts("LGBMRegressor", "LGBMRanker", library="lightgbm")
def regressor_of_lightgbm(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The objective's own link of the sum."""
    model = estimator.booster_.dump_model()
    name, *options = model.get("objective", "custom").split()
    if name not in LINKS:
        raise writer.refusal(f"its objective {name} is not known")
    given, forest = _forest(writer, model, parts)
    x, moved = cut(writer, forest, given)
    value = regressor(writer, x, moved, len(forest.base))
    link = links.signed_square if "sqrt" in options else LINKS[name]
    return Answer(value=link(writer, value))


@converts("LGBMClassifier", library="lightgbm")
def classifier_of_lightgbm(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The logistic function or softmax of the sums."""
    model = estimator.booster_.dump_model()
    name, *options = model.get("objective", "custom").split()
    if name not in ("binary", "multiclass", "multiclassova"):
        raise writer.refusal(f"its objective {name} gives no probabilities")
    slope = next((float(one[8:]) for one in options if one.startswith("sigmoid:")), 1.0)
    classes = plain_classes(estimator.classes_)
    given, forest = _forest(writer, model, parts)
    if name == "multiclassova":
        return links.one_by_one(writer, classes, forest, given, factor=slope)
    return links.classified(writer, classes, forest, given, factor=slope)


def _forest(writer: Writer, model: Mapping[str, Any], parts: Parts) -> tuple[Parts, Forest]:
    """The columns that the trees read, and the trees."""
    targets = model["num_tree_per_iteration"]
    grown = model["tree_info"]
    nodes = [node for tree in grown for node in _nodes(tree["tree_structure"])]
    if any("leaf_const" in node for node in nodes):
        raise writer.refusal("its leaves hold linear models", "use linear_tree=False")
    share = targets / len(grown) if model["average_output"] else 1.0
    read = [
        of_lightgbm(tree["tree_structure"], at % targets, share) for at, tree in enumerate(grown)
    ]
    known = _known(model, [choice.feature for _, found in read for choice in found])
    counts = count_of_codes([choice for _, found in read for choice in found], known)
    categories = Categories(width_of(parts), counts)
    base = np.zeros(targets)
    trees = [_around_middle(categories.turned(tree, found), base) for tree, found in read]
    forest = categories.grouped(joined(trees, base, rounds=False))
    given = parts
    if any(node.get("missing_type") == "Zero" for node in nodes):
        given = absent(writer, parts, forest, -ZERO, ZERO)
    places = category_places(writer, parts, {at: known.get(at, ()) for at in counts}, counts)
    return (*given, *categories.columns(writer, places)), forest


def _around_middle(tree: Tree, base: np.ndarray) -> Tree:
    """The tree with leaves around zero, their middle added to `base`: small numbers lose least."""
    leaves = tree.left < 0
    middle = tree.values[leaves].mean()
    base[tree.targets[0]] += middle
    tree.values[leaves] -= middle
    return tree


def _nodes(root: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += [node[side] for side in ("left_child", "right_child") if side in node]


def _known(model: Mapping[str, Any], read: list[int]) -> dict[int, tuple[str | int, ...]]:
    """The categories of pandas' own columns of categories, by column, in the order of codes.

    The model keeps one list for each such column, in the order of the columns.
    """
    lists = model.get("pandas_categorical") or []
    if not lists:
        return {}
    names = model["feature_names"]
    told = [at for at, name in enumerate(names) if _is_category(model["feature_infos"].get(name))]
    columns = sorted({*told, *read})
    if len(columns) != len(lists):
        columns = columns[: len(lists)]
    return {at: tuple(values) for at, values in zip(columns, lists, strict=False)}


def _is_category(info: Mapping[str, Any] | None) -> bool:
    return bool(info and info["values"])
