"""A scheduler by a clock that the test sets, with hands that need no time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from lastmile.jobs.schedule.crew import Ended
from lastmile.jobs.schedule.loop import Scheduler, Setting
from lastmile.jobs.schedule.work import Answer
from lastmile.store.slots import Slot
from lastmile.workspace import find_workspace

MONDAY = datetime(2026, 5, 4, tzinfo=UTC)


@dataclass
class Sky:
    """The time, of clocks on the wall and of the machine."""

    at: datetime = MONDAY
    jumped: timedelta = timedelta()

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - self.jumped - MONDAY).total_seconds()

    def pass_(self, **span: float) -> None:
        self.at += timedelta(**span)

    def jump(self, **span: float) -> None:
        """Somebody sets the clock: no time passes."""
        self.at += timedelta(**span)
        self.jumped += timedelta(**span)


@dataclass
class Hands:
    """Whatever is begun has ended when it is waited for, unless it is `held` back."""

    sky: Sky
    log: object = None
    hold: bool = False
    slots: list[Slot] = field(default_factory=list)
    begun: list[Slot] = field(default_factory=list)
    stopped: list[tuple[Slot, str]] = field(default_factory=list)

    def start(self, slot, file) -> None:
        self.slots.append(slot)
        self.begun.append(slot)

    def wait(self, seconds: float) -> list[Ended]:
        if self.hold:
            return []
        ended, self.slots = self.slots, []
        if len(ended) > 20:  # many ends take a while one by one
            with self.log.writing() as connection:
                connection.exec_driver_sql(
                    "UPDATE slots SET state = 'ran', claimed_by = NULL WHERE state = 'running'"
                )
        else:
            for slot in ended:
                self.log.ended(slot, "k", self.sky.at)
        return [Ended(slot, Answer("ran")) for slot in ended]

    def stop(self, slot, reason) -> None:
        self.stopped.append((slot, reason))

    def die(self) -> list[Ended]:
        ended, self.slots = self.slots, []
        return [Ended(slot, None) for slot in ended]

    def close(self) -> None:
        pass


@pytest.fixture
def sky() -> Sky:
    return Sky()


@pytest.fixture
def make_scheduler(make_workspace, sky) -> Callable[..., Scheduler]:
    """A scheduler of a workspace whose schedules are given as texts."""
    made = []

    def make(jobs: int = 50, **schedules: str) -> Scheduler:
        root = make_workspace()
        for name, text in schedules.items():
            write(root, name, text)
        hands = Hands(sky)
        told: list[str] = []
        scheduler = Scheduler(
            Setting(workspace=find_workspace(root), jobs=jobs, tell=told.append,
                    clock=sky.now, monotonic=sky.monotonic, hands=hands)
        )  # fmt: skip
        hands.log = scheduler.log
        scheduler.told, scheduler.hands = told, hands
        made.append(scheduler)
        return scheduler

    yield make
    for scheduler in made:
        scheduler.log.close()


def write(root, name: str, text: str) -> None:
    (root / f"schedule/{name}.toml").write_text(f'report = "plain"\ntimezone = "UTC"\n{text}\n')


def step(scheduler: Scheduler) -> None:
    """One round, and what comes of it."""
    scheduler.round()
    scheduler._unsettled += scheduler.hands.wait(0)


def rows(scheduler: Scheduler, name: str) -> list[tuple[str, str, str | None]]:
    """The slots of a schedule, the oldest first: when, state, reason."""
    found = scheduler.log.slots_of(name, limit=100_000)
    return [(f"{s.scheduled_for:%d %H:%M}", s.state.value, s.reason) for s in reversed(found)]
