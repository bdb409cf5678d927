"""A comparison as a page of the house: one HTML file that opens offline."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from lastmile.reporting.comparison.changes import (
    Change,
    Comparison,
    FigureChange,
    TableChange,
    TextChange,
    ValueChange,
    differing,
)
from lastmile.reporting.comparison.wording import amount, count, share_shown, short
from lastmile.reporting.rendering import Front, Notice
from lastmile.reporting.rendering.blocks import (
    Block,
    Cell,
    Code,
    Document,
    Figure,
    Heading,
    Paragraph,
    Text,
)
from lastmile.reporting.rendering.html import page_of
from lastmile.reporting.rendering.pictures import size_of
from lastmile.reporting.rendering.tables import table_of
from lastmile.reporting.rendering.wording import clean, slug

MOST_FIELDS = 200


def render_comparison(comparison: Comparison, *, title: str) -> str:
    """The page of a comparison; nothing in the two notebooks is trusted, and nothing executed."""
    changed, total = len(differing(comparison.outputs)), len(comparison.outputs)
    heading = f"{changed} of {count(total, 'output')} differ" if changed else "Nothing differs"
    front = Front(
        title=f"{title}: what changed",
        facts=(
            ("Before", _run(comparison.before.record)),
            ("After", _run(comparison.after.record)),
        ),
        notice=Notice(level="info", heading=heading, text=_explained(comparison)),
    )
    return page_of(Document(tuple(_blocks(comparison))), front.cleaned())


def _run(record: Mapping[str, Any]) -> str:
    key, state = str(record.get("key", "")), str(record.get("state", ""))
    try:
        moment = datetime.fromisoformat(str(record.get("started")))
    except ValueError:
        return f"{key}, {state}"
    return f"{key}, {state}, {moment.day} {moment:%B %Y, %H:%M} UTC"


def _explained(comparison: Comparison) -> str:
    if comparison.equal:
        return "Recorded values, tables, texts and figures are the same in both runs."
    reasons = (
        (count(len(differing(comparison.parameters)), "parameter"), comparison.parameters),
        (count(len(differing(comparison.sources)), "cell"), comparison.sources),
        (f"{len(comparison.environment)} of the environment", comparison.environment),
    )
    told = [words for words, changes in reasons if differing(changes)]
    if not told:
        return "Parameters, cells and environment are the same."
    return f"Different as well: {', '.join(told)}."


def _blocks(comparison: Comparison) -> Iterator[Block]:
    yield from _section("Parameters", _values(differing(comparison.parameters)))
    yield from _section("In short", [_summary(comparison)])
    yield from _section("Recorded values", _values(differing(comparison.recorded)))
    yield from _section("Tables", _each(differing(comparison.tables), _table))
    yield from _section("Figures", _figures(differing(comparison.figures)))
    yield from _section("Texts", _each(differing(comparison.texts), _text))
    yield from _section("Cells of the notebook", _each(differing(comparison.sources), _text))
    yield from _section("Environment", _values(comparison.environment))


def _section(title: str, blocks: Iterable[Block]) -> Iterator[Block]:
    inside = list(blocks)
    if inside:
        yield Heading(1, (Text(title),), slug(title))
        yield from inside


def _summary(comparison: Comparison) -> Block:
    groups: Sequence[tuple[str, Sequence[Change]]] = (
        ("State of the run", [comparison.state]),
        ("Recorded values", comparison.recorded),
        ("Tables", comparison.tables),
        ("Figures", comparison.figures),
        ("Texts", comparison.texts),
    )
    statuses = ("equal", "changed", "added", "removed")
    rows = [
        [name, *(str(sum(change.status == status for change in changes)) for status in statuses)]
        for name, changes in groups
        if changes
    ]
    return _grid(("", *statuses), rows)


def _values(changes: Sequence[ValueChange]) -> Iterator[Block]:
    if not changes:
        return
    numbers = any(change.difference is not None for change in changes)
    rows = [
        [
            change.name,
            "" if change.status == "added" else short(change.before),
            "" if change.status == "removed" else short(change.after),
            *([_signed(amount(change.difference)), amount(change.ratio, sign=False)] * numbers),
        ]
        for change in changes
    ]
    yield _grid(("", "before", "after", *(("difference", "ratio") if numbers else ())), rows)


def _each(changes: Sequence[Any], blocks_of: Any) -> Iterator[Block]:
    for change in changes:
        words = change.place if change.status == "changed" else f"{change.place}: {change.status}"
        yield Heading(2, (Text(clean(words)),), slug(f"{type(change).__name__} {change.place}"))
        yield from blocks_of(change)


def _table(change: TableChange) -> Iterator[Block]:
    for what in ("rows", "columns"):
        for how in ("added", "removed"):
            names = getattr(change, f"{what}_{how}")
            if names:
                yield _paragraph(f"{what.capitalize()} {how}: {short(', '.join(names), 400)}")
    if not change.fields:
        return
    numbers = any(field.difference for field in change.fields)
    rows = [
        [f.row, f.column, f.before, f.after, *([_signed(f.difference)] * numbers)]
        for f in change.fields[:MOST_FIELDS]
    ]
    caption = f"{count(len(change.fields), 'field')} of {change.compared:,} differ"
    if len(change.fields) > MOST_FIELDS:
        caption += f"; the first {MOST_FIELDS}"
    heads = ("row", "column", "before", "after", *(["difference"] * numbers))
    yield _grid(heads, rows, caption)


def _text(change: TextChange) -> Iterator[Block]:
    yield Code(clean("\n".join(change.lines)), "diff")


def _figures(changes: Sequence[FigureChange]) -> Iterator[Block]:
    numbered = 0
    for block in _each(changes, _figure):
        if isinstance(block, Figure):
            numbered += 1
            block = replace(block, number=numbered)
        yield block


def _figure(change: FigureChange) -> Iterator[Block]:
    if change.picture and (size := size_of("png", change.picture)):
        caption = f"{share_shown(change)} Blue is gone, orange is new, grey stayed."
        scale = min(1.0, change.after.size[0] / size[0]) if change.after else 1.0
        shown = size[0] * scale, size[1] * scale
        yield Figure("png", change.picture, shown, f"What differs in {change.place}", caption)
    elif change.remark:
        yield _paragraph(f"{change.remark[0].upper()}{change.remark[1:]}.")
    for side, name in ((change.before, "Before"), (change.after, "After")):
        if side is not None:
            yield replace(side, alt=side.alt or f"{change.place}, {name.lower()}", caption=name)


def _signed(number: str) -> str:
    return f"\u2212{number[1:]}" if number.startswith("-") else number


def _paragraph(words: str) -> Paragraph:
    return Paragraph((Text(clean(words)),))


def _grid(head: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> Block:
    def cells(row: Sequence[str], *, header: bool) -> dict[int, Cell | None]:
        return {
            x: Cell((Text(clean(words)),) if words else (), header or x == 0)
            for x, words in enumerate(row)
        }

    return table_of([cells(head, header=True)], [cells(row, header=False) for row in rows], caption)
