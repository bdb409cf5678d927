"""Everything that lastmile can tell a person went wrong.

One root, one shape: what happened, why it matters, how to put it right, and where. Callers hand
over facts; the sentences are written here, so that every door (command line, log, page) says the
same thing::

    LastmileError
    ├── Faults               several of the errors below, found at once
    ├── workspace            NoWorkspace, BadDefinition, UnknownName, MissingPart, NotWritable,
    │                        NotEmpty, StoreUnusable, StoreTooNew
    ├── reports              NotebookMissing, NotANotebook, NoParametersCell, UnknownParameter,
    │                        BadParameter, BadMoment, NoTranslation, SecretRefused,
    │                        BadRange, RunUnknown, DataMissing, PublicationGone
    └── exports              BadReference, NotFitted, SampleLacksColumn, Untrusted, RowsRefused,
                             RuntimeRefused, NotExportable, BundleBroken, PackageBroken,
                             OverBudget, EvidenceFailed, VersionTaken

Exit codes: 2 = you can fix it, 1 = we could not do it, 3 = the export is wrong.
"""

import difflib
from collections.abc import Iterable, Sequence
from typing import ClassVar


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
        return "\n".join(lines)

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
        super().__init__(f"{len(faults)} faults")
        self.faults = tuple(faults)

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)


def raise_faults(faults: Sequence[LastmileError]) -> None:
    """Raise nothing for no fault, the fault itself for one, `Faults` for several."""
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise Faults(faults)


def nearest(name: str, known: Iterable[str]) -> str:
    """Advice that names the nearest of `known`, or all of them where none is near."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"use one of: {', '.join(names)}" if names else "there is none yet"


# --- workspace -----------------------------------------------------------------------------------


class NoWorkspace(LastmileError):
    """A command that needs a workspace was called outside of one."""

    code = "no-workspace"

    def __init__(self, folder: str) -> None:
        super().__init__(
            f"{folder} is not inside a lastmile workspace",
            why="no pyproject.toml with a [tool.lastmile] table stands here or above",
            fix="change into a workspace, name one with --workspace DIR, or make one: "
            "lastmile init DIR",
        )


class BadDefinition(LastmileError):
    """A definition file says something that cannot be understood or does not exist."""

    code = "bad-definition"

    def __init__(self, what: str, *, where: str, fix: str = "", why: str = "") -> None:
        super().__init__(what, where=where, fix=fix, why=why)


class UnknownName(LastmileError):
    """A report, schedule or export was asked for by a name that no file defines."""

    code = "unknown-name"

    def __init__(self, kind: str, name: str, *, known: Iterable[str], folder: str) -> None:
        super().__init__(
            f"there is no {kind} `{name}`",
            why=f"a {kind} is a file {folder}/NAME.toml",
            fix=nearest(name, known),
        )


class MissingPart(LastmileError):
    """An optional part of lastmile is not installed."""

    code = "missing-part"

    def __init__(self, package: str, *, extra: str) -> None:
        super().__init__(
            f"this needs the package `{package}`, which is not installed",
            fix=f"pip install 'lastmile[{extra}]'",
        )


class NotWritable(LastmileError):
    """A result could not be written; what stood there before stands unchanged."""

    code = "not-writable"
    exit_code = 1

    def __init__(self, target: str, reason: str) -> None:
        super().__init__(
            f"could not write {target}: {reason}",
            why="nothing was published; what readers saw before is unchanged",
            fix="free space or allow writing there, then run again",
        )


class NotEmpty(LastmileError):
    """A new workspace was asked for in a folder that holds something already."""

    code = "not-empty"

    def __init__(self, folder: str) -> None:
        super().__init__(
            f"{folder} is not an empty or new folder",
            why="a new workspace never overwrites anything",
            fix="name a folder that does not exist yet",
        )


class StoreUnusable(LastmileError):
    """The run log cannot be opened or written."""

    code = "store-unusable"
    exit_code = 1

    def __init__(self, store: str, reason: str) -> None:
        super().__init__(
            f"the run log {store} cannot be used: {reason}",
            why="a run that is not recorded could be lost or doubled",
            fix="check `store` under [tool.lastmile] in pyproject.toml, and the disk",
        )


class StoreTooNew(LastmileError):
    """A newer lastmile has written this run log."""

    code = "store-too-new"

    def __init__(self, store: str, have: str, newest: str) -> None:
        super().__init__(
            f"the run log {store} has revision {have}; this lastmile knows {newest}",
            why="an older program must not guess what a newer one has written",
            fix="install the newer lastmile again: pip install -U lastmile",
        )


# --- reports -------------------------------------------------------------------------------------


class NotebookMissing(LastmileError):
    """The notebook that a report names does not exist."""

    code = "notebook-missing"

    def __init__(self, notebook: str, *, where: str = "", known: Iterable[str] = ()) -> None:
        names = list(known)
        super().__init__(
            f"there is no notebook {notebook}",
            fix=nearest(notebook, names) if names else "check the path in `notebook = ...`",
            where=where,
        )


class NotANotebook(LastmileError):
    """A file that should be a notebook is something else, or is damaged."""

    code = "not-a-notebook"

    def __init__(self, notebook: str, reason: str) -> None:
        super().__init__(
            f"{notebook} is not a Jupyter notebook: {reason}",
            fix="open it in Jupyter and save it again, or name another file",
        )


class NoParametersCell(LastmileError):
    """Parameters were given to a notebook that declares none."""

    code = "no-parameters-cell"

    def __init__(self, notebook: str, given: Iterable[str]) -> None:
        names = ", ".join(f"`{name}`" for name in given)
        super().__init__(
            f"{notebook} has no cell tagged `parameters`, but {names} should be set",
            why="the values would have no effect on the report",
            fix="tag the cell that assigns the defaults with `parameters` "
            "(in Jupyter: property inspector, Cell Tags)",
        )


class UnknownParameter(LastmileError):
    """A run was given a parameter that its notebook does not declare."""

    code = "unknown-parameter"

    def __init__(self, name: str, *, known: Iterable[str], notebook: str, where: str = "") -> None:
        super().__init__(
            f"`{name}` is not a parameter of {notebook}",
            why="the report would silently show the default instead",
            fix=nearest(name, known),
            where=where,
        )


class BadParameter(LastmileError):
    """A value does not have the type, or lies outside the limits, of its parameter."""

    code = "bad-parameter"

    def __init__(self, name: str, *, value: object, reason: str, where: str = "") -> None:
        super().__init__(
            f"`{name}` cannot be {value!r}: {reason}",
            fix="`lastmile report show NAME` lists types, limits and defaults",
            where=where,
        )


class BadMoment(LastmileError):
    """A text that should say a moment, or compute one from the logical date, does not."""

    code = "bad-moment"

    def __init__(self, text: str, advice: str) -> None:
        super().__init__(f"`{text}` is not a moment", fix=advice)


class NoTranslation(LastmileError):
    """A value cannot be written safely in the language of a notebook."""

    code = "no-translation"

    def __init__(self, notebook: str, language: str, reason: str) -> None:
        super().__init__(
            f"values cannot be written as {language} for {notebook}: {reason}",
            why="a value that became something else than itself would make a false report",
            fix="give another value, or read it in the notebook from a file",
        )


class SecretRefused(LastmileError):
    """A secret is unknown, or cannot be kept secret."""

    code = "secret-refused"

    def __init__(self, name: str, reason: str, *, fix: str) -> None:
        super().__init__(
            f"the secret `{name}` cannot be used: {reason}",
            why="no kernel was started, and nothing was run",
            fix=fix,
        )


class BadRange(LastmileError):
    """The dates of a backfill make no grid."""

    code = "bad-range"

    def __init__(self, what: str) -> None:
        super().__init__(
            what, fix="write months as --from 2014-01 --to 2015-12, days as --from 2014-01-31"
        )


class RunUnknown(LastmileError):
    """A run was asked for that the run log does not hold."""

    code = "run-unknown"

    def __init__(self, run: str) -> None:
        super().__init__(
            f"the run log holds no run `{run}`", fix="`lastmile report history` lists the runs"
        )


class DataMissing(LastmileError):
    """A data file that a report declares does not exist."""

    code = "data-missing"

    def __init__(self, pattern: str, *, where: str) -> None:
        super().__init__(
            f"no file matches `{pattern}`",
            why="the report says that it is made from such data, so nothing was run",
            fix="bring the file, or mend `data`; patterns count from the workspace's folder",
            where=where,
        )


class PublicationGone(LastmileError):
    """The files of a run are not there any more, or cannot be read."""

    code = "publication-gone"

    def __init__(self, run: str, reason: str) -> None:
        super().__init__(
            f"the files of the run `{run}` cannot be used: {reason}",
            fix="name another run; `lastmile report history` lists them",
        )


# --- exports -------------------------------------------------------------------------------------


class BadReference(LastmileError):
    """A `module:function` or file reference in a definition leads nowhere."""

    code = "bad-reference"

    def __init__(self, reference: str, reason: str, *, where: str = "", fix: str = "") -> None:
        super().__init__(
            f"`{reference}` cannot be used: {reason}",
            fix=fix or "name a function as `module:function`, or a .skops file",
            where=where,
        )


class NotFitted(LastmileError):
    """An estimator was handed over before it was fitted."""

    code = "not-fitted"

    def __init__(self, estimator: str) -> None:
        super().__init__(
            f"the estimator {estimator} is not fitted",
            why="there is nothing learned yet that could be exported",
            fix="call fit() before you return it",
        )


class SampleLacksColumn(LastmileError):
    """The sample of raw rows has not all the columns that the estimator reads."""

    code = "sample-lacks-column"

    def __init__(self, missing: Sequence[str], present: Sequence[str]) -> None:
        super().__init__(
            f"the sample lacks {', '.join(f'`{name}`' for name in missing)}",
            why="the estimator was fitted with these columns and every row must have them",
            fix="; ".join(f"`{name}`: {nearest(name, present)}" for name in missing),
        )


class Untrusted(LastmileError):
    """A file would run code when it is loaded, and nobody said that it may."""

    code = "untrusted"

    def __init__(self, source: str, reason: str, *, fix: str = "") -> None:
        super().__init__(
            f"{source} is not loaded: {reason}",
            why="a file of this kind can run any program while it is read",
            fix=fix
            or "save the estimator with skops.io.dump, or pass --trust if you know who made it",
        )


class VersionTaken(LastmileError):
    """A bundle of the same name and version exists and answers otherwise."""

    code = "version-taken"

    def __init__(self, bundle: str) -> None:
        super().__init__(
            f"{bundle} exists already and holds another model",
            why="two teams could hold different models under one version",
            fix="raise `version`, or pass --replace if nobody has received it yet",
        )


class RowsRefused(LastmileError):
    """Raw rows hold something that their columns cannot hold, or are no rows at all."""

    code = "rows-refused"

    def __init__(self, what: str, *, fix: str = "") -> None:
        super().__init__(
            what,
            why="a row must be written down the same way on every target",
            fix=fix or "hand over raw rows as the estimator was fitted with, in a DataFrame",
        )


class RuntimeRefused(LastmileError):
    """An installed library is known to give wrong results for what was asked."""

    code = "runtime-refused"

    def __init__(self, library: str, version: str, *, reason: str, fix: str) -> None:
        super().__init__(f"{library} {version} is not used: {reason}", fix=fix)


class NotExportable(LastmileError):
    """Some step of an estimator has no exact counterpart in a target's format."""

    code = "not-exportable"
    exit_code = 3

    def __init__(self, step: str, *, target: str, reason: str, fix: str = "") -> None:
        super().__init__(f"{step} cannot be exported to {target}: {reason}", fix=fix)


class BundleBroken(LastmileError):
    """A bundle is not complete, was changed, or is not a bundle."""

    code = "bundle-broken"
    exit_code = 3

    def __init__(self, bundle: str, reason: str, *, fix: str = "export it again") -> None:
        super().__init__(f"{bundle} is not a sound bundle: {reason}", fix=fix)


class PackageBroken(LastmileError):
    """A Core ML file is damaged, or is of a kind that cannot be evaluated here."""

    code = "package-broken"
    exit_code = 3

    def __init__(self, package: str, reason: str, *, fix: str = "export it again") -> None:
        super().__init__(f"{package} cannot be evaluated: {reason}", fix=fix)


class OverBudget(LastmileError):
    """A bundle costs more than its definition allows."""

    code = "over-budget"
    exit_code = 3

    def __init__(self, what: str, *, fix: str = "") -> None:
        super().__init__(what, fix=fix or "export a smaller estimator, or raise the budget")


class EvidenceFailed(LastmileError):
    """The exported forms do not answer as the estimator does."""

    code = "evidence-failed"
    exit_code = 3

    def __init__(self, what: str, *, fix: str = "") -> None:
        super().__init__(
            what,
            why="a phone would give other answers than the estimator that was measured",
            fix=fix or "read the worst rows in evidence.json; no bundle was published",
        )
