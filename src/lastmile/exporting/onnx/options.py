"""What may be chosen about a graph."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a graph is written.

    score: a classifier's `decision_function` as a further output.
    """

    score: bool = False
