"""The parameters of a notebook: read from its `parameters` cell by `ast`, never by running it.

A parameter is an assignment at the top level of the cell. Its type is the annotation, else the type
of its default; its help is the comment on its line, else the comment lines right above it. The
report's own file may narrow both (see `ParameterRule`). An Enum may be defined in the cell.
"""

import ast
import io
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Literal

from lastmile.errors import BadDefinition, BadMoment, BadParameter, LastmileError, UnknownParameter
from lastmile.reporting.definition import ParameterRule
from lastmile.reporting.moments import is_expression, moment
from lastmile.reporting.parameter_types import (
    NAMED_TYPES,
    check_limits,
    convert,
    enum_of,
    literal,
    moment_kind,
    show_type,
    takes_text,
    type_of_annotation,
    type_of_default,
)
from lastmile.reporting.secrets import SecretRef, is_reference, well_named

UNKNOWN_DEFAULT = object()
"""Marks a default that is an expression: only the kernel can know its value."""

Origin = Literal["default", "report", "given"]
"""Who set a value: the notebook's default, the report's file, or the one who asks for the run."""

_ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter: its Python type, default and help, and the limits of the report's file."""

    name: str
    type: Any
    default: Any
    source: str
    help: str = ""
    rule: ParameterRule = field(default_factory=ParameterRule)

    @property
    def type_shown(self) -> str:
        """The type as people write it."""
        return show_type(self.type)

    @property
    def default_shown(self) -> str:
        """The default as people write it; the source text where it is an expression."""
        if self.default is UNKNOWN_DEFAULT:
            return self.source
        return repr(self.default.value if isinstance(self.default, Enum) else self.default)

    @property
    def limits(self) -> tuple[str, ...]:
        """The limits of the report's file in words."""
        rule = self.rule
        parts = (
            f"from {rule.minimum}" if rule.minimum is not None else "",
            f"to {rule.maximum}" if rule.maximum is not None else "",
            f"matches {rule.pattern}" if rule.pattern else "",
            f"one of {', '.join(map(repr, rule.choices))}" if rule.choices else "",
        )
        return tuple(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Resolved:
    """The typed value of a parameter, who set it, and the expression that it was computed from."""

    value: Any
    origin: Origin
    expression: str = ""


def read_parameters(source: str) -> tuple[Parameter, ...]:
    """The parameters that a `parameters` cell declares, in its order.

    Raises:
        SyntaxError: the cell is not Python.
    """
    tree = ast.parse(source)
    comments = _comments(source)
    classes = {
        node.name: made
        for node in tree.body
        if isinstance(node, ast.ClassDef) and (made := enum_of(node))
    }
    found: dict[str, Parameter] = {}
    for statement in tree.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            target, annotation, value = statement.target, statement.annotation, statement.value
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            target, annotation, value = statement.targets[0], None, statement.value
        else:
            continue
        default = UNKNOWN_DEFAULT if value is None else literal(value, UNKNOWN_DEFAULT, classes)
        found[target.id] = Parameter(
            name=target.id,
            type=type_of_annotation(annotation, classes) or type_of_default(default),
            default=default,
            source="" if value is None else ast.unparse(value),
            help=_help(comments, statement),
        )
    return tuple(found.values())


def _comments(source: str) -> dict[int, tuple[str, bool]]:
    """Comment text by line, with whether the comment has the line to itself."""
    found = {}
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            alone = lines[token.start[0] - 1].lstrip().startswith("#")
            found[token.start[0]] = (token.string.lstrip("# ").rstrip(), alone)
    return found


def _help(comments: Mapping[int, tuple[str, bool]], statement: ast.stmt) -> str:
    last = statement.end_lineno or statement.lineno
    if last in comments:
        return comments[last][0]
    above: list[str] = []
    line = statement.lineno - 1
    while line in comments and comments[line][1]:
        above.insert(0, comments[line][0])
        line -= 1
    return " ".join(above)


def apply_rules(
    declared: Sequence[Parameter], rules: Mapping[str, ParameterRule], *, notebook: str, where: str
) -> tuple[list[Parameter], list[LastmileError]]:
    """The parameters with the report's own types, help, limits and values; and all faults."""
    faults: list[LastmileError] = [
        UnknownParameter(
            name, known=[p.name for p in declared], notebook=notebook, where=f"{where} [parameters]"
        )
        for name in rules
        if name not in {p.name for p in declared}
    ]
    narrowed = []
    for parameter in declared:
        rule = rules.get(parameter.name, ParameterRule())
        changed = replace(
            parameter,
            rule=rule,
            help=rule.help or parameter.help,
            type=NAMED_TYPES[rule.type] if rule.type else parameter.type,
        )
        if rule.value is not None:
            reason = _unfit(changed, rule.value)
            if reason:
                faults.append(
                    BadDefinition(
                        f"`parameters.{parameter.name}.value` is {rule.value!r}: {reason}",
                        where=where,
                    )
                )
            changed = replace(changed, default=rule.value)
        narrowed.append(changed)
    return narrowed, faults


def _unfit(parameter: Parameter, value: Any) -> str:
    """Why the report's own value can never be right; limits of what moves are checked at a run."""
    free = replace(parameter, rule=ParameterRule())
    _, expression, reason = understand(free, value, _ANY_DAY)
    return reason if expression or is_reference(value) else check(parameter, value)[1]


def resolve(
    parameters: Sequence[Parameter],
    given: Mapping[str, Any],
    *,
    notebook: str,
    logical_date: datetime,
) -> tuple[dict[str, Resolved], list[LastmileError]]:
    """The typed values of a run with their origins, and all faults of what was given.

    Every parameter whose value is known before the kernel starts is in the result: those given,
    those that the report's file sets, and the literal defaults, which are checked as well.
    """
    faults: list[LastmileError] = [
        UnknownParameter(name, known=[p.name for p in parameters], notebook=notebook)
        for name in given
        if name not in {p.name for p in parameters}
    ]
    values = {}
    for parameter in parameters:
        raw = given.get(parameter.name, parameter.default)
        if raw is UNKNOWN_DEFAULT:
            continue
        origin, expression = _origin(parameter, given), ""
        if origin == "default":  # it stands in the notebook's cell as it is, and means only that
            value, reason = check(parameter, raw)
            if is_reference(raw) and well_named(raw) and takes_text(parameter.type):
                value = SecretRef(raw)  # or the notebook would take the reference for the secret
        else:
            value, expression, reason = understand(parameter, raw, logical_date)
        if reason:
            faults.append(BadParameter(parameter.name, value=raw, reason=reason))
        values[parameter.name] = Resolved(value, origin, expression)
    return values, faults


def _origin(parameter: Parameter, given: Mapping[str, Any]) -> Origin:
    if parameter.name in given:
        return "given"
    return "default" if parameter.rule.value is None else "report"


def check(parameter: Parameter, raw: Any) -> tuple[Any, str]:
    """The typed value and an empty text, or the raw value and the reason why it is refused."""
    value, reason = convert(parameter.type, raw)
    return value, reason or check_limits(parameter.rule, value, parameter.type)


def understand(parameter: Parameter, raw: Any, logical_date: datetime) -> tuple[Any, str, str]:
    """The value that a raw value means, the expression that it was, and why it is refused.

    As `check`, but expressions over the logical date and references to secrets are understood.
    The two texts are empty where there is no expression, and where nothing is wrong.
    """
    if is_reference(raw):
        value, reason = _reference(parameter, raw)
        return value, "", reason
    converted, wrong = convert(parameter.type, raw)
    if wrong and isinstance(raw, str) and is_expression(raw) and moment_kind(parameter.type):
        value, reason = _moment(parameter, raw, logical_date)
        return value, raw.strip(), reason or check_limits(parameter.rule, value, parameter.type)
    return converted, "", wrong or check_limits(parameter.rule, converted, parameter.type)


def _moment(parameter: Parameter, text: str, logical_date: datetime) -> tuple[Any, str]:
    kind = moment_kind(parameter.type)
    assert kind
    try:
        value = moment(text, logical_date, kind)
    except BadMoment as error:
        written = {"month": "YYYY-MM", "date": "YYYY-MM-DD", "datetime": "YYYY-MM-DDTHH:MM"}[kind]
        return text, f"write {written}, or an expression; {error.fix}"
    if isinstance(value, datetime) and getattr(parameter.default, "tzinfo", value.tzinfo) is None:
        value = value.replace(tzinfo=None)  # as the notebook's default, so that both compare
    return value, ""


def _reference(parameter: Parameter, raw: str) -> tuple[Any, str]:
    if not well_named(raw):
        return raw, "a secret is written as secret:NAME, in letters, digits and underscores"
    if not takes_text(parameter.type):
        return raw, f"a secret is a text, and this parameter is {parameter.type_shown}"
    return SecretRef(raw), ""
