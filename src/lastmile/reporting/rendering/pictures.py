"""Pictures from a notebook: which kind they are, and how large.

The sizes come from the files' own headers: PNG (IHDR, pHYs), JPEG (start of frame), GIF and WebP
(the canvas), SVG (width, height, viewBox).
"""

import base64
import binascii
import re
import struct

from lastmile.reporting.rendering.blocks import PictureKind

KINDS: dict[str, PictureKind] = {
    "image/svg+xml": "svg",
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/gif": "gif",
    "image/webp": "webp",
}
MOST_PIXELS = 80_000_000
"""More than any screen or printer shows; a small file can claim far more, to fill the memory."""

MIME_OF: dict[PictureKind, str] = {kind: mime for mime, kind in KINDS.items()}

_UNITS = {"": 1.0, "px": 1.0, "pt": 96 / 72, "in": 96.0, "cm": 96 / 2.54, "mm": 96 / 25.4,
          "pc": 16.0, "em": 16.0, "ex": 8.0}  # fmt: skip
_LENGTH = re.compile(r"\s*([0-9]*\.?[0-9]+(?:e[+-]?\d+)?)\s*([a-z%]*)\s*$", re.IGNORECASE)
_JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


def decode(mime: str, payload: str) -> bytes | None:
    """The bytes of a notebook's picture: SVG is text, every other kind base64."""
    if mime == "image/svg+xml":
        return payload.encode("utf-8", "replace")
    try:
        return base64.b64decode(re.sub(r"\s+", "", payload), validate=True)
    except (binascii.Error, ValueError):
        return None


def size_of(kind: PictureKind, data: bytes) -> tuple[float, float] | None:
    """Width and height in CSS pixels, or None where `data` is no such picture, or a vast one."""
    try:
        size = _READERS[kind](data)
    except (struct.error, IndexError, ValueError, OverflowError):
        return None
    if size is None or not all(0 < side < 100_000 for side in size):
        return None
    if kind != "svg" and size[0] * size[1] > MOST_PIXELS:
        return None
    return size


def _png(data: bytes) -> tuple[float, float] | None:
    if data[:8] != b"\x89PNG\r\n\x1a\n" or data[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", data[16:24])
    return float(width), float(height)


def _jpeg(data: bytes) -> tuple[float, float] | None:
    if data[:2] != b"\xff\xd8":
        return None
    position = 2
    while position + 9 < len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack(">HH", data[position + 5 : position + 9])
            return float(width), float(height)
        position += 2 + struct.unpack(">H", data[position + 2 : position + 4])[0]
    return None


def _gif(data: bytes) -> tuple[float, float] | None:
    if data[:6] not in (b"GIF87a", b"GIF89a"):
        return None
    width, height = struct.unpack("<HH", data[6:10])
    return float(width), float(height)


def _webp(data: bytes) -> tuple[float, float] | None:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or len(data) < 30:
        return None
    if data[12:16] == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        return float(width), float(int.from_bytes(data[27:30], "little") + 1)
    if data[12:16] == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return float((bits & 0x3FFF) + 1), float(((bits >> 14) & 0x3FFF) + 1)
    width, height = struct.unpack("<HH", data[26:30])
    return float(width & 0x3FFF), float(height & 0x3FFF)


def _svg(data: bytes) -> tuple[float, float] | None:
    start = re.search(rb"<svg\b[^>]*>", data[:20_000])
    if not start:
        return None
    tag = start[0].decode("utf-8", "replace")
    box = re.search(r"\bviewBox\s*=\s*[\"']([^\"']*)", tag)
    numbers = [float(part) for part in re.split(r"[\s,]+", box[1].strip())] if box else []
    view = (numbers[2], numbers[3]) if len(numbers) == 4 else None
    width, height = _length(tag, "width"), _length(tag, "height")
    if width and height:
        return width, height
    if view is None:
        return 300.0, 150.0
    if width:
        return width, width * view[1] / view[0]
    return view


def _length(tag: str, name: str) -> float | None:
    found = re.search(rf"\s{name}\s*=\s*[\"']([^\"']*)", tag)
    match = _LENGTH.match(found[1]) if found else None
    if not match or match[2].lower() not in _UNITS:
        return None
    return float(match[1]) * _UNITS[match[2].lower()]


_READERS = {"svg": _svg, "png": _png, "jpeg": _jpeg, "gif": _gif, "webp": _webp}
