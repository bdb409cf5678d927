"""The limits that a report's file sets for the values of a parameter."""

import operator
import re
from datetime import datetime
from enum import Enum
from typing import Any

from lastmile.reporting.definition import ParameterRule
from lastmile.reporting.kinds import Constructor
from lastmile.reporting.parameter_types import convert
from lastmile.values import Built


def check_limits(rule: ParameterRule, value: Any, kind: Any) -> str:
    """Why a typed value lies outside the limits of a rule; empty where it does not."""
    value = value.argument if isinstance(value, Built) else value
    kind = kind.argument if isinstance(kind, Constructor) else kind
    if rule.choices and (value.value if isinstance(value, Enum) else value) not in rule.choices:
        return f"it must be one of {', '.join(map(repr, rule.choices))}"
    if rule.pattern and not re.fullmatch(rule.pattern, str(value)):
        return f"it must match {rule.pattern}"
    for limit, wrong, words in (
        (rule.minimum, operator.lt, "it must not be below"),
        (rule.maximum, operator.gt, "it must not be above"),
    ):
        if limit is None or value is None:
            continue
        bound, reason = convert(kind, limit)
        if reason:
            return f"its limit {limit!r} in the report's file has another type"
        try:
            outside = wrong(value, bound)
        except TypeError:
            zones = isinstance(value, datetime) and isinstance(bound, datetime)
            why = "one has a time zone" if zones else "they are of different types"
            return f"it cannot be compared with its limit {limit}: {why}"
        if outside:
            return f"{words} {limit}"
    return ""
