"""Tree ensembles, vectorised over rows.

Source: `TreeEnsemble.proto`. A branch compares the 64-bit feature with the 64-bit threshold; a
missing feature (NaN) goes where the branch says; the scores are the base values plus what the
leaves add, tree after tree in 64 bits.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from lastmile.exporting.coreml.reference.values import need

_COMPARE = (np.less_equal, np.less, np.greater_equal, np.greater, np.equal, np.not_equal)
_LEAF = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Ensemble:
    """Nodes of all trees in one table.

    behaviour, feature: [M] i64; threshold: [M] f64; children: [M, 2] i64, false child first;
    missing: [M] bool, whether a missing value goes to the true child; roots: [T] i64;
    added: [M, D] f64, what a leaf adds.
    """

    behaviour: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    children: np.ndarray
    missing: np.ndarray
    roots: np.ndarray
    added: np.ndarray
    base: np.ndarray


def tree_scores(message: Any, table: np.ndarray) -> np.ndarray:
    """The scores of every row.  table: [N, C] f64 -> [N, D] f64.

    Raises:
        Malformed: the nodes are not trees, or read features that the table does not have.
    """
    ensemble = compile_trees(message)
    inner = ensemble.behaviour != _LEAF
    need(not inner.any() or ensemble.feature[inner].max() < table.shape[1], "a feature too far")
    scores = np.tile(ensemble.base, (len(table), 1))
    gone = np.isnan(table) if np.isnan(table).any() else None
    for root in ensemble.roots:
        scores += ensemble.added[_leaves(ensemble, root, table, gone)]
    return scores


def _leaves(
    ensemble: Ensemble, root: int, table: np.ndarray, gone: np.ndarray | None
) -> np.ndarray:
    """The leaf that each row ends in: [N]."""
    at = np.full(len(table), root)
    rows = np.arange(len(table))
    while len(rows):
        nodes = at[rows]
        on = ensemble.behaviour[nodes] != _LEAF
        if not on.all():
            rows, nodes = rows[on], nodes[on]
        features = ensemble.feature[nodes]
        values = table[rows, features]
        true = _compared(ensemble, nodes, values)
        if gone is not None:
            true = np.where(gone[rows, features], ensemble.missing[nodes], true)
        at[rows] = ensemble.children[nodes, true.astype(np.int64)]
    return at


def _compared(ensemble: Ensemble, nodes: np.ndarray, values: np.ndarray) -> np.ndarray:
    behaviour, threshold = ensemble.behaviour[nodes], ensemble.threshold[nodes]
    kinds = np.unique(behaviour)
    if len(kinds) == 1:
        return np.asarray(_COMPARE[kinds[0]](values, threshold))
    true = np.zeros(len(values), dtype=bool)
    for kind in kinds:
        of_kind = behaviour == kind
        true[of_kind] = _COMPARE[kind](values[of_kind], threshold[of_kind])
    return true


def compile_trees(message: Any) -> Ensemble:
    """The table of nodes of a `TreeEnsembleParameters` message.

    Every node has at most one parent and every tree exactly one root, so a walk from a root ends.

    Raises:
        Malformed: the nodes are not trees.
    """
    nodes = message.nodes
    need(len(nodes), "an ensemble without trees")
    _, tree = np.unique(np.array([one.treeId for one in nodes], np.uint64), return_inverse=True)
    names, own = np.unique(np.array([one.nodeId for one in nodes], np.uint64), return_inverse=True)
    keys = tree * len(names) + own
    order = np.argsort(keys, kind="stable")
    need((np.diff(keys[order]) > 0).all(), "two nodes with the same number")
    behaviour = np.array([one.nodeBehavior for one in nodes], np.int64)
    need(((behaviour >= 0) & (behaviour <= _LEAF)).all(), "a branch of an unknown kind")
    inner = behaviour != _LEAF
    children = np.zeros((len(nodes), 2), np.int64)
    for side, ids in enumerate(("falseChildNodeId", "trueChildNodeId")):
        named = np.array([getattr(one, ids) for one in nodes], np.uint64)[inner]
        children[inner, side] = _found(named, tree[inner], names, keys, order)
    return Ensemble(
        behaviour=behaviour,
        feature=np.array([one.branchFeatureIndex for one in nodes], np.uint64).astype(np.int64),
        threshold=np.array([one.branchFeatureValue for one in nodes], np.float64),
        children=children,
        missing=np.array([one.missingValueTracksTrueChild for one in nodes], bool),
        roots=_roots(children, inner, tree),
        added=_added(message),
        base=_base(message),
    )


def _found(
    named: np.ndarray, tree: np.ndarray, names: np.ndarray, keys: np.ndarray, order: np.ndarray
) -> np.ndarray:
    """The rows of the children called `named` in the same tree."""
    local = np.minimum(np.searchsorted(names, named), len(names) - 1)
    wanted = tree * len(names) + local
    place = np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)
    rows = order[place]
    need(((names[local] == named) & (keys[rows] == wanted)).all(), "a child that does not exist")
    return rows


def _roots(children: np.ndarray, inner: np.ndarray, tree: np.ndarray) -> np.ndarray:
    """The node of each tree that has no parent; all others must be below it."""
    parents = np.bincount(children[inner].ravel(), minlength=len(tree))
    need((parents <= 1).all(), "a node with two parents")
    roots = np.flatnonzero(parents == 0)
    count = int(tree.max()) + 1
    need(len(roots) == count and len(set(tree[roots].tolist())) == count, "a tree without a root")
    seen, level = 0, roots
    while len(level):
        seen += len(level)
        level = children[level[inner[level]]].ravel()
    need(seen == len(tree), "nodes in a circle")
    return roots[np.argsort(tree[roots], kind="stable")]


def _base(message: Any) -> np.ndarray:
    scores = message.numPredictionDimensions
    need(0 < scores <= 100_000, "an impossible number of scores")
    base = np.asarray(message.basePredictionValue, np.float64)
    need(base.size in (0, scores), "base values do not fit the scores")
    return base if base.size else np.zeros(scores)


def _added(message: Any) -> np.ndarray:
    scores = message.numPredictionDimensions
    need(scores > 0 and scores * len(message.nodes) < 2**29, "an impossible number of scores")
    added = np.zeros((len(message.nodes), scores))
    for row, node in enumerate(message.nodes):
        for info in node.evaluationInfo:
            need(info.evaluationIndex < scores, "a leaf that adds to no score")
            added[row, info.evaluationIndex] = info.evaluationValue
    return added
