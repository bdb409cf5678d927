r"""MathML as Typst mathematics.

The tree comes from :mod:`maths`; here each presentation element of MathML Core becomes the call of
Typst's math library that draws the same. Every character of the formula that means something in
Typst's syntax is escaped, so that a formula can neither call nor read anything.
"""

import re
from collections.abc import Callable, Sequence
from xml.etree.ElementTree import Element

from lastmile.reporting.rendering.maths import LIMITED, mathml

_DEEPEST = 40
_ACCENTS = {
    "^": "hat", "\u02c6": "hat", "~": "tilde", "\u02dc": "tilde", "\u00af": "macron",
    "\u02d9": "dot", "\u00a8": "dot.double", "\u02c7": "caron", "\u02d8": "breve",
    "\u00b4": "acute", "`": "grave", "\u2192": "arrow", "\u20d7": "arrow", "\u2190": "arrow.l",
    "\u02da": "circle",
}  # fmt: skip
_LINES = {"\u2015": "line", "_": "line", "\u203e": "line", "\u0332": "line", "\u23de": "brace",
          "\u23df": "brace", "\u23b4": "bracket", "\u23b5": "bracket"}  # fmt: skip


class Unknown(Exception):
    """An element that has no counterpart here; the formula is then shown as it was written."""


def typst_formula(tex: str, *, display: bool) -> str | None:
    """The inside of a Typst equation for a LaTeX formula, or None where it is not understood."""
    tree = mathml(tex, display=display)
    if tree is None:
        return None
    try:
        lines = _lines(tree)
        return lines if lines is not None else _row(tree, 0)
    except Unknown:
        return None


def _lines(tree: Element) -> str | None:
    """Aligned equations, where a table is all there is and its columns alternate their sides."""
    while len(tree) == 1 and tree.tag in ("math", "mrow", "mstyle"):
        tree = tree[0]
    aligns = {cell.get("columnalign") for row in tree for cell in row}
    if tree.tag != "mtable" or "right" not in aligns:
        return None
    return " \\ ".join(" & ".join(_row(cell, 1) for cell in row) for row in tree)


def _one(element: Element, depth: int) -> str:
    if depth > _DEEPEST or element.tag not in _WRITERS:
        raise Unknown(element.tag)
    return _WRITERS[element.tag](element, depth + 1)


def _row(element: Element, depth: int) -> str:
    """The children one after another; brackets around a row or a table grow with what they hold."""
    parts = list(element)
    if len(parts) >= 2 and _fence(parts[0]) and _fence(parts[-1]):
        return f"lr({_sequence(parts, depth)})"
    return _sequence(parts, depth)


def _sequence(parts: Sequence[Element], depth: int) -> str:
    written: list[str] = []
    opened = False
    for place, part in enumerate(parts):
        before = parts[place - 1] if place else None
        words = _one(part, depth)
        if part.tag == "mtable" and before is not None and _bracket(before):
            written[-1] = f"lr({written[-1]}"
            opened = True
        elif opened:
            words = f"{words})" if _bracket(part) else f") {words}"
            opened = False
        written.append(words)
    return " ".join([*written, ")"] if opened else written) or '""'


def _fence(element: Element) -> bool:
    return element.tag == "mo" and element.get("fence") == "true"


def _bracket(element: Element) -> bool:
    return element.tag == "mo" and (_fence(element) or (element.text or "") in "()[]{}|\u2016")


def atom(text: str) -> str:
    """A character, number or word as Typst math that means just itself."""
    if re.fullmatch(r"[A-Za-z]|[0-9]+(\.[0-9]+)?", text):
        return text
    if len(text) == 1 and not text.isspace():
        return f"\\{text}" if text.isascii() else text
    return literal(text)


def literal(text: str) -> str:
    """A Typst string literal."""
    for old, new in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", ""), ("\t", "\\t")):
        text = text.replace(old, new)
    return f'"{text}"'


def _identifier(element: Element, _: int) -> str:
    text = (element.text or "").strip()
    if len(text) > 1 and text.isalpha():
        return _operator_name(text)
    return f"upright({atom(text)})" if element.get("mathvariant") == "normal" else atom(text)


def _operator_name(text: str) -> str:
    limits = ", limits: #true" if text.replace(" ", "") in LIMITED else ""
    return f"op({literal(text)}{limits})"


def _operator(element: Element, _: int) -> str:
    text = (element.text or "").strip()
    if len(text) > 1 and text.replace(" ", "").isalpha():
        return _operator_name(text)
    return {"-": "\u2212", "*": "\u2217", "'": "\u2032", "": '""'}.get(text, atom(text))


def _text(element: Element, _: int) -> str:
    return literal(element.text or "")


def _space(element: Element, _: int) -> str:
    width = re.fullmatch(r"(-?[0-9]*\.?[0-9]+)em", element.get("width", ""))
    return f"#h({width[1]}em)" if width else ""


def _fraction(element: Element, depth: int) -> str:
    above, below = (_one(part, depth) for part in element)
    if element.get("linethickness") in ("0", "0em", "0px"):
        return f"mat(delim: #none, {above}; {below})"
    return f"frac({above}, {below})"


def _root(element: Element, depth: int) -> str:
    base, index = (_one(part, depth) for part in element)
    return f"root({index}, {base})"


def _scripts(element: Element, depth: int) -> str:
    base, *scripts = (_one(part, depth) for part in element)
    if element[0].tag == "mo" and not base.startswith("op("):
        base = f"scripts({base})"
    return _attached(element.tag, base, scripts)


def _limits(element: Element, depth: int) -> str:
    sign = (element[-1].text or "").strip() if len(element) == 2 else ""
    over = element.tag == "mover"
    base, *scripts = (_one(part, depth) for part in element)
    if over and sign in _ACCENTS:
        return f"accent({base}, {_ACCENTS[sign]})"
    if sign in _LINES:
        return f"{'over' if over else 'under'}{_LINES[sign]}({base})"
    return _attached(element.tag, f"limits({base})", scripts)


def _attached(tag: str, base: str, scripts: list[str]) -> str:
    places = {"msub": "b", "msup": "t", "munder": "b", "mover": "t"}.get(tag, "bt")
    given = ", ".join(f"{place}: {script}" for place, script in zip(places, scripts, strict=True))
    return f"attach({base}, {given})"


def _table(element: Element, depth: int) -> str:
    rows = "; ".join(", ".join(_row(cell, depth) for cell in row) for row in element)
    left = any(cell.get("columnalign") == "left" for row in element for cell in row)
    return f"mat(delim: #none,{' align: #left,' if left else ''} {rows})"


def _enclosed(element: Element, depth: int) -> str:
    struck = "strike" in element.get("notation", "")
    return f"cancel({_row(element, depth)})" if struck else _row(element, depth)


_WRITERS: dict[str, Callable[[Element, int], str]] = {
    "menclose": _enclosed, "mfrac": _fraction, "mi": _identifier, "mn": _identifier,
    "mo": _operator, "mover": _limits, "mpadded": _row, "mphantom": lambda *_: "",
    "mroot": _root, "mrow": _row, "ms": _text, "mspace": _space,
    "msqrt": lambda element, depth: f"sqrt({_row(element, depth)})", "mstyle": _row,
    "msub": _scripts, "msubsup": _scripts, "msup": _scripts, "mtable": _table, "mtext": _text,
    "munder": _limits, "munderover": _limits,
}  # fmt: skip
