"""Interrupts that are let in a little later, where one would leave something half made."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGALRM")
_HELD = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]


@contextmanager
def held_back() -> Iterator[None]:
    """Let no interrupt into the block; one that comes meanwhile is raised at its end.

    A process that is started in the block has them held back until it calls `let_in`.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def let_in() -> None:
    """Let in what was held back when this process was started."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD)
