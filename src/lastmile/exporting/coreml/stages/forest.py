"""A tree ensemble between ONNX and Core ML: nodes, and what each leaf adds to which score."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lastmile.exporting.coreml.schema import messages
from lastmile.exporting.coreml.stages.shared import need
from lastmile.exporting.coreml.view import Node

_BEHAVIOURS = {
    "BRANCH_LEQ": "BranchOnValueLessThanEqual",
    "BRANCH_LT": "BranchOnValueLessThan",
    "BRANCH_GTE": "BranchOnValueGreaterThanEqual",
    "BRANCH_GT": "BranchOnValueGreaterThan",
    "BRANCH_EQ": "BranchOnValueEqual",
    "BRANCH_NEQ": "BranchOnValueNotEqual",
    "LEAF": "LeafNode",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Forest:
    """The numbers of an ensemble.

    nodes: the ONNX node's `nodes_*` attributes, one list each, all of one length.
    leaf_tree, leaf_node, leaf_score: [L] which leaf adds to which score; leaf_value: [L] f64.
    base: [scores] f64, what every row starts with.
    """

    nodes: dict[str, list[Any]]
    leaf_tree: np.ndarray
    leaf_node: np.ndarray
    leaf_score: np.ndarray
    leaf_value: np.ndarray
    base: np.ndarray
    scores: int

    @property
    def trees(self) -> int:
        """The number of trees."""
        return len(set(self.nodes["treeids"]))

    def averaged(self) -> "Forest":
        """The ensemble whose scores are the mean over the trees instead of the sum."""
        return replace(self, leaf_value=self.leaf_value / self.trees)

    def sharpened(self) -> "Forest":
        """Leaf values 1/T of a forest of T trees in 64 bits again, where ONNX rounded them.

        A leaf of one class only has the value 1/T. Its rounding to 32 bits would decide the ties
        between classes that a forest leaves open.
        """
        pure = np.float32(1.0 / self.trees)
        value = np.where(self.leaf_value == pure, 1.0 / self.trees, self.leaf_value)
        return replace(self, leaf_value=value)

    def for_both_classes(self) -> "Forest":
        """A score for each of two classes, from one that is the second one's share of every tree.

        Each leaf of T trees gives the first class the rest of 1/T, so that the two compete as they
        do in scikit-learn, and a tie goes to the first.
        """
        rest = 1.0 / self.trees - self.leaf_value
        return self._with_other(rest)

    def for_both_signs(self) -> "Forest":
        """Two scores from one, with opposite signs."""
        return self._with_other(-self.leaf_value)

    def _with_other(self, other: np.ndarray) -> "Forest":
        ones = np.ones(len(other), dtype=np.int64)
        return replace(
            self,
            leaf_tree=np.concatenate([self.leaf_tree] * 2),
            leaf_node=np.concatenate([self.leaf_node] * 2),
            leaf_score=np.concatenate([ones, 0 * ones]),
            leaf_value=np.concatenate([self.leaf_value, other]),
            base=np.zeros(2),
            scores=2,
        )

    def fill(self, message: Any) -> None:
        """Write the ensemble into a `TreeEnsembleParameters` message."""
        message.numPredictionDimensions = self.scores
        message.basePredictionValue.extend(self.base.tolist())
        leaves = self._leaves()
        node_type = messages("TreeEnsemble").TreeEnsembleParameters.TreeNode
        behaviour = {
            mode: node_type.TreeNodeBehavior.Value(name) for mode, name in _BEHAVIOURS.items()
        }
        nodes = self.nodes
        rows = zip(
            nodes["treeids"], nodes["nodeids"], nodes["modes"], nodes["featureids"],
            thresholds_for_doubles(nodes["values"], nodes["modes"]),
            nodes["truenodeids"], nodes["falsenodeids"], nodes["missing"], strict=True,
        )  # fmt: skip
        for tree, node, mode, feature, value, yes, no, missing in rows:
            made = message.nodes.add(treeId=tree, nodeId=node, nodeBehavior=behaviour[mode])
            if mode == "LEAF":
                for score, added in leaves.get((tree, node), ((0, 0.0),)):
                    made.evaluationInfo.add(evaluationIndex=score, evaluationValue=added)
            else:
                made.branchFeatureIndex = feature
                made.branchFeatureValue = value
                made.trueChildNodeId, made.falseChildNodeId = yes, no
                made.missingValueTracksTrueChild = bool(missing)

    def _leaves(self) -> dict[tuple[int, int], list[tuple[int, float]]]:
        found: dict[tuple[int, int], list[tuple[int, float]]] = {}
        rows = zip(
            self.leaf_tree.tolist(), self.leaf_node.tolist(), self.leaf_score.tolist(),
            self.leaf_value.tolist(), strict=True,
        )  # fmt: skip
        for tree, node, score, value in rows:
            found.setdefault((tree, node), []).append((score, value))
        return found


_TOWARDS = {"BRANCH_LEQ": np.inf, "BRANCH_GT": np.inf, "BRANCH_LT": -np.inf, "BRANCH_GTE": -np.inf}
"""On which side of a threshold the numbers lie that 32 bits make equal to it, for each branch."""


def thresholds_for_doubles(values: list[float], modes: list[str]) -> list[float]:
    """Thresholds [M] that part 64-bit numbers as these part the 32-bit numbers nearest to them.

    An app hands Core ML a Double, 36.1, which stands on the other side of the threshold 36.0999985
    than what 32 bits make of it. So a threshold lies halfway to the next 32-bit number, and on that
    side of the middle which is rounded as the middle is not. A device that compares in 32 bits
    rounds it to the threshold that it was.
    """
    narrow = np.asarray(values, dtype=np.float32)
    towards = np.array([_TOWARDS.get(mode, 0.0) for mode in modes], dtype=np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        beside = np.nextafter(narrow, np.where(towards == 0, narrow, towards))
        middle = (narrow.astype(np.float64) + beside) / 2
        back = np.nextafter(middle, narrow.astype(np.float64))
        moved = np.where(middle.astype(np.float32) == narrow, middle, back)
    made: list[float] = np.where(np.isfinite(beside), moved, narrow.astype(np.float64)).tolist()
    return made


def read_forest(node: Node, owner: str, *, scores: int) -> Forest:
    """The ensemble of an ONNX node; `owner` is `class` or `target`, as its attributes are called.

    Thresholds and leaf values are ONNX's 32-bit floats, which 64-bit floats hold exactly.
    """
    need(f"{owner}_weights_as_tensor" not in node.attrs, "its numbers are 64-bit tensors")
    nodes = {
        name: node.attr(f"nodes_{name}", [])
        for name in ("treeids", "nodeids", "modes", "featureids", "values", "truenodeids",
                     "falsenodeids")
    }  # fmt: skip
    missing = node.attr("nodes_missing_value_tracks_true") or [0] * len(nodes["treeids"])
    # NaN differs from every number, so an ONNX runtime takes the true branch of "not equal"
    nodes["missing"] = [
        flag or mode == "BRANCH_NEQ" for flag, mode in zip(missing, nodes["modes"], strict=True)
    ]
    need(nodes["treeids"], "it has no trees")
    need(set(nodes["modes"]) <= set(_BEHAVIOURS), "a kind of branch that Core ML lacks")
    base = node.array("base_values")
    return Forest(
        nodes=nodes,
        leaf_tree=node.array(f"{owner}_treeids", np.int64),
        leaf_node=node.array(f"{owner}_nodeids", np.int64),
        leaf_score=node.array(f"{owner}_ids", np.int64),
        leaf_value=node.array(f"{owner}_weights"),
        base=base if base.size else np.zeros(scores),
        scores=scores,
    )
