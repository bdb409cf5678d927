"""A comparison for programs: plain values that become JSON."""

from dataclasses import asdict
from typing import Any

from lastmile.reporting.comparison.changes import Comparison, FigureChange, Side


def comparison_as_json(comparison: Comparison) -> dict[str, Any]:
    """Everything but the pictures themselves; what is equal is told by its name alone."""
    groups = ("parameters", "recorded", "tables", "texts", "figures", "sources", "environment")
    return {
        "equal": comparison.equal,
        "before": _side(comparison.before),
        "after": _side(comparison.after),
        "state": asdict(comparison.state),
        **{group: [_change(change) for change in getattr(comparison, group)] for group in groups},
    }


def _side(side: Side) -> dict[str, Any]:
    keys = ("key", "report", "state", "started", "logical_date", "plan_id")
    return {key: side.record.get(key) for key in keys}


def _change(change: Any) -> dict[str, Any]:
    if isinstance(change, FigureChange):
        keys = ("place", "status", "share", "remark")
        return {key: getattr(change, key) for key in keys}
    fields = asdict(change)
    if change.status == "equal":
        return {key: fields[key] for key in ("name", "place", "status", "after") if key in fields}
    return fields
