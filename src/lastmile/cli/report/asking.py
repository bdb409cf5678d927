"""What every command that is about one run of one report is asked with: a plan, in words."""

from collections.abc import Callable, Sequence
from functools import update_wrapper
from typing import Any

import click

from lastmile.cli.report.options import chosen_report, given_values
from lastmile.cli.state import Door, with_door
from lastmile.clock import now
from lastmile.reporting.moments import read_logical_date
from lastmile.reporting.plan import Plan, plan_run

FORMATS = ("html", "pdf")


class Formats(click.ParamType[tuple[str, ...]]):
    """Formats between commas."""

    name = "html,pdf"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, ...]:
        """The formats that a text names."""
        if isinstance(value, tuple):
            return value
        chosen = tuple(part.strip() for part in value.split(",") if part.strip())
        for part in chosen:
            if part not in FORMATS:
                self.fail(f"`{part}` is not a format; use one of: {', '.join(FORMATS)}", param, ctx)
        return chosen


def with_plan(command: Callable[..., Any]) -> Callable[..., Any]:
    """Hand `command` the door and the plan that its NAME and options ask for.

    To be used with `ReportCommand`, which makes an option of each parameter.
    """

    @click.argument("name")
    @click.option(
        "-p",
        "--parameter",
        "pairs",
        multiple=True,
        metavar="KEY=VALUE",
        help="Set a parameter; with a NAME, --help lists an option for each. A value has the type "
        "of the notebook's default; a list is a,b or JSON. Where no type is known, 3 is a number, "
        "'\"3\"' a text.",
    )
    @click.option("--as-of", metavar="DATE", help="The logical date, in UTC; by default, now.")
    @click.option("--format", "formats", type=Formats(), default=(), help="Default: the report's.")
    @with_door
    @click.pass_context
    def asked(ctx: click.Context, door: Door, /, **words: Any) -> Any:
        asked_for = {name: words.pop(name) for name in ("name", "pairs", "as_of", "formats")}
        return command(door, _plan(ctx, door, **asked_for), **words)

    params = [*getattr(command, "__click_params__", []), *asked.__click_params__]  # type: ignore[attr-defined]  # click's own mark
    wrapped = update_wrapper(asked, command)
    wrapped.__click_params__ = params  # type: ignore[attr-defined]  # likewise
    return wrapped


def _plan(
    ctx: click.Context,
    door: Door,
    name: str,
    pairs: Sequence[str],
    as_of: str | None,
    formats: tuple[Any, ...],
) -> Plan:
    return plan_run(
        chosen_report(ctx, door, name),
        given_values(ctx, pairs),
        formats=formats,
        as_of=read_logical_date(as_of) if as_of else None,
        now=now(),
    )
