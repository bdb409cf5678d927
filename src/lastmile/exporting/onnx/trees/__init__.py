"""Trees of every kind, in one form: read from estimators, cut exactly, written as one node.

forest      the form
reading     from scikit-learn's estimators
dumps       from what XGBoost, LightGBM and CatBoost write down
cuts        thresholds moved to the columns themselves
absent      numbers that a library takes for missing
categories  splits by category, as columns
writing     as operators of `ai.onnx.ml`, with `compact` for the smaller one
operators   the operators read back
"""

from lastmile.exporting.onnx.trees.absent import absent
from lastmile.exporting.onnx.trees.categories import Categories
from lastmile.exporting.onnx.trees.cuts import cut, exceeds
from lastmile.exporting.onnx.trees.forest import Forest, Tree, joined
from lastmile.exporting.onnx.trees.writing import classifier, margins, regressor

__all__ = [
    "Categories",
    "Forest",
    "Tree",
    "absent",
    "classifier",
    "cut",
    "exceeds",
    "joined",
    "margins",
    "regressor",
]
