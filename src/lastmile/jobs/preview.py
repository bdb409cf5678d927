"""What a run would do, found out without running anything."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lastmile.errors import SecretRefused
from lastmile.jobs.report import PAGE_NAMES, Place
from lastmile.reporting.plan import Plan
from lastmile.reporting.secrets import read_secrets
from lastmile.values import Run, State

_RUNS = 10_000
"""How many of the newest runs are searched for one of the same plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A plan beside what stands in the world already.

    `folder` is the parent of the run's own, `files` are names inside that. `secrets` says of each
    secret by name why it would be refused; empty where it is found. `earlier` is the newest good
    run of the same plan, `skipped` what would not be done, and why, in sentences.
    """

    plan: Plan
    folder: Path
    files: tuple[str, ...]
    secrets: Mapping[str, str]
    earlier: Run | None
    skipped: tuple[str, ...]


def preview(plan: Plan, place: Place) -> Preview:
    """What carrying out a plan would do; nothing is run and no secret is kept."""
    earlier = _earlier(plan, place)
    missing = [name for name in plan.report.file.formats if name not in plan.formats]
    return Preview(
        plan=plan,
        folder=place.built / plan.report.name,
        files=(*(PAGE_NAMES[name] for name in plan.formats), "notebook.ipynb", "run.json"),
        secrets={ref.name: _refusal(plan, place, ref.name) for ref in plan.secrets},
        earlier=earlier,
        skipped=(
            *(f"{name}: the report has it, but it was not asked for" for name in missing),
            *([f"all of it in a backfill: {earlier.key} is good"] if earlier else []),
        ),
    )


def _earlier(plan: Plan, place: Place) -> Run | None:
    runs = place.log.history(plan.report.name, limit=_RUNS) if place.log else []
    good = (run for run in runs if run.plan_id == plan.id and run.state is State.SUCCEEDED)
    return next(good, None)


def _refusal(plan: Plan, place: Place, name: str) -> str:
    try:
        read_secrets([ref for ref in plan.secrets if ref.name == name], place.secrets)
    except SecretRefused as error:
        return error.what
    return ""
