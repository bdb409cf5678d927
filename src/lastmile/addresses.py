"""Mail addresses and web addresses as people write them in files: checked when a file is read.

An address that passes here cannot carry a line break, a second address or a header: what is not
one plain address is refused, never repaired.
"""

import re
from email.errors import HeaderParseError
from email.headerregistry import Address as Parsed
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_NAMED = re.compile(r"\s*(?P<name>[^<>]*?)\s*<(?P<spec>[^<>]*)>\s*")
_LONGEST = 254
"""Characters of an address (RFC 5321, 4.5.3.1.3)."""


def parse_address(text: str) -> Parsed:
    """The address in `ann@example.org` or `Ann Lee <ann@example.org>`.

    A domain of other letters than ASCII is written in its ASCII form.

    Raises:
        ValueError: it is not exactly one address.
    """
    if not text.isprintable():
        raise ValueError("not a mail address: it holds a line break or another control character")
    named = _NAMED.fullmatch(text)
    name, spec = (named["name"].strip('" '), named["spec"]) if named else ("", text.strip())
    local, at, domain = spec.rpartition("@")
    if not at or not _LOCAL.fullmatch(local):
        raise ValueError("not a mail address; write one such as ann@example.org")
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise ValueError(f"not a mail address: `{domain}` is no host name") from error
    if not all(_LABEL.fullmatch(label) for label in ascii_domain.split(".")):
        raise ValueError(f"not a mail address: `{domain}` is no host name")
    if len(local) > 64 or len(local) + len(ascii_domain) >= _LONGEST:
        raise ValueError("not a mail address: it is too long")
    try:
        return Parsed(display_name=name, username=local, domain=ascii_domain.lower())
    except (ValueError, HeaderParseError) as error:  # pragma: no cover - stricter than ours
        raise ValueError(f"not a mail address: {error}") from error


def _address(text: str) -> str:
    parse_address(text)
    return text


def _web(text: str) -> str:
    if not text.isprintable() or " " in text:
        raise ValueError("not a web address: it holds a blank or a line break")
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise ValueError(f"not a web address: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("not a web address; write one such as https://example.org/path")
    if parts.username or parts.password:
        raise ValueError("a web address holds no user and no password; use a secret")
    return text


MailAddress = Annotated[str, AfterValidator(_address)]
"""One mail address, with or without a name before it."""

WebAddress = Annotated[str, AfterValidator(_web)]
"""An absolute `http` or `https` address."""
