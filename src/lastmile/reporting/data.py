"""The data files that a report declares, told apart by what is in them."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypedDict

from lastmile.errors import BadDefinition, DataMissing, raise_faults


class Fingerprint(TypedDict):
    """Size and SHA-256 of a file."""

    bytes: int
    sha256: str


def fingerprints(patterns: Sequence[str], root: Path, *, where: str) -> Mapping[str, Fingerprint]:
    """What the files that `patterns` name hold now, by their paths below `root`.

    A file is read again when its size, its time or its number on the disk has changed.

    Raises:
        DataMissing: no file matches a pattern.
        BadDefinition: one leads out of `root`.
        Faults: several.
    """
    root = root.resolve()
    found: dict[str, Fingerprint] = {}
    faults: list[BadDefinition | DataMissing] = []
    for pattern in patterns:
        if Path(pattern).is_absolute() or ".." in Path(pattern).parts or not pattern.strip():
            faults.append(BadDefinition(f"`data` is {pattern!r}: it leads out", where=where))
            continue
        files = sorted(path for path in root.glob(pattern) if path.is_file())
        outside = [path for path in files if not path.resolve().is_relative_to(root)]
        if outside:
            shown = outside[0].relative_to(root)
            faults.append(BadDefinition(f"{shown} leads out of the workspace", where=where))
        elif not files:
            faults.append(DataMissing(pattern, where=where))
        else:
            found.update((path.relative_to(root).as_posix(), fingerprint(path)) for path in files)
    raise_faults(faults)
    return found


def fingerprint(path: Path) -> Fingerprint:
    """What a file holds now."""
    stat = path.stat()
    seen = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    return {"bytes": stat.st_size, "sha256": _digest(path, seen)}


@lru_cache(maxsize=4096)
def _digest(path: Path, _seen: tuple[int, ...]) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
