"""The parameters of a notebook: read from its `parameters` cell by `ast`, never by running it.

A parameter is an assignment at the top level of the cell. Its type is the annotation, else that of
its default (see `defaults`); its help is the comment on its line, else the comment lines right
above it. The report's own file may narrow both (see `ParameterRule`). An Enum may be defined in the
cell.
"""

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Literal

from lastmile.errors import BadDefinition, BadMoment, BadParameter, LastmileError, UnknownParameter
from lastmile.reporting.comments import comments_of, help_of
from lastmile.reporting.constants import parse_cell
from lastmile.reporting.defaults import UNKNOWN_DEFAULT, default_of
from lastmile.reporting.definition import ParameterRule
from lastmile.reporting.kinds import (
    COMPUTED,
    NAMED_TYPES,
    Constructor,
    alternatives,
    enum_of,
    moment_kind,
    of_one_kind,
    show_type,
    takes_text,
    type_of_annotation,
    type_of_value,
)
from lastmile.reporting.limits import check_limits
from lastmile.reporting.moments import is_expression, moment
from lastmile.reporting.parameter_types import convert, same_from_json
from lastmile.reporting.secrets import SecretRef, is_reference, well_named
from lastmile.reporting.written import Written
from lastmile.values import Built

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
    """The typed value of a parameter, who set it, and the expression that it was computed from.

    `asked` is what was asked for, so that it means the same when it is read from a record.
    `from_json` says whether the plain JSON form of the value is enough to get it back.
    """

    value: Any
    origin: Origin
    expression: str = ""
    asked: Any = None
    from_json: bool = True

    @property
    def type_shown(self) -> str:
        """The type of the value, as people write it."""
        return show_type(type_of_value(self.value))


def read_parameters(source: str) -> tuple[Parameter, ...]:
    """The parameters that a `parameters` cell declares, in its order.

    Raises:
        SyntaxError: the cell is not Python.
    """
    tree = parse_cell(source)
    comments = comments_of(source)
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
            for name in _assigned(statement) & found.keys():
                changed = ast.unparse(statement).partition("\n")[0]
                source = f"{found[name].source}; {changed}"
                found[name] = replace(found[name], default=UNKNOWN_DEFAULT, source=source)
            continue
        kind, default = default_of(value, classes)
        if annotation is None:
            kind = Any if kind is type(None) else kind
        else:
            kind = _annotated(type_of_annotation(annotation, classes), kind)
        found[target.id] = Parameter(
            name=target.id,
            type=kind,
            default=default,
            source="" if value is None else ast.unparse(value),
            help=help_of(comments, statement),
        )
    return tuple(found.values())


def _annotated(kind: Any, default_kind: Any) -> Any:
    """The type of an annotation together with what the default says that it leaves open."""
    if kind == COMPUTED and default_kind is type(None):
        return COMPUTED
    return of_one_kind(kind, default_kind)


def _assigned(statement: ast.stmt) -> set[str]:
    """The names that any other statement gives a value."""
    return {
        node.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del)
    }


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
            type=_ruled(rule, parameter),
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


def _ruled(rule: ParameterRule, parameter: Parameter) -> Any:
    """The type that a rule names; what the elements of a list are, the notebook says."""
    if rule.type is None:
        return parameter.type
    default_kind = type(None) if parameter.default is None else parameter.type
    return of_one_kind(NAMED_TYPES[rule.type], default_kind)


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
    where = f"the cell `parameters` of {notebook}"
    faults: list[LastmileError] = [
        UnknownParameter(name, known=[p.name for p in parameters], notebook=notebook, where=where)
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
            faults.append(BadParameter(parameter.name, value=raw, reason=reason, where=where))
            continue
        values[parameter.name] = Resolved(
            value,
            origin,
            expression,
            asked=_asked(parameter, raw, value, expression),
            from_json=isinstance(value, SecretRef) or same_from_json(parameter.type, value),
        )
    return values, faults


def _asked(parameter: Parameter, raw: Any, value: Any, expression: str) -> Any:
    """What was asked for, as a record may hold it: read again, it is the same value.

    A text of a command line is kept as it is where the type of the parameter says what it means.
    """
    if expression or isinstance(value, SecretRef):
        return str(raw)
    text = str(raw) if isinstance(raw, str) else None
    if text is not None and not (isinstance(raw, Written) and _means_other(parameter, text, value)):
        return text
    return value


def _means_other(parameter: Parameter, text: str, value: Any) -> bool:
    """Whether a text that does not come from a command line is another value than it was there."""
    read, _ = convert(parameter.type, text)
    return bool(show_type(type_of_value(read)) != show_type(type_of_value(value)) or read != value)


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
    made = next((p for p in alternatives(parameter.type) if isinstance(p, Constructor)), None)
    naive = not made.aware if made else _is_naive(parameter)
    if isinstance(value, datetime) and naive:
        value = value.replace(tzinfo=None)  # as the notebook's default, so that both compare
    return (Built(made.code, value, made.name) if made else value), ""


def _is_naive(parameter: Parameter) -> bool:
    """Whether the notebook's own moment has no zone, also where only the kernel knows it."""
    if parameter.default is UNKNOWN_DEFAULT:
        return not re.search(r"tz|zone|utc\b", parameter.source, re.IGNORECASE)
    return getattr(parameter.default, "tzinfo", UTC) is None


def _reference(parameter: Parameter, raw: str) -> tuple[Any, str]:
    if not well_named(raw):
        return raw, "a secret is written as secret:NAME, in letters, digits and underscores"
    if not takes_text(parameter.type):
        return raw, f"a secret is a text, and this parameter is {parameter.type_shown}"
    return SecretRef(raw), ""
