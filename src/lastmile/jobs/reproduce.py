"""Run a published run once more, from what its publication keeps, and compare what came out."""

import hashlib
import tempfile
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from lastmile.clock import Clock, now
from lastmile.definitions import parse_definition
from lastmile.errors import PublicationGone
from lastmile.jobs.compare import compare_runs
from lastmile.jobs.report import PAGE_NAMES, Place, produce
from lastmile.reporting.comparison import Comparison
from lastmile.reporting.definition import ReportFile
from lastmile.reporting.execution.outcome import Observer, unobserved
from lastmile.reporting.parameter_types import restored
from lastmile.reporting.plan import Plan, Report, open_report, plan_run
from lastmile.reporting.publication import read_record
from lastmile.reporting.snapshot import DEFINITION, notebook_name
from lastmile.values import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """A run that repeats another one, and what differs between them.

    `same_plan` says whether notebook, definition, parameters, logical date and declared data are
    the recorded ones, to the last digit.
    """

    original: Run
    run: Run
    comparison: Comparison
    same_plan: bool

    @property
    def equal(self) -> bool:
        """Whether every output is as it was."""
        return self.comparison.equal


def reproduce(
    original: Run, place: Place, *, observer: Observer = unobserved, clock: Clock = now
) -> Reproduction:
    """Carry out the plan of a published run again; the result is a new run, never the latest.

    The notebook and the definition are those that the publication keeps; modules, data and
    packages are those of today.

    Raises:
        PublicationGone: the publication lacks what is needed, or was changed.
        LastmileError: whatever planning or publishing raises.
    """
    plan = plan_again(original, place.root, clock=clock)
    run = produce(plan, place, observer=observer, clock=clock, reproduces=original.key)
    return Reproduction(
        original=original,
        run=run,
        comparison=compare_runs(original, run),
        same_plan=plan.id == original.plan_id,
    )


def plan_again(original: Run, root: Path, *, clock: Clock = now) -> Plan:
    """The plan of a published run under a new key.

    Raises:
        PublicationGone: the publication lacks what is needed, or was changed.
        LastmileError: whatever planning raises.
    """
    if original.folder is None:
        raise PublicationGone(original.key, "they were never published, or removed since")
    record = read_record(original.folder)
    report = _report_of(original, original.folder, record, root)
    moment = record.get("logical_date")
    formats = tuple(name for name, page in PAGE_NAMES.items() if page in original.files)
    types = (record.get("provenance") or {}).get("types") or {}
    return plan_run(
        report,
        restored(record.get("given") or {}, types),
        formats=formats,
        as_of=datetime.fromisoformat(moment) if moment else original.logical_date,
        now=clock(),
    )


def _report_of(original: Run, folder: Path, record: dict[str, Any], root: Path) -> Report:
    """The report as it was; its notebook runs where it stands today, whatever is in it by now."""
    provenance = record.get("provenance") or {}
    definition = _kept(original, folder, DEFINITION, provenance.get("definition_sha256"))
    file = parse_definition(definition.decode(), ReportFile, shown=f"{folder.name}/{DEFINITION}")
    kept = notebook_name(Path(file.notebook))
    notebook = _kept(original, folder, kept, provenance.get("notebook_sha256"))
    with tempfile.TemporaryDirectory(prefix="lastmile-again-") as temporary:
        copy = Path(temporary, file.notebook)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(notebook)
        report = open_report(original.report, file, Path(temporary), where=DEFINITION)
    return replace(report, root=root, source=replace(report.source, path=root / file.notebook))


def _kept(original: Run, folder: Path, name: str, sha256: Any) -> bytes:
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise PublicationGone(original.key, f"{name}: {error.strerror or error}") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise PublicationGone(original.key, f"{name} was changed since")
    return content
