"""A real Dask cluster on this machine: a scheduler and workers as processes, to be killed."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

_QUIET = ("-W", "ignore")


class DaskCluster:
    """A scheduler and, at first, no worker."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.address = f"dask://127.0.0.1:{self.port}"
        self.workers: dict[str, subprocess.Popen[bytes]] = {}
        self._scheduler = self._start(
            "dask_scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard"
        )
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the scheduler does not answer")

    def _start(self, module: str, *words: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{module}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *_QUIET, "-m", f"distributed.cli.{module}", *words],
                cwd=self.folder, stdout=log, stderr=log, env={**os.environ, "FROM_WORKER": "yes!"},
            )  # fmt: skip

    def add_worker(self, name: str) -> None:
        """Start a worker of one thread, without a nanny: killed, it stays dead."""
        self.workers[name] = self._start(
            "dask_worker", f"tcp://127.0.0.1:{self.port}", "--name", name, "--nthreads", "1",
            "--no-nanny", "--no-dashboard", "--host", "127.0.0.1",
            "--local-directory", str(self.folder / name),
        )  # fmt: skip

    def wait_for_workers(self) -> None:
        """Return when the scheduler knows every worker that was started."""
        from distributed import Client

        with Client(f"tcp://127.0.0.1:{self.port}", set_as_default=False) as client:
            client.wait_for_workers(len(self.workers), timeout=120)

    def kill_worker(self, name: str) -> None:
        """End it as a power cut would."""
        process = self.workers.pop(name)
        process.kill()
        process.wait()

    def close(self) -> None:
        """End everything."""
        for process in (*self.workers.values(), self._scheduler):
            process.kill()
            process.wait()
