"""What Apple's compiler would refuse, and what its published validator does not look at.

    fault      a fault, a rule, and what the rules read
    interface  inputs, outputs, wires between stages, names, versions
    columns    stages that prepare columns
    trees      tree ensembles
    learned    linear models, support vectors, neighbours, class labels
    programs   ML Programs and their weights

Each rule is a small function that tells its faults in words, and a row of :data:`RULES` with the
source that it is known from: `coremltools` stands for the validators and the comments of the
message definitions that come with it, `device` for what users of devices report.
"""

from collections.abc import Iterator
from typing import Any

from lastmile.exporting.coreml.check import columns, interface, learned, programs, trees
from lastmile.exporting.coreml.check.fault import DEEPEST, Fault, Rule, kind_of, stages_of

__all__ = ["RULES", "Fault", "check", "stages_of", "structure_faults"]

RULES: tuple[Rule, ...] = (
    *interface.RULES,
    *columns.RULES,
    *trees.RULES,
    *learned.RULES,
    *programs.RULES,
)

OUTER: tuple[Rule, ...] = interface.OUTER
"""Rules for what a program outside sees: they hold for the whole model, not for its stages."""


def check(spec: Any) -> tuple[Fault, ...]:
    """Every fault of a model, empty when it is sound."""
    outer = (Fault(rule.name, "model", told) for rule in OUTER for told in rule.faults(spec))
    return (*_faults(spec, RULES), *outer)


def structure_faults(spec: Any) -> tuple[Fault, ...]:
    """The faults that make a model contradict itself, so that it cannot be evaluated."""
    return _faults(spec, tuple(rule for rule in RULES if rule.contradicts))


def _faults(spec: Any, rules: tuple[Rule, ...]) -> tuple[Fault, ...]:
    return tuple(
        Fault(rule.name, where, told)
        for where, model in _models(spec, "model", 0)
        for rule in rules
        if not rule.kinds or kind_of(model) in rule.kinds
        for told in rule.faults(model)
    )


def _models(model: Any, where: str, depth: int) -> Iterator[tuple[str, Any]]:
    yield where, model
    if depth < DEEPEST:
        for number, stage in enumerate(stages_of(model)):
            yield from _models(stage, f"{where}, stage {number} ({kind_of(stage)})", depth + 1)
