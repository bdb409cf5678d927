"""What can be wrong with a cluster and with runs on it."""

from lastmile.errors.shape import LastmileError


class ClusterUnreachable(LastmileError):
    """The scheduler of a Dask cluster does not answer, or not as one of ours would."""

    code = "cluster-unreachable"
    exit_code = 1

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(
            f"the cluster {address} cannot be used: {reason}",
            why="nothing was run",
            fix='check `executor` under [tool.lastmile], or run here: --executor "local"',
        )


class RefusedThere(LastmileError):
    """A worker of a cluster could not carry out a run."""

    code = "refused-by-worker"
    exit_code = 1

    def __init__(self, what: str, *, why: str = "", fix: str = "") -> None:
        super().__init__(f"the worker refuses: {what}", why=why, fix=fix)
        self._told = (what, why, fix)

    def __reduce__(self) -> tuple[object, ...]:
        """It comes from another machine."""
        return _refused_there, self._told


def _refused_there(what: str, why: str, fix: str) -> RefusedThere:
    return RefusedThere(what, why=why, fix=fix)


class WorkersLost(LastmileError):
    """Every worker that took a run died with it."""

    code = "workers-lost"
    exit_code = 1

    def __init__(self, run: str, reason: str) -> None:
        super().__init__(
            f"every worker that took the run {run} was lost: {reason}",
            why="a run that takes its workers along would take the next ones too",
            fix="look at the workers' logs; often their memory is too small",
        )


class WorkspaceTooLarge(LastmileError):
    """A workspace holds more than should be sent to a worker."""

    code = "workspace-too-large"

    def __init__(self, size: str, most: str) -> None:
        super().__init__(
            f"the files of this workspace take {size}; at most {most} are sent to a cluster",
            fix="keep large data where workers can read it, outside of the workspace",
        )
