"""Produce a report: plan, run, render, publish, and record what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lastmile.clock import Clock, now
from lastmile.definitions import read_definition
from lastmile.errors import NotWritable
from lastmile.jobs.provenance import provenance_of
from lastmile.reporting.definition import Format, ReportFile
from lastmile.reporting.execution.outcome import Executed, Observer, unobserved
from lastmile.reporting.execution.run import RunInterrupted, execute
from lastmile.reporting.front import front_of
from lastmile.reporting.plan import Plan, Report, open_report, plan_run
from lastmile.reporting.publication import latest_good, publish
from lastmile.store import RunLog
from lastmile.values import Cause, CauseKind, Run, State, plain
from lastmile.workspace import Workspace, find_workspace

PAGE_NAMES: Mapping[Format, str] = {"html": "index.html", "pdf": "report.pdf"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where runs of a report are published and recorded, and where its modules come from."""

    built: Path
    root: Path
    module_paths: Sequence[Path] = ()
    log: RunLog | None = None


def place_in(workspace: Workspace, log: RunLog | None) -> Place:
    """The place of a workspace's reports."""
    return Place(
        built=workspace.reports / "_built",
        root=workspace.root,
        module_paths=workspace.module_paths,
        log=log,
    )


def report_in(workspace: Workspace, name: str) -> Report:
    """The report `name` of a workspace, its notebook read.

    Raises:
        UnknownName, BadDefinition, NotebookMissing, NotANotebook, Faults.
    """
    path = workspace.definition("report", name)
    shown = workspace.shown(path)
    file = read_definition(path, ReportFile, shown=shown)
    return open_report(name, file, workspace.root, where=shown)


def run_report(
    notebook_or_definition: str | Path | ReportFile,
    parameters: Mapping[str, Any] | None = None,
    *,
    output: str | Path = "reports/_built",
    root: str | Path = ".",
    formats: tuple[Format, ...] = (),
) -> Run:
    """Run a notebook and publish its pages under `output`; no workspace is needed.

    `notebook_or_definition` is the path of a notebook, or a `ReportFile` whose notebook lies below
    `root`, or the name of a report of the workspace around `root`; only there the run is recorded.

    Raises:
        LastmileError: the input is not right, or nothing could be published. A notebook that fails
            raises nothing: its run says `failed`, with the cause.
    """
    root = Path(root).resolve()
    if isinstance(notebook_or_definition, ReportFile):
        file, name = notebook_or_definition, Path(notebook_or_definition.notebook).stem
    elif str(notebook_or_definition).endswith(".ipynb"):
        path = (root / notebook_or_definition).resolve()
        root, name = path.parent, path.stem
        file = ReportFile(title=name.replace("-", " ").capitalize(), notebook=path.name)
    else:
        workspace = find_workspace(root)
        report = report_in(workspace, str(notebook_or_definition))
        with RunLog(workspace.store_url) as log:
            return produce(
                plan_run(report, parameters or {}, formats=formats, now=now()),
                place_in(workspace, log),
            )
    report = open_report(name, file, root, where=file.notebook)
    plan = plan_run(report, parameters or {}, formats=formats, now=now())
    return produce(plan, Place(built=Path(output).resolve(), root=root))


def produce(
    plan: Plan, place: Place, *, observer: Observer = unobserved, clock: Clock = now
) -> Run:
    """Carry out a plan. Whatever happens, the run log says how it ended.

    Raises:
        NotWritable: the pages could not be published; the run is recorded as failed.
        RunInterrupted: on Ctrl-C or SIGTERM; the run is recorded as cancelled.
    """
    run = _begun(plan)
    if place.log:
        place.log.begin(run)
    try:
        executed = execute(plan, module_paths=place.module_paths, observer=observer)
        run = _ended(run, executed, clock)
        pages = _pages(plan, run, executed, place)
        run = publish(place.built, run, pages, provenance_of(plan, place.root, executed))
    except RunInterrupted as stop:
        run = _ended(run, stop.executed, clock)
        raise
    except BaseException as error:
        run = _unpublished(run, error, clock)
        raise
    finally:
        if place.log:
            place.log.end(run)
    return run


def _begun(plan: Plan) -> Run:
    return Run(
        key=plan.key,
        report=plan.report.name,
        state=State.RUNNING,
        parameters=plain(dict(plan.parameters)),
        given=plain(dict(plan.given)),
        started=plan.started,
        plan_id=plan.id,
        logical_date=plan.logical_date,
    )


def _ended(run: Run, executed: Executed, clock: Clock) -> Run:
    ended = clock()
    return replace(
        run,
        state=executed.state,
        cause=executed.cause,
        ended=ended,
        seconds=(ended - run.started).total_seconds(),
        cells=executed.cells,
        peak_memory=executed.peak_memory,
    )


def _unpublished(run: Run, error: BaseException, clock: Clock) -> Run:
    what = error.what if isinstance(error, NotWritable) else f"{type(error).__name__}: {error}"
    interrupted = isinstance(error, KeyboardInterrupt)
    return replace(
        run,
        state=State.CANCELLED if interrupted else State.FAILED,
        cause=Cause(
            kind=CauseKind.INTERRUPTED if interrupted else CauseKind.NOT_PUBLISHED,
            message="interrupted" if interrupted else what,
        ),
        ended=clock(),
    )


def _pages(plan: Plan, run: Run, executed: Executed, place: Place) -> dict[str, bytes]:
    import nbformat

    from lastmile.reporting.rendering import render_html, render_pdf

    front = front_of(plan.report, run, last_good=latest_good(place.built, run.report))
    pages: dict[str, bytes] = {}
    for name in plan.formats:
        if name == "html":
            pages[PAGE_NAMES[name]] = render_html(executed.notebook, front).encode()
        else:
            pages[PAGE_NAMES[name]] = render_pdf(executed.notebook, front)
    pages["notebook.ipynb"] = nbformat.writes(executed.notebook).encode()
    return pages
