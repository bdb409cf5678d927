"""Figures, pixel by pixel. SVG is drawn by Typst's compiler, everything else read by Pillow.

The bytes of two figures may differ though they look the same (matplotlib writes dates and random
names into SVG), so only pixels count. Both libraries come with the extra `reports`.
"""

import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lastmile.reporting.comparison.changes import FigureChange, Status
from lastmile.reporting.rendering.blocks import Figure

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_PIXELS = 16_000_000
UNSEEN = 3
"""A pixel differs if one of its channels does by more than this, of 255: what rounding does to a
line when it is drawn, and what nobody sees, is less."""

_SVG_SCALE = 1.5  # pixels for each CSS pixel
_GONE, _NEW = (0, 114, 178), (213, 94, 0)  # blue and vermilion: told apart by all eyes


def figure_change(place: str, before: Figure | None, after: Figure | None) -> FigureChange:
    """The change of a figure."""
    if before is None or after is None:
        status: Status = "added" if before is None else "removed"
        return FigureChange(place=place, status=status, before=before, after=after)
    if before.data == after.data:
        return FigureChange(place=place, status="equal", before=before, after=after, share=0.0)
    drawn = _drawn(before), _drawn(after)
    if drawn[0] is None or drawn[1] is None:
        remark = "the files differ; they could not be drawn to compare their pixels"
        return FigureChange(
            place=place, status="changed", before=before, after=after, remark=remark
        )
    share, picture = _difference(drawn[0], drawn[1])
    sizes = " and ".join(f"{image.width} × {image.height}" for image in drawn if image)
    resized = drawn[0].size != drawn[1].size
    return FigureChange(
        place=place,
        status="changed" if share or resized else "equal",
        before=before,
        after=after,
        share=share,
        picture=picture,
        remark=f"the sizes differ: {sizes} pixels" if resized else "",
    )


def _drawn(figure: Figure) -> "Image | None":
    """The figure on white paper, or None where it cannot be drawn, or would be vast."""
    from PIL import Image, UnidentifiedImageError

    try:
        data = _rasterised(figure) if figure.kind == "svg" else figure.data
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > MOST_PIXELS:
                return None
            seen = image.convert("RGBA")
    except (UnidentifiedImageError, Image.DecompressionBombError, RuntimeError):
        return None  # TypstError is a RuntimeError
    except (OSError, ValueError, SyntaxError):
        return None  # what Pillow raises for damaged files
    paper = Image.new("RGBA", seen.size, "white")
    paper.alpha_composite(seen)
    return paper.convert("RGB")


def _rasterised(figure: Figure) -> bytes:
    import typst

    width, height = figure.size
    if width * height * _SVG_SCALE**2 > MOST_PIXELS:
        raise ValueError("too large")
    with tempfile.TemporaryDirectory(prefix="lastmile-figure-") as folder:
        Path(folder, "figure.svg").write_bytes(figure.data)
        main = Path(folder, "main.typ")
        main.write_text(
            f"#set page(width: {width * 0.75:.3f}pt, height: {height * 0.75:.3f}pt, margin: 0pt)\n"
            '#image("figure.svg", width: 100%, height: 100%, fit: "stretch")\n',
            encoding="utf-8",
        )
        drawn: Any = typst.compile(
            str(main),
            root=folder,
            package_path=folder,
            package_cache_path=folder,
            ignore_system_fonts=True,
            format="png",
            ppi=96 * _SVG_SCALE,
        )
    return bytes(drawn)


def _difference(before: "Image", after: "Image") -> tuple[float, bytes]:
    """The share of pixels that differ, and a picture of them over the pale figure."""
    import numpy as np
    from PIL import Image

    size = max(before.width, after.width), max(before.height, after.height)
    old, new = (np.asarray(_on_paper(image, size)) for image in (before, after))
    differs = (np.maximum(old, new) - np.minimum(old, new)).max(axis=2) > UNSEEN
    if not differs.any():
        return 0.0, b""
    grey_old, grey_new = (np.asarray(_on_paper(i, size).convert("L")) for i in (before, after))
    index = grey_new // 4
    index[differs] = np.where(grey_old < grey_new, 64, 65)[differs]
    image = Image.fromarray(index)
    image.putpalette([*(level for grey in range(192, 256) for level in [grey] * 3), *_GONE, *_NEW])
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return float(differs.mean()), file.getvalue()


def _on_paper(image: "Image", size: tuple[int, int]) -> "Image":
    from PIL import Image

    if image.size == size:
        return image
    paper = Image.new("RGB", size, "white")
    paper.paste(image)
    return paper
