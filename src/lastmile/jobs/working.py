"""What a worker process is: it ends with its parent, and no interrupt looks like an answer.

A worker does one piece of work after another. SIGTERM ends an idle worker at once; one at work is
interrupted, cancels its run and ends its kernel first.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from typing import TypeVar

from lastmile.interrupts import let_in
from lastmile.reporting.execution.forkserver import READY_TIMEOUT, ForkServer, imports_of
from lastmile.reporting.execution.prefix import prefix_of
from lastmile.reporting.plan import Report
from lastmile.visible import guard_streams
from lastmile.workspace import Workspace

T = TypeVar("T")

ENDED = 128 + signal.SIGTERM
"""The exit code of a worker that was told to end."""

_at_work: list[bool] = []
_stopped: list[bool] = []
_servers: list[tuple[str, ForkServer]] = []


def become_worker(parent: int) -> None:
    """Make this process a worker of the process `parent`."""
    guard_streams()
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGALRM, _interrupt_again)
    sys.unraisablehook = _unheard
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers itself
    let_in()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        sys.exit()


def work(piece: Callable[[], T]) -> T:
    """Do one piece of work; where it is interrupted, this process ends when it has cleaned up.

    An interrupt is only raised while a piece is at work, so none can get past this function to the
    caller, which would take it for an answer and let the worker wait for ever.
    """
    _at_work.append(True)
    try:
        answer = piece()
    except KeyboardInterrupt:
        os._exit(ENDED)  # the run is recorded as cancelled; its kernel has ended
    finally:
        _at_work.clear()
    if _stopped:  # an interrupt that Python raised where it could only be ignored
        os._exit(ENDED)
    return answer


def serve_kernels(workspace: Workspace, report: Report) -> ForkServer:
    """The fork server for the report's imports; that of another report is ended."""
    wanted = f"{report.name} {report.source.sha256} {shares(report)}"
    if _servers and _servers[-1][0] == wanted:
        return _servers[-1][1]
    while _servers:
        _servers.pop()[1].__exit__(None, None, None)
    server = kernel_server(workspace, report)
    server.__enter__()  # until another report is at work; the server ends with its owner
    _servers.append((wanted, server))
    return server


def kernel_server(workspace: Workspace, report: Report) -> ForkServer:
    """A server with what the report's notebook imports, and its beginning if that is shared."""
    notebook = report.source.notebook()
    return ForkServer(
        imports_of(
            [notebook], module_paths=workspace.module_paths, also=workspace.settings.preload
        ),
        module_paths=workspace.module_paths,
        prefix=prefix_of(notebook, report.source.path.parent) if shares(report) else None,
        timeout=max(READY_TIMEOUT, report.file.timeout if shares(report) else 0),
    )


def shares(report: Report) -> bool:
    """Whether runs of the report begin behind the cells above its parameters."""
    return report.file.share_prefix and report.language == "python"


def _interrupt(_number: int, _frame: object) -> None:
    if not _at_work:
        os._exit(ENDED)
    # A pool ends the others when one worker is gone: once is enough, cleaning up takes a while.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _stopped.append(True)
    raise KeyboardInterrupt


def _unheard(failure: "sys.UnraisableHookArgs") -> None:
    """An interrupt that came in a finalizer, where Python drops exceptions: it comes again."""
    if isinstance(failure.exc_value, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, 0.01)
    else:
        sys.__unraisablehook__(failure)


def _interrupt_again(_number: int, _frame: object) -> None:
    if not _at_work:
        os._exit(ENDED)
    raise KeyboardInterrupt
