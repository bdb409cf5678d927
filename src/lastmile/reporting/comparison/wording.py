"""Amounts and values of a comparison in words, for the page and the terminal alike."""

import json
from typing import Any

from lastmile.reporting.comparison.changes import FigureChange


def short(value: Any, most: int = 80) -> str:
    """A value in one line of at most `most` characters; a hash or commit by its beginning."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if len(text) in (40, 64) and all(letter in "0123456789abcdef" for letter in text):
        return text[:12]
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1]}…"


def amount(value: float | None, *, sign: bool = True) -> str:
    """A number with six digits, as much as anybody compares; nothing for None."""
    if value is None:
        return ""
    return f"{value:+.6g}" if sign else f"{value:.6g}"


def count(number: int, thing: str) -> str:
    """`1 table`, `3 tables`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def share_shown(change: FigureChange) -> str:
    """How much of a figure differs, as a sentence."""
    words = f"; {change.remark}" if change.remark else ""
    share = change.share or 0.0
    percent = "less than 0.1" if 0 < share < 0.001 else f"{share * 100:.1f}"
    return f"{percent} % of the pixels differ{words}."
