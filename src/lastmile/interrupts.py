"""Interrupts that are let in a little later, where one would leave something half made."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGALRM")
_HELD = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]


@contextmanager
def held_back() -> Iterator[None]:
    """Let no interrupt into the block; the first that comes meanwhile comes again at its end.

    A process that is started in the block has them held back until it calls `let_in`.
    """
    if threading.current_thread() is not threading.main_thread():  # no interrupt is raised here
        yield
        return
    came: list[int] = []
    heard = [number for number in _HELD if callable(signal.getsignal(number))]
    before = [signal.signal(number, lambda number, _frame: came.append(number)) for number in heard]
    _mask("SIG_BLOCK")
    try:
        yield
    finally:
        for number, handler in zip(heard, before, strict=True):
            signal.signal(number, handler)
        let_in()
        if came:
            signal.raise_signal(came[0])


def let_in() -> None:
    """Let in what was held back when this process was started."""
    _mask("SIG_UNBLOCK")


def _mask(how: str) -> None:
    """For this thread and the processes that it starts; another thread may still be signalled."""
    if hasattr(signal, "pthread_sigmask"):  # not on Windows
        signal.pthread_sigmask(getattr(signal, how), _HELD)
