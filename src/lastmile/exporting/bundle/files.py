"""A bundle's folder that somebody sent: read without trusting it.

Nothing is opened before the manifest is understood, every file is where the manifest says and has
its SHA-256, no other file is there, and no path or link leads out of the folder.
"""

import json
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from lastmile.errors import BundleBroken
from lastmile.exporting.bundle.manifest import FORMAT, GOLDEN, MANIFEST, SIGNATURE, Manifest
from lastmile.exporting.bundle.write import hash_files

_M = TypeVar("_M", bound=BaseModel)


def read_manifest(folder: Path) -> Manifest:
    """The manifest, once every file of the bundle is what it says.

    Raises:
        BundleBroken: it is not.
    """
    if not folder.is_dir():
        raise BundleBroken(str(folder), "there is no such folder", fix="name a bundle's folder")
    if not (folder / MANIFEST).is_file():
        raise BundleBroken(str(folder), f"it has no {MANIFEST}", fix="name a bundle's folder")
    _demand_no_links(folder)
    data = read_json(folder, MANIFEST)
    if data.get("format") != FORMAT:
        raise BundleBroken(
            str(folder),
            f"its manifest has format {data.get('format')!r}, this lastmile reads {FORMAT}",
            fix="use a newer lastmile, or export it again",
        )
    manifest = validate(folder, Manifest, data, MANIFEST)
    _demand_inside(folder, manifest)
    _demand_same_files(folder, manifest)
    return manifest


def read_json(folder: Path, name: str) -> dict[str, Any]:
    """A JSON object from the bundle.

    Raises:
        BundleBroken: the file is no strict JSON, or no object.
    """

    def refuse(word: str) -> NoReturn:
        raise ValueError(f"{word} is not JSON")

    try:
        text = (folder / name).read_text(encoding="utf-8")
        data = json.loads(text, parse_constant=refuse)
    except (OSError, ValueError, RecursionError) as error:
        raise BundleBroken(str(folder), f"{name} cannot be read: {error}") from error
    if not isinstance(data, dict):
        raise BundleBroken(str(folder), f"{name} holds no object")
    return data


def validate(folder: Path, model: type[_M], data: dict[str, Any], name: str) -> _M:
    """`data` as a value of `model`.

    Raises:
        BundleBroken: it is not one.
    """
    try:
        return model.model_validate(data)
    except (ValidationError, RecursionError) as error:
        reason = str(error)
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            reason = f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
        raise BundleBroken(str(folder), f"{name}, {reason}") from error


def _demand_no_links(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise BundleBroken(
                str(folder), f"{path.relative_to(folder)} is a link or a device, not a file"
            )


def _demand_inside(folder: Path, manifest: Manifest) -> None:
    """Every path of the manifest is a plain relative one, and the parts of a bundle are there."""
    models = [name for name in (manifest.android, manifest.ort, manifest.ios) if name]
    named = [*manifest.files, *models]
    for name in named:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or str(path) != name:
            raise BundleBroken(str(folder), f"its manifest names {name!r}, which leaves the folder")
    files = set(manifest.files)
    for name in (SIGNATURE, GOLDEN, manifest.android, *([manifest.ort] if manifest.ort else [])):
        if name not in files:
            raise BundleBroken(str(folder), f"its manifest does not list {name}")
    if manifest.ios and not any(name.startswith(f"{manifest.ios}/") for name in files):
        raise BundleBroken(str(folder), f"its manifest does not list {manifest.ios}")


def _demand_same_files(folder: Path, manifest: Manifest) -> None:
    try:
        found = hash_files(folder)
    except OSError as error:
        raise BundleBroken(str(folder), f"a file cannot be read: {error}") from error
    found.pop(MANIFEST, None)
    faults = [f"{name} is missing" for name in manifest.files if name not in found]
    faults += [f"{name} does not belong to it" for name in found if name not in manifest.files]
    faults += [
        f"{name} was changed"
        for name, entry in manifest.files.items()
        if name in found and found[name] != entry
    ]
    if faults:
        more = f"; and {len(faults) - 5} more" if len(faults) > 5 else ""
        raise BundleBroken(str(folder), "; ".join(faults[:5]) + more)
