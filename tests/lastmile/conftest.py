"""Published runs without a kernel, made by hand; stores on both databases."""

import copy
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from lastmile.reporting.publication import make_latest, publish
from lastmile.store import RunLog
from lastmile.values import Run, State

FIRST = datetime(2026, 1, 1, 6, tzinfo=UTC)


def executed(*cells) -> nbformat.NotebookNode:
    """A notebook of texts (Markdown) and pairs of a source and its outputs."""
    made = [
        new_markdown_cell(cell)
        if isinstance(cell, str)
        else new_code_cell(cell[0], outputs=copy.deepcopy(list(cell[1])))
        for cell in cells
    ]
    return new_notebook(cells=made)


@pytest.fixture(name="executed")
def _executed() -> Callable[..., nbformat.NotebookNode]:
    return executed


@pytest.fixture
def publish_run(tmp_path: Path) -> Callable[..., Run]:
    """Publish a run of the report `plain` and put it into the log of the workspace `tmp_path`."""

    def make(
        cells: Sequence = (),
        *,
        days: float = 0,
        state: State = State.SUCCEEDED,
        report: str = "plain",
        provenance: dict | None = None,
        logged: bool = True,
        **more,
    ) -> Run:
        started = FIRST + timedelta(days=days)
        run = Run(
            key=f"{started:%Y%m%d-%H%M%S}-{report[:4]}",
            report=report,
            state=state,
            started=started,
            ended=started + timedelta(seconds=3),
            **{"parameters": {}, **more},
        )
        pages = {
            "index.html": b"<p>page</p>",
            "notebook.ipynb": nbformat.writes(executed(*cells)).encode(),
            "source/definition.toml": b"",
        }
        run = publish(tmp_path / "reports/_built", run, pages, provenance or {})
        if logged:
            with RunLog(f"sqlite:///{tmp_path}/.lastmile/store.db") as log:
                log.begin(run)
                log.end(run)
        make_latest(run)
        return run

    return make


BOTH = ["sqlite", "postgres"]


@pytest.fixture(params=BOTH)
def empty_url(request, tmp_path) -> str:
    """The address of a store without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state/store.db"
    return request.getfixturevalue("postgres").database()


@pytest.fixture(params=BOTH)
def url(request, tmp_path) -> str:
    """The address of a new store with the newest tables: a copy, since migrating takes a while."""
    made = request.getfixturevalue(f"{request.param}_template")
    if request.param == "postgres":
        return request.getfixturevalue("postgres").database(template=made)
    (tmp_path / "state").mkdir()
    shutil.copy(made, tmp_path / "state/store.db")
    return f"sqlite:///{tmp_path}/state/store.db"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    path = tmp_path_factory.mktemp("store") / "template.db"
    RunLog(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres):
    url = postgres.database()
    RunLog(url).close()
    return url.split("@/")[1].split("?")[0]
