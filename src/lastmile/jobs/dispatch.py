"""Carry out one delivery: find what it needs, hand it over, and say what became of it."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from lastmile.addresses import parse_address
from lastmile.clock import Clock
from lastmile.delivery import chat, storage, webhook
from lastmile.delivery.definition import Deliver
from lastmile.delivery.letter import Letter, letter_of, link_to, notice
from lastmile.delivery.mail import Attachment, Mailer, compose
from lastmile.delivery.outbox import Answer, Later, Never, table_of
from lastmile.delivery.subjects import subject_of
from lastmile.errors import LastmileError, NoMailServer, PublicationGone, RunUnknown
from lastmile.reporting.secrets import SecretRef, is_reference, read_secrets
from lastmile.store import RunLog
from lastmile.values import Delivery, Run
from lastmile.workspace import MailServer, Workspace

PDF = "report.pdf"


class Dispatch:
    """The ways out of a workspace. A connection to the mail server is kept for several messages."""

    def __init__(self, workspace: Workspace, log: RunLog, clock: Clock) -> None:
        self._workspace = workspace
        self._log = log
        self._clock = clock
        self._open = ExitStack()
        self._mailer: Mailer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def carry_out(self, delivery: Delivery) -> Answer:
        """Make one attempt. What stands in its way is an answer and no exception."""
        try:
            return self._attempt(delivery)
        except (RunUnknown, PublicationGone) as error:
            return Never(error.what)
        except LastmileError as error:
            return Later(f"{error.what}; {error.fix}" if error.fix else error.what)
        except ModuleNotFoundError as error:
            missing = f"the package `{error.name}` is not installed" if error.name else str(error)
            return Later(missing)

    def message(self, delivery: Delivery, server: MailServer) -> Any:
        """The mail of a delivery, as it is sent.

        Raises:
            RunUnknown, PublicationGone: what it is about is not there any more.
        """
        table = table_of(delivery)
        subject, letter, attachment = self._content(delivery, table)
        attached = [_attached(attachment, delivery.report)] if attachment else []
        return compose(delivery, table.addresses[0], subject, letter, server, attached)

    def _attempt(self, delivery: Delivery) -> Answer:
        table = table_of(delivery)
        match table.kind:
            case "mail":
                message = self.message(delivery, mail_server(self._workspace))
                return self._mail().send(message)
            case "chat":
                subject, letter, attachment = self._content(delivery, table)
                return chat.send(self._value(table.addresses[0]), subject, letter, attachment)
            case "webhook":
                return self._post(delivery, table)
            case "folder":
                assert table.folder
                return storage.to_folder(self._run(delivery), self._workspace.root / table.folder)
        assert table.store
        options = {name: self._value(value) for name, value in table.options.items()}
        return storage.to_store(self._run(delivery), table.store, options)

    def _content(self, delivery: Delivery, table: Deliver) -> tuple[str, Letter, Path | None]:
        """Subject, letter, and the PDF where it goes along."""
        title = delivery.order["title"]
        told = delivery.order.get("notice")
        if told:
            return title, notice(title, told["message"], map(tuple, told.get("facts", ()))), None
        run = self._run(delivery)
        attachment = _pdf_of(run, table)
        site = self._workspace.settings.site
        letter = letter_of(run, title, site=site, attachment=attachment)
        return subject_of(table.subject, run, title), letter, attachment

    def _run(self, delivery: Delivery) -> Run:
        """The run, with the files that it had when it ended.

        Raises:
            RunUnknown, PublicationGone.
        """
        run = self._log.find(delivery.run)
        if delivery.order.get("published") and (run.folder is None or not run.folder.is_dir()):
            raise PublicationGone(run.key, "they were removed before they were delivered")
        return run

    def _post(self, delivery: Delivery, table: Deliver) -> Answer:
        assert table.webhook
        told: Mapping[str, Any] | None = delivery.order.get("notice")
        if told:
            fields = {"format": webhook.FORMAT, "delivery": delivery.key, "notice": told}
            body = webhook.notice_body(fields)
        else:
            run = self._run(delivery)
            link = link_to(run, self._workspace.settings.site)
            body = webhook.body_of(delivery, run, delivery.order["title"], link)
        key = self._value(table.sign) if table.sign else ""
        return webhook.send(delivery, table.webhook, body, key=key, at=self._clock())

    def _mail(self) -> Mailer:
        if self._mailer is None:
            server = mail_server(self._workspace)
            password = self._value(server.password) if server.password else ""
            mailer = Mailer(server, password, root=self._workspace.root)
            self._mailer = self._open.enter_context(mailer)
        return self._mailer

    def _value(self, text: Any) -> Any:
        """The value of a secret where the text is a reference to one."""
        if not is_reference(text):
            return text
        reference = SecretRef(text)
        return read_secrets([reference], self._workspace.secrets)[reference.name]


def mail_server(workspace: Workspace) -> MailServer:
    """The mail server of a workspace.

    Raises:
        NoMailServer: none is known.
    """
    if workspace.settings.mail is None:
        raise NoMailServer
    return workspace.settings.mail


def _pdf_of(run: Run, table: Deliver) -> Path | None:
    """The PDF that goes along: of a good run, and not too large.

    Raises:
        PublicationGone: it is not there any more.
    """
    if table.attach != "auto" or PDF not in run.files or run.folder is None:
        return None
    path = run.folder / PDF
    if not path.is_file():
        raise PublicationGone(run.key, f"{PDF} is not there any more")
    return path if path.stat().st_size <= table.attach_limit else None


def _attached(path: Path, report: str) -> Attachment:
    return Attachment(f"{report}.pdf", path.read_bytes())


def address_of(delivery: Delivery) -> str:
    """The mail address of a delivery as a file name may have it."""
    return parse_address(table_of(delivery).addresses[0]).addr_spec
