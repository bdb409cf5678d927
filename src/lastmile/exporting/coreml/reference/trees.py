"""Tree ensembles, vectorised over rows.

Source: `TreeEnsemble.proto`. A branch compares the 64-bit feature with the 64-bit threshold; a
missing feature (NaN) goes where the branch says; the scores are the base values plus what the
leaves add, tree after tree in 64 bits.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from lastmile.exporting.coreml.nodes import LEAF, NotTrees, link, read_nodes
from lastmile.exporting.coreml.reference.values import Malformed, need
from lastmile.exporting.coreml.schema import messages

_COMPARE = (np.less_equal, np.less, np.greater_equal, np.greater, np.equal, np.not_equal)
_MOST_ADDITIONS = 2**27
_BLOCK = 16384
"""Rows that walk together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ensemble:
    """Nodes of all trees in one table, each tree's nodes level by level.

    behaviour: [M] i8, 6 for a leaf; feature: [M] i64; threshold: [M] f64; missing: [M] bool,
    whether a missing value goes to the true child; children: [2 M] i64, the false and the true
    child of each node, of a leaf the leaf itself; levels: [T] how deep each tree is; roots: [T]
    i64; added: [M, D] f64, what a leaf adds; base: [D] f64.
    """

    behaviour: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    missing: np.ndarray
    children: np.ndarray
    roots: np.ndarray
    levels: np.ndarray
    added: np.ndarray
    base: np.ndarray


def tree_scores(message: Any, table: np.ndarray) -> np.ndarray:
    """The scores of every row.  table: [N, C] f64 -> [N, D] f64.

    Raises:
        Malformed: the nodes are not trees, or read features that the table does not have.
    """
    ensemble = _compiled(message.SerializeToString(deterministic=True))
    need(int(ensemble.feature.max(initial=0)) < max(table.shape[1], 1), "a feature too far")
    scores = np.tile(ensemble.base, (len(table), 1))
    for start in range(0, len(table), _BLOCK):
        _add(ensemble, table[start : start + _BLOCK], scores[start : start + _BLOCK])
    return scores


def _add(ensemble: Ensemble, table: np.ndarray, scores: np.ndarray) -> None:
    """Add to the scores what every tree's leaf adds, tree after tree."""
    walk = _Walk(ensemble, np.ascontiguousarray(table))
    for root, depth in zip(ensemble.roots.tolist(), ensemble.levels.tolist(), strict=True):
        scores += ensemble.added.take(walk.leaves(root, depth), axis=0)


class _Walk:
    """Rows on their way through one tree after the other."""

    def __init__(self, ensemble: Ensemble, table: np.ndarray) -> None:
        self._ensemble = ensemble
        self._values = table.ravel()
        self._starts = np.arange(len(table)) * table.shape[1]
        gone = np.isnan(table)
        self._gone = gone.ravel() if gone.any() else None
        kinds = np.unique(ensemble.behaviour[ensemble.behaviour < len(_COMPARE)])
        self._one_kind = _COMPARE[int(kinds[0])] if len(kinds) == 1 else None

    def leaves(self, root: int, depth: int) -> np.ndarray:
        """The leaf that each row ends in: [N].

        All rows take a step at a time, those in a leaf stay; once more than half of them do, only
        the others go on.
        """
        at = here = np.full(len(self._starts), root)
        starts, rows = self._starts, None
        for level in range(depth):
            here = self._step(here, starts)
            if level % 4 == 3 and level + 1 < depth:
                on = np.flatnonzero(_take(self._ensemble.behaviour, here) != LEAF)
                if 2 * len(on) < len(here):
                    at = _put(at, rows, here)
                    rows = on if rows is None else rows[on]
                    here, starts = here[on], starts[on]
        return _put(at, rows, here)

    def _step(self, here: np.ndarray, starts: np.ndarray) -> np.ndarray:
        ensemble = self._ensemble
        places = _take(ensemble.feature, here)
        places += starts
        values = _take(self._values, places)
        if self._one_kind is not None:
            true = self._one_kind(values, _take(ensemble.threshold, here))
        else:
            true = _compared(ensemble, here, values)
        if self._gone is not None:
            true = np.where(_take(self._gone, places), _take(ensemble.missing, here), true)
        below = 2 * here
        below += true
        return _take(ensemble.children, below)


def _take(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Elements at places that are known to exist, so that NumPy need not look."""
    return values.take(places, mode="clip")


def _put(at: np.ndarray, rows: np.ndarray | None, here: np.ndarray) -> np.ndarray:
    if rows is None:
        return here
    at[rows] = here
    return at


def _compared(ensemble: Ensemble, nodes: np.ndarray, values: np.ndarray) -> np.ndarray:
    behaviour, threshold = _take(ensemble.behaviour, nodes), _take(ensemble.threshold, nodes)
    true = np.zeros(len(values), dtype=bool)
    for kind, compare in enumerate(_COMPARE):
        of_kind = behaviour == kind
        if of_kind.any():
            true |= of_kind & compare(values, threshold)
    return true


@lru_cache(maxsize=4)
def _compiled(content: bytes) -> Ensemble:
    """The ensemble of a message with this content: one model is asked many sets of rows."""
    message = messages("TreeEnsemble").TreeEnsembleParameters()
    message.ParseFromString(content)
    return compile_trees(message)


def compile_trees(message: Any) -> Ensemble:
    """The table of nodes of a `TreeEnsembleParameters` message.

    Raises:
        Malformed: the nodes are not trees.
    """
    nodes = read_nodes(message)
    try:
        links = link(nodes)
    except NotTrees as error:
        raise Malformed(str(error)) from error
    inner = nodes.inner
    order, levels = _walked(links.children, links.roots, inner)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    children = np.where(inner[:, np.newaxis], place[links.children], place[:, np.newaxis])[order]
    base, added = _additions(message, nodes)
    return Ensemble(
        behaviour=nodes.behaviour[order].astype(np.int8),
        feature=np.where(inner, nodes.feature, 0)[order].astype(np.int64),
        threshold=nodes.threshold[order],
        missing=nodes.missing[order],
        children=children.ravel(),
        roots=place[links.roots],
        levels=levels,
        added=added[order],
        base=base,
    )


def _walked(
    children: np.ndarray, roots: np.ndarray, inner: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The nodes in an order that keeps each tree together, and the depth of each tree."""
    tree = np.zeros(len(inner), np.int64)
    level = np.zeros(len(inner), np.int64)
    tree[roots] = np.arange(len(roots))
    levels = np.zeros(len(roots), np.int64)
    here, depth = roots, 0
    while len(here := here[inner[here]]):
        depth += 1
        levels[tree[here]] = depth
        below = children[here]
        tree[below] = tree[here][:, np.newaxis]
        level[below] = depth
        here = below.ravel()
    return np.lexsort((level, tree)), levels


def _additions(message: Any, nodes: Any) -> tuple[np.ndarray, np.ndarray]:
    scores = message.numPredictionDimensions
    need(
        scores > 0 and scores * len(message.nodes) < _MOST_ADDITIONS,
        "an impossible number of scores",
    )
    need((nodes.score < scores).all(), "a leaf that adds to no score")
    base = np.asarray(message.basePredictionValue, np.float64)
    need(base.size in (0, scores), "base values do not fit the scores")
    added = np.zeros((len(message.nodes), scores))
    added[nodes.leaf, nodes.score] = nodes.value
    return (base if base.size else np.zeros(scores)), added
