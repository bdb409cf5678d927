"""What can be wrong with a report, its parameters and its runs."""

from collections.abc import Iterable
from functools import partial

from lastmile.errors.shape import LastmileError, nearest


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
            why="a value that the notebook is not written for would make a false report",
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


class ProgramFault(LastmileError):
    """Something that nobody foresaw went wrong: a fault of the program, or of its surroundings.

    `said` is the error in a line, `kept` the file with the traceback, if it could be kept. It is
    `ours` unless the system, such as a full disk, did not let the program go on.
    """

    code = "program-fault"
    exit_code = 1

    def __init__(
        self, what: str, said: str, *, ours: bool = True, kept: str = "", trace: str = ""
    ) -> None:
        self._what = what
        self.said, self.ours, self.kept, self.trace = said, ours, kept, trace
        if ours:
            why = "this is a fault of lastmile, not of the notebook"
            fix = f"report it, with {kept or 'this text'}, and with the notebook if you can"
        else:
            why = "the system did not let lastmile go on"
            fix = f"make room or allow it, then run again{f'; the details: {kept}' if kept else ''}"
        super().__init__(
            f"{what} failed: {said}", why=f"{why}; the last good report stays", fix=fix
        )

    def __reduce__(self) -> tuple[object, ...]:
        """It may come from another machine, where nothing was kept."""
        return partial(ProgramFault, ours=self.ours, trace=self.trace), (self._what, self.said)

    @property
    def cause(self) -> str:
        """The same as the cause of a run."""
        whose = "; a fault of lastmile, not of the notebook" if self.ours else ""
        return f"{self.said}{whose}{f' (see {self.kept})' if self.kept else ''}"


class LatestNotMoved(LastmileError):
    """A run was published, but the link that readers follow could not be moved to it."""

    code = "latest-not-moved"
    exit_code = 1

    def __init__(self, report: str, run: str, reason: str) -> None:
        to = f"does not point to the run {run}" if run else "could not be removed"
        super().__init__(
            f"`latest` of {report} {to}: {reason}",
            why="the run is published and recorded, but readers see what `latest` showed before",
            fix="make way for the link, or allow writing there; the next command moves it",
        )
