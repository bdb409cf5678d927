"""The one shape of every error: what happened, why it matters, how to put it right, where."""

import difflib
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


class LastmileError(Exception):
    """What happened, why it matters, how to put it right. One shape for every door."""

    code: ClassVar[str] = "lastmile"
    exit_code: ClassVar[int] = 2

    def __init__(self, what: str, *, why: str = "", fix: str = "", where: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.fix = fix
        self.where = where

    def __str__(self) -> str:
        lines = [f"[{self.code}] {self.what}"]
        for label, text in (("at", self.where), ("why", self.why), ("fix", self.fix)):
            if text:
                lines.append(f"  {label + ':':<4} {text}")
        # Lines of what comes from outside are indented: they cannot pass for lines of the error.
        return "\n".join(line.replace("\n", "\n       ") for line in lines)

    def to_dict(self) -> dict[str, str]:
        """The same for programs."""
        return {
            "code": self.code,
            "what": self.what,
            "why": self.why,
            "fix": self.fix,
            "where": self.where,
        }


class Faults(LastmileError):
    """Several faults of one request, told together so that one round of mending is enough."""

    code = "several-faults"

    def __init__(self, faults: Sequence[LastmileError]) -> None:
        super().__init__("; ".join(fault.what for fault in faults))
        self.faults = tuple(faults)

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)


def raise_faults(faults: Sequence[LastmileError]) -> None:
    """Raise nothing for no fault, the fault itself for one, `Faults` for several."""
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise Faults(faults)


def each(make: Callable[[Given], Made], given: Iterable[Given]) -> list[Made]:
    """What `make` makes of each; the faults of all of them are raised together."""
    made: list[Made] = []
    faults: list[LastmileError] = []
    for one in given:
        try:
            made.append(make(one))
        except LastmileError as error:
            faults += error.faults if isinstance(error, Faults) else (error,)
    raise_faults(faults)
    return made


def nearest(name: str, known: Iterable[str]) -> str:
    """Advice that names the nearest of `known`, or all of them where none is near."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"use one of: {', '.join(names)}" if names else "there is none yet"
