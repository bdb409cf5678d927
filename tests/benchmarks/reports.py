"""Whole reports, from the notebook to its pages: by commands, by libraries, by lastmile.

(a) is what people run today: `papermill`, then `nbconvert --to html` and `--to webpdf`. (b) is the
same as libraries in one warm process. Ours is warm as well and forks its kernels. Without
Chromium (a) and (b) make no PDF, which is to their favour; the row says so.
"""

import json
import multiprocessing
import os
import shutil
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
from nbformat import v4, write
from tests.benchmarks.timing import command

ROOT = Path(__file__).parent.parent.parent
BIN = Path(sys.executable).parent
Row = tuple[str, float, float, str, str] | tuple[str, float, float, str, str, str]

HEAVY = [
    """import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import train_test_split""",
    """generator = np.random.default_rng(seed)
frame = pd.DataFrame(generator.normal(size=(50_000, 4)), columns=list("abcd"))
frame["group"] = generator.choice(list("uvwxyz"), len(frame))
frame["y"] = frame.a * 2 + np.sin(frame.b * 3) + generator.normal(size=len(frame)) / 4
frame.describe()""",
    """fig, ax = plt.subplots(figsize=(8, 4))
ax.hist(frame.y, bins=80)
plt.show()""",
    """frame.groupby("group").y.agg(["mean", "std", "size"])""",
    """fig, ax = plt.subplots(figsize=(8, 4))
ax.plot(frame.y.rolling(500).mean())
plt.show()""",
    """parts = train_test_split(frame[list("abcd")], frame.y, random_state=0)
fitted = HistGradientBoostingRegressor(max_iter=100).fit(parts[0], parts[2])
guess = fitted.predict(parts[1])
print(fitted.score(parts[1], parts[3]))""",
    """fig, ax = plt.subplots(figsize=(8, 4))
ax.scatter(parts[3][:800], guess[:800], s=6)
plt.show()""",
    """fig, ax = plt.subplots(figsize=(8, 4))
frame.groupby("group").y.mean().plot.bar(ax=ax)
plt.show()""",
]


@dataclass(frozen=True)
class Case:
    """A notebook to make reports of; `given` are values for its parameters, one set a report."""

    name: str
    notebook: Path
    given: list[dict[str, Any]]


def rows() -> Iterator[Row]:
    os.environ["OMP_NUM_THREADS"] = "1"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        browser = _browser(folder)
        os.environ.update(browser)
        cases = _cases(folder)
        server = stack.enter_context(_server(cases))
        for case in cases:
            yield from _side_by_side(case, folder, pdf=bool(browser))
        yield from _workers(cases[0], folder, server)
        yield from _growth(folder)


def _cases(folder: Path) -> list[Case]:
    (folder / "work").mkdir()
    months = [f"{year}-{month:02d}" for year in (2014, 2015) for month in range(1, 13)]
    shutil.copy(ROOT / "notebooks/seattle-weather.ipynb", folder / "work/example.ipynb")
    return [
        Case("example", folder / "work/example.ipynb", [{"month": month} for month in months]),
        Case("50k rows, fit", _notebook(folder, "heavy", HEAVY), [{"seed": n} for n in range(9)]),
        Case("200 tiny cells", _tiny(folder, 200), [{"seed": n} for n in range(9)]),
    ]


def _notebook(folder: Path, name: str, cells: list[str]) -> Path:
    parameters = v4.new_code_cell("seed: int = 0", metadata={"tags": ["parameters"]})
    notebook = v4.new_notebook(cells=[parameters, *map(v4.new_code_cell, cells)])
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    write(notebook, folder / "work" / f"{name}.ipynb")
    return folder / "work" / f"{name}.ipynb"


def _tiny(folder: Path, number: int) -> Path:
    return _notebook(folder, f"tiny-{number}", [f"print({n})" for n in range(number)])


def _browser(folder: Path) -> dict[str, str]:
    """Where nbconvert's PDF printer finds a Chromium: only in a folder laid out for Playwright."""
    import playwright

    found = shutil.which("chromium") or shutil.which("chromium-browser")
    table = Path(playwright.__file__).parent / "driver/package/browsers.json"
    if not found or not table.exists():
        return {}
    known = {
        entry["name"]: entry["revision"] for entry in json.loads(table.read_text())["browsers"]
    }
    name = f"chromium_headless_shell-{known['chromium-headless-shell']}"
    place = folder / "browsers" / name / "chrome-headless-shell-linux64/chrome-headless-shell"
    place.parent.mkdir(parents=True)
    place.symlink_to(found)
    return {"PLAYWRIGHT_BROWSERS_PATH": str(folder / "browsers")}


@contextmanager
def _server(cases: list[Case]) -> Iterator[Any]:
    import nbformat

    from lastmile.reporting.execution.forkserver import ForkServer, imports_of

    notebooks = [nbformat.read(case.notebook, as_version=4) for case in cases]
    modules = imports_of(notebooks, module_paths=[ROOT / "src"])
    with ForkServer(modules, module_paths=[ROOT / "src"]) as server:
        server.wait_until_ready()
        yield server


# --- one report, three ways ----------------------------------------------------------------------


def _side_by_side(case: Case, folder: Path, *, pdf: bool) -> Iterator[Row]:
    _by_library(case, folder, 0, pdf=pdf)
    _by_lastmile(case, folder, 0)
    cold, warm, ours = [], [], []
    for number in (1, 2, 3):
        ours.append(_by_lastmile(case, folder, number))
        if number < 2:  # what takes long is measured less often
            cold.append(_by_command(case, folder, number, pdf=pdf))
        if number < 3:
            warm.append(_by_library(case, folder, number, pdf=pdf))
    (whole, cells), (whole_b, cells_b) = _typical(ours), _typical(warm)
    made = "HTML and PDF" if pdf else "HTML only, no Chromium"
    at_least = 4 if "tiny" in case.name else 3
    yield f"{case.name}: report", whole, _typical(cold)[0], "s", f"(a) commands, {made}", ">= 6.5"
    yield f"{case.name}: report", whole, whole_b, "s", f"(b) libraries, {made}", f">= {at_least}"
    yield f"{case.name}: beside its cells", whole - cells, whole_b - cells_b, "s", "(b)"
    yield f"{case.name}: cells alone, whole report", cells, whole, "s", "lastmile too", "<= 1.2"
    mine = _peak(lambda: _by_lastmile(case, folder, 4), everything=True)
    theirs = _peak(lambda: _by_command(case, folder, 3, pdf=pdf), everything=False)
    yield f"{case.name}: peak memory", mine / 1e6, theirs / 1e6, "MB", "(a), the largest command"


def _typical(found: list[tuple[float, float]]) -> tuple[float, float]:
    """The median of whole seconds, and of the cells' own."""
    whole, cells = ([pair[part] for pair in found] for part in (0, 1))
    return statistics.median(whole), statistics.median(cells)


def _by_command(case: Case, folder: Path, number: int, *, pdf: bool) -> tuple[float, float]:
    executed = folder / "executed.ipynb"
    values = [word for pair in case.given[number].items() for word in ("-p", *map(str, pair))]
    convert = (BIN / "jupyter", "nbconvert", "--log-level=ERROR")
    started = time.perf_counter()
    command(*(BIN / "papermill", "--no-progress-bar", *values, case.notebook, executed), cwd=ROOT)()
    command(*convert, "--to", "html", executed, cwd=ROOT)()
    if pdf:
        sandbox = "--WebPDFExporter.disable_sandbox=True"
        command(*convert, "--to", "webpdf", sandbox, executed, cwd=ROOT)()
    return time.perf_counter() - started, _cells_of(json.loads(executed.read_text()))


def _by_library(case: Case, folder: Path, number: int, *, pdf: bool) -> tuple[float, float]:
    import papermill
    from nbconvert.exporters import WebPDFExporter

    target = folder / "executed.ipynb"
    started = time.perf_counter()
    with _path_of_modules():
        done = papermill.execute_notebook(
            str(case.notebook),
            str(target),
            case.given[number],
            progress_bar=False,
            log_output=False,
        )
    (folder / "page.html").write_text(_html_exporter().from_notebook_node(done)[0])
    if pdf:
        printed, _ = WebPDFExporter(disable_sandbox=True).from_notebook_node(done)
        (folder / "page.pdf").write_bytes(printed)
    return time.perf_counter() - started, _cells_of(done)


@cache
def _html_exporter() -> Any:
    from nbconvert.exporters import HTMLExporter

    return HTMLExporter(template_name="lab")


def _by_lastmile(
    case: Case, folder: Path, number: int, formats: tuple[Any, ...] = ("html", "pdf")
) -> tuple[float, float]:
    from lastmile.clock import now
    from lastmile.jobs.report import Place, produce
    from lastmile.reporting.definition import ReportFile
    from lastmile.reporting.plan import open_report, plan_run

    events: list[Any] = []
    started = time.perf_counter()
    file = ReportFile(title=case.name, notebook=case.notebook.name)
    report = open_report(case.notebook.stem, file, case.notebook.parent, where="bench")
    plan = plan_run(report, case.given[number], formats=formats, now=now())
    place = Place(built=folder / "built", root=case.notebook.parent, module_paths=[ROOT / "src"])
    run = produce(plan, place, observer=events.append)
    assert run.state == "succeeded", run.cause
    return time.perf_counter() - started, sum(event.seconds for event in events)


def _cells_of(notebook: Any) -> float:
    """The cells' own seconds, as papermill wrote them down."""
    marks = [cell["metadata"].get("papermill", {}) for cell in notebook["cells"]]
    return sum(mark.get("duration") or 0 for mark in marks)


@contextmanager
def _path_of_modules() -> Iterator[None]:
    os.environ["PYTHONPATH"] = str(ROOT / "src")
    try:
        yield
    finally:
        del os.environ["PYTHONPATH"]


def _peak(task: Callable[[], object], *, everything: bool) -> float:
    """The largest proportional memory of all processes while `task` runs, in bytes.

    With `everything` that is this process, the fork server and the kernels, else what is started.
    """
    me, peak, done = psutil.Process(), 0.0, threading.Event()
    before = {child.pid for child in me.children(recursive=True)}

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.1):
            found = me.children(recursive=True)
            counted = [me, *found] if everything else [p for p in found if p.pid not in before]
            peak = max(peak, sum(map(_memory, counted)))

    thread = threading.Thread(target=watch)
    thread.start()
    task()
    done.set()
    thread.join()
    return peak


def _memory(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss)
    except psutil.Error:
        return 0.0


# --- many reports, many cells --------------------------------------------------------------------


def _workers(case: Case, folder: Path, server: Any) -> Iterator[Row]:
    os.environ.update(server.environment)  # the workers join the server of this process
    (one, busy), (two, _) = (_with_workers(case, folder, count, server.pid) for count in (1, 2))
    for name in server.environment:
        del os.environ[name]
    what, number = f"{len(case.given)} x {case.name}", len(case.given)
    yield what, two, one, "s", "lastmile with one worker, not two", ">= 1.8"
    # Why two are not twice as fast: one worker uses more than one core already.
    yield f"{what}: both cores busy, one worker", busy / 2, one, "s", "the most that two could be"
    alone, together = (_arithmetic(count) for count in (1, 2))
    yield "plain arithmetic, in two processes", together, alone, "s", "one process: what cores give"
    yield f"{what}: a report", busy / number, one / number, "s", "CPU of one worker, its seconds"


def _with_workers(case: Case, folder: Path, count: int, server: int) -> tuple[float, float]:
    """Seconds, and seconds of CPU of the workers, the server and all kernels."""
    with multiprocessing.get_context("spawn").Pool(count) as pool:
        work = [(case, folder / f"by-{count}", number) for number in range(len(case.given))]
        pool.starmap(_by_lastmile, work[: count * 2], chunksize=1)  # every worker is warm
        before = _cpu(server)
        started = time.perf_counter()
        pool.starmap(_by_lastmile, work, chunksize=1)
        return time.perf_counter() - started, _cpu(server) - before


def _cpu(server: int) -> float:
    """Seconds of CPU that the children of this process, and the kernels of `server`, have used."""
    below = [process.cpu_times() for process in psutil.Process().children(recursive=True)]
    kernels = psutil.Process(server).cpu_times()
    ended = kernels.children_user + kernels.children_system
    return sum(times.user + times.system for times in below) + ended


def _arithmetic(count: int) -> float:
    """Seconds for a fixed sum, divided among so many processes."""
    with multiprocessing.get_context("spawn").Pool(count) as pool:
        pool.map(_count_up, [1000] * count, chunksize=1)
        started = time.perf_counter()
        pool.map(_count_up, [20_000_000 // 8] * 8, chunksize=1)
        return time.perf_counter() - started


def _count_up(number: int) -> int:
    total = 0
    for value in range(number):
        total += value * value
    return total


def _growth(folder: Path) -> Iterator[Row]:
    per_cell = []
    for number in (200, 2000):
        case = Case(f"{number} cells", _tiny(folder, number), [{"seed": 1}])
        per_cell.append(1000 * _by_lastmile(case, folder, 0, ("html",))[0] / number)
    yield "a cell of 2,000, of 200", per_cell[1], per_cell[0], "ms", "lastmile, with HTML", ">= 0.8"
