"""Core ML files: a folder with a manifest, or a single message. Both are untrusted input."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from lastmile.errors import PackageBroken
from lastmile.exporting.coreml.schema import IOS, messages

MODEL = "model.mlmodel"
WEIGHTS = "weights"
LARGEST = 2**32
_ZIPPED = b"PK\x03\x04"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A `Model` message and the content of its weight files by file name."""

    model: Any
    weights: Mapping[str, bytes]


def read_parts(path: Path) -> Parts:
    """Read a `.mlpackage` folder or a `.mlmodel` file.

    Raises:
        PackageBroken: it is missing, damaged, or points out of its folder.
    """
    try:
        if path.is_dir():
            return _read_folder(path)
        if not path.is_file() and path.exists():
            raise PackageBroken(path.name, "it is neither a file nor a folder")
        return Parts(model=parse(_content(path), shown=path.name), weights={})
    except OSError as error:
        raise PackageBroken(path.name, error.strerror or str(error)) from error


def _content(file: Path) -> bytes:
    """The bytes of a file, which must not be larger than any model can be."""
    if file.stat().st_size > LARGEST:
        raise PackageBroken(file.name, "it is larger than 4 GB", fix="use a smaller model")
    return file.read_bytes()


def parse(content: bytes, *, shown: str) -> Any:
    """A `Model` message from its bytes.

    Raises:
        PackageBroken: they are not one, or it is newer than this program knows.
    """
    if content[:4] == _ZIPPED:
        raise PackageBroken(shown, "it is a zip archive", fix="unpack it first")
    decode_error = import_module("google.protobuf.message").DecodeError
    model = messages("Model").Model()
    try:
        model.ParseFromString(content)
    except (decode_error, ValueError) as error:  # a text that is not UTF-8 is a ValueError
        raise PackageBroken(shown, "it is not a Core ML model") from error
    if model.specificationVersion not in IOS:
        raise PackageBroken(
            shown, f"its specification version is {model.specificationVersion}",
            fix="use a version of lastmile that knows this one",
        )  # fmt: skip
    return model


def _read_folder(folder: Path) -> Parts:
    entries, root = _manifest(folder)
    weights: dict[str, bytes] = {}
    for key, entry in entries.items():
        place = _inside(folder, entry)
        if key == root:
            model = parse(_content(place), shown=folder.name)
        elif place.is_dir():
            weights.update({one.name: _plain(folder, one) for one in sorted(place.iterdir())})
    if root not in entries:
        raise PackageBroken(folder.name, "its manifest names no model")
    return Parts(model=model, weights=weights)


def _manifest(folder: Path) -> tuple[dict[str, Any], str]:
    file = folder / "Manifest.json"
    if not file.is_file():
        raise PackageBroken(
            folder.name,
            "it has no Manifest.json",
            fix="name a .mlpackage folder or a .mlmodel file",
        )
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
        entries, root = manifest["itemInfoEntries"], manifest["rootModelIdentifier"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise PackageBroken(folder.name, "its manifest cannot be read") from error
    if not isinstance(entries, dict) or not isinstance(root, str):
        raise PackageBroken(folder.name, "its manifest cannot be read")
    return entries, root


def _inside(folder: Path, entry: Any) -> Path:
    path = entry.get("path") if isinstance(entry, dict) else None
    if not isinstance(path, str) or "\0" in path:
        raise PackageBroken(folder.name, "its manifest names an item without a path")
    data = (folder / "Data").resolve()
    place = (data / path).resolve()
    if not place.is_relative_to(data):
        raise PackageBroken(folder.name, f"its manifest points out of the package: {path}")
    return place


def _plain(folder: Path, file: Path) -> bytes:
    if file.is_symlink() or not file.is_file():
        raise PackageBroken(folder.name, f"{file.name} is not a file")
    return _content(file)
