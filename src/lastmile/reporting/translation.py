"""Values as source of other languages than Python, by papermill's translators.

Where those lose something, the value is written here or refused: texts outside of ASCII, numbers
that are not finite, tuples and sets, arrays of a shell. Where a translator would let part of a text
be computed, the text is refused.
"""

import math
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

from lastmile.errors import NoTranslation
from lastmile.reporting.secrets import SecretRef
from lastmile.values import Built, plain

_COMPUTED = MappingProxyType(
    {"JuliaTranslator": "$", "PowershellTranslator": "$`\N{LEFT DOUBLE QUOTATION MARK}"
     "\N{RIGHT DOUBLE QUOTATION MARK}\N{DOUBLE LOW-9 QUOTATION MARK}"}
)  # fmt: skip
"""Signs after which a translator's texts are no longer only texts."""

_FROM_ENVIRONMENT = MappingProxyType(
    {
        "BashTranslator": '"${{{}}}"',
        "RTranslator": 'Sys.getenv("{}")',
        "JuliaTranslator": 'ENV["{}"]',
        "ScalaTranslator": 'sys.env("{}")',
        "PowershellTranslator": "$env:{}",
        "MatlabTranslator": 'getenv("{}")',
    }
)
_NOT_FINITE: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("RTranslator", "JuliaTranslator", "MatlabTranslator"), ("NaN", "Inf", "-Inf")
        ),
        "ScalaTranslator": ("Double.NaN", "Double.PositiveInfinity", "Double.NegativeInfinity"),
        "CSharpTranslator": ("double.NaN", "double.PositiveInfinity", "double.NegativeInfinity"),
        "FSharpTranslator": ("nan", "infinity", "-infinity"),
    }
)
"""How NaN and the infinities are written."""

_QUOTES = MappingProxyType({"MatlabTranslator": '""', "PowershellTranslator": '`"'})
"""How languages whose texts know no backslash write a quote in a text."""

_EXACT_IN_R = 2**53
"""Whole numbers up to here; R makes fractions of larger ones."""


def translate(values: Mapping[str, Any], kernel: str, language: str, *, notebook: str) -> str:
    """Source in the language of a kernel that assigns `values` by name.

    Raises:
        NoTranslation: papermill has no translator, or none for such a value, or none that is safe.
    """
    from papermill.exceptions import PapermillException
    from papermill.translators import papermill_translators

    if not values:
        return ""
    try:
        translator = _careful(papermill_translators.find_translator(kernel, language))
    except PapermillException as error:
        raise NoTranslation(notebook, language, "papermill has no translator for it") from error
    lines = [translator.comment("Parameters")]
    for name, value in values.items():
        try:
            written = translator.translate(value)
        except (NotImplementedError, ValueError) as error:
            reason = f"no secret can be handed to `{name}`" if isinstance(value, SecretRef) else (
                f"`{name}`: {error}")  # fmt: skip
            raise NoTranslation(notebook, language, reason) from error
        lines.append(translator.assign(name, written))
    return "\n".join(lines) + "\n"


def _careful(translator: Any) -> Any:
    """A translator of papermill that asks `_written` first, for each value and each part of one."""
    language = translator.__name__

    class Careful(translator):  # type: ignore[misc]  # papermill has no types
        @classmethod
        def translate(cls, val: Any) -> str:
            written = _written(cls, language, val)
            if written is None:
                written = str(super().translate(val if isinstance(val, dict) else plain(val)))
            return written

        @classmethod
        def translate_escaped_str(cls, str_val: Any) -> str:
            if language in ("BashTranslator", "PythonTranslator"):
                return str(super().translate_escaped_str(str_val))
            return _text(language, str(str_val))

    return Careful


def _written(translator: Any, language: str, value: Any) -> str | None:
    """A value that papermill would write as something else; None for any other."""
    match value:
        case SecretRef():
            if language not in _FROM_ENVIRONMENT:
                raise NotImplementedError
            return _FROM_ENVIRONMENT[language].format(value.variable)
        case Built():
            return value.code.replace("{}", _argument(translator, language, value), 1)
        case Decimal() | timedelta() | UUID():
            raise ValueError(f"a {type(value).__name__} has no form there")
        case float() if not math.isfinite(value) and language in _NOT_FINITE:
            return _NOT_FINITE[language][0 if math.isnan(value) else 1 if value > 0 else 2]
        case int() if language == "RTranslator" and abs(value) > _EXACT_IN_R:
            raise ValueError(f"{value} would be rounded")
        case str():
            _refuse_computed(value, language)
        case dict():
            _refuse_computed("".join(map(str, value)), language)
        case tuple() | set() | frozenset() | list():
            return _several(translator, language, value)
    return None


def _argument(translator: Any, language: str, value: Built) -> str:
    """What the notebook's own call is handed; R puts the elements of a vector side by side."""
    if value.code == "c({})":
        return ", ".join(map(translator.translate, value.argument)) or "NULL"
    return str(translator.translate(value.argument))


def _several(translator: Any, language: str, value: Any) -> str:
    """Lists and what is written as one; Julia has tuples and sets of its own."""
    ordered = value if isinstance(value, list | tuple) else sorted(value, key=repr)
    if language == "BashTranslator" and any(
        part is None or isinstance(part, list | tuple | dict) for part in ordered
    ):
        raise ValueError("an array of a shell holds numbers and texts only")
    if language == "JuliaTranslator" and isinstance(value, tuple):
        return f"({''.join(f'{translator.translate(part)}, ' for part in ordered)})"
    written = str(translator.translate_list(ordered))
    is_set = language == "JuliaTranslator" and isinstance(value, set | frozenset)
    return f"Set({written})" if is_set else written


def _refuse_computed(text: str, language: str) -> None:
    if found := set(_COMPUTED.get(language, "")) & set(text):
        raise ValueError(f"what follows {' or '.join(sorted(found))} would be computed")


def _text(language: str, text: str) -> str:
    """A text in double quotes, exactly as it is."""
    if language in _QUOTES:
        if language == "MatlabTranslator" and not text.isprintable():
            raise ValueError("a text of MATLAB holds one line of printable signs")
        return '"' + text.replace('"', _QUOTES[language]) + '"'
    if "\0" in text:
        raise ValueError("a text cannot hold the sign NUL")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(_sign(language, sign) for sign in escaped) + '"'


def _sign(language: str, sign: str) -> str:
    """One sign; outside of ASCII by its number, so that no encoding of a kernel changes it."""
    if sign in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[sign]
    if " " <= sign <= "~":
        return sign
    number = ord(sign)
    if number <= 0xFFFF:
        return f"\\u{number:04x}"
    if language == "ScalaTranslator":
        high, low = divmod(number - 0x10000, 0x400)
        return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
    return f"\\U{number:08x}"
