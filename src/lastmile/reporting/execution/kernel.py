"""A kernel process of its own for one run: started, talked to, and ended with all its children."""

import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lastmile.reporting.execution.prefix import Shared, prefix_cells
from lastmile.reporting.execution.watchdog import kill_tree, process_tree

START_TIMEOUT = 60
"""Seconds that a kernel may take to answer for the first time."""

OUTPUT_TIMEOUT = 120
"""Seconds that outputs may lag behind the end of their cell."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """A running kernel: nbclient's client of it, its process, and the cells behind it already."""

    client: Any
    pid: int
    shared: Shared | None = None

    def how_it_ended(self) -> str:
        """In words how the process ended, as far as that is known."""
        process = getattr(self.client.km.provisioner, "process", None)
        code = process.poll() if process else None
        if code is None:
            return ""
        if code < 0:
            return f", killed by {signal.Signals(-code).name}"
        return f" with exit code {code}"


@contextmanager
def open_kernel(
    notebook: Any,
    name: str,
    *,
    cwd: Path,
    env: Mapping[str, str],
    cell_timeout: float | None,
) -> Iterator[Kernel]:
    """A kernel for the block; afterwards neither it nor any process below it is left.

    It is forked where this process has a fork server that can, and a fresh process elsewhere.

    Raises:
        NoSuchKernel, RuntimeError, OSError: it did not start.
    """
    from nbclient import NotebookClient

    from lastmile.reporting.execution.forkserver.provisioner import (
        ForkServerProvisioner,
        PromptManager,
    )

    with tempfile.TemporaryDirectory(prefix="lm-") as folder:
        # A socket file cannot be taken by another process, as a port can (papermill#511).
        transport = {"transport": "ipc", "ip": f"{folder}/k"} if sys.platform != "win32" else {}
        # The connection goes with its sockets: a forked kernel looks there whether it is awaited.
        connection = f"{folder}/kernel.json"
        manager: Any = PromptManager(kernel_name=name, connection_file=connection, **transport)
        manager.provisioner = ForkServerProvisioner(
            kernel_id=Path(folder).name, kernel_spec=manager.kernel_spec, parent=manager
        )
        client = NotebookClient(
            notebook,
            km=manager,
            timeout=cell_timeout,
            startup_timeout=START_TIMEOUT,
            iopub_timeout=OUTPUT_TIMEOUT,
            raise_on_iopub_timeout=True,
            coalesce_streams=False,
            extra_arguments=["--HistoryManager.enabled=False"] if name.startswith("python") else [],
        )
        manager.provisioner.begins = prefix_cells(notebook)
        client.start_new_kernel(cwd=str(cwd), env={**os.environ, **env})
        kernel = Kernel(client, manager.provisioner.pid, manager.provisioner.shared)
        try:
            manager.wait_until_bound()
            client.start_new_kernel_client()
            manager.provisioner.told.ended = True
            yield kernel
        finally:
            # Children of a kernel that has ended have another parent and could not be found.
            below = process_tree(kernel.pid)
            with contextlib.suppress(Exception):
                client._cleanup_kernel()
            kill_tree(kernel.pid, below)
