"""What can be wrong with an export, its estimator, its evidence and its bundle."""

from collections.abc import Sequence

from lastmile.errors.shape import LastmileError, nearest


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

    def __init__(
        self, package: str, reason: str, *, fix: str = "make it again, where it came from"
    ) -> None:
        super().__init__(f"{package} cannot be evaluated: {reason}", fix=fix)


class FileTaken(LastmileError):
    """A converted model was to be written where something stands already."""

    code = "file-taken"

    def __init__(self, target: str) -> None:
        super().__init__(
            f"{target} exists already",
            why="a model that is in use would be replaced without a word",
            fix="name another place with -o, or pass --replace",
        )


class OverBudget(LastmileError):
    """A bundle costs more than its definition allows."""

    code = "over-budget"
    exit_code = 3

    def __init__(self, what: str, *, fix: str = "") -> None:
        super().__init__(what, fix=fix or "export a smaller estimator, or raise the budget")


class EvidenceFailed(LastmileError):
    """The exported forms do not answer as the estimator does.

    `step` is where in the pipeline the difference first appears, and `lines` show one row there.
    `advice` says what to change where the row itself loses something on its way to the forms.
    """

    code = "evidence-failed"
    exit_code = 3

    def __init__(
        self,
        what: str,
        *,
        step: str = "",
        lines: Sequence[str] = (),
        kept: str = "",
        advice: Sequence[str] = (),
    ) -> None:
        first = "".join(f"{sentence}; or " for sentence in advice)
        super().__init__(
            what,
            why="a phone would give other answers than the estimator that was measured",
            fix=f"{first}read the worst rows in {kept or 'the evidence'}; no bundle was published. "
            'If such answers will do, say why: --accept "reason"',
            where=f"{step}: here the difference first appears" if step else "",
        )
        self.step = step
        self.lines = tuple(lines)

    def __str__(self) -> str:
        what, *rest = super().__str__().splitlines()
        at = [rest.pop(0)] if self.where else []
        return "\n".join([what, *at, *(f"  {line}" for line in self.lines), *rest])

    def to_dict(self) -> dict[str, str]:
        """The same for programs, with the step."""
        return {**super().to_dict(), "step": self.step, "row": "\n".join(self.lines)}
