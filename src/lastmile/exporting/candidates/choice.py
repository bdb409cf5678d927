"""The best candidate, and the cheapest that is as good within one standard error."""

from dataclasses import dataclass

from lastmile.exporting.candidates.compare import Candidate, Found, over_budget


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """`best` of all; `chosen`, the cheapest within the budget that is as good; None if none is.

    As good means: within one standard error of the best score within the budget. Cheapest means
    the lowest counted cost, so that the noise of one measurement decides nothing.
    """

    best: Candidate
    chosen: Candidate | None
    within: tuple[str, ...]


def choose(found: Found) -> Choice:
    """The choice among all candidates; those that cannot be exported are out."""
    able = [
        one for one in found.candidates if not one.refused and not over_budget(one, found.budget)
    ]
    if not able:
        return Choice(best=found.candidates[0], chosen=None, within=())
    top = max(able, key=lambda one: one.score)
    good = [one for one in able if one.score >= top.score - top.error]
    return Choice(
        best=found.candidates[0],
        chosen=min(good, key=lambda one: (one.weight, one.size)),
        within=tuple(one.name for one in able),
    )
