"""`make faults`: kill -9 of schedulers, their workers and kernels, and of the database.

Three schedulers keep schedules that are due every few seconds, on one PostgreSQL or one SQLite.
Whatever is killed is started again. Afterwards every slot that was due is one row with one good
run, no run is open, every publication is whole, and no process is left.
"""

import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
from tests.postgres import Server, find_programs

from lastmile.errors import StoreUnusable
from lastmile.scheduling.definition import ScheduleFile
from lastmile.scheduling.slots import slots_due
from lastmile.store.schedulers import SchedulerLog
from lastmile.values import SlotState, State

SCHEDULERS = 3
EVERY = {"often": 10, "now-and-then": 15, "seldom": 20}


def make(root: Path, url: str, *, seconds: float, lead: float = 5.0) -> datetime:
    """A workspace whose schedules are due from `lead` seconds on, for `seconds`; when they end."""
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook

    for name in ("reports", "notebooks", "schedule", "src"):
        (root / name).mkdir()
    (root / "pyproject.toml").write_text(f'[tool.lastmile]\nstore = "{url}"\n')
    cells = [new_code_cell("import time; time.sleep(0.2); print(1)")]
    nbformat.write(new_notebook(cells=cells), root / "notebooks/plain.ipynb")
    (root / "reports/plain.toml").write_text(
        'title = "Plain"\nnotebook = "notebooks/plain.ipynb"\nformats = ["html"]\n'
        'retries = 5\nretry_on = ["kernel-start", "kernel-died"]\nretry_delay = 0\n'
    )
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=lead)
    end = start + timedelta(seconds=seconds)
    for name, step in EVERY.items():
        (root / f"schedule/{name}.toml").write_text(
            f'report = "plain"\ncron = "*/{step} * * * * *"\ntimezone = "UTC"\n'
            f'missed = "all"\noverlap = "{"queue" if name == "seldom" else "parallel"}"\n'
            f"start = {start.isoformat()}\nend = {end.isoformat()}\n"
        )
    with store(root) as log:  # as if somebody had kept them before
        log.cursors(list(EVERY), start - timedelta(seconds=1))
    return end


def scheduler(root: Path) -> subprocess.Popen:
    with (root / "log.txt").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "lastmile", "schedule", "run", "--jobs", "2"],
            cwd=root, stdout=log, stderr=log,
        )  # fmt: skip


def storm(root: Path, *, kills: int, end: datetime, seed: int, server: Server | None) -> Counter:
    """Kill at random until so many kills are made and the schedules have ended; what was killed."""
    chance = random.Random(seed)
    at_work = [scheduler(root) for _ in range(SCHEDULERS)]
    killed: Counter[str] = Counter()
    pause = max(0.2, (end - datetime.now(UTC)).total_seconds() / max(kills, 1))
    while killed.total() < kills:
        time.sleep(chance.uniform(0.2, 1.8) * pause)
        number = chance.randrange(SCHEDULERS)
        revive(root, at_work)
        if server and chance.random() < 0.12:
            server.kill()
            killed["database"] += 1
            time.sleep(chance.uniform(0, 2))
            server.start()
            continue
        try:
            own = psutil.Process(at_work[number].pid)
            family = own.children(recursive=True)
            victim = own if chance.random() < 0.4 or not family else chance.choice(family)
            victim.kill()
        except psutil.NoSuchProcess:
            continue
        killed["scheduler" if victim.pid == own.pid else "worker or kernel"] += 1
        if victim.pid == own.pid:
            at_work[number].wait()
            at_work[number] = scheduler(root)
    time.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds()))
    revive(root, at_work)
    try:
        wait_until_all_have_ended(root)
    finally:
        stop(at_work)
    return killed


def revive(root: Path, at_work: list[subprocess.Popen]) -> None:
    """As systemd does: one that was begun while the database was down has said so and ended."""
    for number, process in enumerate(at_work):
        if process.poll() is not None:
            at_work[number] = scheduler(root)


def store(root: Path) -> SchedulerLog:
    from lastmile.workspace import find_workspace

    return SchedulerLog(find_workspace(root).store_url)


def wait_until_all_have_ended(root: Path, seconds: float = 600.0) -> None:
    deadline = time.monotonic() + seconds
    wanted = {(name, at) for name in EVERY for at in expected(root, name)}
    while True:
        try:
            with store(root) as log:
                ended = {
                    (slot.schedule, slot.scheduled_for)
                    for name in EVERY
                    for slot in log.slots_of(name, limit=10_000)
                    if slot.state in (SlotState.RAN, SlotState.SKIPPED)
                }
            if ended >= wanted:
                return
        except StoreUnusable:
            pass
        assert time.monotonic() < deadline, f"{len(wanted - ended)} slots have not ended"
        time.sleep(1)


def stop(at_work: list[subprocess.Popen]) -> None:
    families = []
    for process in at_work:
        own = psutil.Process(process.pid)
        age = time.time() - own.create_time()
        time.sleep(max(0.0, 8 - age))  # until it is imported, SIGTERM ends it as any program
        families += [own, *own.children(recursive=True)]
        process.terminate()
    codes = [process.wait(timeout=120) for process in at_work]
    assert codes == [0] * len(at_work), codes
    _, left = psutil.wait_procs(families, timeout=30)
    assert left == [], [process.cmdline() for process in left]


def expected(root: Path, name: str) -> list[datetime]:
    from lastmile.jobs.schedule.files import read_schedule
    from lastmile.workspace import find_workspace

    file: ScheduleFile = read_schedule(find_workspace(root), name)
    assert file.begins
    assert file.ends
    return [slot.scheduled_for for slot in slots_due(
        name, file, file.begins - timedelta(seconds=1), file.ends)]  # fmt: skip


def check_whole(root: Path) -> Counter:
    """Every slot has its row and its good run; how many there are, and how many ran twice."""
    found: Counter[str] = Counter()
    good_keys: set[str] = set()
    with store(root) as log:
        for name in EVERY:
            rows = log.slots_of(name, limit=10_000)
            assert sorted(slot.scheduled_for for slot in rows) == expected(root, name)
            for slot in rows:
                runs = log.runs_of(slot.key)
                good = [run for run in runs if run.state is State.SUCCEEDED]
                good_keys |= {run.key for run in good}
                assert slot.state is SlotState.RAN, (slot, runs)
                assert slot.run in {run.key for run in good}, (slot, runs)
                assert all(run.state.ended for run in runs), runs
                assert all((run.folder / "index.html").exists() for run in good)
                found["slots"] += 1
                found["runs"] += len(runs)
                found["run twice"] += len(good) - 1
        assert log.all() == []
    assert (root / "reports/_built/plain/latest").readlink().name == max(good_keys)
    return found


def round_(
    kills: int, *, seconds: float, seed: int, server: Server | None
) -> tuple[Counter, Counter]:
    """One storm in a workspace of its own."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        url = server.database() if server else "sqlite:///.lastmile/store.db"
        end = make(root, url, seconds=seconds)
        try:
            killed = storm(root, kills=kills, end=end, seed=seed, server=server)
            return killed, check_whole(root)
        except BaseException:
            print((root / "log.txt").read_text()[-5000:], file=sys.stderr)
            raise


def main(kills: int, databases: str = "both") -> None:
    """Storms on both databases; print what was killed and what was found."""
    programs = find_programs() if databases != "sqlite" else None
    servers = [None] if databases != "postgres" else []
    servers += [Server(programs)] if programs else []
    for server in servers:
        killed, found = Counter(), Counter()
        number = 0
        while killed.total() < kills // len(servers):
            more, whole = round_(15, seconds=40, seed=number, server=server)
            killed, found, number = killed + more, found + whole, number + 1
            print(f"{'PostgreSQL' if server else 'SQLite'}: {dict(killed)}, {dict(found)}, "
                  f"run twice {found['run twice']}", flush=True)  # fmt: skip
        if server:
            server.remove()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300, *sys.argv[2:])
