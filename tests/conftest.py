"""What tests of every part share: workspaces, notebooks, and the command line."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Workers share the cores: threads of OpenMP that wait for each other spin, for seconds a fit.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")


@dataclass(frozen=True)
class Answer:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


@pytest.fixture
def make_notebook() -> Callable[..., Path]:
    """Write a notebook of code cells; the first may be tagged as the parameters cell."""
    import nbformat
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    def make(path: Path, cells: Sequence[str], parameters: str | None = None) -> Path:
        made = [
            new_markdown_cell(source) if source.startswith("#!md ") else new_code_cell(source)
            for source in cells
        ]
        for cell in made:
            cell.source = cell.source.removeprefix("#!md ")
        if parameters is not None:
            made.insert(0, new_code_cell(parameters, metadata={"tags": ["parameters"]}))
        notebook = new_notebook(cells=made)
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)
        return path

    return make


@pytest.fixture
def make_workspace(tmp_path: Path, make_notebook) -> Callable[..., Path]:
    """A workspace with one report `plain` whose notebook has the given cells."""

    def make(
        cells: Sequence[str] = ("x * 2",),
        parameters: str | None = "x: int = 3  # how many",
        report: str = "",
    ) -> Path:
        (tmp_path / "pyproject.toml").write_text("[tool.lastmile]\n")
        for folder in ("reports", "exports", "schedule", "src"):
            (tmp_path / folder).mkdir(exist_ok=True)
        make_notebook(tmp_path / "notebooks/plain.ipynb", cells, parameters)
        head = 'title = "Plain"\nnotebook = "notebooks/plain.ipynb"\n'
        (tmp_path / "reports/plain.toml").write_text(head + report)
        return tmp_path

    return make


@pytest.fixture
def lastmile(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Answer]]:
    """Call the command line in this process, inside a folder."""
    from lastmile.cli.main import main

    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    here = Path.cwd()

    def call(*arguments: str | Path, cwd: Path) -> Answer:
        os.chdir(cwd)
        with pytest.raises(SystemExit) as exit_:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        code = exit_.value.code
        return Answer(code if isinstance(code, int) else 1, captured.out, captured.err)

    yield call
    os.chdir(here)
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.fixture
def start_lastmile() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the command line as a process of its own; it is ended with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(
        *arguments: str, cwd: Path, env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "lastmile", *arguments],
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium, or a skip that says why there is none."""
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        if os.environ.get("LASTMILE_REQUIRE_ALL") == "1":
            pytest.fail("no Chromium found, and LASTMILE_REQUIRE_ALL=1")
        pytest.skip(f"no Chromium found: none of {', '.join(names)} is on the PATH")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as session:
        chromium = session.chromium.launch(executable_path=found, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL of our own for the session, or a skip that says why there is none."""
    from tests.postgres import Server, find_programs

    programs = find_programs()
    if programs is None:
        if os.environ.get("LASTMILE_REQUIRE_ALL") == "1":
            pytest.fail("no PostgreSQL found, and LASTMILE_REQUIRE_ALL=1")
        pytest.skip("no PostgreSQL found: initdb is neither on the PATH nor in its usual places")
    server = Server(programs)
    yield server
    server.remove()
