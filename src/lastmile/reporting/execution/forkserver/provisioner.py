"""jupyter_client's side: a provisioner that forks kernels, and a manager without fixed waits.

As `lastmile-forkserver` any program that uses jupyter_client can be told to use the provisioner:
`JUPYTER_DEFAULT_PROVISIONER_NAME=lastmile-forkserver`. A kernel that cannot be forked is started
as jupyter_client itself would start it.
"""

import asyncio
import contextlib
import inspect
import logging
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_core.utils import run_sync

from lastmile.interrupts import held_back
from lastmile.reporting.execution.forkserver.environment import why_fresh
from lastmile.reporting.execution.forkserver.server import CannotFork, current, wanted_shared
from lastmile.reporting.execution.forkserver.told import Told
from lastmile.reporting.execution.prefix import Shared

_LOG = logging.getLogger(__name__)
_EVERY = 0.004
_BINDING = 5.0


class ForkServerProvisioner(LocalProvisioner):
    """Forks a kernel from the server of this process; starts a fresh one where that cannot be.

    `why_fresh` says why this kernel was not forked. `begins` are the cells that a server may have
    run for it, by place; `shared` is what came of that.
    """

    why_fresh = ""
    begins: Mapping[int, str] = MappingProxyType({})
    shared: Shared | None = None
    process: Any = None  # a Popen, or what answers like one

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.told = Told()

    async def launch_kernel(self, cmd: list[str], **options: Any) -> Any:
        """Be the one who has the kernel; the connection is as asked for."""
        asked = self._scrub_kwargs(options)
        try:
            self._fork(cmd, asked)
        except CannotFork as reason:
            self.why_fresh = str(reason)
            told = wanted_shared()
            self.shared = told and Shared(cells={}, refused=told.refused or self.why_fresh)
            _LOG.info("an ordinary kernel: %s", reason)
            with self.told.writer() as written:
                own = {"stdout": subprocess.DEVNULL, "stderr": written}
                return await super().launch_kernel(cmd, **{**own, **options})
        return self.connection_info

    def _fork(self, cmd: list[str], asked: dict[str, Any]) -> None:
        server = current()
        if server is None:
            raise CannotFork("there is no fork server")
        if reason := why_fresh(cmd, asked):
            raise CannotFork(reason)
        self.shared = server.shared
        if self.shared and not self.shared.refused:
            behind = {at: cell.source for at, cell in self.shared.cells.items()}
            if behind != dict(self.begins):
                raise CannotFork("the notebook begins otherwise than the one that is shared")
        self.cwd = Path(asked.get("cwd") or Path.cwd())
        arguments = cmd[cmd.index("ipykernel_launcher") + 1 :]
        self.process = server.fork(arguments, cwd=self.cwd, env=asked["env"])
        self.pid = self.pgid = self.process.pid  # it leads a group of its own

    async def wait(self) -> Any:
        """The exit code, as soon as the process has ended."""
        if not self.process:
            return 0
        while self.process.poll() is None:
            await asyncio.sleep(_EVERY)
        return await super().wait()


class PromptClient(AsyncKernelClient):
    """A client that is ready when the kernel has answered on both channels.

    jupyter_client then waits until nothing more arrives for 0.2 s; messages that belong to no cell
    are passed over by who reads them anyway.
    """

    def start_channels(self, *channels: bool, **named: bool) -> None:
        """Open the sockets; an interrupt has to wait.

        One amid them would leave a socket that no list has, and the end of its context would wait
        for that socket for ever.
        """
        with held_back():
            super().start_channels(*channels, **named)

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Return when the kernel answers.

        Raises:
            RuntimeError: it died, or did not answer in `timeout` seconds.
        """
        from queue import Empty

        until = time.monotonic() + (timeout or float("inf"))
        while time.monotonic() < until:
            self.kernel_info()
            with contextlib.suppress(Empty):
                reply = await self.shell_channel.get_msg(timeout=1)
                if reply["msg_type"] == "kernel_info_reply":
                    await self.iopub_channel.get_msg(timeout=0.2)
                    self._handle_kernel_info_reply(reply)
                    return
            if not await self._async_is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
        raise RuntimeError(f"Kernel didn't respond in {timeout:.0f} seconds")


class PromptManager(AsyncKernelManager):
    """Starts and ends a kernel as soon as it can be done; polls in milliseconds."""

    def __init__(self, **traits: Any) -> None:
        name = f"{PromptClient.__module__}.{PromptClient.__qualname__}"
        super().__init__(client_class=name, **traits)

    async def _wait_until_bound(self) -> None:
        """Return when the kernel's sockets are there to connect to, or after some seconds anyway.

        A client that comes too early is only tried again after a tenth of a second.
        """
        until = time.monotonic() + _BINDING
        last = Path(f"{self.ip}-{self.hb_port}")
        while self.transport == "ipc" and not last.exists() and time.monotonic() < until:
            if not await self._async_is_alive():
                return
            await asyncio.sleep(_EVERY)

    wait_until_bound = run_sync(_wait_until_bound)

    # jupyter_client sleeps for 10 ms at the end of both, so that its tests can see what is pending.
    start_kernel = inspect.unwrap(AsyncKernelManager._async_start_kernel)
    shutdown_kernel = inspect.unwrap(AsyncKernelManager._async_shutdown_kernel)

    async def _async_interrupt_kernel(self) -> None:
        # At its end a kernel is idle, or killed already; an interrupt that arrives just when a
        # cell has ended makes ipykernel close down twice at once, and wait for itself.
        if not self.shutting_down:
            await super()._async_interrupt_kernel()

    async def _async_wait(self, pollinterval: float = 0.1) -> None:
        while await self._async_is_alive():
            await asyncio.sleep(min(pollinterval, _EVERY))
