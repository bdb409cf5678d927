"""Which function handles which ONNX operator. Knows no operator and no target.

A decorator marks a function; a table collects the marked functions of modules that are named one
by one. What a target cannot do stands in the same table, with the reason.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeVar

ML = "ai.onnx.ml"
"""The domain of ONNX's operators of classical machine learning."""


@dataclass(frozen=True, slots=True, order=True)
class OpId:
    """An operator: its domain (empty for ONNX's own) and its type."""

    domain: str
    type: str

    def __str__(self) -> str:
        return f"{self.domain}:{self.type}" if self.domain else self.type


@dataclass(frozen=True, slots=True)
class Claim:
    """`handle` knows the operator `op` as it is from operator set `since` on."""

    op: OpId
    since: int
    handle: Callable[..., Any]


F = TypeVar("F", bound=Callable[..., Any])


def claims(*types: str, since: int = 1, domain: str = "") -> Callable[[F], F]:
    """Mark a function as the handler of operators. Registers nothing by itself."""

    def mark(handle: F) -> F:
        made = tuple(Claim(OpId(domain, type_), since, handle) for type_ in types)
        handle.__claims__ = (*getattr(handle, "__claims__", ()), *made)  # type: ignore[attr-defined]
        return handle

    return mark


class OpTable:
    """All claims of one target, collected from an explicit list of modules.

    Raises `ValueError` where two functions claim one operator from the same operator set on, or
    where an operator is claimed and refused.
    """

    def __init__(
        self, target: str, modules: Iterable[ModuleType], *, cannot: Mapping[OpId, str] = {}
    ) -> None:
        self.target = target
        self.cannot = dict(cannot)
        self._claims: dict[OpId, list[Claim]] = {}
        for module in modules:
            for thing in vars(module).values():
                if getattr(thing, "__module__", "") == module.__name__:
                    for claim in getattr(thing, "__claims__", ()):
                        self._add(claim)

    def _add(self, claim: Claim) -> None:
        held = self._claims.setdefault(claim.op, [])
        for other in held:
            if other.since == claim.since:
                names = f"{other.handle.__qualname__} and {claim.handle.__qualname__}"
                raise ValueError(f"{self.target}: {names} both claim {claim.op} {claim.since}")
        if claim.op in self.cannot:
            raise ValueError(f"{self.target}: {claim.op} is both claimed and refused")
        held.append(claim)
        held.sort(key=lambda one: one.since)

    @property
    def ops(self) -> frozenset[OpId]:
        """Every operator that some function claims."""
        return frozenset(self._claims)

    def find(self, op: OpId, opset: int) -> Claim | None:
        """The newest claim that is not newer than `opset`, if there is one."""
        fitting = [claim for claim in self._claims.get(op, ()) if claim.since <= opset]
        return fitting[-1] if fitting else None

    def reason(self, op: OpId) -> str:
        """Why there is no claim for `op`."""
        return self.cannot.get(op, f"{self.target} has no form of the operator {op} yet")
