"""Produce a report: plan, run, render, publish, and record what became of it."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from lastmile.atomic import clear_parts
from lastmile.clock import Clock, now
from lastmile.definitions import read_definition
from lastmile.delivery.outbox import order_of
from lastmile.errors import ProgramFault, SlotTaken
from lastmile.errors.steps import naming
from lastmile.jobs.cluster import Cluster, cluster_of
from lastmile.jobs.faults import FaultFiles, as_told, faults_told
from lastmile.jobs.latest import repair_latest
from lastmile.jobs.provenance import Snapshot, provenance_of, take_snapshot
from lastmile.jobs.run_end import ended, record_end, telling, unpublished
from lastmile.reporting.definition import Format, ReportFile
from lastmile.reporting.execution.outcome import Executed, Observer, unobserved
from lastmile.reporting.execution.redact import cleaner
from lastmile.reporting.execution.run import RunInterrupted, execute
from lastmile.reporting.execution.valid_outputs import notebook_bytes
from lastmile.reporting.execution.watchdog import kill_marked
from lastmile.reporting.front import front_of
from lastmile.reporting.plan import Plan, Report, open_report, plan_run
from lastmile.reporting.publication import latest_good, make_latest, publish, recorded_end, withdraw
from lastmile.reporting.secrets import read_secrets
from lastmile.reporting.snapshot import FAULT
from lastmile.reporting.source import SUFFIXES
from lastmile.store import RunLog
from lastmile.values import Cause, CauseKind, Run, State, plain
from lastmile.workspace import Workspace, find_workspace

TAKEN_UP = 120.0
"""Seconds in which a run that may be taken up again is; only then is its failure told."""

PAGE_NAMES: Mapping[Format, str] = {"html": "index.html", "pdf": "report.pdf"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where runs of a report are published and recorded, and where its modules come from.

    `secrets` is a folder with one file per secret, besides the environment. `workers` says how many
    runs go on at the same time on this machine, so that their native threads share its cores.
    `cluster` runs the notebooks elsewhere.
    """

    built: Path
    root: Path
    module_paths: Sequence[Path] = ()
    log: RunLog | None = None
    secrets: Path | None = None
    workers: int = 1
    cluster: Cluster | None = None


def place_in(workspace: Workspace, log: RunLog | None, *, workers: int = 1) -> Place:
    """The place of a workspace's reports."""
    return Place(
        built=workspace.reports / "_built",
        root=workspace.root,
        module_paths=workspace.module_paths,
        log=log,
        secrets=workspace.secrets,
        workers=workers,
        cluster=cluster_of(workspace),
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
    as_of: datetime | None = None,
) -> Run:
    """Run a notebook and publish its pages under `output`; no workspace is needed.

    `notebook_or_definition` is the path of a notebook, or a `ReportFile` whose notebook lies below
    `root`, or the name of a report of the workspace around `root`; only there the run is recorded.
    `as_of` is the logical date; by default, now.

    Raises:
        LastmileError: the input is not right, or nothing could be published. A notebook that fails
            raises nothing: its run says `failed`, with the cause.
    """
    root = Path(root).resolve()
    if isinstance(notebook_or_definition, ReportFile):
        file, name = notebook_or_definition, Path(notebook_or_definition.notebook).stem
    elif str(notebook_or_definition).endswith(SUFFIXES):
        path = (root / notebook_or_definition).resolve()
        root, name = path.parent, path.stem
        file = ReportFile(title=name.replace("-", " ").capitalize(), notebook=path.name)
    else:
        workspace = find_workspace(root)
        report = report_in(workspace, str(notebook_or_definition))
        with RunLog(workspace.store_url) as log:
            return produce(
                plan_run(report, parameters or {}, formats=formats, as_of=as_of, now=now()),
                place_in(workspace, log),
            )
    report = open_report(name, file, root, where=file.notebook)
    plan = plan_run(report, parameters or {}, formats=formats, as_of=as_of, now=now())
    return produce(plan, Place(built=Path(output).resolve(), root=root))


def produce(
    plan: Plan,
    place: Place,
    *,
    observer: Observer = unobserved,
    clock: Clock = now,
    reproduces: str = "",
    attempt: int = 1,
    replaces: str = "",
) -> Run:
    """Carry out a plan. Whatever happens, the run log says how it ended and whom to tell.

    `reproduces` is the key of the run that is repeated, `replaces` that of the attempt before.

    Raises:
        SecretRefused, ClusterUnreachable: nothing was run.
        DataMissing, BadDefinition, Faults: a declared data file is not there; nothing was run.
        NotWritable, LatestNotMoved: without its pages a run has failed, without the link not.
        RunInterrupted: on Ctrl-C or SIGTERM; the run is recorded as cancelled.
        SlotTaken: another scheduler has the slot; the run is lost, nothing of it is published.
        RefusedThere, WorkersLost: a cluster has not made it; the run is recorded as failed.
        ProgramFault: lastmile itself went wrong; the run is recorded as failed.
    """
    secrets = _ready(plan, place)
    snapshot = take_snapshot(plan, place.root, place.module_paths)
    run = _begun(plan, attempt)
    if place.log:
        order = order_of(plan.report.file.title, plan.deliver)
        place.log.begin(run, deliver=order, replaces=replaces)
    draft = _Draft(plan, place, clock, run)
    try:
        pages, provenance = draft.carry_out(snapshot, secrets, observer)
        provenance |= {"reproduces": reproduces} if reproduces else {}
        run = _published(place, draft.run, {**pages, **snapshot.files}, provenance)
    except RunInterrupted as stop:
        _end_badly(place, ended(run, stop.executed, clock), clock)
        raise
    except BaseException as error:
        told = as_told(error, f"the run {run.key}", draft.fault_files(secrets))
        _end_badly(place, unpublished(draft.run, told, clock), clock)
        raise told from (error.__cause__ if told is error else error)
    with faults_told(f"what follows the run {run.key}", draft.fault_files(secrets)):
        _end_published(plan, place, run, clock)
        make_latest(run)
    return run


def _ready(plan: Plan, place: Place) -> Mapping[str, str]:
    """The secrets of a run that is made here; for one that is not, its cluster answers."""
    if place.cluster:
        place.cluster.connect()
        return {}
    return read_secrets(plan.secrets, place.secrets)


def retry_pause(file: ReportFile, run: Run) -> float | None:
    """Seconds until a run that ended is tried again; None where it is not."""
    passing = run.cause is not None and run.cause.kind in file.retry_on
    if not passing or run.attempt > file.retries:
        return None
    return float(file.retry_delay * 2 ** (run.attempt - 1))


def _published(
    place: Place, run: Run, pages: Mapping[str, bytes], provenance: Mapping[str, Any]
) -> Run:
    if place.log:
        place.log.confirm(run)
    return publish(place.built, run, pages, provenance)


def _end_published(plan: Plan, place: Place, run: Run, clock: Clock) -> None:
    if place.log is None:
        return
    pause = retry_pause(plan.report.file, run)
    try:
        record_end(
            place.root, place.log, run, telling(clock, 0.0 if pause is None else pause + TAKEN_UP)
        )
    except SlotTaken:
        withdraw(place.built, run)
        raise


def _end_badly(place: Place, run: Run, clock: Clock) -> None:
    """Record an end that an error brought about; that error is told, not one of the run log."""
    if place.log:
        with suppress(Exception):
            record_end(place.root, place.log, run, telling(clock))


def reconcile(
    place: Place, *, clock: Clock = now, tell: Callable[[str], None] | None = None
) -> list[Run]:
    """Find the end of runs of this host whose process is gone; return them as they ended.

    What was published before the process ended counts; a run that published nothing is lost. No
    process of theirs and no half-written publication is left. Every `latest` points to what the run
    log says; `tell` hears of those that did not.
    """
    if place.log is None:
        return []
    found = []
    for run in place.log.orphans():
        kill_marked(run.key)
        clear_parts(place.built / run.report / run.key)
        lost = Cause(
            kind=CauseKind.LOST,
            message="the process that supervised the run ended without a word",
        )
        known = recorded_end(place.built, run) or replace(
            run, state=State.FAILED, ended=clock(), cause=lost
        )
        with suppress(ProgramFault):  # told where it is looked for; the other runs are settled
            record_end(
                place.root,
                place.log,
                known,
                telling(clock, TAKEN_UP if known.cause is lost else 0.0),
            )
        found.append(known)
    for repaired in repair_latest(place.built, place.log):
        if tell:
            tell(str(repaired))
    return found


def _begun(plan: Plan, attempt: int) -> Run:
    return Run(
        key=plan.key,
        report=plan.report.name,
        state=State.RUNNING,
        parameters=plain(dict(plan.parameters)),
        given=plain(dict(plan.given)),
        started=plan.started,
        plan_id=plan.id,
        logical_date=plan.logical_date,
        slot=plan.slot,
        attempt=attempt,
    )


@dataclass(slots=True)
class _Draft:
    """The pages of a run, made beside the kernel while that closes down; `run` as it ended."""

    plan: Plan
    place: Place
    clock: Clock
    run: Run
    thread: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, "lastmile-pages")
    )
    executed: Executed | None = None
    _rendered: "Future[dict[str, bytes]] | None" = None

    def carry_out(
        self, snapshot: Snapshot, secrets: Mapping[str, str], observer: Observer
    ) -> tuple[dict[str, bytes], dict[str, Any]]:
        """Execute the plan, here or on a cluster; its pages, and what they were made from."""
        if self.place.cluster:
            there = self.place.cluster.carry_out(self.plan, self.run, self.place.root, observer)
            self.run = there.run
            return there.pages, {**there.provenance, "git": snapshot.facts["git"]}
        with self.thread:
            executed = execute(
                self.plan,
                module_paths=self.place.module_paths,
                secrets=secrets,
                observer=observer,
                at_end=self.begin,
                workers=self.place.workers,
            )
            return self.pages(executed), provenance_of(snapshot, executed)

    def begin(self, executed: Executed) -> None:
        self.executed = executed
        self.run = ended(self.run, executed, self.clock)
        self._rendered = self.thread.submit(self._render, executed)

    def pages(self, executed: Executed) -> dict[str, bytes]:
        with naming("while the notebook was saved"):
            written = notebook_bytes(executed.notebook)
        rendered = self._rendered.result() if self._rendered else {}
        named = {PAGE_NAMES[name]: rendered[name] for name in self.plan.formats}
        fault = {FAULT: executed.fault.encode()} if executed.fault else {}
        return {**named, "notebook.ipynb": written, **fault}

    def fault_files(self, secrets: Mapping[str, str]) -> FaultFiles:
        """Where the traceback of a fault goes, and with it the notebook as it was executed."""
        done = self.executed
        return FaultFiles(
            self.place.root if self.place.log else None,
            self.run.key,
            clean=cleaner(secrets),
            notebook=lambda: notebook_bytes(done.notebook) if done else None,
        )

    def _render(self, executed: Executed) -> dict[str, bytes]:
        from lastmile.reporting.rendering import render

        last_good = latest_good(self.place.built, self.run.report)
        front = front_of(self.plan.report, self.run, last_good=last_good)
        return render(executed.notebook, front, self.plan.formats)
