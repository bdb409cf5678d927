"""Two runs of a report, side by side: what changed, and what stayed as it was.

In the order data passes::

    changes                     what a comparison consists of
    cells                       two notebooks -> pairs of cells, their outputs taken apart
    scalars · grids · pictures  parameters and recorded values · tables · figures
    compare                     two sides -> Comparison
    plain · page                for programs · for people
"""

from lastmile.reporting.comparison.changes import Comparison, Side
from lastmile.reporting.comparison.compare import compare
from lastmile.reporting.comparison.page import render_comparison
from lastmile.reporting.comparison.plain import comparison_as_json

__all__ = ["Comparison", "Side", "compare", "comparison_as_json", "render_comparison"]
