"""A real mail server that keeps Message-IDs, in a process of its own, so that it can be killed.

`start_mail_server(folder)` gives a `MailServer`; what it has accepted stays in `folder` across
kills and starts, one file a message. A message whose Message-ID and recipient it has already is
accepted and thrown away, and counted in `repeats`.
"""

import argparse
import asyncio
import email
import email.policy
import hashlib
import os
import socket
import ssl
import subprocess
import sys
import time
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

ROOT = Path(__file__).parent.parent


@dataclass
class MailServer:
    """A server as a process; `port` stays the same over kills and starts."""

    folder: Path
    port: int
    words: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        """Start it, also after a kill; return when it takes connections."""
        self.kill()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.mailserver", str(self.folder),
             str(self.port), *self.words],
            cwd=ROOT,
        )  # fmt: skip
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    raise AssertionError("the mail server ended at once") from None
                time.sleep(0.05)
        raise AssertionError("the mail server does not answer")

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def messages(self) -> list[EmailMessage]:
        """What it has accepted, each message once."""
        paths = sorted(self.folder.glob("*.eml"))
        return [
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for path in paths
        ]

    @property
    def repeats(self) -> int:
        """How often a message came that it had already."""
        path = self.folder / "repeats"
        return len(path.read_text().splitlines()) if path.exists() else 0

    def recipients(self) -> list[str]:
        """To whom the messages went, sorted."""
        return sorted(message["To"].addresses[0].addr_spec for message in self.messages())


def start_mail_server(folder: Path, *words: str) -> MailServer:
    """A running server that keeps its messages in `folder`.

    `words` change how it behaves: `--mode` refuse, later, hang, silent, die, vanish; `--slow
    SECONDS` between having a message and saying so; `--auth USER:PASSWORD`;
    `--certificate FILE` with `--tls` or `--starttls`.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = MailServer(folder, port, words)
    server.start()
    return server


class Keeping:
    """What the server does with each message."""

    def __init__(self, folder: Path, mode: str, slow: float) -> None:
        self.folder = folder
        self.mode = mode
        self.slow = slow

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if self.mode == "refuse" or address.startswith("nobody@"):
            return "550 5.1.1 no such user"
        if self.mode == "later":
            return "451 4.7.1 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):
        if self.mode == "hang":
            await asyncio.sleep(3600)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        for to in envelope.rcpt_tos:
            self.keep(f"{message['Message-ID']} {to}", envelope.content)
        if self.mode == "vanish":
            os._exit(9)
        await asyncio.sleep(self.slow)
        return "250 2.0.0 kept"

    def keep(self, name: str, content: bytes) -> None:
        target = self.folder / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.eml"
        if target.exists():
            with (self.folder / "repeats").open("a") as file:
                file.write(name + "\n")
            return
        part = target.with_suffix(f".{os.getpid()}")
        part.write_bytes(content)
        part.rename(target)


async def serve(options: argparse.Namespace) -> None:
    from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

    class Dying(SMTP):
        """Ends in the middle of a message."""

        async def smtp_DATA(self, _argument):
            await self.push("354 go on")
            await self._reader.read(200)
            os._exit(9)

    user, _, password = options.auth.partition(":")
    context = None
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate)

    def allowed(_server, _session, _envelope, _mechanism, data):
        good = isinstance(data, LoginPassword)
        good = good and (data.login, data.password) == (user.encode(), password.encode())
        return AuthResult(success=good, handled=False)

    def connection():
        return (Dying if options.mode == "die" else SMTP)(
            Keeping(options.folder, options.mode, options.slow),
            hostname="localhost",
            tls_context=context if options.starttls else None,
            require_starttls=options.starttls,
            authenticator=allowed if user else None,
            auth_required=bool(user),
            auth_require_tls=options.starttls,
            loop=asyncio.get_running_loop(),
        )

    loop = asyncio.get_running_loop()
    if options.mode == "silent":
        server = await asyncio.start_server(
            lambda _reader, _writer: asyncio.sleep(3600), "127.0.0.1", options.port
        )
    else:
        server = await loop.create_server(
            connection, "127.0.0.1", options.port, ssl=context if options.tls else None
        )
    async with server:
        await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("--mode", default="keep")
    parser.add_argument("--slow", type=float, default=0.0)
    parser.add_argument("--auth", default="")
    parser.add_argument("--certificate", default="")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--starttls", action="store_true")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
