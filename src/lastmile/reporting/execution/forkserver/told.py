"""What a process below writes to its standard error: passed on, but nothing in it has effect.

A kernel repeats there what the cells write, with all that this may hold, and it is in their outputs
already. So it is passed on until the kernel answers: before, it says why it cannot.
"""

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from lastmile.visible import visible

_LONGEST = 8192
_KEPT = "\n\t"


class Told:
    """Passes on what is written to it, a line at a time, until it is told that this is enough."""

    def __init__(self) -> None:
        self.ended = False

    @contextmanager
    def writer(self) -> Iterator[int]:
        """The end of a pipe for the process; a thread reads the other one to its end."""
        reader, written = os.pipe()
        threading.Thread(target=self._read, args=(reader,), daemon=True).start()
        try:
            yield written
        finally:
            os.close(written)

    def _read(self, reader: int) -> None:
        with open(reader, encoding="utf-8", errors="replace", newline="\n") as lines:
            while line := lines.readline(_LONGEST):
                if not self.ended and sys.stderr:
                    with contextlib.suppress(OSError, ValueError):
                        sys.stderr.write(f"  {visible(line, keep=_KEPT)}")
