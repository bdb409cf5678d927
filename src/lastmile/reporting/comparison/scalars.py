"""Single values: parameters, recorded values, and what stands in a record about the tools."""

from collections.abc import Iterator, Mapping
from typing import Any

from lastmile.recording import TABLE
from lastmile.reporting.comparison.changes import Status, ValueChange

_ABSENT = object()
_NAMES = {
    "git.commit": "git commit", "git.dirty": "uncommitted changes",
    "git.diff_sha256": "the uncommitted changes", "git.untracked": "untracked files",
    "notebook_sha256": "notebook", "definition_sha256": "definition", "python": "Python",
    "platform": "platform", "host": "host",
}  # fmt: skip
_GROUPS = {"packages": "package", "versions": "package", "modules": "module",
           "lockfiles": "lockfile", "data": "data file"}  # fmt: skip


def value_change(name: str, before: Any, after: Any) -> ValueChange:
    """The change of one value."""
    difference, ratio = None, None
    if _is_number(before) and _is_number(after):
        difference = after - before
        ratio = after / before if before else None
    return ValueChange(
        name=name,
        status="equal" if _same(before, after) else "changed",
        before=before,
        after=after,
        difference=difference,
        ratio=ratio,
    )


def value_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[ValueChange, ...]:
    """The changes of all values, inner ones by their path: `scores.auc`, `days[3]`."""
    left, right = dict(_flat(before)), dict(_flat(after))
    names = [*left, *(name for name in right if name not in left)]
    return tuple(_change(name, left.get(name, _ABSENT), right.get(name, _ABSENT)) for name in names)


def environment_changes(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[ValueChange, ...]:
    """What differs between the provenances of two runs, besides where the time went."""
    left, right = _environment(before), _environment(after)
    names = [*left, *(name for name in right if name not in left)]
    changes = (_change(name, left.get(name, _ABSENT), right.get(name, _ABSENT)) for name in names)
    return tuple(change for change in changes if change.status != "equal")


def _environment(provenance: Mapping[str, Any]) -> dict[str, Any]:
    git = provenance.get("git")
    facts = {**provenance, **{f"git.{k}": v for k, v in (git or {}).items()}}
    found = {name: facts[key] for key, name in _NAMES.items() if facts.get(key) is not None}
    for key, kind in _GROUPS.items():
        for name, value in (provenance.get(key) or {}).items():
            shown = value.get("sha256") if isinstance(value, Mapping) else value
            if shown is not None:
                found[f"{kind} {name}"] = shown
    return found


def _change(name: str, before: Any, after: Any) -> ValueChange:
    if before is not _ABSENT and after is not _ABSENT:
        return value_change(name, before, after)
    status: Status = "added" if before is _ABSENT else "removed"
    return ValueChange(
        name=name,
        status=status,
        before=None if before is _ABSENT else before,
        after=None if after is _ABSENT else after,
    )


def _flat(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        yield from _leaves(value, f"{path}.{name}" if path else name)


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    match value:
        case Mapping() if TABLE in value:
            return  # tables are compared as such
        case Mapping() if value:
            yield from _flat(value, path)
        case list() if value:
            for number, part in enumerate(value):
                yield from _leaves(part, f"{path}[{number}]")
        case _:
            yield path, value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(before: Any, after: Any) -> bool:
    """Equal and of one kind: 1 is 1.0, but not true."""
    return before == after and isinstance(before, bool) == isinstance(after, bool)
