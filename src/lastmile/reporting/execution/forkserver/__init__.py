"""Kernels that are forked from a process which has imported already what they need.

In the order of a kernel's life::

    imports        which modules are worth importing once, read from the notebooks
    server         a fork server as its owner holds it: `with ForkServer(modules):`
    environment    what only a fresh process can be asked for
    serving        the server process
    template       the beginning of a notebook, run once in it for all kernels
    child          what a forked process does to be a kernel like any other
    process        a forked kernel as its owner sees it
    provisioner    how jupyter_client gets such a kernel
    wire           how they talk
    told           what they write to their standard error, passed on without effect
"""

from lastmile.reporting.execution.forkserver.imports import imports_of
from lastmile.reporting.execution.forkserver.server import (
    READY_TIMEOUT,
    ForkServer,
    wanted_shared,
)

__all__ = ["READY_TIMEOUT", "ForkServer", "imports_of", "wanted_shared"]
