"""A graph becomes a smaller one that answers the same.

draft        a graph between two rewrites
known        kinds and widths of its values
sums         weighted sums, in whichever operators they are written
identities   what passes a value on goes
constants    what is computed from constants alone becomes one
joins        columns that are joined twice are joined once
side_by_side what is done alike to columns one by one is done to all of them
affine       scalers in a row become one, and those before a weighted sum go into its weights
one_hot      categories that are only summed are looked up
sharing      what is computed twice is computed once
leftovers    what no output needs goes

A comparison reads the same bits before and after: only what ends in a weighted sum is reordered.
"""

from collections.abc import Callable

from lastmile.exporting.onnx.rewrites.affine import merge_scalers, weigh_scaled
from lastmile.exporting.onnx.rewrites.constants import fold_constants
from lastmile.exporting.onnx.rewrites.draft import Draft
from lastmile.exporting.onnx.rewrites.identities import drop_identities
from lastmile.exporting.onnx.rewrites.joins import join_once
from lastmile.exporting.onnx.rewrites.leftovers import drop_leftovers
from lastmile.exporting.onnx.rewrites.one_hot import look_up_categories
from lastmile.exporting.onnx.rewrites.sharing import share
from lastmile.exporting.onnx.rewrites.side_by_side import side_by_side

__all__ = ["REWRITES", "Draft", "Rewrite", "rewritten"]

Rewrite = Callable[[Draft], Draft]

REWRITES: tuple[Rewrite, ...] = (
    drop_leftovers,  # converters write what only some outputs need
    drop_identities,  # so that the others see who really reads a value
    fold_constants,  # before sharing, which finds equal constants only
    share,  # members of a vote prepare the same columns
    merge_scalers,  # while they still stand in a row
    weigh_scaled,  # behind it no scaler stands between columns and their sum
    look_up_categories,  # behind it a category is one column of the sum
    join_once,  # scalers that went leave joins of joins
    side_by_side,  # behind it neighbours in a join are all that stands in it
    drop_leftovers,  # what the rewrites no longer need
)
"""In order; each is idempotent by itself."""


def rewritten(draft: Draft) -> Draft:
    """The draft after all rewrites."""
    for rewrite in REWRITES:
        draft = rewrite(draft)
    return draft
