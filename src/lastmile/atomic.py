"""Files and folders that readers see whole or not at all.

A folder is filled beside its place under a hidden name, then renamed into it in one step. A crash
leaves at most hidden entries: the next call of :func:`publish_folder` in the same parent clears
away those that are older than an hour. Where the crash came between the two renames of a
replacement, the next call for the same place brings back what stood there.
"""

import glob
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from lastmile.errors import NotWritable

_MARK = ".part-"
_OLD = ".old"
_ABANDONED_SECONDS = 3600  # a younger one may belong to another process that is at work


@contextmanager
def publish_folder(target: Path) -> Iterator[Path]:
    """Yield an empty folder; when the block ends well it stands at `target`, else nothing does.

    An existing `target` is replaced whole: between the two renames a reader may for a moment find
    nothing, never a mixture.

    Raises:
        NotWritable: the disk is full, or the place may not be written.
    """
    part = target.with_name(f".{target.name}{_MARK}{uuid4().hex[:8]}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target)
        part.mkdir()
        yield part
        _swap(part, target)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise NotWritable(str(target), error.strerror or str(error)) from error
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def remove_folder(target: Path) -> None:
    """Take a folder away in one step, then what is in it.

    Raises:
        NotWritable: it is still there.
    """
    part = target.with_name(f".{target.name}{_MARK}{uuid4().hex[:8]}")
    try:
        target.rename(part)
    except FileNotFoundError:
        return
    except OSError as error:
        raise NotWritable(str(target), error.strerror or str(error)) from error
    shutil.rmtree(part, ignore_errors=True)


def clear_parts(target: Path) -> None:
    """Remove what calls for `target` left behind that did not come to their end."""
    for leftover in target.parent.glob(f".{glob.escape(target.name)}{_MARK}*"):
        _remove(leftover)


def _sweep(target: Path) -> None:
    old = target.with_name(f".{target.name}{_OLD}")
    if old.exists() and not target.exists():
        old.rename(target)
    for leftover in target.parent.glob(f".*{_MARK}*"):
        with suppress(OSError):
            if time.time() - leftover.lstat().st_mtime > _ABANDONED_SECONDS:
                _remove(leftover)


def _remove(leftover: Path) -> None:
    if leftover.is_dir() and not leftover.is_symlink():
        shutil.rmtree(leftover, ignore_errors=True)
        return
    with suppress(OSError):
        leftover.unlink()


def _swap(part: Path, target: Path) -> None:
    if not target.exists():
        part.rename(target)
        return
    old = target.with_name(f".{target.name}{_OLD}")
    shutil.rmtree(old, ignore_errors=True)
    target.rename(old)
    part.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def write_text(target: Path, text: str) -> None:
    """Write a file so that a reader sees the old text or the new one.

    Raises:
        NotWritable: the disk is full, or the place may not be written.
    """
    write_bytes(target, text.encode())


def write_bytes(target: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old content or the new one.

    Raises:
        NotWritable: the disk is full, or the place may not be written.
    """
    part = target.with_name(f".{target.name}{_MARK}{uuid4().hex[:8]}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        part.replace(target)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise NotWritable(str(target), error.strerror or str(error)) from error
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def point(link: Path, to: str) -> None:
    """Let the symbolic link `link` point to the sibling `to`, in one step."""
    part = link.with_name(f".{link.name}{_MARK}{uuid4().hex[:8]}")
    try:
        part.symlink_to(to, target_is_directory=True)
        part.replace(link)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise NotWritable(str(link), error.strerror or str(error)) from error
