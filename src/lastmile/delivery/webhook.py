"""Webhooks: a POST with the facts of a run as JSON, signed so that the other side can trust it.

    Lastmile-Timestamp: 1772344803
    Lastmile-Signature: v1=HEX
    Idempotency-Key: the key of the delivery, the same at every attempt

HEX is the HMAC-SHA256, under the shared key, of the timestamp, a dot, and the body as it came:
`hmac.new(key, timestamp + b"." + body, "sha256").hexdigest()`. Whoever receives it compares in
constant time and refuses timestamps that are more than a few minutes old.
"""

import hashlib
import hmac
import http.client
import json
from collections.abc import Mapping
from datetime import datetime
from email.message import Message
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from lastmile.delivery.outbox import Answer, Later, Never, Sent
from lastmile.delivery.subjects import one_line
from lastmile.values import Delivery, Run, plain

TIMEOUT = 30.0
"""Seconds for each answer of the other side."""

FORMAT = 1
"""The number in the body. When a field changes its meaning or goes, raise it and say so."""

_PASSING = {408, 409, 423, 425, 429}
"""Answers of the 400s that ask for another attempt."""


def body_of(delivery: Delivery, run: Run, title: str, link: str) -> bytes:
    """The body: the same bytes at every attempt."""
    told: dict[str, Any] = {
        "format": FORMAT,
        "delivery": delivery.key,
        "report": run.report,
        "title": title,
        "run": run.key,
        "state": run.state.value,
        "cause": str(run.cause) if run.cause else None,
        "parameters": run.parameters,
        "recorded": run.recorded,
        "logical_date": run.logical_date and run.logical_date.isoformat(),
        "started": run.started.isoformat(),
        "ended": run.ended and run.ended.isoformat(),
        "files": list(run.files),
        "link": link or None,
    }
    return notice_body(told)


def notice_body(told: Mapping[str, Any]) -> bytes:
    """Plain values as the JSON that is signed."""
    return json.dumps(plain(dict(told)), ensure_ascii=False, sort_keys=True).encode()


def signature(key: str, timestamp: str, body: bytes) -> str:
    """The value of the header `Lastmile-Signature`."""
    digest = hmac.new(key.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"v1={digest.hexdigest()}"


def send(delivery: Delivery, address: str, body: bytes, *, key: str, at: datetime) -> Answer:
    """Post a body, signed where there is a key; redirections are not followed."""
    timestamp = str(int(at.timestamp()))
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "lastmile",
        "Idempotency-Key": delivery.key,
        "Lastmile-Timestamp": timestamp,
        **({"Lastmile-Signature": signature(key, timestamp, body)} if key else {}),
    }
    request = Request(address, body, headers, method="POST")  # noqa: S310 - http(s) was checked
    try:
        with build_opener(_Stay).open(request, timeout=TIMEOUT) as reply:
            return Sent(f"{reply.status} {one_line(reply.reason)}")
    except HTTPError as error:
        with error:
            return _refused(error)
    except (URLError, http.client.HTTPException, OSError) as error:
        reason = getattr(error, "reason", error)
        return Later(one_line(str(reason)) or type(error).__name__)


def _refused(error: HTTPError) -> Answer:
    reason = f"the other side answered {error.code} {one_line(str(error.reason))}".strip()
    wait = error.headers.get("Retry-After", "") if error.headers else ""
    if error.code >= 500 or error.code in _PASSING:
        return Later(reason, float(wait) if wait.isdecimal() else 0.0)
    if 300 <= error.code < 400:
        return Never(f"{reason}; redirections are not followed")
    return Never(reason)


class _Stay(HTTPRedirectHandler):
    """A redirection is an answer like any other: a signed body goes where it was meant to go."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None
