"""Runs on a Dask cluster: the run log and the publications stay here, the notebook runs there.

A run is one task. A worker that dies is noticed by the cluster's scheduler, which gives the task to
another one; the run keeps its key, and what the lost worker had begun was nowhere to be seen.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from lastmile.errors import ClusterUnreachable, ProgramFault, RefusedThere, WorkersLost
from lastmile.jobs.parcel import Answer, Order, command_for, order_for
from lastmile.reporting.execution.outcome import CellEvent, Observer
from lastmile.reporting.plan import Plan
from lastmile.reporting.publication import read_record, recorded_end
from lastmile.values import Run, State
from lastmile.workspace import Workspace

CONNECT_SECONDS = 10
_TOPIC = "lastmile"
_at_work: dict[str, "subprocess.Popen[str]"] = {}


class Cluster:
    """An existing Dask cluster; the connection is opened with the first run."""

    def __init__(self, address: str, *, artifacts: str = "", secrets: Path | None = None) -> None:
        self.address = address
        self._artifacts = artifacts
        self._secrets = secrets
        self._client: Any = None
        self._observers: dict[str, Observer] = {}
        self._stopped: set[str] = set()

    @property
    def threads(self) -> int:
        """How many runs go on at the same time.

        Raises:
            ClusterUnreachable.
        """
        return sum(self._connected().nthreads().values()) or 1

    def connect(self) -> None:
        """Open the connection, unless it is open.

        Raises:
            ClusterUnreachable.
        """
        self._connected()

    def carry_out(self, plan: Plan, run: Run, root: Path, observer: Observer) -> Answer:
        """Let a worker carry out a plan; what it made.

        Raises:
            ClusterUnreachable, RefusedThere, WorkersLost, WorkspaceTooLarge: nothing was made.
            KeyboardInterrupt: after the worker was told to stop.
        """
        try:
            return self._carried_out(plan, run, root, observer)
        except Exception as error:
            if run.key in self._stopped:  # however a worker ends what it was told to stop
                raise KeyboardInterrupt from error
            raise

    def _carried_out(self, plan: Plan, run: Run, root: Path, observer: Observer) -> Answer:
        order = order_for(plan, run, root, leave_out=self._secrets, artifacts=self._artifacts)
        client = self._connected()
        from distributed import CancelledError, KilledWorker

        self._observers[run.key] = observer
        task = client.submit(carry_out_here, order, key=f"lastmile-{run.key}", pure=False)
        try:
            answer: Answer = task.result()
        except KilledWorker as error:
            raise WorkersLost(run.key, str(error).splitlines()[0]) from error
        except CancelledError as error:
            raise KeyboardInterrupt from error
        except OSError as error:
            raise ClusterUnreachable(self.address, str(error)) from error
        except BaseException:
            with suppress(Exception):
                task.cancel(force=True)
                client.run(stop_here, run.key)
            raise
        finally:
            self._observers.pop(run.key, None)
        return replace(_brought(order, answer), run=_ended(run, answer.run))

    def stop(self) -> None:
        """Let every run of ours end."""
        if self._client is not None:
            self._stopped.update(self._observers)
            for key in list(self._stopped):
                self._client.cancel(f"lastmile-{key}", force=True)
                self._client.run(stop_here, key)

    def _connected(self) -> Any:
        if self._client is None:
            from distributed import Client

            scheme, _, place = self.address.partition("://")
            try:
                address = f"{'tls' if scheme.endswith('tls') else 'tcp'}://{place}"
                self._client = Client(  # type: ignore[no-untyped-call]
                    address, timeout=CONNECT_SECONDS, set_as_default=False
                )
            except (OSError, TimeoutError, ValueError) as error:
                raise ClusterUnreachable(self.address, str(error) or "no answer") from error
            self._client.subscribe_topic(_TOPIC, self._hear)
        return self._client

    def _hear(self, event: Any) -> None:
        """The progress of a run comes back."""
        _, told = event
        observer = self._observers.get(told.get("run", ""))
        if observer:
            observer(CellEvent(**told["cell"]))


def cluster_of(workspace: Workspace) -> Cluster | None:
    """The cluster that the notebooks of a workspace run on; None where they run here."""
    settings = workspace.settings
    if settings.executor == "local":
        return None
    return _cluster(settings.executor, settings.artifacts, workspace.secrets)


@cache
def _cluster(address: str, artifacts: str, secrets: Path | None) -> Cluster:
    """One connection for a process."""
    return Cluster(address, artifacts=artifacts, secrets=secrets)


def _ended(run: Run, there: Run) -> Run:
    """Our run, with the end that it had there."""
    names = ("state", "cause", "ended", "seconds", "cells", "peak_memory", "recorded", "redacted")
    return replace(run, **{name: getattr(there, name) for name in names})


def _brought(order: Order, answer: Answer) -> Answer:
    """The pages themselves, where the answer only says that they lie among the artifacts."""
    if not order.artifacts:
        return answer
    import fsspec

    system, path = fsspec.core.url_to_fs(f"{order.artifacts.rstrip('/')}/{order.key}")
    pages = {name: system.cat_file(f"{path}/{name}") for name in answer.pages}
    with suppress(Exception):
        system.rm(path, recursive=True)
    return replace(answer, pages=pages)


def carry_out_here(order: Order) -> Answer:
    """On a worker: carry out an order in a process that ends with this one.

    Raises:
        RefusedThere: it could not begin, or not publish, or ended without a word.
        ProgramFault: lastmile itself went wrong in it.
    """
    from distributed import get_worker

    def tell(cell: dict[str, Any]) -> None:
        with suppress(Exception):
            get_worker().log_event(_TOPIC, {"run": order.key, "cell": cell})

    with tempfile.TemporaryDirectory(prefix="lastmile-run-") as folder:
        built = Path(folder)
        _run(order, built, tell)
        publication = built / order.report / order.key
        record = read_record(publication)
        begun = Run(key=order.key, report=order.report, state=State.RUNNING, parameters={},
                    started=datetime.fromisoformat(record["started"]),
                    redacted=record["redacted"])  # fmt: skip
        ended = recorded_end(built, begun)
        assert ended is not None, "a run that was published has its record"
        pages = {
            path.relative_to(publication).as_posix(): path.read_bytes()
            for path in publication.rglob("*")
            if path.is_file() and path.name != "run.json"
        }
        provenance = record["provenance"] | {"worker": get_worker().address}
        return _kept(order, Answer(run=ended, pages=pages, provenance=provenance))


def _run(order: Order, built: Path, tell: Callable[[dict[str, Any]], None]) -> None:
    fields = {name: value for name, value in asdict(order).items() if name != "packed"}
    with subprocess.Popen(  # noqa: S603 - our own module
        command_for(order, built),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    ) as process:
        _at_work[order.key] = process
        assert process.stdin
        assert process.stdout
        with suppress(BrokenPipeError):  # it has ended already, which is seen below
            process.stdin.write(json.dumps(fields) + "\n")
            process.stdin.flush()
        last: dict[str, Any] = {}
        for line in process.stdout:
            with suppress(ValueError):
                last = json.loads(line)
                if "cell" in last:
                    tell(last["cell"])
        del _at_work[order.key]
    if "error" in last:
        error = last["error"]
        raise RefusedThere(error["what"], why=error["why"], fix=error["fix"])
    if "fault" in last:
        fault = last["fault"]
        what = f"the run {order.key}, on a worker,"
        raise ProgramFault(what, fault["said"], ours=fault["ours"], trace=fault["trace"])
    if "done" not in last:
        raise RefusedThere(
            f"the process of the run ended with exit code {process.returncode}",
            why="it did not come to an end of its own, so nothing was published",
            fix="look at the worker's log; often its memory is too small",
        )


def _kept(order: Order, answer: Answer) -> Answer:
    """The answer with its pages put among the artifacts, where there is such a place."""
    if not order.artifacts:
        return answer
    import fsspec

    system, path = fsspec.core.url_to_fs(f"{order.artifacts.rstrip('/')}/{order.key}")
    for name, content in answer.pages.items():
        system.makedirs(f"{path}/{name}".rpartition("/")[0], exist_ok=True)
        system.pipe_file(f"{path}/{name}", content)
    return replace(answer, pages=dict.fromkeys(answer.pages, b""))


def stop_here(key: str) -> None:
    """On a worker: end the process of a run."""
    process = _at_work.get(key)
    if process:
        process.terminate()
