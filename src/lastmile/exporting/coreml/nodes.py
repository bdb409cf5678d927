"""The nodes of a tree ensemble as arrays, as they stand in the message."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import Any

import numpy as np

LEAF = 6
"""`TreeNodeBehavior.LeafNode`; the six before it are kinds of branches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodes:
    """M nodes in the order of the message, and the L additions of its leaves.

    tree, node, feature, yes, no: [M] u64 as written, children by their numbers in the tree.
    behaviour: [M] i64; missing: [M] bool; threshold: [M] f64.
    leaf: [L] i64, the row of the node that adds; score: [L] i64; value: [L] f64.
    """

    tree: np.ndarray
    node: np.ndarray
    feature: np.ndarray
    yes: np.ndarray
    no: np.ndarray
    behaviour: np.ndarray
    missing: np.ndarray
    threshold: np.ndarray
    leaf: np.ndarray
    score: np.ndarray
    value: np.ndarray

    @property
    def inner(self) -> np.ndarray:
        """[M] bool: which are branches."""
        return np.asarray(self.behaviour != LEAF)


def read_nodes(message: Any) -> Nodes:
    """The nodes of a `TreeEnsembleParameters` message; nothing is checked."""
    with _uncollected():
        held = list(message.nodes)
        infos = list(map(attrgetter("evaluationInfo"), held))
        added = list(chain.from_iterable(infos))
        counts = np.fromiter(map(len, infos), np.int64, len(held))

        def field(name: str, dtype: Any, of: list[Any] = held) -> np.ndarray:
            return np.fromiter(map(attrgetter(name), of), dtype, len(of))

        return Nodes(
            tree=field("treeId", np.uint64),
            node=field("nodeId", np.uint64),
            feature=field("branchFeatureIndex", np.uint64),
            yes=field("trueChildNodeId", np.uint64),
            no=field("falseChildNodeId", np.uint64),
            behaviour=field("nodeBehavior", np.int64),
            missing=field("missingValueTracksTrueChild", np.bool_),
            threshold=field("branchFeatureValue", np.float64),
            leaf=np.repeat(np.arange(len(held)), counts),
            score=np.minimum(field("evaluationIndex", np.uint64, added), 2**40).astype(np.int64),
            value=field("evaluationValue", np.float64, added),
        )


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let no garbage be collected: a hundred thousand new objects would each time be looked at."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


class NotTrees(Exception):
    """The nodes are not trees; the message says why."""


def _need(holds: object, reason: str) -> None:
    if not holds:
        raise NotTrees(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """How M nodes hang together: children [M, 2] i64, the false child first; roots [T] i64."""

    children: np.ndarray
    roots: np.ndarray


def link(nodes: Nodes) -> Links:
    """The children and roots of the nodes as rows of the table.

    Every node has at most one parent and every tree exactly one root, so a walk from a root ends.

    Raises:
        NotTrees: they do not hang together so.
    """
    inner = nodes.inner
    _need(len(inner), "an ensemble without trees")
    behaviour = nodes.behaviour
    _need(((behaviour >= 0) & (behaviour <= LEAF)).all(), "a branch of an unknown kind")
    _, tree = np.unique(nodes.tree, return_inverse=True)
    names, own = np.unique(nodes.node, return_inverse=True)
    keys = tree * len(names) + own
    order = np.argsort(keys, kind="stable")
    _need((np.diff(keys[order]) > 0).all(), "two nodes of a tree with the same number")

    def found(named: np.ndarray) -> np.ndarray:
        local = np.minimum(np.searchsorted(names, named), len(names) - 1)
        wanted = tree[inner] * len(names) + local
        rows = order[np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)]
        _need(
            ((names[local] == named) & (keys[rows] == wanted)).all(), "a child that does not exist"
        )
        return np.asarray(rows)

    return _linked(nodes, found, tree)


def _linked(nodes: Nodes, found: Callable[[np.ndarray], np.ndarray], tree: np.ndarray) -> Links:
    inner = nodes.inner
    children = np.zeros((len(inner), 2), np.int64)
    children[inner, 0], children[inner, 1] = found(nodes.no[inner]), found(nodes.yes[inner])
    parents = np.bincount(children[inner].ravel(), minlength=len(tree))
    _need((parents <= 1).all(), "a node with two parents")
    roots = np.flatnonzero(parents == 0)
    count = int(tree.max()) + 1
    _need(
        len(roots) == count and len(set(tree[roots].tolist())) == count,
        "a tree without a root, or with two",
    )
    seen, level = 0, roots
    while len(level):
        seen += len(level)
        level = children[level[inner[level]]].ravel()
    _need(seen == len(tree), "nodes in a circle")
    return Links(children=children, roots=roots[np.argsort(tree[roots], kind="stable")])
