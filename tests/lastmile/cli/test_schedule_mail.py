"""A scheduler sends what its slots publish, by a real mail server, beside its work."""

import json
import signal
import time
from datetime import UTC, datetime, timedelta

import pytest
from tests.mailserver import start_mail_server

from lastmile.store.schedulers import SchedulerLog

BURST = """
[[deliver]]
mail = "r1@example.org"
for = { x = 1 }
[[deliver]]
mail = "r2@example.org"
for = { x = 2 }
"""


@pytest.fixture(name="server")
def _server(tmp_path):
    server = start_mail_server(tmp_path / "kept")
    yield server
    server.kill()


def test_a_scheduler_mails_each_reader_once_and_failures_to_the_owner(
    make_workspace, lastmile, start_lastmile, server
):
    root = make_workspace(["assert x != 2, 'two is wrong'"], report='formats = ["html"]\n')
    (root / "pyproject.toml").write_text(
        f'[tool.lastmile]\n[tool.lastmile.mail]\nhost = "127.0.0.1"\nport = {server.port}\n'
        'security = "none"\nfrom = "reports@example.org"\n'
    )
    (root / "schedule/daily.toml").write_text(
        'report = "plain"\ntimezone = "UTC"\nevery = "day at 00:00"\n'
        f'owners = "owner@example.org"\n{BURST}'
    )
    with SchedulerLog(f"sqlite:///{root}/.lastmile/store.db") as log:
        log.cursors(["daily"], datetime.now(UTC) - timedelta(days=1))
    process = start_lastmile("schedule", "run", cwd=root)
    deadline = time.monotonic() + 120
    while len(server.messages()) < 2 and time.monotonic() < deadline:
        time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    lastmile("deliver", "run", cwd=root)  # nothing is left that would be sent a second time
    told = json.loads(lastmile("deliver", "status", "--json", cwd=root).out)

    assert process.returncode == 0, err
    assert server.recipients() == ["owner@example.org", "r1@example.org"], err
    failure = next(m for m in server.messages() if m["To"] == "owner@example.org")
    assert "two is wrong" in failure.get_body(("plain",)).get_content()
    assert server.repeats == 0
    assert {delivery["state"] for delivery in told["deliveries"]} == {"sent"}
    assert "sent to r1@example.org" in err
    key = next(one["run"] for one in told["deliveries"] if one["address"] == "r1@example.org")
    shown = lastmile("deliver", "preview", key, "--output", root / "mails", cwd=root)
    assert (shown.code, "r1@example.org" in shown.out) == (0, True), "the schedule's readers"
