"""Folders and stores: the pages of a run where others pick them up.

`TARGET/REPORT/KEY/` gets the pages; `run.json` comes last, so that whoever finds it finds all. A
folder on a disk appears whole or not at all. Doing it again gives the same files.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lastmile.atomic import publish_folder
from lastmile.delivery.outbox import Answer, Later, Sent
from lastmile.delivery.subjects import one_line
from lastmile.errors import NotWritable
from lastmile.values import Run

RECORD = "run.json"


def files_of(run: Run) -> Sequence[str]:
    """The files of a run that are for its readers, the record last."""
    pages = [name for name in run.files if name != RECORD and Path(name).suffix != ".ipynb"]
    return [*pages, RECORD]


def to_folder(run: Run, folder: Path) -> Answer:
    """Copy the pages of a run to `folder/REPORT/KEY`."""
    assert run.folder
    target = folder / run.report / run.key
    try:
        with publish_folder(target) as part:
            for name in files_of(run):
                shutil.copyfile(run.folder / name, part / name)
    except NotWritable as error:
        return Later(error.what)
    return Sent(str(target))


def to_store(run: Run, address: str, options: Mapping[str, Any]) -> Answer:
    """Put the pages of a run under an address of fsspec.

    Raises:
        ModuleNotFoundError: fsspec, or its part for this protocol, is not installed.
    """
    import fsspec

    assert run.folder
    try:
        system, path = fsspec.core.url_to_fs(address, **options)
        target = f"{path.rstrip('/')}/{run.report}/{run.key}"
        system.makedirs(target, exist_ok=True)
        for name in files_of(run):
            system.pipe_file(f"{target}/{name}", (run.folder / name).read_bytes())
    except ImportError as error:
        raise ModuleNotFoundError(str(error), name=getattr(error, "name", None)) from error
    except Exception as error:
        return Later(one_line(f"{type(error).__name__}: {error}"))
    return Sent(f"{address.rstrip('/')}/{run.report}/{run.key}")
