"""The comments of a cell, which are the help texts of its parameters."""

import ast
import io
import tokenize
from collections.abc import Mapping


def comments_of(source: str) -> dict[int, tuple[str, bool]]:
    """Comment text by line, with whether the comment has the line to itself."""
    found = {}
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            alone = lines[token.start[0] - 1].lstrip().startswith("#")
            found[token.start[0]] = (token.string.lstrip("# ").rstrip(), alone)
    return found


def help_of(comments: Mapping[int, tuple[str, bool]], statement: ast.stmt) -> str:
    """The comment on the line of a statement, else those alone on the lines right above it."""
    last = statement.end_lineno or statement.lineno
    if last in comments:
        return comments[last][0]
    above: list[str] = []
    line = statement.lineno - 1
    while line in comments and comments[line][1]:
        above.insert(0, comments[line][0])
        line -= 1
    return " ".join(above)
