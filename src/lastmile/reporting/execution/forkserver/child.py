"""What a forked process does to become a kernel like any other.

Runs once, first thing after `fork()`, and never returns.
"""

import atexit
import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from lastmile.reporting.execution.forkserver.environment import POOLS

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_LIBC = ctypes.CDLL(None, use_errno=True)
_owners: list[int] = []


def become_kernel(request: Mapping[str, Any], server: int, template: Any = None) -> NoReturn:
    """Be the kernel that `request` describes, until it ends; `server` is the parent's process id.

    The request has `argv` (the words behind `ipykernel_launcher`), `cwd` and `env`. With a
    `template` the kernel goes on where that has ended.
    """
    code: object = 1
    try:
        _be_alone(server)
        _take_place(request)
        _forget_randomness()
        if template:
            template.adopt()
        _run(list(request["argv"]), template)
        code = 0
    except SystemExit as stop:
        code = stop.code
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT  # interrupted outside of any cell: its owner wants it to end
    except BaseException:
        if _is_awaited(list(request["argv"])):
            _tell_owner()
    finally:
        _end(code)


def _is_awaited(argv: list[str]) -> bool:
    """Whether the owner still waits for the kernel: it takes the connection file with it."""
    return "-f" not in argv[:-1] or Path(argv[argv.index("-f") + 1]).exists()


def _tell_owner() -> None:
    """Say what went wrong where the fork server does."""
    if _owners:
        sys.stderr = os.fdopen(_owners.pop(), "w", errors="backslashreplace")
    sys.__excepthook__(*sys.exc_info())


def _leave_owners_streams() -> None:
    """Write no more to where the fork server does.

    A kernel repeats there what its cells write, with all that this may hold.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    _owners.append(os.dup(2))
    for number in (1, 2):
        os.dup2(nowhere, number)
    os.close(nowhere)


def _be_alone(server: int) -> None:
    """A session of its own; default signals; no life without the server."""
    os.setsid()
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    adopt_orphans()
    if os.getppid() != server:
        os._exit(1)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def adopt_orphans() -> None:
    """Let processes whose parent ends become children of this one, wherever below they are."""
    _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _take_place(request: Mapping[str, Any]) -> None:
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    launcher = next((p for p in map(Path, sys.path) if (p / "ipykernel_launcher.py").exists()), "")
    sys.argv = [str(Path(launcher, "ipykernel_launcher.py")), *request["argv"]]
    _fit_pools(request["env"])


def _fit_pools(env: Mapping[str, str]) -> None:
    """Give native pools their size; the variables were read in the server, where it was one."""
    wanted = next((env[name] for name in POOLS if env.get(name, "").isdecimal()), "")
    threads = int(wanted) if wanted else len(os.sched_getaffinity(0))
    if threads > 1 and ("numpy" in sys.modules or "sklearn" in sys.modules):
        with suppress(ImportError):
            from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

            threadpool_limits(threads)


def _forget_randomness() -> None:
    """No two kernels draw the same; the `random` module sees to itself."""
    if "numpy.random" in sys.modules:
        import numpy as np

        np.random.seed()


def _run(argv: list[str], template: Any) -> None:
    from ipykernel.kernelapp import IPKernelApp

    app: Any = IPKernelApp.instance(parent_handle=1)
    if template:
        app.user_ns = template.namespace  # the very one that functions of the template see
    _leave_owners_streams()
    app.initialize(argv)
    os.close(_owners.pop())  # no cell may write there either
    if template:
        app.shell.execution_count = template.count
    if "matplotlib" in sys.modules:
        # The backend was imported before there was a shell that it could have hooked into.
        from matplotlib_inline import backend_inline

        backend_inline._enable_matplotlib_integration()  # type: ignore[no-untyped-call]
    app.start()
    # ipykernel closes its output thread first; what the control thread says last goes through it.
    app.control_thread.stop()
    app.control_thread.join()


def _end(code: object) -> NoReturn:
    """Leave as an interpreter leaves, without the slow taking-apart of its modules."""
    with suppress(BaseException):
        threading._shutdown()  # type: ignore[attr-defined]
    with suppress(BaseException):
        atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(BaseException):
            stream.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)
