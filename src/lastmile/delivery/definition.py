"""Who gets a publication: the `[[deliver]]` tables and `owners` of reports and schedules."""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from lastmile.addresses import MailAddress, WebAddress, parse_address
from lastmile.definitions import Definition
from lastmile.delivery.conditions import check_condition
from lastmile.delivery.services import is_chat, protocols
from lastmile.delivery.subjects import check_subject
from lastmile.errors import nearest
from lastmile.values import SECRET, Bytes, SecretText

Kind = Literal["mail", "chat", "webhook", "folder", "store"]
KINDS: tuple[Kind, ...] = ("mail", "chat", "webhook", "folder", "store")
FOR_OWNERS = "failed or degraded"
Choice = bool | int | float | str


def _several(raw: object) -> object:
    return (raw,) if isinstance(raw, str) else raw


def _chat(text: str) -> str:
    if not SECRET.fullmatch(text) and not is_chat(text):
        raise ValueError(
            "not an address of a chat; write an Apprise URL such as slack://TokenA/TokenB/TokenC "
            "(https://appriseit.com/services) or secret:NAME"
        )
    return text


def _store(text: str) -> str:
    scheme, mark, rest = text.partition("://")
    if not mark or not rest.strip("/") or not text.isprintable() or ".." in rest.split("/"):
        raise ValueError("write PROTOCOL://PATH, such as s3://bucket/reports")
    known = protocols()
    if known and scheme not in known:
        near = (
            nearest(scheme, known) if get_close_matches(scheme, known) else "such as s3, gs, sftp"
        )
        raise ValueError(f"`{scheme}` is no protocol of fsspec; {near}")
    return text


def _folder(text: str) -> str:
    if not text.strip() or not text.isprintable() or ".." in re.split(r"[/\\]", text):
        raise ValueError("name a folder, absolute or below the workspace, without `..`")
    return text


ChatAddress = Annotated[str, AfterValidator(_chat)]


class Deliver(Definition):
    """One `[[deliver]]` table: to whom, by which way, on which condition."""

    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)

    mail: Annotated[tuple[MailAddress, ...], BeforeValidator(_several)] = Field(
        default=(), description="addresses; each gets a message of its own"
    )
    chat: Annotated[tuple[ChatAddress, ...], BeforeValidator(_several)] = Field(
        default=(), description="Apprise URLs, or secret:NAME"
    )
    webhook: WebAddress | None = Field(default=None, description="gets a signed POST")
    folder: Annotated[str, AfterValidator(_folder)] | None = None
    store: Annotated[str, AfterValidator(_store)] | None = Field(
        default=None, description="an fsspec address such as s3://bucket/reports"
    )
    when: Annotated[str, AfterValidator(check_condition)] = Field(
        default="succeeded", description="condition on the state and the recorded values"
    )
    for_: dict[str, Choice | tuple[Choice, ...]] = Field(
        default_factory=dict,
        alias="for",
        description="only runs with these values; a schedule makes one run a value",
    )
    subject: Annotated[str, AfterValidator(check_subject)] = "{title}"
    attach: Literal["auto", "link"] = Field(
        default="auto", description="`auto`: the PDF up to `attach_limit`, a link above"
    )
    attach_limit: Bytes = Field(default=5e6, gt=0)
    sign: SecretText | None = Field(
        default=None, description="secret:NAME of the key that a webhook is signed with"
    )
    options: dict[str, Choice] = Field(
        default_factory=dict, description="storage options of fsspec; secrets as secret:NAME"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [kind for kind in KINDS if getattr(self, kind)]
        if len(ways) != 1:
            found = f"has {' and '.join(ways)}" if ways else "has none of them"
            raise ValueError(f"a [[deliver]] table has one of {', '.join(KINDS)}; this one {found}")
        for key, kind in (("sign", "webhook"), ("options", "store")):
            if getattr(self, key) and kind not in ways:
                raise ValueError(f"`{key}` belongs to a {kind}; this table has {ways[0]}")
        return self

    @property
    def kind(self) -> Kind:
        """The way that the table has."""
        return next(kind for kind in KINDS if getattr(self, kind))

    @property
    def addresses(self) -> tuple[str, ...]:
        """The recipients as the file names them."""
        named = getattr(self, self.kind)
        return (named,) if isinstance(named, str) else named

    def is_for(self, given: Mapping[str, Any], parameters: Mapping[str, Any]) -> bool:
        """Whether a run with these values, as asked for and as known, is meant."""
        return all(
            any(
                name in values and values[name] == choice
                for choice in _choices(chosen)
                for values in (given, parameters)
            )
            for name, chosen in self.for_.items()
        )


def _choices(chosen: Choice | tuple[Choice, ...]) -> tuple[Choice, ...]:
    return chosen if isinstance(chosen, tuple) else (chosen,)


def target(text: str) -> Deliver:
    """The table that one word stands for, as in `owners` and behind `--deliver`.

    A mail address, an `http(s)` address (a webhook), an address of fsspec or of Apprise, a
    reference to one of Apprise, or a folder.

    Raises:
        ValueError: it is none of these.
    """
    scheme = urlsplit(text).scheme if "://" in text else ""
    if SECRET.fullmatch(text):
        return Deliver(chat=(text,))
    if scheme in ("http", "https"):
        return Deliver(webhook=text)
    if scheme in protocols():
        return Deliver(store=text)
    if scheme:
        return Deliver(chat=(text,))
    if "@" in text and "/" not in text:
        return Deliver(mail=(text,))
    if "/" in text or text.startswith("."):
        return Deliver(folder=text)
    raise ValueError(
        "write a mail address, an address with ://, secret:NAME, or a folder with a slash in it"
    )


def _owner(text: str) -> str:
    if "://" not in text and not SECRET.fullmatch(text):
        parse_address(text)
    target(text)
    return text


Owners = Annotated[
    tuple[Annotated[str, AfterValidator(_owner)], ...],
    BeforeValidator(_several),
]
"""Who hears of failures: mail addresses, Apprise URLs, webhooks."""


def owners_tables(owners: Iterable[str]) -> tuple[Deliver, ...]:
    """The tables that `owners` stands for: a link, when a run failed or has defects."""
    return tuple(
        target(owner).model_copy(update={"when": FOR_OWNERS, "attach": "link"}) for owner in owners
    )


def burst(tables: Sequence[Deliver], given: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """What each run is given, so that every `for` gets its run; `given` itself where there is none.

    A value in `given` is kept: tables for another one get no run.
    """
    found: list[dict[str, Any]] = []
    for table in tables:
        combined: list[dict[str, Any]] = [dict(given)]
        for name, chosen in table.for_.items():
            combined = [
                {**values, name: given.get(name, choice)}
                for values in combined
                for choice in _choices(chosen)
                if name not in given or str(given[name]) == str(choice)
            ]
        if table.for_:
            found += [values for values in combined if values not in found]
    return tuple(found) or (dict(given),)
