"""What can be wrong with deliveries and their recipients."""

from lastmile.errors.shape import LastmileError


class BadRecipient(LastmileError):
    """A word behind `--deliver` names nobody."""

    code = "bad-recipient"

    def __init__(self, word: str, reason: str) -> None:
        super().__init__(
            f"`{word}` is no recipient: {reason}",
            fix="such as ann@example.org, slack://…, https://example.org/hook, s3://bucket/x, "
            "./folder, or the word readers for those whom the report names",
        )


class NoMailServer(LastmileError):
    """Something is to be mailed, but no mail server is known."""

    code = "no-mail-server"

    def __init__(self) -> None:
        super().__init__(
            "no mail server is known",
            why="a report whose mail cannot be sent would wait in the outbox",
            fix='add it to pyproject.toml: [tool.lastmile.mail] host = "smtp.example.org", '
            'from = "Reports <reports@example.org>", user, password = "secret:NAME"',
        )


class NothingToDeliver(LastmileError):
    """Deliveries were asked for where nobody is to get anything."""

    code = "nothing-to-deliver"

    def __init__(self, what: str) -> None:
        super().__init__(
            what, fix="add a [[deliver]] table to the report's file, or name a recipient"
        )
