"""Senders: every recipient has his report once, whatever dies on the way."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.mailserver import start_mail_server

from lastmile.delivery.definition import Deliver, owners_tables
from lastmile.delivery.outbox import notices_of, order_of
from lastmile.errors import StoreUnusable
from lastmile.jobs import deliver
from lastmile.jobs.deliver import LEASE, send_due
from lastmile.jobs.run_end import telling
from lastmile.reporting.publication import publish
from lastmile.store import RunLog
from lastmile.store.outbox import Outbox
from lastmile.values import Cause, CauseKind, DeliveryState, Run, State
from lastmile.workspace import find_workspace

AT = datetime(2026, 3, 1, 6, tzinfo=UTC)


@pytest.fixture(name="server")
def _server(tmp_path):
    server = start_mail_server(tmp_path / "kept")
    yield server
    server.kill()


@pytest.fixture(name="workspace")
def _workspace(make_workspace, server):
    root = make_workspace()
    (root / "pyproject.toml").write_text(
        '[tool.lastmile]\nsite = "https://reports.example.org"\n[tool.lastmile.mail]\n'
        f'host = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\ntimeout = "2s"\n'
        'from = "Reports <reports@example.org>"\n'
    )
    return find_workspace(root)


@pytest.fixture(name="log")
def _log(workspace):
    with RunLog(workspace.store_url) as log:
        yield log


@pytest.fixture(name="end_run")
def _end_run(workspace, log):
    """A run of the report `plain` that has ended and is to go to those whom the tables name."""

    def end(*tables: Deliver, key="20260301-060000-ab12", state=State.SUCCEEDED, **more) -> Run:
        run = Run(key=key, report="plain", state=State.RUNNING, parameters={"x": 3}, started=AT)
        log.begin(run, deliver=order_of("Plain", tables))
        pages = {"index.html": b"<p>", "report.pdf": b"%PDF-1.7 " * 10}
        ended = replace(run, state=state, ended=AT, seconds=1.0, **more)
        published = publish(workspace.reports / "_built", ended, pages, {})
        log.end(published, telling(lambda: AT))
        return published

    return end


def later(seconds):
    return lambda: AT + timedelta(seconds=seconds)


def states(log):
    return [(one.address, one.state.value) for one in log.outbox.find()]


def test_what_is_due_is_sent_with_the_pdf_and_the_link(workspace, log, server, end_run):
    run = end_run(Deliver(mail=("ann@example.org", "ben@example.org")))
    done = send_due(workspace, log, clock=later(1))

    assert done.count(DeliveryState.SENT) == 2
    assert server.recipients() == ["ann@example.org", "ben@example.org"]
    (message, _) = server.messages()
    assert [part.get_filename() for part in message.iter_attachments()] == ["plain.pdf"]
    assert f"https://reports.example.org/plain/{run.key}/index.html" in message.as_string()
    assert send_due(workspace, log, clock=later(9999)).made == []


def test_a_large_pdf_is_a_link(workspace, log, server, end_run):
    end_run(Deliver(mail="ann@example.org", attach_limit=50))
    send_due(workspace, log, clock=later(1))

    assert list(server.messages()[0].iter_attachments()) == []


def test_a_failure_goes_to_the_owner_with_cause_and_link(workspace, log, server, end_run):
    cause = Cause(kind=CauseKind.CELL_ERROR, message="cell 2 raised KeyError: 'x'")
    tables = (Deliver(mail="reader@example.org"), *owners_tables(["owner@example.org"]))
    end_run(*tables, state=State.FAILED, cause=cause)
    send_due(workspace, log, clock=later(1))

    (message,) = server.messages()
    text = message.get_body(("plain",)).get_content()
    assert server.recipients() == ["owner@example.org"]
    assert message["Subject"] == "[failed] Plain"
    assert "cell 2 raised KeyError: 'x'" in text
    assert "https://reports.example.org/plain/" in text


def test_a_server_that_is_away_is_tried_again_until_it_is_back(workspace, log, server, end_run):
    end_run(Deliver(mail="ann@example.org"))
    server.kill()
    (made,) = send_due(workspace, log, clock=later(1)).made
    assert (made.state, made.attempts) == (DeliveryState.WAITING, 1)
    assert "refused" in made.reason
    assert send_due(workspace, log, clock=later(2)).made == []

    server.start()
    (made,) = send_due(workspace, log, clock=later(60)).made

    assert (made.state, made.attempts) == (DeliveryState.SENT, 2)
    assert (len(server.messages()), server.repeats) == (1, 0)


def test_after_three_days_a_delivery_is_dead_and_can_be_revived(workspace, log, server, end_run):
    end_run(Deliver(mail="ann@example.org"))
    server.kill()
    (made,) = send_due(workspace, log, clock=later(3 * 86400)).made
    assert made.state is DeliveryState.DEAD
    assert made.reason.startswith("given up after 1 attempt")

    server.start()
    log.outbox.revive(now=later(3 * 86400 + 1)(), run=made.run)

    assert send_due(workspace, log, clock=later(3 * 86400 + 1)).count(DeliveryState.SENT) == 1


def test_one_recipient_that_is_refused_does_not_hold_up_the_others(workspace, log, server, end_run):
    end_run(Deliver(mail=("nobody@example.org", "ann@example.org")))
    send_due(workspace, log, clock=later(1))

    assert sorted(states(log)) == [("ann@example.org", "sent"), ("nobody@example.org", "dead")]


def test_a_publication_that_was_removed_is_a_dead_letter_with_its_reason(
    workspace, log, server, end_run
):
    run = end_run(Deliver(mail="ann@example.org"), Deliver(folder="out/"))
    shutil.rmtree(run.folder)
    done = send_due(workspace, log, clock=later(1))

    assert done.count(DeliveryState.DEAD) == 2
    assert "were removed before they were delivered" in done.made[0].reason
    assert server.messages() == []


def test_a_pdf_that_was_removed_is_not_passed_over(workspace, log, end_run):
    run = end_run(Deliver(mail="ann@example.org"))
    (run.folder / "report.pdf").unlink()

    assert "report.pdf is not there any more" in send_due(workspace, log).made[0].reason


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (Deliver(chat="secret:NOWHERE"), "the secret `NOWHERE` cannot be used"),
        (Deliver(webhook="http://127.0.0.1:9/", sign="secret:NOWHERE"), "the secret `NOWHERE`"),
        (Deliver(store="s3://bucket/x"), "Install s3fs"),
    ],
)
def test_what_can_be_mended_is_told_and_tried_again(
    workspace, log, end_run, table, reason, monkeypatch
):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    end_run(table)
    (made,) = send_due(workspace, log, clock=later(1)).made

    assert made.state is DeliveryState.WAITING
    assert reason in made.reason


def test_a_sender_killed_between_sending_and_marking_sends_nothing_new(
    workspace, log, server, end_run
):
    end_run(Deliver(mail="ann@example.org"))
    code = f"""
import os
from datetime import datetime, UTC
from pathlib import Path
from lastmile.jobs import deliver
from lastmile.workspace import find_workspace
deliver._mark = lambda *_: os.kill(os.getpid(), 9)
at = datetime.fromisoformat({later(1)().isoformat()!r})
deliver.send_due(find_workspace(Path({str(workspace.root)!r})), clock=lambda: at)
"""
    killed = subprocess.run([sys.executable, "-c", code], check=False)
    assert killed.returncode == -9
    assert len(server.messages()) == 1
    assert states(log) == [("ann@example.org", "sending")]
    assert send_due(workspace, log, clock=later(LEASE / 2)).made == [], "its lease is respected"

    (made,) = send_due(workspace, log, clock=later(LEASE + 2)).made

    assert (made.state, made.attempts) == (DeliveryState.SENT, 2)
    assert (len(server.messages()), server.repeats) == (1, 1), "the server knew the Message-ID"


def test_two_senders_at_once_send_each_message_once(workspace, log, server, end_run):
    end_run(Deliver(mail=tuple(f"r{number}@example.org" for number in range(24))))
    both = [
        subprocess.Popen(
            [sys.executable, "-m", "lastmile", "deliver", "run", "--json"],
            cwd=workspace.root, stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]  # fmt: skip
    for sender in both:
        sender.communicate()

    assert [sender.returncode for sender in both] == [0, 0]
    assert len(server.messages()) == 24
    assert server.repeats == 0
    assert {one.attempts for one in log.outbox.find()} == {1}


def test_a_run_log_that_is_away_for_a_moment_is_waited_for(
    workspace, log, server, end_run, monkeypatch
):
    end_run(Deliver(mail="ann@example.org"))
    tries, settle = [], Outbox.settle

    def away(self, *words):
        tries.append(words)
        if len(tries) < 3:
            raise StoreUnusable("store.db", "away")
        return settle(self, *words)

    monkeypatch.setattr(Outbox, "settle", away)
    send_due(workspace, log, clock=later(1))

    assert states(log) == [("ann@example.org", "sent")]
    assert server.repeats == 0


def test_a_claim_is_kept_while_a_slow_server_thinks(workspace, log, end_run, monkeypatch, server):
    monkeypatch.setattr(deliver, "LEASE", 0.6)
    end_run(Deliver(mail="ann@example.org"))
    server.words = ("--mode", "hang")
    server.start()
    extended, extend = [], Outbox.extend
    monkeypatch.setattr(
        Outbox, "extend", lambda self, *a, **k: extended.append(extend(self, *a, **k)) or True
    )
    send_due(workspace, log, clock=later(1))

    assert len(extended) >= 3
    assert all(extended)


def test_owners_hear_of_what_did_not_happen(workspace, log, server):
    told = {"title": "Plain", "message": "it is not there", "facts": [["schedule", "daily"]]}
    for _ in range(2):
        log.outbox.add(notices_of(["owner@example.org"], "daily 1", "plain", told, AT))
    send_due(workspace, log, clock=later(1))

    (message,) = server.messages()
    assert "it is not there" in message.get_body(("plain",)).get_content()
    assert os.environ.get("NOWHERE") is None
