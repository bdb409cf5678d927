"""What came out of a cell, as blocks.

Of several forms of one output the best that a page can show is taken: pictures before HTML before
Markdown before LaTeX before JSON before plain text. What exists only as a program (scripts,
widgets) leaves a remark in its place.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from lastmile.reporting.rendering.blocks import (
    Aside,
    Block,
    Code,
    Equation,
    Fault,
    Figure,
    Printed,
    Table,
)
from lastmile.reporting.rendering.hypertext import html_blocks, needs_script
from lastmile.reporting.rendering.markdown import markdown_blocks
from lastmile.reporting.rendering.pictures import KINDS, decode, size_of
from lastmile.reporting.rendering.terminal import capped, overwritten, styled
from lastmile.reporting.rendering.wording import clean, joined

_INTERACTIVE = "This output is interactive: it needs scripts, and a report runs none."
_SCRIPTED = re.compile(r"javascript|jupyter\.widget|vegalite|vega\.|plotly|bokeh|holoviews")
_LONGEST_MESSAGE = 2_000
_REPR = re.compile(r"\s*<[\w.]+[^\n]*>\s*|\s*Figure\(\{.*|\s*alt\.\w*Chart\(.*", re.DOTALL)


def output_blocks(outputs: Sequence[Mapping[str, Any]]) -> tuple[Block, ...]:
    """The blocks of one cell's outputs, in nbformat 4; neighbouring prints become one."""
    return tuple(block for output in _merged(outputs) for block in _blocks(output))


def _merged(outputs: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    held: dict[str, Any] | None = None
    for output in outputs:
        if output.get("output_type") != "stream":
            if held:
                yield held
            held = None
            yield output
            continue
        name, text = output.get("name", "stdout"), joined(output.get("text"))
        if held and held["name"] == name:
            held["text"] += text
        else:
            if held:
                yield held
            held = {"output_type": "stream", "name": name, "text": text}
    if held:
        yield held


def _blocks(output: Mapping[str, Any]) -> Iterator[Block]:
    match output.get("output_type"):
        case "stream":
            yield from printed(output["text"], "stderr" if output["name"] == "stderr" else "stdout")
        case "error":
            yield fault(output)
        case "display_data" | "execute_result":
            data, metadata = output.get("data"), output.get("metadata")
            if isinstance(data, Mapping):
                yield from _shown(data, metadata if isinstance(metadata, Mapping) else {})


def printed(text: str, channel: Literal["stdout", "stderr", "result"]) -> Iterator[Block]:
    """A terminal text as a reader saw it at last; a very long one is shortened, and says so."""
    text, remark = capped(overwritten(text).strip("\n"))
    if runs := styled(text):
        yield Printed(runs, channel)
    if remark:
        yield Aside(remark)


def fault(output: Mapping[str, Any]) -> Fault:
    """An exception as the kernel reported it."""
    trace, _ = capped("\n".join(joined(line) for line in output.get("traceback") or ()))
    name, message = (
        "".join(words for words, _ in styled(capped(joined(output.get(key)))[0]))
        for key in ("ename", "evalue")
    )
    return Fault(name or "Error", message[:_LONGEST_MESSAGE], styled(trace.strip("\n")))


def _shown(data: Mapping[str, Any], metadata: Mapping[str, Any]) -> Iterator[Block]:
    for mime in KINDS:
        if mime in data:
            yield _figure(mime, joined(data[mime]), metadata)
            return
    html = joined(data.get("text/html"))
    if html.strip() and "sk-top-container" not in html:
        yield from _from_html(html, joined(data.get("text/plain")))
    elif markdown := joined(data.get("text/markdown")):
        yield from markdown_blocks(markdown)
    elif latex := joined(data.get("text/latex")).strip():
        yield from _from_latex(latex)
    elif "application/json" in data:
        yield from _from_json(data["application/json"])
    else:
        yield from _from_plain(data)


def _figure(mime: str, payload: str, metadata: Mapping[str, Any]) -> Block:
    kind = KINDS[mime]
    picture = decode(mime, payload)
    natural = size_of(kind, picture) if picture else None
    if picture is None or natural is None:
        return Aside("A picture is damaged and cannot be shown.")
    own = metadata.get(mime)
    said = {**metadata, **(own if isinstance(own, Mapping) else {})}
    size = natural
    match said.get("width"), said.get("height"):
        case (int() | float()) as width, (int() | float()) as height if width > 0 < height:
            size = float(width), float(height)
        case (int() | float()) as width, _ if width > 0:
            size = float(width), width * natural[1] / natural[0]
    alt, caption = clean(said.get("alt")), clean(said.get("caption"))
    return Figure(kind, picture, size, alt, caption)


def _from_html(html: str, words: str) -> Iterator[Block]:
    blocks = html_blocks(html)
    scripted = needs_script(html)
    if scripted and not any(isinstance(block, Table) for block in blocks):
        yield Aside(_INTERACTIVE)
        blocks = ()
        if words and not _REPR.fullmatch(words):
            yield from printed(words, "result")
    yield from blocks
    if scripted and blocks:
        yield Aside("Parts of this output are interactive and are not shown.")


def _from_latex(latex: str) -> Iterator[Block]:
    """LaTeX as SymPy and IPython write it: a formula between dollars, or prose with formulas."""
    inner = latex.strip("$").strip() if latex.startswith("$") and latex.endswith("$") else ""
    if latex.startswith(r"\[") and latex.endswith(r"\]"):
        inner = latex[2:-2].strip()
    if inner and "$" not in inner:
        yield Equation(clean(inner.removeprefix(r"\displaystyle").strip()))
    elif latex.startswith(r"\begin"):
        yield Equation(clean(latex))
    else:
        yield from markdown_blocks(latex)


def _from_json(value: object) -> Iterator[Block]:
    try:
        text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        text = repr(value)
    text, remark = capped(text)
    yield Code(clean(text), "json")
    if remark:
        yield Aside(remark)


def _from_plain(data: Mapping[str, Any]) -> Iterator[Block]:
    words = joined(data.get("text/plain"))
    others = [str(mime) for mime in data if mime != "text/plain"]
    if any(_SCRIPTED.search(mime) for mime in others):
        yield Aside(_INTERACTIVE)
        return
    if words.strip():
        yield from printed(words, "result")
    elif others:
        yield Aside(f"An output of the kind {clean(', '.join(others))[:120]} cannot be shown.")
