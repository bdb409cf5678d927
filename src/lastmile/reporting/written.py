"""Texts as people write them on a command line, and the values that they may stand for.

`3` written there may be a number or a text; the same text in a file of TOML or handed over by
Python is a text for certain. So what comes from a command line is marked as `Written`.
"""

import ast
import json
import re
from typing import Any

from lastmile.reporting.constants import NotConstant, constant, parse_expression
from lastmile.reporting.moments import WORDS as MOMENTS

_WORDS_FOR_VALUES = frozenset(
    ("true", "false", "none", "null", "nil", "nan", "inf", "infinity", "yes", "no", "on", "off")
)
_ITEM = re.compile(
    r"""\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<bare>[^,]*?))\s*(?:,|$)""",
    re.DOTALL,
)
_QUOTES = ('"', "'")
_BRACKETS = ("[", "(", "{")


class Written(str):
    """A text from a command line: where a type does not say what it is, it is read as a literal."""

    __slots__ = ()


class NoLiteral(ValueError):
    """A text is neither JSON nor a literal of Python; the message says what to write instead."""


def read_literal(text: str) -> Any:
    """The value of a literal, of JSON or Python: `3`, `[3, 4]`, `"3"`, `None`, `true`.

    The ordinary types of Python may be called: `date(2024, 1, 1)`, `set()`.

    Raises:
        NoLiteral: it is none.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        node = parse_expression(text)
        if any(isinstance(part, ast.BinOp | ast.JoinedStr | ast.Not) for part in ast.walk(node)):
            raise NoLiteral("it is an expression")
        if isinstance(node, ast.Tuple) and not text.strip().startswith("("):
            raise NoLiteral("a list is written in brackets: [1, 2]")
        return constant(node)
    except (SyntaxError, NotConstant, RecursionError) as error:
        raise NoLiteral("it is no literal") from error


def read_unknown(text: str, *, words: bool) -> Any:
    """The value of a text for a parameter of which no type is known.

    A literal is its value. With `words`, what cannot be taken for a literal is a text: `north`,
    `data/x.csv`, `a long title`.

    Raises:
        NoLiteral: it is something else, or could be.
    """
    try:
        return read_literal(text)
    except NoLiteral as error:
        if words and _is_word(text):
            return str(text)
        quoted = json.dumps(str(text), ensure_ascii=False)
        listed = f"[{text}], with the brackets, for a list, " if "," in text else ""
        raise NoLiteral(
            "its type is not known, and it is no literal of JSON or Python; "
            f"write {listed}{quoted}, with the quotes, for a text, or annotate the parameter"
        ) from error


def _is_word(text: str) -> bool:
    """Whether a text cannot be taken for a number, a moment, a list, a call or a word like `none`.

    It begins as a name or a path does.
    """
    begins = re.match(r"[^\W\d]|[/~]|\.{1,2}(/|$)|\.[^\W\d]", text)
    taken = re.match(
        rf"\w{{1,2}}[\"']|\w+(\.\w+)*\(.*\)$|({'|'.join(MOMENTS)})\s*([-+]|$)", text, re.DOTALL
    )
    others = text.strip().casefold() in _WORDS_FOR_VALUES
    return bool(begins) and not taken and not others and "," not in text


def split_items(text: str) -> list[str]:
    """The texts between commas; one in quotes is a text as it is, the others are `Written`.

    Raises:
        NoLiteral: one is empty, or a quote does not end.
    """
    items: list[str] = []
    at, expected = 0, True
    while expected:
        match = _ITEM.match(text, at)
        bare = match["bare"] if match else ""
        if match is None or (bare or "").startswith(_QUOTES):
            raise NoLiteral(
                f"item {len(items) + 1} begins with a quote that does not end as it begins"
            )
        if match["quoted"] is None and not bare:
            raise NoLiteral(f'item {len(items) + 1} is empty; an empty text is written as ""')
        items.append(
            Written(bare) if match["quoted"] is None else str(read_literal(match["quoted"]))
        )
        at, expected = match.end(), match[0].endswith(",")
    return items


def read_items(text: str) -> Any:
    """The several values that a text holds: a literal in brackets, or values between commas.

    Raises:
        NoLiteral: it is neither.
    """
    if text.lstrip().startswith(_BRACKETS):
        try:
            return _first_literal(text, f"[{text}]")  # the second for `[1], [2]`
        except NoLiteral as error:
            raise NoLiteral(
                "what begins with a bracket is read as JSON or Python; "
                'texts in it need quotes: ["a", "b"]'
            ) from error
    if not text.strip():
        raise NoLiteral("it is empty; [] is the empty list")
    return split_items(text)


def _first_literal(*texts: str) -> Any:
    for text in texts[:-1]:
        try:
            return read_literal(text)
        except NoLiteral:
            continue
    return read_literal(texts[-1])
