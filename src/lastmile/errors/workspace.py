"""What can be wrong with a workspace, its definitions and its run log."""

from collections.abc import Iterable

from lastmile.errors.shape import LastmileError, nearest


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
        self.reason = reason
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
