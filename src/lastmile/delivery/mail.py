"""Mail: a message whose bytes are the same at every attempt, and the server that takes it.

Headers are written by `email`'s policy API, which refuses line breaks; addresses were checked when
their file was read. The Message-ID comes from the key of the delivery: a server that keeps
Message-IDs recognises a message that it has taken already.
"""

import smtplib
import socket
import ssl
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from threading import Timer
from typing import Self

from lastmile.addresses import parse_address
from lastmile.delivery.letter import Letter, as_html, as_text
from lastmile.delivery.outbox import Answer, Later, Never, Sent
from lastmile.delivery.subjects import one_line
from lastmile.values import Delivery
from lastmile.workspace import MailServer

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_WHOLE = 10
"""Answers' worth of time that one message may take as a whole: a server may also drip."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message."""

    name: str
    content: bytes
    kind: tuple[str, str] = ("application", "pdf")


def compose(
    delivery: Delivery,
    to: str,
    subject: str,
    letter: Letter,
    server: MailServer,
    attachments: Sequence[Attachment] = (),
) -> EmailMessage:
    """The message of a delivery: plain text, its twin in HTML, and what is attached."""
    sender = parse_address(server.from_)
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = parse_address(to)
    if server.reply_to:
        message["Reply-To"] = parse_address(server.reply_to)
    message["Subject"] = one_line(subject)
    message["Date"] = format_datetime(delivery.queued)
    message["Message-ID"] = f"<{delivery.key}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Lastmile-Run"] = one_line(delivery.run)
    message.set_content(as_text(letter), cte="quoted-printable")
    message.add_alternative(as_html(letter), subtype="html", cte="quoted-printable")
    for attached in attachments:
        main, sub = attached.kind
        message.add_attachment(attached.content, main, sub, filename=attached.name)
    for number, part in enumerate(message.walk()):
        if part.is_multipart():
            part.set_boundary(f"=={delivery.key}=={number}==")
    return message


class Mailer:
    """A connection to the mail server, opened when first needed and used for several messages."""

    def __init__(self, server: MailServer, password: str = "", *, root: Path | None = None) -> None:
        self._server = server
        self._password = password
        self._root = root or Path()
        self._open: smtplib.SMTP | None = None
        self._down: tuple[float, Answer] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._open:
            with suppress(smtplib.SMTPException, OSError):
                self._open.quit()
        self._drop()

    def send(self, message: EmailMessage) -> Answer:
        """Hand a message over; what the server made of it."""
        if self._down and time.monotonic() < self._down[0]:
            return self._down[1]
        connection = None
        try:
            connection = self._connection()
            receipt = self._hand_over(connection, message)
        except smtplib.SMTPException as error:
            answer = _refused(error)
        except (OSError, ValueError) as error:
            answer = Later(f"{self._server.host}: {_told(error)}")
        else:
            return Sent(receipt)
        self._drop()
        if connection is None:  # the next messages need not wait for the same
            self._down = (time.monotonic() + self._server.timeout, answer)
        return answer

    def _hand_over(self, connection: smtplib.SMTP, message: EmailMessage) -> str:
        """The server's answer to the data. A server that takes for ever is hung up on."""
        limit = Timer(self._server.timeout * _WHOLE, _hang_up, [connection])
        limit.start()
        try:
            sender, to = message["From"].addresses[0], message["To"].addresses[0]
            content = message.as_bytes(policy=SMTP.clone(max_line_length=78))
            options = [f"size={len(content)}"] if connection.has_extn("size") else []
            _demand(smtplib.SMTPSenderRefused, connection.mail(sender.addr_spec, options), sender)
            answer = connection.rcpt(to.addr_spec)
            if answer[0] not in (250, 251):
                raise smtplib.SMTPRecipientsRefused({to.addr_spec: answer})
            code, reply = connection.data(content)
            if code != 250:
                raise smtplib.SMTPDataError(code, reply)
            return f"{code} {_decoded(reply)}"
        finally:
            limit.cancel()

    def _connection(self) -> smtplib.SMTP:
        if self._open:
            with suppress(smtplib.SMTPException, OSError):
                if self._open.noop()[0] == 250:  # it may have been closed meanwhile
                    return self._open
            self._drop()
        self._open = opened = self._connect()
        opened.ehlo_or_helo_if_needed()
        if self._server.security == "starttls":
            opened.starttls(context=self._trust())
            opened.ehlo()
        if self._server.user:
            opened.login(self._server.user, self._password)
        return opened

    def _connect(self) -> smtplib.SMTP:
        server, name = self._server, _own_name()
        port = server.port or _PORTS[server.security]
        if server.security == "tls":
            return smtplib.SMTP_SSL(
                server.host, port, name, timeout=server.timeout, context=self._trust()
            )
        return smtplib.SMTP(server.host, port, name, timeout=server.timeout)

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._server.certificates:
            context.load_verify_locations(self._root / self._server.certificates)
        return context

    def _drop(self) -> None:
        if self._open:
            with suppress(OSError):
                self._open.close()
        self._open = None


def _demand(error: type[smtplib.SMTPSenderRefused], answer: tuple[int, bytes], who: object) -> None:
    if answer[0] != 250:
        raise error(answer[0], answer[1], str(who))


def _hang_up(connection: smtplib.SMTP) -> None:
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]  # None is suppressed


def _own_name() -> str:
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "localhost"


def _refused(error: smtplib.SMTPException) -> Answer:  # noqa: PLR0911 - a table
    """What a refusal means: a recipient or a message that is refused for good is so for ever.

    A login or a sender that is refused can be mended by us, so it is tried again.
    """
    match error:
        case smtplib.SMTPRecipientsRefused(recipients=recipients):
            ((address, (code, reply)),) = recipients.items()
            reason = f"{address} is refused: {code} {_decoded(reply)}"
            return Never(reason) if code >= 500 else Later(reason)
        case smtplib.SMTPDataError(smtp_code=code, smtp_error=reply):
            reason = f"the message is refused: {code} {_decoded(reply)}"
            return Never(reason) if code >= 500 else Later(reason)
        case smtplib.SMTPSenderRefused(smtp_code=552, smtp_error=reply):
            return Never(f"the message is too large: 552 {_decoded(reply)}")
        case smtplib.SMTPAuthenticationError(smtp_code=code, smtp_error=reply):
            return Later(f"the login is refused: {code} {_decoded(reply)}")
        case smtplib.SMTPSenderRefused(smtp_code=code, smtp_error=reply):
            return Later(f"the sender is refused: {code} {_decoded(reply)}")
        case smtplib.SMTPResponseException(smtp_code=code, smtp_error=reply):
            return Later(f"the server answered {code} {_decoded(reply)}")
    return Later(f"the mail server: {_told(error)}")


def _decoded(reply: bytes | str) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return one_line(text)


def _told(error: BaseException) -> str:
    return one_line(str(error)) or type(error).__name__
