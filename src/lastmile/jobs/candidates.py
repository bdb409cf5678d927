"""Run the report that compares the candidates of an export."""

import shutil
from collections.abc import Callable

from lastmile.clock import now
from lastmile.jobs.init import TEMPLATE
from lastmile.jobs.report import place_in, produce, reconcile, report_in
from lastmile.reporting.execution.outcome import Observer, unobserved
from lastmile.reporting.plan import plan_run
from lastmile.store import RunLog
from lastmile.values import Run
from lastmile.workspace import Workspace

REPORT = "candidates"


def put_report(workspace: Workspace, name: str) -> list[str]:
    """Put the report into a workspace that has none; returns the files made, as messages show them.

    Raises:
        UnknownName: there is no export `name`.
        BadDefinition: it names no candidates.
    """
    from lastmile.exporting.candidates.compare import read_candidates

    read_candidates(workspace, name)
    made = []
    if not (workspace.reports / f"{REPORT}.toml").exists():
        for inside in (f"notebooks/{REPORT}.ipynb", f"reports/{REPORT}.toml"):
            target = workspace.root / inside
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(TEMPLATE / inside, target)
                made.append(inside)
    return made


def produce_candidates(
    workspace: Workspace,
    name: str,
    *,
    observer: Observer = unobserved,
    tell: Callable[[str], None] = lambda _line: None,
) -> Run:
    """Run the report for the export `name`, recorded and published like any other.

    Raises:
        LastmileError: the report is not right, or nothing could be published.
    """
    plan = plan_run(report_in(workspace, REPORT), {"export": name}, now=now())
    with RunLog(workspace.store_url) as log:
        place = place_in(workspace, log)
        reconcile(place, tell=tell)
        return produce(plan, place, observer=observer)
