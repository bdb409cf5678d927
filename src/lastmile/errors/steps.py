"""What was being done when an error came that nobody foresaw: a trail of notes on the error."""

from collections.abc import Iterator
from contextlib import contextmanager

_MARK = "lastmile: "


@contextmanager
def naming(step: str) -> Iterator[None]:
    """Let an error of the block say what was being done: `in cell 3`, `while it was saved`."""
    try:
        yield
    except Exception as error:
        error.add_note(f"{_MARK}{step}")
        raise


def steps_of(error: BaseException) -> str:
    """The steps that an error has come through, the innermost first; empty where none is named."""
    notes = getattr(error, "__notes__", ())
    return ", ".join(note.removeprefix(_MARK) for note in notes if note.startswith(_MARK))
