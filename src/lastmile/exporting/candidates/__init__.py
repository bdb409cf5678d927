"""Several estimators for one export: how good, how quick, how large.

compare  each is judged, fitted, converted and measured
choice   the best, and the cheapest that is as good within one standard error
show     the words, the table and the chart of the report `candidates`
"""

from lastmile.exporting.candidates.choice import Choice, choose
from lastmile.exporting.candidates.compare import Candidate, Found, compare_export
from lastmile.exporting.candidates.show import chart, summary, table

__all__ = [
    "Candidate",
    "Choice",
    "Found",
    "chart",
    "choose",
    "compare_export",
    "summary",
    "table",
]
