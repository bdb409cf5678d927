"""How many slots a scheduler gets through, and how long answers take with a million runs.

Ours is with many, the other column the same with few: what does not grow has a ratio near 1.
"""

import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.benchmarks.timing import alternate
from tests.postgres import Server, find_programs

from lastmile.jobs.report import place_in, reconcile
from lastmile.jobs.schedule.crew import Ended
from lastmile.jobs.schedule.loop import Scheduler, Setting
from lastmile.jobs.schedule.status import status
from lastmile.jobs.schedule.work import Answer
from lastmile.store.schedulers import SchedulerLog
from lastmile.values import SlotState
from lastmile.workspace import Workspace, find_workspace

SCHEDULES = 100
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


class _Hands:
    """Runs that need no time; what is recorded of them is real."""

    def __init__(self) -> None:
        self.slots = []
        self.log = None

    def start(self, slot, _file) -> None:
        self.slots.append(slot)

    def wait(self, _seconds) -> list[Ended]:
        ended, self.slots = self.slots, []
        for slot in ended:
            assert self.log.ended(slot, "k", NOW)
        return [Ended(slot, Answer("ran")) for slot in ended]

    def stop(self, _slot, _reason) -> None:
        raise AssertionError

    def close(self) -> None:
        pass


def workspace(root: Path, url: str, schedules: int = SCHEDULES) -> Workspace:
    for name in ("reports", "schedule"):
        (root / name).mkdir(parents=True)
    (root / "pyproject.toml").write_text(f'[tool.lastmile]\nstore = "{url}"\n')
    (root / "reports/plain.toml").write_text('title = "Plain"\nnotebook = "plain.ipynb"\n')
    for number in range(schedules):
        (root / f"schedule/s{number:04}.toml").write_text(
            'report = "plain"\nevery = "minute"\ntimezone = "UTC"\nmissed = "all"\n'
            'overlap = "parallel"\n'
        )
    return find_workspace(root)


def claimed_and_finished(url: str, slots: int) -> float:
    """Seconds a slot, from coming due to being ended; all are due at once."""
    with tempfile.TemporaryDirectory() as folder:
        made = workspace(Path(folder) / "w", url)
        hands = _Hands()
        scheduler = Scheduler(Setting(workspace=made, jobs=64, hands=hands, clock=lambda: NOW))
        hands.log = scheduler.log
        names = [f"s{number:04}" for number in range(SCHEDULES)]
        scheduler.log.cursors(names, NOW - timedelta(minutes=slots // SCHEDULES))
        started = time.perf_counter()
        scheduler.run(until_idle=True)
        seconds = time.perf_counter() - started
        with SchedulerLog(made.store_url) as log:
            counts = log.waiting()
            ended = sum(
                slot.state is SlotState.RAN
                for name in names
                for slot in log.slots_of(name, limit=slots)
            )
        assert (ended, counts) == (slots, {})
        return seconds / slots


FILL = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
INSERT INTO runs (key, report, state, parameters, given, started, ended, cells, files, plan_id,
  attempt, recorded, redacted, schedule, scheduled_for, host, pid, pid_started, folder)
SELECT 'k' || i, 'plain', 'succeeded', '{{}}', '{{}}', {at}, {at}, 3, '[]', 'p' || i, 1, '{{}}', 0,
  's' || substr('000' || (i % 20), -4), {at}, 'h', 1, 1, 'x' FROM n
"""
SLOTS = """
INSERT INTO slots (schedule, scheduled_for, due, timezone, report, state, run, attempt, entered,
  ended) SELECT schedule, scheduled_for, scheduled_for, 'UTC', 'plain', 'ran', key, 1, started,
  ended FROM runs
"""


def filled(folder: Path, count: int) -> Workspace:
    """A workspace with so many runs and slots in SQLite."""
    made = workspace(folder / f"w{count}", "sqlite:///.lastmile/store.db", schedules=20)
    at = "datetime('2020-01-01', '+' || i || ' minutes') || '.000000'"
    with SchedulerLog(made.store_url) as log, log.writing() as connection:
        connection.exec_driver_sql(FILL.format(count=count, at=at))
        connection.exec_driver_sql(SLOTS)
    with SchedulerLog(made.store_url) as log:
        folder = made.reports / "_built/plain" / log.newest_good(["plain"])["plain"]
    folder.mkdir(parents=True)
    (folder / "run.json").write_text("{}")
    (folder.parent / "latest").symlink_to(folder.name)
    return made


def rows() -> Iterator[tuple[str, float, float, str, str]]:
    folder = Path(tempfile.mkdtemp())
    try:
        many = claimed_and_finished(f"sqlite:///{folder}/many.db", 10_000)
        few = claimed_and_finished(f"sqlite:///{folder}/few.db", 1_000)
        yield "a slot of 10,000 due at once, SQLite", many * 1e3, few * 1e3, "ms", "one of 1,000"
        if programs := find_programs():
            server = Server(programs)
            many = claimed_and_finished(server.database(), 10_000)
            few = claimed_and_finished(server.database(), 1_000)
            server.remove()
            yield "the same, PostgreSQL", many * 1e3, few * 1e3, "ms", "one of 1,000"
        yield from _answers(folder)
    finally:
        shutil.rmtree(folder)


def _answers(folder: Path) -> Iterator[tuple[str, float, float, str, str]]:
    large, small = filled(folder, 1_000_000), filled(folder, 1_000)
    with SchedulerLog(large.store_url) as log, SchedulerLog(small.store_url) as other:
        for what, ask in (
            ("schedule status", lambda made, log: status(made, log, NOW)),
            ("report history", lambda _, log: log.history()),
            ("report history NAME", lambda _, log: log.history("plain")),
            ("look for lost runs", lambda made, log: reconcile(place_in(made, log))),
        ):
            ours, theirs = alternate(
                lambda ask=ask: ask(large, log), lambda ask=ask: ask(small, other)
            )
            yield f"{what}, 1,000,000 runs", ours * 1e3, theirs * 1e3, "ms", "1,000 runs"
