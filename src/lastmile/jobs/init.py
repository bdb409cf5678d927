"""Make a new workspace from the template."""

import shutil
from pathlib import Path

from lastmile.errors import NotEmpty, NotWritable

TEMPLATE = Path(__file__).parent.parent / "template"
_DOTTED = {"gitignore": ".gitignore"}


def init_workspace(folder: Path) -> list[Path]:
    """Fill an empty or new folder with a small working workspace; return the files made.

    Raises:
        NotEmpty: the folder holds something already; nothing is changed.
        NotWritable: it cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or _holdings(folder)):
        raise NotEmpty(str(folder))
    made = []
    try:
        for source in sorted(TEMPLATE.rglob("*")):
            if source.is_dir() or "__pycache__" in source.parts:
                continue
            inside = source.relative_to(TEMPLATE)
            target = folder / inside.with_name(_DOTTED.get(inside.name, inside.name))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            made.append(target)
    except OSError as error:
        raise NotWritable(str(folder), error.strerror or str(error)) from error
    return made


def _holdings(folder: Path) -> list[Path]:
    """What a folder holds, apart from a fresh repository's own folder."""
    return [path for path in folder.iterdir() if path.name != ".git"]
