"""A fork server as its owner holds it: started, asked for kernels, and ended with all of them."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from lastmile.reporting.execution.forkserver.environment import (
    INLINE,
    POOLS,
    read_at_import,
    why_different,
)
from lastmile.reporting.execution.forkserver.process import ForkedProcess
from lastmile.reporting.execution.forkserver.serving import PREFIX, SHARED, SOCKET
from lastmile.reporting.execution.forkserver.told import Told
from lastmile.reporting.execution.forkserver.wire import Channel
from lastmile.reporting.execution.prefix import Prefix, Shared
from lastmile.reporting.execution.watchdog import is_alive

VARIABLE = "LASTMILE_FORKSERVER"
"""Names the folder of a running server; a worker process that has it joins that server."""

READY_TIMEOUT = 60.0
"""Seconds that a server may take to import what it was told to."""

_FORK_TIMEOUT = 30.0
_FACTS = "server.json"
_GONE = "the process that ran it ended, or took too long"


class CannotFork(Exception):
    """This kernel must be a fresh process; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a server listens, its process id, and what it was started with.

    With `begins` it was told to run the beginning of a notebook; it may take `timeout` seconds
    until it is ready.
    """

    folder: Path
    modules: Sequence[str]
    environment: Mapping[str, str]
    begins: bool
    timeout: float
    pid: int

    @property
    def shared(self) -> Shared | None:
        """The beginning that every kernel of this server has behind it, or why it has none."""
        if not self.begins:
            return None
        try:
            return Shared.from_dict(json.loads((self.folder / SHARED).read_bytes()))
        except (OSError, ValueError, KeyError):
            return Shared(cells={}, refused=_GONE)

    def fork(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> ForkedProcess:
        """A kernel with the arguments `argv`, in the folder `cwd`, with the environment `env`.

        Raises:
            CannotFork: only a fresh process can be that, or the server is dead.
        """
        reason = why_different(env, cwd, served=self.environment, modules=self.modules)
        if reason:
            raise CannotFork(reason)
        env = {name: value for name, value in env.items() if name != VARIABLE}
        connection = socket.socket(socket.AF_UNIX)
        channel = Channel(connection)
        try:
            connection.connect(str(self.folder / SOCKET))
            channel.send({"argv": list(argv), "cwd": str(cwd), "env": env})
            answer = channel.receive(_FORK_TIMEOUT)
        except OSError as error:
            channel.close()
            raise CannotFork(f"the fork server does not answer: {error}") from error
        if answer is None or "refused" in answer:
            channel.close()
            raise CannotFork(answer["refused"] if answer else "the fork server is dead")
        return ForkedProcess(int(answer["pid"]), channel)


class ForkServer:
    """Forks kernels for this process, and for worker processes that have `environment`, in a block.

    `modules` are imported once, before the first fork; `module_paths` are the folders that the
    kernels' PYTHONPATH begins with. A `prefix` is run once as well, and each kernel goes on behind
    it; `timeout` are the seconds that all of this may take. In a block without a kernel the server
    only costs its start. Where fork is not to be had the block runs all the same, with ordinary
    kernels.
    """

    def __init__(
        self,
        modules: Iterable[str] = (),
        *,
        module_paths: Sequence[Path] = (),
        prefix: Prefix | None = None,
        timeout: float = READY_TIMEOUT,
    ) -> None:
        self.modules = tuple(modules)
        self.timeout = timeout
        self._prefix = prefix
        self.address: Address | None = None
        self._paths = tuple(map(str, module_paths))
        self._process: subprocess.Popen[bytes] | None = None
        self._lease = -1
        self._owner = os.getpid()

    @property
    def environment(self) -> dict[str, str]:
        """What a worker process needs in its environment to join this server."""
        return {VARIABLE: str(self.address.folder)} if self.address else {}

    @property
    def pid(self) -> int | None:
        """The server's process id, if there is one."""
        return self._process.pid if self._process else None

    def __enter__(self) -> Self:
        if sys.platform == "linux":
            self._start()
        _current.append(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _current.remove(self)
        if self._process is None or self.address is None or os.getpid() != self._owner:
            return
        if not (self.address.folder / SOCKET).exists():
            self._process.kill()  # it is still importing and has no kernel
        _forget(self._lease)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self.address.folder, ignore_errors=True)

    def wait_until_ready(self, timeout: float | None = None) -> bool:
        """Wait until the server has imported its modules; False if it died or was not started."""
        own = self._process if os.getpid() == self._owner else None
        if self.address is None:
            return False
        ready = _ready(self.address, timeout or self.timeout)
        if own and not ready:
            own.kill()  # it is dead, or will not answer the next time either
        return ready

    @property
    def shared(self) -> Shared | None:
        """What came of the prefix; None where there is none."""
        if self.address:
            return self.address.shared
        return Shared(cells={}, refused=_GONE) if self._prefix else None

    def _start(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="lm-fork-"))
        env = _environment(self._paths)
        if self._prefix:
            (folder / PREFIX).write_text(json.dumps(self._prefix.to_dict()))
        lease, self._lease = os.pipe()
        _lease_ends.add(self._lease)
        code = "from lastmile.reporting.execution.forkserver.serving import main; main()"
        words = [sys.executable, "-c", code, str(folder), str(lease), json.dumps(self.modules)]
        try:
            with Told().writer() as written:
                self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
                    [*words, "[]"],
                    cwd=folder,
                    env=env,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=written,
                    pass_fds=[lease],
                    start_new_session=True,
                )
        finally:
            os.close(lease)
        self.address = Address(
            folder=folder,
            modules=self.modules,
            environment=read_at_import(env),
            begins=self._prefix is not None,
            timeout=self.timeout,
            pid=self._process.pid,
        )
        facts = asdict(self.address) | {"folder": str(folder)}
        (folder / _FACTS).write_text(json.dumps(facts))


def wanted_shared() -> Shared | None:
    """What came of the prefix of the server that :func:`current` would give, if it has one."""
    if _current:
        return _current[-1].shared
    address = _named()
    return address.shared if address else None


def current() -> Address | None:
    """The server of the innermost block, or the one that the environment names; ready, or None."""
    if _current:
        server = _current[-1]
        return server.address if server.wait_until_ready() else None
    address = _named()
    return address if address and _ready(address, address.timeout) else None


def _named() -> Address | None:
    """The server that the environment names."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        return None
    try:
        return Address(**json.loads(Path(folder, _FACTS).read_bytes()) | {"folder": Path(folder)})
    except (OSError, ValueError, TypeError):
        return None


def _ready(address: Address, timeout: float) -> bool:
    until = time.monotonic() + timeout
    while not (address.folder / SOCKET).exists():
        if not is_alive(address.pid) or time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def _environment(paths: Sequence[str]) -> dict[str, str]:
    """The environment that kernels will have, with pools of one thread and figures inline."""
    path = [*paths, *filter(None, os.environ.get("PYTHONPATH", "").split(":"))]
    env = {**os.environ, "PYTHONPATH": ":".join(path), "MPLBACKEND": INLINE}
    env |= dict.fromkeys(POOLS, "1") | {"PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    env.pop(VARIABLE, None)
    return env


_current: list[ForkServer] = []
_lease_ends: set[int] = set()


def _forget(lease: int) -> None:
    _lease_ends.discard(lease)
    with contextlib.suppress(OSError):
        os.close(lease)


def _let_go() -> None:
    """A forked copy of the owner must not keep the server alive."""
    for lease in list(_lease_ends):
        _forget(lease)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)
