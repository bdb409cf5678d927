"""Mail: what a message is, and what real servers make of it, good ones and bad ones."""

import datetime
import email
import email.policy
import ssl
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lastmile.delivery.conftest import STARTED, ended_run
from tests.mailserver import start_mail_server

from lastmile.delivery.definition import Deliver
from lastmile.delivery.letter import letter_of
from lastmile.delivery.mail import Attachment, Mailer, compose
from lastmile.delivery.outbox import Later, Never, Sent, deliveries_of, order_of
from lastmile.workspace import MailServer

SERVER = MailServer(host="127.0.0.1", security="none", **{"from": "Reports <reports@example.org>"})


def message(to="Ann Lee <ann@example.org>", subject="Rain", run=None, attachments=()):
    run = run or ended_run()
    order = order_of("Rain", [Deliver(mail=to)])
    (delivery,) = deliveries_of(run, order, STARTED)
    return compose(delivery, to, subject, letter_of(run, "Rain"), SERVER, attachments)


@pytest.fixture(name="serve")
def _serve(tmp_path):
    servers = []

    def start(*words):
        servers.append(start_mail_server(tmp_path / f"kept{len(servers)}", *words))
        return servers[-1]

    yield start
    for server in servers:
        server.kill()


def sent_to(server, made, *, login="", timeout=5.0, **keys):
    settings = MailServer(**{"host": "127.0.0.1", "port": server.port, "timeout": timeout,
                             "security": "none", "from": "r@example.org", **keys})  # fmt: skip
    with Mailer(settings, login) as mailer:
        return mailer.send(made)


def test_a_message_has_a_plain_text_and_its_twin_and_says_who_sent_it():
    made = message(attachments=[Attachment("rain.pdf", b"%PDF-1.7")])
    read = email.message_from_bytes(made.as_bytes(), policy=email.policy.default)

    assert read["From"] == "Reports <reports@example.org>"
    assert read["To"] == "Ann Lee <ann@example.org>"
    assert read["Auto-Submitted"] == "auto-generated"
    assert read.get_body(("plain",)).get_content().splitlines()[:2] == ["Rain", "Succeeded"]
    assert read.get_body(("html",)).get_content().startswith("<!DOCTYPE html>")
    assert [part.get_filename() for part in read.iter_attachments()] == ["rain.pdf"]


def test_every_attempt_makes_the_same_bytes():
    made = [message(attachments=[Attachment("x.pdf", b"%PDF")]).as_bytes() for _ in range(2)]

    assert made[0] == made[1]
    assert message(to="ben@example.org")["Message-ID"] != message()["Message-ID"]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=40))
def test_no_text_of_a_run_becomes_a_header(subject, value, key):
    run = ended_run(recorded={"x": value}, key=key or "k")
    made = message(subject=f"{subject}\r\nBcc: eve@example.org\n\n{value}", run=run)
    read = email.message_from_bytes(made.as_bytes(), policy=email.policy.default)

    assert set(read.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Lastmile-Run",
        "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert read["Bcc"] is None
    assert not read.defects
    assert [address.addr_spec for address in read["To"].addresses] == ["ann@example.org"]


def test_a_server_takes_a_message(serve):
    server = serve()

    assert sent_to(server, message()) == Sent("250 2.0.0 kept")
    (kept,) = server.messages()
    assert kept["Message-ID"] == message()["Message-ID"]
    assert kept.get_body(("plain",)).get_content().startswith("Rain")


def test_one_connection_serves_several_messages_also_after_it_was_closed(serve):
    server = serve()
    settings = SERVER.model_copy(update={"port": server.port})
    with Mailer(settings) as mailer:
        assert isinstance(mailer.send(message()), Sent)
        assert isinstance(mailer.send(message(to="ben@example.org")), Sent)
        server.kill()
        server.start()
        assert isinstance(mailer.send(message(to="cat@example.org")), Sent)

    assert server.recipients() == ["ann@example.org", "ben@example.org", "cat@example.org"]


@pytest.mark.parametrize(
    ("mode", "answer", "reason"),
    [
        ("refuse", Never, "550 5.1.1 no such user"),
        ("later", Later, "451 4.7.1 come back later"),
        ("hang", Later, "timed out"),
        ("silent", Later, "timed out"),
        ("die", Later, "closed"),
        ("vanish", Later, "closed"),
    ],
)
def test_what_a_bad_server_does_is_told_and_tried_again_where_that_may_help(
    serve, mode, answer, reason
):
    told = sent_to(serve("--mode", mode), message(), timeout=1.0)

    assert isinstance(told, answer)
    assert reason in told.reason


def test_a_server_that_took_a_message_and_died_before_it_answered_has_it_once(serve):
    server = serve("--mode", "vanish")
    assert isinstance(sent_to(server, message()), Later)

    server.words = ()
    server.start()

    assert isinstance(sent_to(server, message()), Sent)
    assert (len(server.messages()), server.repeats) == (1, 1)


def test_nobody_answering_is_told_and_the_next_message_does_not_wait(serve):
    server = serve()
    server.kill()
    settings = SERVER.model_copy(update={"port": server.port})
    with Mailer(settings) as mailer:
        first, second = mailer.send(message()), mailer.send(message(to="b@x.org"))

    assert "refused" in first.reason
    assert first is second


@pytest.fixture(name="certificate", scope="module")
def _certificate(tmp_path_factory) -> Path:
    """A certificate of our own for localhost, with its key, in one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    today = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    encoding = serialization.Encoding.PEM
    path.write_bytes(
        made.public_bytes(encoding)
        + key.private_bytes(
            encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return path


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_mail_goes_encrypted_and_with_a_login(serve, certificate, security):
    server = serve("--certificate", str(certificate), f"--{security}", "--auth", "ann:secret")
    keys = {"host": "localhost", "security": security, "certificates": str(certificate),
            "user": "ann", "password": "secret:MAIL"}  # fmt: skip

    assert sent_to(server, message(), login="secret", **keys) == Sent("250 2.0.0 kept")
    wrong = sent_to(server, message(), login="wrong", **keys)
    assert isinstance(wrong, Later)
    assert "the login is refused: 535" in wrong.reason


def test_a_certificate_that_nobody_vouches_for_is_refused(serve, certificate):
    server = serve("--certificate", str(certificate), "--tls")
    told = sent_to(server, message(), host="localhost", security="tls")

    assert isinstance(told, Later)
    assert "certificate verify failed" in told.reason
    assert server.messages() == []


def test_a_server_without_starttls_gets_nothing(serve):
    server = serve()
    told = sent_to(server, message(), security="starttls")

    assert isinstance(told, Later)
    assert "STARTTLS" in told.reason
    assert server.messages() == []


def test_a_password_never_goes_in_the_clear():
    with pytest.raises(ValueError, match="only sent with security"):
        MailServer(host="x", security="none", user="a", password="secret:A", **{"from": "a@b.org"})
    assert ssl.create_default_context().check_hostname
