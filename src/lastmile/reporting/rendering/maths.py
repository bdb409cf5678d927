"""LaTeX as MathML Core (W3C), checked: only elements and attributes of mathematics remain."""

import re
from functools import lru_cache
from xml.etree import ElementTree

from lastmile.reporting.rendering.wording import clean

LONGEST = 4_000
_NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"
_ELEMENTS = {
    "math", "menclose", "mfenced", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded",
    "mphantom", "mprescripts", "mroot", "mrow", "ms", "mspace", "msqrt", "mstyle", "msub",
    "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover", "none",
}  # fmt: skip
_ATTRIBUTES = {
    "accent", "accentunder", "columnalign", "columnlines", "columnspacing", "columnspan", "display",
    "displaystyle", "fence", "form", "largeop", "linethickness", "lspace", "mathsize",
    "mathvariant", "maxsize", "minsize", "movablelimits", "notation", "rowlines", "rowspacing",
    "rowspan", "rspace", "scriptlevel", "separator", "stretchy", "symmetric", "width", "height",
}  # fmt: skip
LIMITED = {"lim", "max", "min", "sup", "inf", "limsup", "liminf", "det", "gcd", "Pr", "argmax",
           "argmin"}  # fmt: skip
"""Operators that have their condition below them in a displayed formula."""

_CHILDREN = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3,
             "munderover": 3}  # fmt: skip


@lru_cache(maxsize=512)
def mathml(tex: str, *, display: bool) -> ElementTree.Element | None:
    """The `math` element of a LaTeX formula, or None where it is not understood.

    The element is shared between callers: read it, do not change it.
    """
    from latex2mathml.converter import convert

    if not tex or len(tex) > LONGEST:
        return None
    try:
        text = convert(_unnumbered(tex), display="block" if display else "inline")
        tree = ElementTree.fromstring(text)  # noqa: S314 -- our own converter's output, no DTD
    except Exception:  # the converter raises IndexError, KeyError and more on what it cannot read
        return None
    if not _checked(tree):
        return None
    return _with_limits(tree) if display else tree


def _with_limits(tree: ElementTree.Element) -> ElementTree.Element:
    """Let what stands at a `lim` or `max` stand below it, as displayed formulas have it."""
    for part in tree.iter("msub"):
        if (part[0].text or "").replace(" ", "") in LIMITED:
            part.tag = "munder"
    return tree


def _unnumbered(tex: str) -> str:
    """Equations without numbers, as notebooks show them: nothing in a report refers to these."""
    return re.sub(r"\\(begin|end)\{(align|equation|gather)\}", r"\\\1{\2*}", tex)


def mathml_text(tex: str, *, display: bool) -> str | None:
    """The same as text for an HTML page."""
    tree = mathml(tex, display=display)
    if tree is None:
        return None
    return ElementTree.tostring(tree, encoding="unicode", short_empty_elements=False)


def _checked(element: ElementTree.Element) -> bool:
    """Strip the namespace and unknown attributes in place; False where an element is unknown."""
    for part in element.iter():
        part.tag = part.tag.removeprefix(_NAMESPACE)
        if part.tag not in _ELEMENTS or ("\\" in (part.text or "") and part.tag != "mtext"):
            return False
        if len(part) != _CHILDREN.get(part.tag, len(part)):
            return False
        part.text = clean(part.text) if part.text else part.text
        for name in set(part.attrib) - _ATTRIBUTES:
            del part.attrib[name]
    return True
