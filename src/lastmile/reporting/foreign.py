"""Notebooks in other languages than Python: papermill's translators write their values.

papermill can read the parameters of Python only; of other languages the simple assignments are
read, one a line. Where a translator would let part of a text be computed, the text is refused.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from lastmile.errors import NoTranslation
from lastmile.reporting.parameter_types import type_of_default
from lastmile.reporting.parameters import UNKNOWN_DEFAULT, Parameter
from lastmile.reporting.secrets import SecretRef
from lastmile.values import plain

_ASSIGNMENT = re.compile(
    r"^(?:(?:val|var|let|const|local|export|declare|set|my|double|int|string|bool)\s+)?"
    r"\$?(?P<name>[A-Za-z_](?:\w|\.(?=\w))*)\s*(?::\s*\w+\s*)?(?:<-|=(?!=))\s*(?P<value>.*?)\s*;?"
    r"(?:\s+(?:\#|//|%)\s*(?P<help>.*))?$"
)

_COMPUTED = MappingProxyType({"JuliaTranslator": "$", "PowershellTranslator": "$`"})
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


def read_foreign(source: str, kernel: str, language: str) -> tuple[Parameter, ...]:
    """The parameters that a cell in another language than Python declares, in its order."""
    inspected = _inspected(source, kernel, language)
    if inspected is not None:
        return inspected
    found = {}
    for line in source.splitlines():
        if match := _ASSIGNMENT.match(line.strip()):
            default = _literal(match["value"])
            found[match["name"]] = Parameter(
                name=match["name"],
                type=type_of_default(default),
                default=default,
                source=match["value"],
                help=match["help"] or "",
            )
    return tuple(found.values())


def _inspected(source: str, kernel: str, language: str) -> tuple[Parameter, ...] | None:
    """What papermill reads itself; None where it cannot."""
    from nbformat.v4 import new_code_cell
    from papermill.exceptions import PapermillException
    from papermill.translators import papermill_translators

    try:
        translator = papermill_translators.find_translator(kernel, language)
        parts = translator.inspect(new_code_cell(source))
    except (NotImplementedError, PapermillException):
        return None
    return tuple(
        Parameter(
            name=part.name, type=Any, default=UNKNOWN_DEFAULT, source=part.default, help=part.help
        )
        for part in parts
    )


def _literal(text: str) -> Any:
    if match := re.fullmatch(r"'([^'\\$`]*)'|\"([^\"\\$`]*)\"", text):
        return match[1] if match[1] is not None else match[2]
    if re.fullmatch(r"-?(0|[1-9]\d*)L?", text):
        return int(text.rstrip("L"))
    if re.fullmatch(r"-?(0|[1-9]\d*)\.\d+", text):
        return float(text)
    if text.lstrip("$").lower() in ("true", "false"):
        return text.lstrip("$").lower() == "true"
    return UNKNOWN_DEFAULT


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
        translator = papermill_translators.find_translator(kernel, language)
    except PapermillException as error:
        raise NoTranslation(notebook, language, "papermill has no translator for it") from error
    kind = translator.__name__
    lines = [translator.comment("Parameters")]
    for name, value in values.items():
        if isinstance(value, SecretRef):
            if kind not in _FROM_ENVIRONMENT:
                raise NoTranslation(notebook, language, f"no secret can be handed to `{name}`")
            written = _FROM_ENVIRONMENT[kind].format(value.variable)
        else:
            try:
                _refuse_computed(plain(value), _COMPUTED.get(kind, ""))
                written = translator.translate(plain(value))
            except (NotImplementedError, ValueError) as error:
                raise NoTranslation(notebook, language, f"`{name}`: {error}") from error
        lines.append(translator.assign(name, written))
    return "\n".join(lines) + "\n"


def _refuse_computed(value: Any, signs: str) -> None:
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for part in value:
            _refuse_computed(part, signs)
    elif isinstance(value, str) and (found := set(signs) & set(value)):
        raise ValueError(f"what follows {' or '.join(sorted(found))} would be computed")
