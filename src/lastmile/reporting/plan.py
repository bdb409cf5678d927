"""A plan: everything about a run that is known before it starts."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lastmile.delivery.definition import Deliver
from lastmile.errors import BadDefinition, NoParametersCell, raise_faults
from lastmile.reporting.data import Fingerprint, fingerprints
from lastmile.reporting.definition import Format, ReportFile
from lastmile.reporting.foreign import read_foreign, translate
from lastmile.reporting.parameters import (
    Parameter,
    Resolved,
    apply_rules,
    read_parameters,
    resolve,
)
from lastmile.reporting.secrets import SecretRef, references
from lastmile.reporting.source import (
    Source,
    kernel_of,
    language_of,
    parameters_cell,
    read_source,
)
from lastmile.values import SlotKey, plain, run_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report's definition together with its notebook and the parameters that it declares.

    `root` is the folder that the paths of the definition are relative to.
    """

    name: str
    root: Path
    file: ReportFile
    source: Source
    parameters: tuple[Parameter, ...]
    has_parameters_cell: bool
    language: str = "python"
    kernel: str = "python3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run will do. `given` are the values that were asked for, `parameters` all known.

    `resolved` says of the same values where each came from, `data` what the declared data files
    held when the plan was made. `slot` is the slot of a schedule that
    the run is for, `deliver` says who gets what is published; neither makes another report.
    """

    key: str
    report: Report
    given: Mapping[str, Any]
    parameters: Mapping[str, Any]
    formats: tuple[Format, ...]
    started: datetime
    logical_date: datetime
    resolved: Mapping[str, Resolved] = field(default_factory=dict)
    data: Mapping[str, Fingerprint] = field(default_factory=dict)
    slot: SlotKey | None = None
    deliver: tuple[Deliver, ...] = ()

    @property
    def id(self) -> str:
        """The same for plans that must give the same report: 64 hexadecimal digits."""
        parts = {
            "report": self.report.name,
            "notebook": self.report.source.sha256,
            "definition": self.report.file.model_dump(mode="json"),
            "parameters": plain(dict(self.parameters)),
            "logical_date": self.logical_date.isoformat(),
        }
        if unsaid := {n: r.type_shown for n, r in self.resolved.items() if not r.from_json}:
            parts["types"] = unsaid
        if self.data:
            parts["data"] = {name: file["sha256"] for name, file in self.data.items()}
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @property
    def types(self) -> dict[str, str]:
        """The types of all known values, as people write them: JSON does not hold each."""
        return {name: resolved.type_shown for name, resolved in self.resolved.items()}

    @property
    def secrets(self) -> tuple[SecretRef, ...]:
        """The secrets that the run needs."""
        return references(self.parameters.values())

    @property
    def injected(self) -> dict[str, Any]:
        """The values that the notebook's own defaults are overridden with."""
        ruled = {p.name for p in self.report.parameters if p.rule.value is not None}
        named = self.given.keys() | ruled
        return {
            name: value
            for name, value in self.parameters.items()
            if name in named or isinstance(value, SecretRef)
        }


def open_report(name: str, file: ReportFile, root: Path, *, where: str) -> Report:
    """A report with its notebook read; `root` is the folder that `file.notebook` is relative to.

    Raises:
        NotebookMissing, NotANotebook, BadDefinition, Faults.
    """
    path = root / file.notebook
    if not path.resolve().is_relative_to(root.resolve()):
        raise BadDefinition(f"{file.notebook} leads out of the workspace", where=where)
    source = read_source(path, shown=file.notebook, where=where)
    notebook = source.notebook()
    cell = parameters_cell(notebook)
    language, kernel = language_of(notebook, file.kernel), kernel_of(notebook, file.kernel)
    try:
        if language == "python":
            declared = read_parameters(cell or "")
        else:
            declared = read_foreign(cell or "", kernel, language)
    except SyntaxError as error:
        raise BadDefinition(
            f"the parameters cell of {file.notebook} is not Python: {error.msg}",
            where=f"{file.notebook}, line {error.lineno} of the cell",
            fix="only assignments such as `month: str = '2015-11'` belong there",
        ) from error
    if cell is None and file.parameters:
        raise NoParametersCell(file.notebook, file.parameters)
    narrowed, faults = apply_rules(declared, file.parameters, notebook=file.notebook, where=where)
    raise_faults(faults)
    return Report(
        name=name,
        root=root,
        file=file,
        source=source,
        parameters=tuple(narrowed),
        has_parameters_cell=cell is not None,
        language=language,
        kernel=kernel,
    )


def plan_run(
    report: Report,
    given: Mapping[str, Any],
    *,
    formats: tuple[Format, ...] = (),
    as_of: datetime | None = None,
    now: datetime,
) -> Plan:
    """The plan of one run. Everything that is wrong with `given` is told at once.

    `as_of` is the logical date, the moment that the report is about; by default it is `now`, and
    without a zone it is in UTC.

    Raises:
        UnknownParameter, BadParameter, NoParametersCell, NoTranslation: one fault.
        DataMissing, BadDefinition: a declared data file is not there, or leads out.
        Faults: several.
    """
    if given and not report.has_parameters_cell:
        raise NoParametersCell(report.source.shown, given)
    logical_date = as_of or now
    if logical_date.tzinfo is None:
        logical_date = logical_date.replace(tzinfo=UTC)
    resolved, faults = resolve(
        report.parameters, given, notebook=report.source.shown, logical_date=logical_date
    )
    raise_faults(faults)
    plan = Plan(
        key=run_key(now),
        report=report,
        given={name: resolved[name].asked for name in given},
        parameters={name: part.value for name, part in resolved.items()},
        formats=formats or report.file.formats,
        started=now,
        logical_date=logical_date,
        resolved=resolved,
        data=fingerprints(report.file.data, report.root, where=f"reports/{report.name}.toml"),
    )
    if report.language != "python":
        translate(plan.injected, report.kernel, report.language, notebook=report.source.shown)
    return plan
