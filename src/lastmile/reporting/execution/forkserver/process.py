"""A forked kernel as seen by its owner: what `subprocess.Popen` would be, over a lease."""

import contextlib
import os
import signal
import subprocess
import time
import weakref

from lastmile.reporting.execution.forkserver.wire import Channel


class ForkedProcess:
    """A kernel that a fork server holds for us; it is killed when we hang up or end.

    `returncode` is as in `subprocess.Popen`: None while it runs, negative for a signal.
    """

    stdin = stdout = stderr = None

    def __init__(self, pid: int, channel: Channel) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._channel = channel
        _leases.add(channel)

    def poll(self) -> int | None:
        """The exit code if the process has ended, as far as the server has said."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, when the process ends.

        Raises:
            subprocess.TimeoutExpired: it runs on after `timeout` seconds.
        """
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(f"kernel {self.pid}", timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal to the process alone, if it has not ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is not None:
            return self.returncode
        try:
            message = self._channel.receive(timeout)
        except TimeoutError:
            return None
        self._channel.close()
        if message is None:
            # The server is dead, and so is every kernel of it; what these had started is not.
            _kill_group(self.pid)
            self.returncode = -signal.SIGKILL
        else:
            self.returncode = int(message["status"])
        return self.returncode


def _kill_group(group: int) -> None:
    for _ in range(2):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
            time.sleep(0.01)


_leases: "weakref.WeakSet[Channel]" = weakref.WeakSet()


def _let_go() -> None:
    """A forked copy of the owner must not keep the owner's kernels alive."""
    for channel in list(_leases):
        channel.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)
