"""Subjects: a text with a few names in braces, each replaced once, in one line."""

import re
from collections.abc import Mapping

from lastmile.errors import nearest
from lastmile.values import Run

_NAME = re.compile(r"\{([^{}]*)\}")
_FIXED = ("title", "report", "state", "date")
LONGEST = 200
"""Characters of a subject: what mail programs show in a line is shorter."""


def check_subject(text: str) -> str:
    """The text of a subject, if it can be filled in.

    Raises:
        ValueError: it holds a line break, or a brace that names nothing.
    """
    if not text.isprintable() or not text.strip() or len(text) > LONGEST:
        raise ValueError(f"a subject is one line of 1 to {LONGEST} characters")
    for name in _NAME.findall(text):
        if not name.isidentifier():
            known = (*_FIXED, "a parameter or recorded value")
            raise ValueError(f"{{{name}}} names nothing; {nearest(name, known)}")
    if set(_NAME.sub("", text)) & set("{}"):
        raise ValueError("a brace stands alone; write {title} or {month}")
    return text


def subject_of(text: str, run: Run, title: str) -> str:
    """The subject for a run; a name that it does not know stays as it is written."""
    made = run.logical_date or run.started
    values: Mapping[str, object] = {
        **run.parameters,
        **run.recorded,
        "title": title,
        "report": run.report,
        "state": run.state.value,
        "date": f"{made:%Y-%m-%d}",
    }
    filled = _NAME.sub(lambda match: str(values.get(match[1], match[0])), text)
    marked = filled if run.state.good else f"[{run.state.value}] {filled}"
    return one_line(marked)


def one_line(text: str) -> str:
    """A text without line breaks and other control characters, of bounded length."""
    words = "".join(sign if sign.isprintable() else " " for sign in text).split()
    line = " ".join(words)
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
