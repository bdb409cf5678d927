"""`make faults`: kill -9 of senders, of the mail server and of PostgreSQL while reports go out.

Afterwards every recipient has every report, once: the mail server keeps Message-IDs, as real ones
behind a mailing list or a mail store do. `repeats` counts what it was handed a second time because
somebody was killed between taking a message and noting it; without Message-IDs these would have
been duplicates.
"""

import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from tests.mailserver import MailServer, start_mail_server

from lastmile.delivery.definition import Deliver
from lastmile.delivery.outbox import order_of
from lastmile.errors import StoreUnusable
from lastmile.jobs.run_end import telling
from lastmile.reporting.publication import publish
from lastmile.store import RunLog
from lastmile.values import DeliveryState, Run, State
from lastmile.workspace import Workspace, find_workspace

ROOT = Path(__file__).parent.parent.parent
SENDERS = 3
READERS = 10
SLOW = "0.1"


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Tally:
    """What a storm did and found."""

    store: str
    kills: Counter[str]
    reports: int = 0
    recipients: int = 0
    without: int = 0
    duplicates: int = 0
    repeats: int = 0
    dead: int = 0
    seconds: float = 0.0


def send(root: str) -> None:
    """A sender with short leases and pauses, for ever."""
    from lastmile.delivery import outbox
    from lastmile.jobs import deliver

    deliver.LEASE, outbox.FIRST_PAUSE, outbox.LONGEST_PAUSE = 1.0, 0.1, 0.5
    workspace = find_workspace(Path(root))
    while True:
        try:
            deliver.send_due(workspace)
        except StoreUnusable:
            time.sleep(0.2)
        time.sleep(0.05)


def make_workspace(root: Path, store: str, server: MailServer) -> Workspace:
    """A workspace whose mail goes to `server`."""
    (root / "reports").mkdir(parents=True)
    (root / "pyproject.toml").write_text(
        f'[tool.lastmile]\nstore = "{store}"\n[tool.lastmile.mail]\nhost = "127.0.0.1"\n'
        f'port = {server.port}\nsecurity = "none"\nfrom = "r@example.org"\ntimeout = "2s"\n'
    )
    return find_workspace(root)


def end_run(workspace: Workspace, number: int) -> None:
    """A run that has ended, for `READERS` readers; a database that is away is waited for."""
    tables = [Deliver(mail=tuple(f"reader{n}@example.org" for n in range(READERS)))]
    run = Run(key=f"run-{number:05}", report="plain", state=State.RUNNING, parameters={},
              started=now())  # fmt: skip
    ended = replace(run, state=State.SUCCEEDED, ended=now(), seconds=1.0)
    published = publish(workspace.reports / "_built", ended, {"report.pdf": b"%PDF-1.7"}, {})
    while True:
        try:
            with RunLog(workspace.store_url) as log:
                if run.key not in {one.key for one in log.history(limit=5)}:
                    log.begin(run, deliver=order_of("Plain", tables))
                log.end(published, telling(now))
        except StoreUnusable:
            time.sleep(0.2)
        else:
            return


def storm(root: Path, *, kills: int, seed: int, postgres=None, pace: float = 2.0) -> Tally:
    """Let reports go out while random processes are killed; what came of it."""
    chance = random.Random(seed)
    server = start_mail_server(root / "kept", "--slow", SLOW)
    store = postgres.database() if postgres else "sqlite:///store.db"
    workspace = make_workspace(root / "workspace", store, server)
    RunLog(workspace.store_url).close()
    tally = Tally("PostgreSQL" if postgres else "SQLite", Counter())
    began = time.monotonic()
    senders = [start_sender(workspace) for _ in range(SENDERS)]
    try:
        while sum(tally.kills.values()) < kills:
            end_run(workspace, tally.reports)
            tally.reports += 1
            time.sleep(chance.uniform(0.1, pace))
            victim = chance.choice(["sender", "sender", "mail server", "database"])
            if victim == "sender":
                index = chance.randrange(SENDERS)
                end(senders[index])
                senders[index] = start_sender(workspace)
            elif victim == "mail server":
                server.kill()
                time.sleep(chance.uniform(0, 0.5))
                server.start()
            elif postgres:
                postgres.kill()
                time.sleep(chance.uniform(0, 0.5))
                postgres.start()
            else:
                continue
            tally.kills[victim] += 1
        wait_until_empty(workspace)
    finally:
        for sender in senders:
            end(sender)
        server.kill()
    tally.seconds = time.monotonic() - began
    return count(workspace, server, tally)


def start_sender(workspace: Workspace) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "tests.faults.deliveries", "send", str(workspace.root)]
    return subprocess.Popen(words, cwd=ROOT, stderr=subprocess.DEVNULL)


def end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def wait_until_empty(workspace: Workspace, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    with RunLog(workspace.store_url) as log:
        while time.monotonic() < deadline:
            counts = log.outbox.counts()
            if not counts[DeliveryState.WAITING] + counts[DeliveryState.SENDING]:
                return
            time.sleep(0.2)
    raise AssertionError(f"deliveries are left open: {counts}")


def count(workspace: Workspace, server: MailServer, tally: Tally) -> Tally:
    """Compare what readers have with what they should have."""
    had = Counter(
        (message["X-Lastmile-Run"], message["To"].addresses[0].addr_spec)
        for message in server.messages()
    )
    wanted = {
        (f"run-{number:05}", f"reader{n}@example.org")
        for number in range(tally.reports)
        for n in range(READERS)
    }
    tally.recipients = len(wanted)
    tally.without = len(wanted - set(had))
    tally.duplicates = sum(times - 1 for times in had.values())
    tally.repeats = server.repeats
    with RunLog(workspace.store_url) as log:
        tally.dead = log.outbox.counts()[DeliveryState.DEAD]
    return tally


def check(tally: Tally) -> None:
    assert tally.without == 0, tally
    assert tally.duplicates == 0, tally
    assert tally.dead == 0, tally
    assert tally.repeats <= sum(tally.kills.values()), tally


def main(kills: int) -> None:
    """Storm both databases; a row each."""
    from tests.postgres import Server, find_programs

    programs = find_programs()
    if programs is None:
        print("PostgreSQL is not installed and not stormed")
    for postgres in [None, *([Server(programs)] if programs else [])]:
        with tempfile.TemporaryDirectory() as folder:
            tally = storm(Path(folder), kills=kills, seed=kills, postgres=postgres)
        if postgres:
            postgres.remove()
        print(tally, flush=True)
        check(tally)


if __name__ == "__main__":
    if sys.argv[1:2] == ["send"]:
        send(sys.argv[2])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
