"""`lastmile deliver` and `report run --deliver`, as people and programs use them."""

import email
import email.policy
import json

import pytest
from tests.mailserver import start_mail_server


@pytest.fixture(name="server")
def _server(tmp_path):
    server = start_mail_server(tmp_path / "kept")
    yield server
    server.kill()


@pytest.fixture(name="mailing")
def _mailing(make_workspace, server):
    """A workspace whose report goes to a reader, and its failures to an owner."""

    def make(cells=('import lastmile; lastmile.record("double", x * 2)',), report="", **more):
        owners = 'owners = "owner@example.org"\n'
        root = make_workspace(cells, report=f'formats = ["html"]\n{owners}{report}', **more)
        (root / "pyproject.toml").write_text(
            f'[tool.lastmile]\n[tool.lastmile.mail]\nhost = "127.0.0.1"\nport = {server.port}\n'
            'security = "none"\nfrom = "reports@example.org"\n'
        )
        return root

    return make


READER = '[[deliver]]\nmail = "ann@example.org"\nwhen = "double > 5"\n'


def test_a_run_is_delivered_to_its_readers_when_it_is_asked_for(lastmile, mailing, server):
    root = mailing(report=READER)
    answer = lastmile("report", "run", "plain", "--deliver", "readers", cwd=root)

    assert answer.code == 0, answer.err
    assert "sent  ann@example.org" in answer.err
    assert server.recipients() == ["ann@example.org"]

    silent = lastmile("report", "run", "plain", "-p", "x=1", "--deliver", "readers", cwd=root)
    assert silent.code == 0
    assert len(server.messages()) == 1, "its condition does not hold"

    key = json.loads(lastmile("report", "history", "--json", cwd=root).out)[1]["key"]
    told = json.loads(lastmile("deliver", "status", key, "--json", cwd=root).out)
    assert told["counts"]["sent"] == 1
    assert told["deliveries"][0]["state"] == "sent"
    assert told["deliveries"][0]["receipt"] == "250 2.0.0 kept"

    written = lastmile("deliver", "preview", key, "--output", root / "mails", cwd=root)
    (path,) = (root / "mails").glob("*.eml")
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert "ann@example.org" in written.out
    assert message.as_bytes() == server.messages()[0].as_bytes(), "what is shown is what is sent"


def test_a_failure_is_delivered_to_the_owner_and_each_value_to_its_readers(
    lastmile, mailing, server
):
    burst = "".join(
        f'[[deliver]]\nmail = "r{x}@example.org"\nfor = {{ x = {x} }}\n' for x in (1, 2)
    )
    root = mailing(cells=["assert x != 2, 'two is wrong'"], report=burst)
    answer = lastmile("report", "run", "plain", "--deliver", "readers", cwd=root)

    assert answer.code == 1
    assert server.recipients() == ["owner@example.org", "r1@example.org"]
    failed = next(m for m in server.messages() if m["To"] == "owner@example.org")
    assert "two is wrong" in failed.get_body(("plain",)).get_content()


def test_a_run_by_hand_is_delivered_to_nobody(lastmile, mailing, server):
    root = mailing(report=READER)

    assert lastmile("report", "run", "plain", cwd=root).code == 0
    assert lastmile("deliver", "run", cwd=root).out == "nothing is due\n"
    assert server.messages() == []


def test_wrong_recipients_are_told_before_a_kernel_starts(lastmile, mailing):
    root = mailing(report="x = 1\n[[deliver]]\nmail = 'no good'\nwhen = 'faild'\n")
    answer = lastmile("report", "run", "plain", cwd=root)

    assert answer.code == 2
    assert "reports/plain.toml:7" in answer.err
    assert "did you mean `failed`?" in answer.err

    root = mailing()
    answer = lastmile("report", "run", "plain", "--deliver", "an", "--deliver", "b@", cwd=root)
    assert answer.code == 2
    assert "`an` is no recipient" in answer.err
    assert "`b@` is no recipient" in answer.err
    assert not (root / "reports/_built").exists()


def test_without_a_mail_server_nothing_is_run(lastmile, mailing):
    root = mailing(report=READER)
    (root / "pyproject.toml").write_text("[tool.lastmile]\n")
    answer = lastmile("report", "run", "plain", "--deliver", "ann@example.org", cwd=root)

    assert answer.code == 2
    assert "no mail server is known" in answer.err
    assert "[tool.lastmile.mail]" in answer.err


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ('host = "x"\nfrom = "nobody"', "not a mail address"),
        ('host = "x"\nfrom = "a@b.org"\nuser = "u"', "`user` and `password` belong together"),
        ('host = "x"\nfrom = "a@b.org"\nuser = "u"\npassword = "hunter2"', "write secret:NAME"),
        ('host = "x"\nfrom = "a@b.org"\nsecurty = "tls"', "did you mean `security`?"),
    ],
)
def test_wrong_settings_of_the_mail_server_are_told_with_their_line(
    lastmile, make_workspace, lines, fault
):
    root = make_workspace()
    (root / "pyproject.toml").write_text(f"[tool.lastmile]\n[tool.lastmile.mail]\n{lines}\n")
    answer = lastmile("deliver", "status", cwd=root)

    assert answer.code == 2
    assert fault in answer.err
    assert "pyproject.toml:" in answer.err


def test_an_empty_outbox_says_so(lastmile, make_workspace):
    root = make_workspace()

    assert lastmile("deliver", "status", cwd=root).out == "nothing was to be delivered yet\n"
    assert lastmile("deliver", "retry", cwd=root).code == 2
    assert "the run log holds no run `x`" in lastmile("deliver", "retry", "x", cwd=root).err
    assert lastmile("deliver", "retry", "--all", cwd=root).code == 0
