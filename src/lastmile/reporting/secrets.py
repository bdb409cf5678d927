"""Secrets: a report names them, only the kernel's environment holds them.

A parameter's value `secret:NAME` is a reference. Plans, records, pages and cells carry the
reference; its value is looked up right before a kernel starts, and the injected cell reads it from
the variable `LASTMILE_SECRET_NAME`. The prefix keeps a secret from taking the place of `PATH`.
"""

import os
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lastmile.errors import SecretRefused

PREFIX = "secret:"
VARIABLE = "LASTMILE_SECRET_"

SHORTEST = 4
"""Characters. Shorter values stand in any text by chance: they could not be redacted."""

_LARGEST = 64 * 1024


class SecretRef(str):
    """The text `secret:NAME`: a reference to a secret, and never its value."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The name of the secret."""
        return self.removeprefix(PREFIX)

    @property
    def variable(self) -> str:
        """The environment variable in which the kernel finds the value."""
        return VARIABLE + self.name


def is_reference(raw: Any) -> bool:
    """Whether a raw value has the shape of a reference."""
    return isinstance(raw, str) and raw.startswith(PREFIX)


def well_named(raw: str) -> bool:
    """Whether a reference names what can be a variable of the environment."""
    return bool(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,199}", raw.removeprefix(PREFIX)))


def references(values: Iterable[Any]) -> tuple[SecretRef, ...]:
    """The references among the values of a plan, each once."""
    return tuple(dict.fromkeys(value for value in values if isinstance(value, SecretRef)))


def read_secrets(
    wanted: Iterable[SecretRef], folder: Path | None, environment: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The values by name: from the variable NAME, else from the file NAME in `folder`.

    Raises:
        SecretRefused: one is unknown, is too short to be redacted, or others can read its file.
    """
    return {ref.name: _read(ref.name, folder, environment) for ref in wanted}


def _read(name: str, folder: Path | None, environment: Mapping[str, str]) -> str:
    value = environment.get(name)
    if value is None and folder is not None and (folder / name).is_file():
        value = _from_file(name, folder / name)
    if value is None:
        places = f"the variable {name} is not set"
        raise SecretRefused(
            name,
            f"{places} and there is no file {folder}/{name}" if folder else places,
            fix=f"set the variable {name}, or name a folder of files: "
            '[tool.lastmile] secrets = "FOLDER"',
        )
    if len(value.strip()) < SHORTEST:
        raise SecretRefused(
            name,
            f"it has fewer than {SHORTEST} characters and could not be told from other text",
            fix="use a longer secret, or an ordinary parameter for what is none",
        )
    if re.search("[\0\ud800-\udfff]", value):
        raise SecretRefused(name, "it holds bytes that are no text", fix="write it as UTF-8")
    return value


def _from_file(name: str, path: Path) -> str:
    try:
        mode = path.stat().st_mode
        if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
            shown = f"{stat.S_IMODE(mode):04o}"
            raise SecretRefused(
                name,
                f"others can read its file (mode {shown})",
                fix=f"chmod 600 {path}",
            )
        with path.open(encoding="utf-8") as file:
            text = file.read(_LARGEST + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise SecretRefused(
            name, f"its file cannot be read: {error}", fix="one text in UTF-8 per file"
        ) from error
    if len(text) > _LARGEST:
        raise SecretRefused(name, "its file is larger than 64 KiB", fix="keep only the secret")
    return text.rstrip("\r\n")


def kernel_environment(secrets: Mapping[str, str]) -> dict[str, str]:
    """The variables that a kernel finds the secrets in."""
    return {VARIABLE + name: value for name, value in secrets.items()}
