"""Does every exported form answer as scikit-learn does?

rows        samples that hurt: what the rows are, and why each set of them is asked
answers     what each engine answers, in one shape
compare     how far two answers are apart
golden      rows with scikit-learn's answers, to be asked again anywhere
verdict     the evidence as a value, and its form on disk
pairs       two engines on all rows
recorder    what scikit-learn's steps are given and answer
first_step  the step of the pipeline where a difference begins
gather      all of it, into one verdict
"""

from lastmile.exporting.evidence.compare import Tolerances
from lastmile.exporting.evidence.gather import gather_evidence
from lastmile.exporting.evidence.verdict import Evidence, demand_holds

__all__ = ["Evidence", "Tolerances", "demand_holds", "gather_evidence"]
