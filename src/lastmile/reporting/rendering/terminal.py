"""What a program wrote to its terminal, as text with styles.

The escape sequences are those of ECMA-48 (ISO 6429): of these only colours, bold and underline
have a meaning on a page, the others are dropped.
"""

import re

from lastmile.reporting.rendering.wording import clean

Runs = tuple[tuple[str, str], ...]

_COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_WEIGHTS = {"1": "bold", "3": "italic", "4": "underline"}
_ESCAPE = re.compile(
    r"\x1b\[([0-9;:]*)m"  # select graphic rendition
    r"|\x1b\[[0-?]*[ -/]*[@-~]"  # every other control sequence
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # operating system command, such as a link
    r"|\x1b[@-_]?"
)

MOST_LINES = 200
MOST_CHARACTERS = 20_000
LONGEST_LINE = 2_000


def styled(text: str) -> Runs:
    """The runs of a terminal text: (words, style), style being `""` or such as `red bold`."""
    runs: list[tuple[str, str]] = []
    style: dict[str, str] = {}
    position = 0
    for match in _ESCAPE.finditer(text):
        _append(runs, text[position : match.start()], style)
        if match[1] is not None:
            style = _restyle(style, match[1])
        position = match.end()
    _append(runs, text[position:], style)
    return tuple(runs)


def _append(runs: list[tuple[str, str]], words: str, style: dict[str, str]) -> None:
    if words := clean(words):
        name = " ".join(style[key] for key in sorted(style))
        if runs and runs[-1][1] == name:
            runs[-1] = (runs[-1][0] + words, name)
        else:
            runs.append((words, name))


def _restyle(style: dict[str, str], codes: str) -> dict[str, str]:
    style = dict(style)
    parts = re.split(r"[;:]", codes) if codes else ["0"]
    if parts[0] in ("38", "48"):  # a colour of the large palettes: readable on no two themes
        return style
    for code in (part.lstrip("0") or "0" for part in parts):
        if code == "0":
            style = {}
        elif code in _WEIGHTS:
            style[f"w{code}"] = _WEIGHTS[code]
        elif code in ("22", "23", "24"):
            style.pop({"22": "w1", "23": "w3", "24": "w4"}[code], None)
        elif code == "39":
            style.pop("colour", None)
        elif len(code) == 2 and code[0] in "39" and code[1] in "01234567":
            style["colour"] = _COLOURS[int(code[1])]
    return style


def overwritten(text: str) -> str:
    """What is left on a screen where lines return to their start, as progress bars do."""
    lines = []
    for line in text.replace("\r\n", "\n").split("\n"):
        shown = line.rstrip("\r")
        lines.append(shown.rsplit("\r", 1)[-1] if "\r" in shown else shown)
    return _erase("\n".join(lines))


def _erase(text: str) -> str:
    if "\b" not in text:
        return text
    kept: list[str] = []
    for character in text:
        if character == "\b":
            if kept and kept[-1] != "\n":
                kept.pop()
        else:
            kept.append(character)
    return "".join(kept)


def capped(text: str) -> tuple[str, str]:
    """`text` cut to what people read, and a sentence on what was left out (empty if nothing).

    At most `MOST_LINES` lines (three quarters from the start, the rest from the end),
    `MOST_CHARACTERS` characters and `LONGEST_LINE` characters in one line stay.
    """
    lines = text.split("\n")
    left_out = max(0, len(lines) - MOST_LINES)
    if left_out:
        first = MOST_LINES * 3 // 4
        lines = [*lines[:first], "⋯", *lines[first + left_out :]]
    shorter = [line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] + " ⋯" for line in lines]
    result = "\n".join(shorter)
    cut = left_out > 0 or shorter != lines or len(result) > MOST_CHARACTERS
    if len(result) > MOST_CHARACTERS:
        half = MOST_CHARACTERS // 2
        result = f"{result[:half]}\n⋯\n{result[-half:]}"
    if not cut:
        return result, ""
    lines_total = text.count("\n") + 1
    return result, (
        f"The output is shortened: it has {lines_total:,} lines and {len(text):,} characters. "
        "The notebook holds all of it."
    )
