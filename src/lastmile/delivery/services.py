"""What others know about addresses: Apprise about chats, fsspec about stores.

Both are optional and slow to import, so they are asked only where a file names such an address.
"""

import warnings
from functools import cache
from typing import Any
from urllib.parse import urlsplit


def chat_service(address: str) -> Any:
    """The Apprise service behind an address; None where there is none.

    Raises:
        ModuleNotFoundError: Apprise is not installed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of what Apprise imports
        from apprise import Apprise

        return Apprise.instantiate(address, suppress_exceptions=True)


@cache
def is_chat(address: str) -> bool:
    """Whether Apprise knows what to do with an address; without Apprise, whether it is one."""
    try:
        return chat_service(address) is not None
    except ModuleNotFoundError:
        return bool(urlsplit(address).scheme)


@cache
def protocols() -> frozenset[str]:
    """The protocols that fsspec knows; none where it is not installed."""
    try:
        from fsspec import available_protocols
    except ModuleNotFoundError:
        return frozenset()
    return frozenset(available_protocols())
