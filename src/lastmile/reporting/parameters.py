"""The parameters of a notebook: read from its `parameters` cell by `ast`, never by running it.

A parameter is an assignment at the top level of the cell. Its type is the annotation, else the type
of its default; its help is the comment on its line, else the comment lines right above it. The
report's own file may narrow both (see `ParameterRule`).
"""

import ast
import io
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lastmile.errors import BadDefinition, BadParameter, LastmileError, UnknownParameter
from lastmile.reporting.definition import ParameterRule
from lastmile.reporting.parameter_types import (
    NAMED_TYPES,
    check_limits,
    convert,
    literal,
    show_type,
    type_of_annotation,
    type_of_default,
)

UNKNOWN_DEFAULT = object()
"""Marks a default that is an expression: only the kernel can know its value."""


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
        return self.source if self.default is UNKNOWN_DEFAULT else repr(self.default)

    @property
    def limits_shown(self) -> str:
        """The limits of the report's file in words."""
        rule = self.rule
        parts = [
            f"from {rule.minimum}" if rule.minimum is not None else "",
            f"to {rule.maximum}" if rule.maximum is not None else "",
            f"matches {rule.pattern}" if rule.pattern else "",
            f"one of {', '.join(map(repr, rule.choices))}" if rule.choices else "",
        ]
        return " ".join(part for part in parts if part)


def read_parameters(source: str) -> tuple[Parameter, ...]:
    """The parameters that a `parameters` cell declares, in its order.

    Raises:
        SyntaxError: the cell is not Python.
    """
    tree = ast.parse(source)
    comments = _comments(source)
    found: dict[str, Parameter] = {}
    for statement in tree.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            target, annotation, value = statement.target, statement.annotation, statement.value
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            target, annotation, value = statement.targets[0], None, statement.value
        else:
            continue
        default = UNKNOWN_DEFAULT if value is None else literal(value, UNKNOWN_DEFAULT)
        found[target.id] = Parameter(
            name=target.id,
            type=type_of_annotation(annotation) or type_of_default(default),
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
            value, reason = check(changed, rule.value)
            if reason:
                faults.append(
                    BadDefinition(
                        f"`parameters.{parameter.name}.value` is {rule.value!r}: {reason}",
                        where=where,
                    )
                )
            changed = replace(changed, default=value)
        narrowed.append(changed)
    return narrowed, faults


def resolve(
    parameters: Sequence[Parameter], given: Mapping[str, Any], *, notebook: str
) -> tuple[dict[str, Any], list[LastmileError]]:
    """The typed values of a run, and all faults of what was given.

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
        value, reason = check(parameter, raw)
        if reason:
            faults.append(BadParameter(parameter.name, value=raw, reason=reason))
        values[parameter.name] = value
    return values, faults


def check(parameter: Parameter, raw: Any) -> tuple[Any, str]:
    """The typed value and an empty text, or the raw value and the reason why it is refused."""
    value, reason = convert(parameter.type, raw)
    return value, reason or check_limits(parameter.rule, value, parameter.type)
