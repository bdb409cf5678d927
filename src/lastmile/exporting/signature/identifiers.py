"""Column names as Swift, Kotlin and ONNX can write them."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

_WITHOUT_DECOMPOSITION = str.maketrans(
    {
        **dict(zip("łŁøØđĐðÐħ\u0131µ", "lLoOdDdDhiu", strict=True)),
        **{"ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "þ": "th", "Þ": "Th"},
        **{"%": " percent ", "°": " deg "},
    }
)

_SWIFT = (
    "associatedtype class deinit enum extension fileprivate func import init inout internal let "
    "open operator private precedencegroup protocol public rethrows static struct subscript "
    "typealias var break case catch continue default defer do else fallthrough for guard if in "
    "repeat return throw switch where while any as await false is nil self Self super throws true "
    "try Type Any async"
)  # source: The Swift Programming Language, Lexical Structure

_KOTLIN = (
    "as break class continue do else false for fun if in interface is null object package return "
    "super this throw true try typealias typeof val var when while by catch constructor delegate "
    "dynamic field file finally get import init param property receiver set setparam value where"
)  # source: Kotlin language documentation, Keywords and operators

_OUTPUTS = ("label", "probabilities", "value", "score")

RESERVED = frozenset(_SWIFT.split()) | frozenset(_KOTLIN.split()) | frozenset(_OUTPUTS)
"""Words that are no names of inputs: keywords of both languages, and the names of outputs."""


def identifier(name: str, *, otherwise: str = "column") -> str:
    """`name` in ASCII letters, digits and underscores, never a keyword; not yet unique."""
    text = unicodedata.normalize("NFKD", name.translate(_WITHOUT_DECOMPOSITION))
    text = text.encode("ascii", "ignore").decode()
    text = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_") or otherwise
    if text[0].isdigit():
        text = f"_{text}"
    return f"{text}_" if text in RESERVED else text


def identifiers(names: Iterable[str]) -> tuple[str, ...]:
    """One identifier per name, in order, all different even where only the case differs."""
    taken: set[str] = set()
    found = []
    for name in names:
        plain = identifier(name)
        chosen, number = plain, 1
        while chosen.lower() in taken:
            number += 1
            chosen = f"{plain.rstrip('_')}_{number}"
        taken.add(chosen.lower())
        found.append(chosen)
    return tuple(found)


def type_name(words: str | Sequence[str]) -> str:
    """A name for a Swift or Kotlin class: `rain-tomorrow` becomes `RainTomorrow`."""
    plain = identifier(words if isinstance(words, str) else " ".join(words), otherwise="Model")
    joined = "".join(part[:1].upper() + part[1:] for part in plain.split("_"))
    return joined if joined[:1].isalpha() else f"Model{joined}"
