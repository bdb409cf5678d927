"""The run log: read any time, each write a transaction of its own.

A run is recorded as running before its kernel starts and gets its end in one statement. Long work
never happens inside a transaction.
"""

import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import psutil
from sqlalchemy import Connection, Row, bindparam, insert, select, update
from sqlalchemy.exc import ArgumentError, DatabaseError, IntegrityError

from lastmile.errors import RunUnknown, StoreUnusable
from lastmile.store.engine import open_engine
from lastmile.store.hosts import alive, over, space
from lastmile.store.migrate import migrate
from lastmile.store.outbox import Outbox, queue, supersede
from lastmile.store.tables import runs
from lastmile.values import Cause, CauseKind, Delivery, Run, SlotKey, State

OnEnd = Callable[[Run, Mapping[str, Any]], Iterable[Delivery]]
"""The deliveries of a run that ended, from what was noted when it began."""


class RunLog:
    """The runs of a workspace, in any database that SQLAlchemy reaches."""

    def __init__(self, url: str) -> None:
        """Open the log at `url` and bring its tables up to date.

        Raises:
            StoreUnusable: the database cannot be opened.
            StoreTooNew: a newer lastmile has written it.
        """
        self._shown = url.rpartition("@")[2]
        with self._told():
            self._engine = open_engine(url)
            self._writer = self._engine.execution_options(writes=True)
            try:
                migrate(self._writer, shown=self._shown)
            except BaseException:
                self.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database; the log may be used again."""
        self._engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise
        except (DatabaseError, ArgumentError, ImportError, OSError) as error:
            reason = str(getattr(error, "orig", error)).splitlines()[0]
            raise StoreUnusable(self._shown, reason) from error

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that changes something."""
        with self._told(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that changes nothing."""
        with self._told(), self._engine.connect() as connection:
            yield connection

    @property
    def outbox(self) -> Outbox:
        """What is to be delivered."""
        return Outbox(writing=self.writing, reading=self.reading)

    def begin(
        self, run: Run, *, deliver: Mapping[str, Any] | None = None, replaces: str = ""
    ) -> None:
        """Record a run as running under this process.

        `deliver` says to whom its end is to be told. `replaces` is the key of the attempt before:
        what waits to be told of that is not told any more.
        """
        with self.writing() as connection:
            self._begin(connection, run, deliver, replaces)

    def _begin(
        self,
        connection: Connection,
        run: Run,
        deliver: Mapping[str, Any] | None = None,
        replaces: str = "",
    ) -> None:
        process = psutil.Process()
        row = _row(run) | {
            "host": socket.gethostname(),
            "space": space(),
            "pid": process.pid,
            "pid_started": process.create_time(),
            "deliver": dict(deliver) if deliver else None,
        }
        connection.execute(insert(runs).values(row))
        if replaces:
            supersede(connection, replaces, by=run.key)

    def confirm(self, run: Run) -> None:
        """Whether a run may be published; here it always may."""

    def end(self, run: Run, on_end: OnEnd | None = None) -> None:
        """Record how a run ended and, in the same transaction, queue what `on_end` makes of it."""
        with self.writing() as connection:
            self._end(connection, run, on_end)

    def _end(self, connection: Connection, run: Run, on_end: OnEnd | None) -> None:
        connection.execute(update(runs).where(runs.c.key == run.key).values(_row(run)))
        if on_end:
            noted = select(runs.c.deliver).where(runs.c.key == run.key)
            order = connection.execute(noted).scalar()
            queue(connection, on_end(run, order) if order else ())

    def history(self, report: str | None = None, *, limit: int = 20) -> list[Run]:
        """The newest runs first, of one report or of all."""
        query = select(runs).order_by(runs.c.started.desc(), runs.c.key.desc()).limit(limit)
        if report is not None:
            query = query.where(runs.c.report == report)
        return self._runs(query)

    def _runs(self, query: Any) -> list[Run]:
        with self.reading() as connection:
            return [_run(row) for row in connection.execute(query)]

    def find(self, key: str) -> Run:
        """The run with that key.

        Raises:
            RunUnknown: there is none.
        """
        with self.reading() as connection:
            row = connection.execute(select(runs).where(runs.c.key == key)).first()
        if row is None:
            raise RunUnknown(key)
        return _run(row)

    def good(self, plan_id: str) -> Run | None:
        """The newest good run of a plan."""
        query = (
            select(runs)
            .where(runs.c.plan_id == plan_id, runs.c.state == State.SUCCEEDED)
            .order_by(runs.c.started.desc())
        )
        with self.reading() as connection:
            row = connection.execute(query).first()
        return _run(row) if row else None

    def newest_good(self, reports: Iterable[str]) -> dict[str, str]:
        """The key of the newest good run of each report whose files are kept; keys sort by time."""
        query = (
            select(runs.c.key)
            .where(
                runs.c.report == bindparam("report"),
                runs.c.state == State.SUCCEEDED,
                runs.c.folder.is_not(None),
            )
            .order_by(runs.c.key.desc())
            .limit(1)
        )
        with self.reading() as connection:
            keys = {name: connection.execute(query, {"report": name}).scalar() for name in reports}
        return {name: key for name, key in keys.items() if key is not None}

    def states(self, keys: Iterable[str]) -> dict[str, State]:
        """How the runs with these keys stand, of those that are known."""
        query = select(runs.c.key, runs.c.state).where(runs.c.key.in_(list(keys)))
        with self.reading() as connection:
            return {row.key: State(row.state) for row in connection.execute(query)}

    def orphans(self) -> list[Run]:
        """Runs that are recorded as running, but whose process is gone, as far as is known here.

        That is so in this space alone, and in earlier boots of this machine.
        """
        here = space()
        with self.reading() as connection:
            rows = connection.execute(select(runs).where(runs.c.state == State.RUNNING)).all()
        return [_run(row) for row in rows if _gone(row, here)]


def lost_values(cause: Cause, at: datetime) -> dict[str, Any]:
    """What is written of a run that is lost."""
    told = {"cause_kind": cause.kind, "cause_message": cause.message}
    return {"state": State.FAILED, "ended": at, **told}


def _gone(row: Row[Any], here: str) -> bool:
    if over(row.space, here):
        return True
    known_here = row.space == here or (not row.space and row.host == socket.gethostname())
    return known_here and not alive(row.pid, row.pid_started)


def _row(run: Run) -> dict[str, Any]:
    return {
        "key": run.key,
        "report": run.report,
        "state": run.state,
        "cause_kind": run.cause.kind if run.cause else None,
        "cause_message": run.cause.message.replace("\0", "") if run.cause else None,
        "cause_cell": run.cause.cell if run.cause else None,
        "parameters": run.parameters,
        "given": run.given,
        "started": run.started,
        "ended": run.ended,
        "seconds": run.seconds,
        "cells": run.cells,
        "peak_memory": run.peak_memory,
        "folder": str(run.folder) if run.folder else None,
        "files": list(run.files),
        "plan_id": run.plan_id,
        "logical_date": run.logical_date,
        "attempt": run.attempt,
        "recorded": run.recorded,
        "redacted": run.redacted,
        "schedule": run.slot.schedule if run.slot else None,
        "scheduled_for": run.slot.scheduled_for if run.slot else None,
    }


def _run(row: Row[Any]) -> Run:
    cause = None
    if row.cause_kind is not None:
        kind = CauseKind(row.cause_kind)
        cause = Cause(kind=kind, message=row.cause_message, cell=row.cause_cell)
    return Run(
        key=row.key,
        report=row.report,
        state=State(row.state),
        cause=cause,
        parameters=row.parameters,
        given=row.given,
        started=row.started,
        ended=row.ended,
        seconds=row.seconds,
        cells=row.cells,
        peak_memory=row.peak_memory,
        folder=Path(row.folder) if row.folder else None,
        files=tuple(row.files),
        plan_id=row.plan_id,
        logical_date=row.logical_date,
        attempt=row.attempt,
        recorded=row.recorded,
        redacted=row.redacted,
        slot=SlotKey(row.schedule, row.scheduled_for) if row.schedule else None,
    )
