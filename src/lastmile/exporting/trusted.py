"""Types in a .skops file that may be read without further trust.

skops knows the estimators of scikit-learn and asks about everything else. The types below carry
data only. A compiled tree follows the indices in it without looking, so a forged one could read
foreign memory: trees are checked after they were read, before they are used.
"""

from typing import Any

import numpy as np

from lastmile.errors import BadReference
from lastmile.exporting.signature.parts import parts

REVIEWED = frozenset({"numpy.dtype", "sklearn.tree._tree.Tree"})


def demand_sound_trees(estimator: Any, reference: str) -> None:
    """Raise `BadReference` where a tree's children or features lie outside of it."""
    for _, part in parts(estimator):
        for tree in _trees(part):
            nodes = tree.node_count
            left, right = tree.children_left, tree.children_right
            inner = left != right
            inside = np.all((left >= -1) & (left < nodes) & (right >= -1) & (right < nodes))
            known = np.all((tree.feature[inner] >= 0) & (tree.feature[inner] < tree.n_features))
            forward = np.all((left[inner] > np.nonzero(inner)[0]) & (right[inner] > 0))
            if not (inside and known and forward):
                raise BadReference(reference, "a tree in it leads outside of itself")


def _trees(part: Any) -> list[Any]:
    """The compiled trees that one estimator holds itself."""
    tree = getattr(part, "tree_", None)
    held = getattr(part, "estimators_", ())
    grown = [getattr(one, "tree_", None) for one in np.ravel(np.array(held, dtype=object))]
    return [one for one in (tree, *grown) if one is not None]
