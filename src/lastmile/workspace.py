"""A workspace: the folder whose `pyproject.toml` has a `[tool.lastmile]` table."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from lastmile.addresses import MailAddress, WebAddress
from lastmile.definitions import Definition, parse_definition
from lastmile.errors import BadDefinition, NoWorkspace, UnknownName
from lastmile.values import Seconds, SecretText

EXECUTOR = r"^(local|dask(\+tls)?://[A-Za-z0-9._\[\]:-]+:\d{1,5})$"
"""What names a place to run notebooks at."""


class Demo(Definition):
    """What `lastmile demo` shows; by default the first report and the first export."""

    report: str = ""
    export: str = ""


class MailServer(Definition):
    """The `[tool.lastmile.mail]` table: the server that takes mail, and whom it comes from."""

    host: str = Field(min_length=1, pattern=r"^[A-Za-z0-9.:_-]+$")
    port: int | None = Field(default=None, ge=1, le=65535, description="587, 465 or 25")
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = Field(default="", description="whom to log in as; nobody by default")
    password: SecretText | None = None
    from_: MailAddress = Field(alias="from")
    reply_to: MailAddress | None = None
    certificates: str = Field(
        default="", description="file with the authorities to trust besides the system's"
    )
    timeout: Seconds = Field(default=30.0, gt=0, description="of each answer of the server")

    @model_validator(mode="after")
    def _whole_login(self) -> Self:
        if bool(self.user) != bool(self.password):
            raise ValueError("`user` and `password` belong together")
        if self.user and self.security == "none":
            raise ValueError('a password is only sent with security = "starttls" or "tls"')
        return self


class Settings(Definition):
    """The `[tool.lastmile]` table of `pyproject.toml`."""

    path: tuple[str, ...] = Field(
        default=("src",), description="folders with the workspace's own modules"
    )
    preload: tuple[str, ...] = Field(
        default=(), description="further modules that workers import once, before they fork kernels"
    )
    store: str = Field(
        default="sqlite:///.lastmile/store.db", description="SQLAlchemy address of the run log"
    )
    secrets: str = Field(
        default="", description="folder with one file per secret, readable by its owner only"
    )
    pools: dict[str, int] = Field(
        default_factory=dict,
        description="how many runs of schedules of each pool may go on at once",
    )
    demo: Demo = Demo()
    executor: str = Field(
        default="local",
        pattern=EXECUTOR,
        description="where notebooks run: here, or on a Dask cluster, dask://HOST:8786",
    )
    artifacts: str = Field(
        default="", description="fsspec address over which a cluster hands pages back"
    )
    site: WebAddress | None = Field(
        default=None, description="where readers find `reports/_built`; links begin with it"
    )
    mail: MailServer | None = None
    give_up: Seconds = Field(default=3 * 86400.0, gt=0, description="how long a delivery is tried")


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folders of a workspace and its settings."""

    root: Path
    settings: Settings

    @property
    def reports(self) -> Path:
        """Definitions of reports; what they publish goes to `_built` below it."""
        return self.root / "reports"

    @property
    def exports(self) -> Path:
        """Definitions of exports; bundles go to `_built` below it."""
        return self.root / "exports"

    @property
    def schedule(self) -> Path:
        """Definitions of schedules."""
        return self.root / "schedule"

    @property
    def module_paths(self) -> list[Path]:
        """Absolute folders from which the workspace's modules are imported."""
        return [self.root / folder for folder in self.settings.path]

    @property
    def secrets(self) -> Path | None:
        """The folder with one file per secret, where the settings name one."""
        return self.root / self.settings.secrets if self.settings.secrets else None

    @property
    def store_url(self) -> str:
        """The address of the run log, with a relative SQLite path resolved against the root."""
        prefix = "sqlite:///"
        url = self.settings.store
        if url.startswith(prefix) and not url.startswith(prefix + "/"):
            return f"{prefix}{self.root / url.removeprefix(prefix)}"
        return url

    def shown(self, path: Path) -> str:
        """A path as messages show it: relative to the workspace where it lies inside."""
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)

    def definition(self, kind: str, name: str) -> Path:
        """The file that defines the report, schedule or export `name`.

        Raises:
            UnknownName: no such file, or a name that would leave the folder.
        """
        folder = {"report": self.reports, "schedule": self.schedule, "export": self.exports}[kind]
        known = names_in(folder)
        if name not in known:
            raise UnknownName(kind, name, known=known, folder=folder.name)
        return folder / f"{name}.toml"

    def open_modules(self) -> None:
        """Let this process import the workspace's modules."""
        for folder in reversed(self.module_paths):
            if str(folder) not in sys.path:
                sys.path.insert(0, str(folder))


def names_in(folder: Path) -> list[str]:
    """The names that the TOML files of a definition folder define, sorted."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def find_workspace(start: Path) -> Workspace:
    """The workspace that `start` lies in.

    Raises:
        NoWorkspace: there is none.
        BadDefinition: its settings are not right.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        file = folder / "pyproject.toml"
        if not file.is_file():
            continue
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadDefinition(f"{file} cannot be read: {error}", where=str(file)) from error
        if "[tool.lastmile]" in text or "[tool.lastmile." in text:
            settings = parse_definition(
                text, Settings, shown="pyproject.toml", table=("tool", "lastmile")
            )
            return Workspace(folder, settings)
    raise NoWorkspace(str(start))
