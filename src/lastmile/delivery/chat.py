"""Chats and the hundred other services that Apprise knows: Slack, Teams, Telegram, …."""

import logging
from pathlib import Path
from urllib.parse import urlsplit

from lastmile.delivery.letter import Letter
from lastmile.delivery.outbox import Answer, Later, Never, Sent
from lastmile.delivery.services import chat_service
from lastmile.delivery.subjects import one_line

MOST = 3_000
"""Characters of a message: the strictest of the large services cuts at four thousand."""


def send(address: str, subject: str, letter: Letter, attachment: Path | None = None) -> Answer:
    """Tell a chat; Apprise says whether it was taken, and its log why not.

    Raises:
        ModuleNotFoundError: Apprise is not installed.
    """
    service = chat_service(address)
    if service is None:
        return Never("Apprise does not know such an address")
    from apprise import AppriseAttachment, LogCapture, NotifyFormat

    takes_files = attachment is not None and service.attachment_support
    with LogCapture(level=logging.WARNING, fmt="%(message)s") as log:  # type: ignore[no-untyped-call]
        taken = service.notify(
            title=subject,
            body=message_of(letter),
            body_format=NotifyFormat.TEXT,
            attach=AppriseAttachment([str(attachment)]) if takes_files else None,
        )
        told = log.getvalue()
    if taken:
        return Sent()
    return Later(one_line(_without_tokens(told, address)) or "the service did not take it")


def message_of(letter: Letter) -> str:
    """A letter in the few lines that a chat has room for."""
    pairs = [f"{name}: {value}" for name, value in (*letter.facts, *letter.values)]
    lines = [letter.heading, letter.cause, *pairs, letter.more, letter.link or letter.place]
    text = "\n".join(line for line in lines if line)
    return text if len(text) <= MOST else text[: MOST - 1] + "…"


def _without_tokens(text: str, address: str) -> str:
    """What a service's log says, without the parts of the address that may be secret."""
    parts = urlsplit(address)
    secret = [address, parts.query, parts.password or "", *parts.path.split("/"), parts.netloc]
    for part in sorted(secret, key=len, reverse=True):
        if len(part) >= 4:
            text = text.replace(part, "…")
    return text
