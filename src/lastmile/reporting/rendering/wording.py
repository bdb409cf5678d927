"""Text from a notebook, made fit for a page: cleaned, broken, and led only to safe places."""

import re
import unicodedata

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
_BIDI = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_SCHEMES = ("http://", "https://", "mailto:")
_BREAK = "\u200b"


def clean(text: object) -> str:
    """`text` without what no page can show: lone surrogates, control and direction characters.

    Line feeds and tabs stay. Direction overrides go because they can make a code or a link read
    as something else than it is.
    """
    words = text if isinstance(text, str) else "" if text is None else str(text)
    words = words.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n")
    return _BIDI.sub("", _CONTROLS.sub("", words))


def joined(source: object) -> str:
    """A notebook's multi-line text, which may be one string or a list of lines, uncleaned."""
    if isinstance(source, list | tuple):
        return "".join(str(line) for line in source)
    return source if isinstance(source, str) else ""


def safe_link(href: str | None) -> str | None:
    """`href` where it leads to http, https, mailto or an anchor of the same page, else None."""
    address = re.sub(r"\s+", "", clean(href or ""))
    if address.startswith("#") and len(address) > 1:
        return address
    return address if address.lower().startswith(_SCHEMES) else None


def slug(words: str) -> str:
    """An anchor for a heading: its letters and digits in lower case, joined by hyphens."""
    folded = unicodedata.normalize("NFKC", words).lower()
    return re.sub(r"[^\w]+", "-", folded).strip("-_")[:60] or "section"


def breakable(text: str, longest: int) -> str:
    """`text` with invisible breaks within every word longer than `longest` characters."""
    return re.sub(rf"\S{{{longest + 1},}}", lambda word: _BREAK.join(_pieces(word[0])), text)


def _pieces(word: str) -> list[str]:
    return [word[start : start + 12] for start in range(0, len(word), 12)]
