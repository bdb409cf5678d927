"""The server process: imports once, then forks a kernel for each connection.

One thread, no event loop library, no OpenMP region: whatever a process holds when it forks must be
safe to hold in the child. A connection is a kernel's lease: when it breaks, the kernel is killed;
when the kernel ends, its whole group is killed and its exit status goes out on the connection.
When the owner's lease breaks, all is over.
"""

import contextlib
import gc
import importlib
import json
import os
import selectors
import shutil
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn

from lastmile.reporting.execution.forkserver.wire import Channel

SOCKET = "socket"
PREFIX = "prefix.json"
"""The beginning of a notebook that the server is to run before it forks."""

SHARED = "shared.json"
"""What came of it."""

_REQUEST_TIMEOUT = 5.0

_MAGICS = (
    "ast_mod auto basic code config display execution extension history logging namespace osm "
    "packaging pylab script"
)
_ALWAYS = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.zmqshell",
    "ipykernel.debugger",
    "tornado.platform.asyncio",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.oinspect",
    "IPython.core.pylabtools",
    "IPython.extensions.storemagic",
    *(f"IPython.core.magics.{name}" for name in _MAGICS.split()),
    "matplotlib_inline.backend_inline",
    "pygments.lexers.python",
    "pygments.formatters.html",
    "pygments.formatters.terminal256",
    "stack_data",
    "lastmile.reporting.execution.forkserver.child",
)
_WITH = {
    "matplotlib": ("matplotlib.pyplot", "matplotlib.backends.backend_agg",
                   "matplotlib.backends.backend_svg", "matplotlib.dates", "PIL.PngImagePlugin"),
    "pandas": ("pandas.io.formats.style", "pandas.io.formats.html", "pandas.io.formats.string",
               "pandas.plotting._matplotlib"),
    "sklearn": ("sklearn.utils._pprint", "sklearn.utils._repr_html.estimator"),
    "numpy": ("numpy.random", "threadpoolctl"),
}  # fmt: skip
"""Modules that these packages load only when they are first used."""


began_with: dict[str, str] = {}
"""The environment that this process was started with."""


def main() -> None:
    """Serve as told on the command line: folder, the lease's descriptor, modules, left out."""
    sys.path.remove("")
    began_with.update(os.environ)
    folder, lease, modules, left_out = Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]
    wanted, excluded = json.loads(modules), json.loads(left_out)
    for name in _all_of(wanted):
        if name.partition(".")[0] in excluded:
            continue
        with contextlib.suppress(Exception):  # the notebook's own import will tell
            importlib.import_module(name)
        if _threads() > 1:
            again = json.dumps([*excluded, name.partition(".")[0]])
            _start_again(folder, lease, modules, again)
    from lastmile.reporting.execution.forkserver.child import adopt_orphans

    adopt_orphans()
    template = None
    if (folder / PREFIX).exists():
        template = _template(folder)
        if template.shared.refused:
            _start_again(folder, lease, modules, left_out)  # whatever its cells did is undone
    gc.collect()
    gc.freeze()
    _Server(folder, lease, template).run()


def _template(folder: Path) -> Any:
    """Run the beginning that the owner wants shared, and leave word of what came of it."""
    from lastmile.reporting.execution.forkserver.template import run_prefix
    from lastmile.reporting.execution.prefix import Prefix

    wanted = folder / PREFIX
    prefix = Prefix.from_dict(json.loads(wanted.read_text()))
    wanted.unlink()
    template = run_prefix(prefix)
    for pid in _children():
        _kill(pid)
        os.waitpid(pid, 0)
    (folder / SHARED).write_text(json.dumps(template.shared.to_dict()))
    os.chdir(folder)
    return template


def _all_of(wanted: list[str]) -> list[str]:
    packages = {name.partition(".")[0] for name in wanted}
    beside = [name for package in sorted(packages & _WITH.keys()) for name in _WITH[package]]
    return [*_ALWAYS, *wanted, *beside]


def _start_again(folder: Path, lease: int, modules: str, left_out: str) -> NoReturn:
    """Begin anew: without a package that starts threads, as they would not exist in a child."""
    os.set_inheritable(lease, True)
    code = f"from {__spec__.name} import main; main()" if __spec__ else ""
    words = [sys.executable, "-c", code, str(folder), str(lease), modules, left_out]
    os.execve(sys.executable, words, began_with)  # noqa: S606 - the same program once more


def _threads() -> int:
    native = len(os.listdir("/proc/self/task"))  # noqa: PTH208 - a count
    return max(native, threading.active_count())


class _Server:
    """Connections of running kernels by process id, and what wakes the server up."""

    def __init__(self, folder: Path, lease: int, template: Any = None) -> None:
        self._folder = folder
        self._template = template
        self._lease = lease
        self._kernels: dict[int, Channel] = {}
        self._selector = selectors.DefaultSelector()
        self._wake, wake = os.pipe()
        self._pipe = (self._wake, wake)
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._listener = socket.socket(socket.AF_UNIX)
        waiting = folder / f"{SOCKET}.new"
        self._listener.bind(str(waiting))
        self._listener.listen(64)
        waiting.rename(folder / SOCKET)  # who finds it can connect
        for source, handler in (
            (self._lease, self._end),
            (self._wake, self._reap),
            (self._listener, self._accept),
        ):
            self._selector.register(source, selectors.EVENT_READ, handler)

    def run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                key.data()

    def _end(self) -> NoReturn:
        for pid in self._kernels:
            _kill(pid)
        shutil.rmtree(self._folder, ignore_errors=True)
        os._exit(0)

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        channel = Channel(connection)
        try:
            request = channel.receive(_REQUEST_TIMEOUT)
            if request is None:
                channel.close()
            elif (threads := _threads()) > 1:
                channel.send({"refused": f"the fork server has {threads} threads"})
                channel.close()
            else:
                self._fork(channel, request)
        except (OSError, ValueError):  # the caller went away, or is not one of ours
            channel.close()

    def _fork(self, channel: Channel, request: dict[str, Any]) -> None:
        server = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._let_go(channel)
            from lastmile.reporting.execution.forkserver.child import become_kernel

            become_kernel(request, server, self._template)
        self._kernels[pid] = channel
        self._selector.register(
            channel.connection, selectors.EVENT_READ, lambda: self._lease_ended(pid)
        )
        channel.send({"pid": pid})

    def _let_go(self, channel: Channel) -> None:
        """In the child: close everything that is the server's."""
        signal.set_wakeup_fd(-1)
        self._selector.close()
        self._listener.close()
        for other in (channel, *self._kernels.values()):
            other.close()
        for descriptor in (self._lease, *self._pipe):
            os.close(descriptor)

    def _lease_ended(self, pid: int) -> None:
        """The owner of a kernel hung up; nothing else is ever said after the request."""
        self._selector.unregister(self._kernels[pid].connection)
        _kill(pid)

    def _reap(self) -> None:
        os.read(self._wake, 4096)
        for pid in list(self._kernels):
            ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended is None:
                continue
            _kill(pid)  # what is left of its group; until it is reaped the number is still its own
            _, status = os.waitpid(pid, 0)
            self._end_orphans()
            self._tell(pid, os.waitstatus_to_exitcode(status))

    def _end_orphans(self) -> None:
        """End what an ended kernel has left, in whatever session it is.

        A kernel adopts the orphans below it while it lives, so they come to the server only now.
        """
        while orphans := _children() - self._kernels.keys():
            for pid in orphans:
                _kill(pid)
                os.waitpid(pid, 0)

    def _tell(self, pid: int, code: int) -> None:
        channel = self._kernels.pop(pid)
        with contextlib.suppress(KeyError):
            self._selector.unregister(channel.connection)
        with contextlib.suppress(OSError):
            channel.send({"status": code})
        channel.close()


def _children() -> set[int]:
    try:
        return set(map(int, Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()))
    except OSError:  # not every Linux tells
        return set()


def _kill(pid: int) -> None:
    for kill in (os.killpg, os.kill):  # it may not have a group of its own yet
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)
