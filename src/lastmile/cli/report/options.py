"""A command about one report: the report's parameters become options of its own.

`lastmile report run NAME --help` lists them with type, help, default and limits, and
`--month 2014-07` says the same as `-p month=2014-07`. A parameter whose name the command has taken
for itself is set with -p only.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from lastmile.cli.state import Door
from lastmile.errors import BadParameter
from lastmile.reporting.kinds import moment_kind, takes_many
from lastmile.reporting.parameters import Parameter
from lastmile.reporting.plan import Report
from lastmile.reporting.written import Written
from lastmile.values import plain
from lastmile.workspace import names_in

_REPORT = "lastmile.report"
_GIVEN = "lastmile.given"
_METAVARS: Mapping[Any, str] = {
    int: "INTEGER",
    float: "NUMBER",
    date: "YYYY-MM-DD",
    datetime: "YYYY-MM-DDTHH:MM",
    Path: "PATH",
    str: "TEXT",
}


class ReportCommand(click.Command):
    """A command whose argument NAME is a report; given one, it has an option per parameter."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Learn the report's parameters from its name, then read the words as usual."""
        door = ctx.find_object(Door)
        name = _report_among(args, door) if door else None
        if door and name:
            from lastmile.jobs.report import report_in

            ctx.meta[_REPORT] = report_in(door.workspace, name)
        return super().parse_args(ctx, args)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The command's own options and those of the report."""
        own = super().get_params(ctx)
        return [*own, *(_option(part) for part in _sorted_out(ctx, own)[0])]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The report's options in a section of their own."""
        own = super().get_params(ctx)
        records = [
            record
            for option in self.get_params(ctx)
            if isinstance(option, ParameterOption) and (record := option.get_help_record(ctx))
        ]
        if records:
            with formatter.section(f"Parameters of {ctx.meta[_REPORT].name}"):
                formatter.write_dl(records)
        with formatter.section("Options"):
            options = (param for param in own if isinstance(param, click.Option))
            formatter.write_dl([rec for param in options if (rec := param.get_help_record(ctx))])
        if clashes := _sorted_out(ctx, own)[1]:
            with formatter.section("Set with -p only, because the command has such an option"):
                formatter.write_dl([(f"-p {p.name}={_metavar(p)}", _help(p)) for p in clashes])


class ParameterOption(click.Option):
    """The option of one parameter; what it gets is kept apart from the command's own values."""


def given_values(ctx: click.Context, pairs: Sequence[str]) -> dict[str, Any]:
    """All values that were given, as options or as texts `name=value`.

    Raises:
        BadParameter: a pair has no equals sign, or a value was given both ways.
    """
    values: dict[str, Any] = parse_pairs(pairs)
    for name, value in ctx.meta.get(_GIVEN, {}).items():
        if name in values:
            raise BadParameter(name, value=value, reason=f"-p sets it to {values[name]!r} as well")
        values[name] = value
    return values


def parse_pairs(pairs: Sequence[str]) -> dict[str, Written]:
    """Values by name from texts `name=value`."""
    values = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise BadParameter(pair, value=pair, reason="write it as KEY=VALUE")
        values[name.strip()] = Written(value)
    return values


def chosen_report(ctx: click.Context, door: Door, name: str) -> Report:
    """The report `name`, read once."""
    from lastmile.jobs.report import report_in

    found = ctx.meta.get(_REPORT)
    return found if found and found.name == name else report_in(door.workspace, name)


def _report_among(args: Sequence[str], door: Door) -> str | None:
    """The first word that names a report. Options are not known yet, so no other way is sure."""
    from lastmile.errors import LastmileError

    if not args:
        return None
    try:
        known = set(names_in(door.workspace.reports))
    except LastmileError:  # told when the command itself needs the workspace
        return None
    return next((word for word in args if word in known), None)


def _sorted_out(
    ctx: click.Context, own: Sequence[click.Parameter]
) -> tuple[list[Parameter], list[Parameter]]:
    """The report's parameters that get an option, and those whose name is taken."""
    taken = {"--help", *(name for param in own for name in (*param.opts, *param.secondary_opts))}
    free: list[Parameter] = []
    clashing: list[Parameter] = []
    report = ctx.meta.get(_REPORT)
    for parameter in report.parameters if report else ():
        flags = {_flag(parameter), _flag(parameter).replace("--", "--no-", 1)}
        (clashing if flags & taken else free).append(parameter)
        taken |= flags
    return free, clashing


def _flag(parameter: Parameter) -> str:
    return "--" + parameter.name.strip("_").replace("_", "-")


def _option(parameter: Parameter) -> ParameterOption:
    flag, on_off = _flag(parameter), parameter.type is bool
    return ParameterOption(
        [f"{flag}/{flag.replace('--', '--no-', 1)}" if on_off else flag, f"p_{parameter.name}"],
        type=None if on_off else str,
        metavar=None if on_off else _metavar(parameter),
        help=_help(parameter),
        default=None,
        expose_value=False,
        callback=lambda ctx, _param, value: _keep(ctx, parameter.name, value),
    )


def _keep(ctx: click.Context, name: str, value: Any) -> None:
    if value is not None:
        ctx.meta.setdefault(_GIVEN, {})[name] = Written(value) if isinstance(value, str) else value


def _metavar(parameter: Parameter) -> str:
    kind = moment_kind(parameter.type)
    if kind == "month":
        return "YYYY-MM"
    shown = parameter.type_shown
    if "'" in shown:
        return "[" + shown.replace("'", "").replace(" | ", "|") + "]"
    if takes_many(parameter.type):
        return "JSON" if shown.startswith("dict") else "A,B"
    return _METAVARS.get(parameter.type, shown.upper().replace(" | ", "|").replace(" ", "-"))


def _help(parameter: Parameter) -> str:
    known = parameter.source or parameter.rule.value is not None
    plainly = plain(parameter.default)
    default = plainly if isinstance(plainly, str) else parameter.default_shown
    told = "; ".join([*([f"default: {default}"] if known else []), *parameter.limits])
    return " ".join(part for part in (parameter.help, f"[{told}]" if told else "") if part)
