"""A real PostgreSQL of the tests' own: made, started, killed and removed by them."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

_NAMES = ("/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql*/bin")


def find_programs() -> Path | None:
    """The folder with `initdb` and `postgres`, if there is one."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    folders = [path for name in _NAMES for path in sorted(Path("/").glob(name[1:]))]
    return next((folder for folder in reversed(folders) if (folder / "initdb").exists()), None)


class Server:
    """A server on a socket of its own. Root may not run one, so it then runs as `postgres`."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self.folder = Path(tempfile.mkdtemp(prefix="lastmile-pg-"))
        self._user = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}
        if self._user:
            shutil.chown(self.folder, **self._user)
        self._process: subprocess.Popen[bytes] | None = None
        self._count = 0
        self._run("initdb", "-D", self.folder / "data", "--auth=trust", "--username=lastmile",
                  "--encoding=UTF8", "--locale=C", "--no-sync")  # fmt: skip
        self.start()

    def _run(self, program: str, *words: str | Path) -> None:
        subprocess.run([self._programs / program, *words], check=True, capture_output=True,
                       cwd="/", **self._user)  # fmt: skip

    def start(self) -> None:
        """Start it, also after a kill; return when it answers."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self.folder / "data", "-k", self.folder,
                 "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=60",
                 "-c", "shared_buffers=32MB"],
                stdout=subprocess.DEVNULL, stderr=log, cwd="/", start_new_session=True,
                **self._user,
            )  # fmt: skip
        deadline = time.monotonic() + 60
        while True:
            try:
                self.query("SELECT 1", database="postgres")
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def kill(self) -> None:
        """End it as a power cut would: the server and its workers, at once."""
        if self._process:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def query(self, text: str, *, database: str) -> None:
        """Carry out a statement by itself."""
        with psycopg.connect(
            host=str(self.folder), user="lastmile", dbname=database, autocommit=True
        ) as connection:
            connection.execute(text)

    def database(self, template: str = "template1") -> str:
        """The address of a new database, empty or a copy, for SQLAlchemy."""
        self._count += 1
        name = f"store_{self._count}"
        self.query(f"CREATE DATABASE {name} TEMPLATE {template}", database="postgres")
        return f"postgresql+psycopg://lastmile@/{name}?host={self.folder}"

    def remove(self) -> None:
        """End it and remove what it wrote."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
