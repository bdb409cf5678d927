"""What a recipient reads: title, state, values and a link, as safe HTML and as plain text.

Values come from notebooks and are not trusted: each is shortened, escaped, and the whole passes a
sanitiser that lets through what the template uses and nothing else.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from lastmile.delivery.subjects import one_line
from lastmile.values import Run, State, show_duration, show_size

if TYPE_CHECKING:
    from jinja2 import Template

LARGEST = 100_000
"""Bytes of the HTML: Gmail cuts off what is longer than about 102 kB."""

_TABLE = "$table"  # as `lastmile.recording` stores one
_HEADINGS = {
    State.SUCCEEDED: "Succeeded",
    State.DEGRADED: "Ran with defects",
    State.FAILED: "Failed",
    State.CANCELLED: "Cancelled",
}
_TAGS = {"div", "table", "tr", "td", "th", "p", "h1", "h2", "a", "span"}
_CELL = {"align", "valign", "style"}
_ATTRIBUTES = {
    **{key: {"style"} for key in ("div", "p", "h1", "h2", "span", "tr")},
    **dict.fromkeys(("td", "th"), _CELL),
    "table": {"role", "align", "width", "cellpadding", "cellspacing", "border", "style"},
    "a": {"href", "style"},
}
_DOCUMENT = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">\
<meta name="viewport" content="width=device-width, initial-scale=1">\
<meta name="color-scheme" content="light"><title>{title}</title></head>
<body style="margin:0;padding:0">
{body}
</body></html>
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of what a notebook recorded is told: values, characters of each, tables, rows."""

    values: int
    characters: int
    tables: int
    rows: int


_LIMITS = (Limits(40, 200, 3, 15), Limits(20, 100, 1, 10), Limits(10, 60, 0, 0), Limits(0, 0, 0, 0))
_MOST_COLUMNS = 8


@dataclass(frozen=True, slots=True)
class Table:
    """A small recorded table; `more` says what was left out."""

    name: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The content of a message, before it is HTML or text."""

    title: str
    state: str
    heading: str
    cause: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    tables: tuple[Table, ...] = ()
    more: str = ""
    link: str = ""
    place: str = ""
    attached: str = ""
    footer: str = ""


def link_to(run: Run, site: str | None) -> str:
    """Where a run's page is on the readers' site; nothing without a site or a page."""
    if not site or run.folder is None or "index.html" not in run.files:
        return ""
    return f"{site.rstrip('/')}/{quote(run.report)}/{quote(run.key)}/index.html"


def letter_of(
    run: Run, title: str, *, site: str | None = None, attachment: Path | None = None
) -> Letter:
    """The letter about a run that has ended, as much of it as stays under `LARGEST`."""
    for limits in _LIMITS:
        letter = _letter(run, title, site, attachment, limits)
        if len(as_html(letter).encode()) <= LARGEST:
            break
    return letter


def notice(title: str, message: str, facts: Iterable[tuple[str, str]] = ()) -> Letter:
    """The letter about something that should have happened and did not."""
    return Letter(
        title=title,
        state="late",
        heading="Not there in time",
        cause=_short(message, 2000),
        facts=tuple(facts),
        footer="Sent by lastmile.",
    )


def _letter(
    run: Run, title: str, site: str | None, attachment: Path | None, limits: Limits
) -> Letter:
    made = run.ended or run.started
    plain, tables = _recorded(run.recorded, limits)
    link = link_to(run, site)
    size = show_size(attachment.stat().st_size) if attachment else ""
    total = len(run.recorded)
    told = len(plain) + len(tables)
    return Letter(
        title=_short(title, 200),
        state=run.state.value,
        heading=_HEADINGS.get(run.state, run.state.value),
        cause="" if run.state.good else _short(str(run.cause or "no cause is known"), 2000),
        facts=(
            *_pairs(run.parameters, limits),
            ("about", f"{run.logical_date or run.started:%Y-%m-%d %H:%M} UTC"),
            ("made", f"{made:%Y-%m-%d %H:%M} UTC, in {show_duration(run.seconds or 0)}"),
        ),
        values=plain,
        tables=tables,
        more=f"{total - told} more values are kept with the run." if told < total else "",
        link=link,
        place="" if link or run.folder is None else str(run.folder),
        attached=f"The PDF is attached ({size})." if attachment else "",
        footer=f"Run {run.key} of the report {run.report}. Sent by lastmile.",
    )


def _recorded(
    recorded: Mapping[str, Any], limits: Limits
) -> tuple[tuple[tuple[str, str], ...], tuple[Table, ...]]:
    tables = {k: v for k, v in recorded.items() if isinstance(v, Mapping) and _TABLE in v}
    others = {k: v for k, v in recorded.items() if k not in tables}
    drawn = [_table(name, value[_TABLE], limits) for name, value in tables.items()]
    return _pairs(others, limits), tuple(drawn[: limits.tables])


def _pairs(values: Mapping[str, Any], limits: Limits) -> tuple[tuple[str, str], ...]:
    chosen = list(values.items())[: limits.values]
    return tuple((_short(k.replace("_", " "), 80), _shown(v, limits.characters)) for k, v in chosen)


def _table(name: str, table: Mapping[str, Any], limits: Limits) -> Table:
    columns, index, rows = table["columns"], table["index"], table["rows"]
    left = len(rows) - limits.rows, len(columns) - _MOST_COLUMNS
    return Table(
        name=_short(name, 80),
        head=("", *(_shown(column, 40) for column in columns[:_MOST_COLUMNS])),
        rows=tuple(
            (_shown(label, 40), *(_shown(cell, 40) for cell in row[:_MOST_COLUMNS]))
            for label, row in zip(index[: limits.rows], rows, strict=False)
        ),
        more=" and ".join(
            f"{count} more {what}"
            for count, what in zip(left, ("rows", "columns"), strict=True)
            if count > 0
        ),
    )


def _shown(value: Any, most: int) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.6g}"
        case list():
            return _short(", ".join(_shown(part, most) for part in value[:20]), most)
        case dict():
            parts = (f"{key}: {_shown(part, most)}" for key, part in list(value.items())[:20])
            return _short(", ".join(parts), most)
    return _short(str(value), most)


def _short(text: str, most: int) -> str:
    """A text of at most so many characters, without control characters; lines are kept."""
    clean = "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in text).strip()
    return clean if len(clean) <= most else clean[: max(most - 1, 0)].rstrip() + "…"


@cache
def _template() -> "Template":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("letter.html")


def as_html(letter: Letter) -> str:
    """The letter as one HTML document without scripts, pictures and outside styles."""
    import html

    import nh3

    body = nh3.clean(
        _template().render(letter=letter),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer",
    )
    return _DOCUMENT.format(title=html.escape(letter.title), body=body.strip())


def as_text(letter: Letter) -> str:
    """The same as plain text."""
    lines = [letter.title, letter.heading, ""]
    if letter.cause:
        lines += [letter.cause, ""]
    for pairs in (letter.facts, letter.values):
        width = max((len(name) for name, _ in pairs), default=0)
        lines += [f"{name:<{width}}  {value}" for name, value in pairs]
        lines += [""] if pairs else []
    for table in letter.tables:
        lines += [table.name, *_aligned([table.head, *table.rows]), table.more, ""]
    for text in (letter.more, letter.attached):
        lines += [text, ""] if text else []
    if letter.link or letter.place:
        lines += [letter.link or f"The report is in {letter.place}", ""]
    return "\n".join([*lines, "-- ", letter.footer, ""])


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(one_line(cell)) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            f"{one_line(cell):<{width}}" for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]
