"""For monitors: `/health` says whether the schedule is kept, `/metrics` gives figures (Prometheus).

Both ask the store when they are asked, with a connection of their own; they never wait for a
report. Nothing else is answered, and nothing of a report is shown.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

from lastmile.clock import now
from lastmile.errors import CannotListen, StoreUnusable
from lastmile.jobs.schedule.status import ScheduleStatus, Status, status
from lastmile.store.schedulers import SchedulerLog
from lastmile.workspace import Workspace

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

    from lastmile.jobs.schedule.loop import Scheduler

_SCHEDULER_IS_STUCK = 60.0


@contextmanager
def listening(workspace: Workspace, address: str | None) -> "Iterator[Callable[[Scheduler], None]]":
    """Answer at `address`, `HOST:PORT`, about the scheduler that is named later.

    Raises:
        CannotListen: it is no address, or in use.
    """
    if address is None:
        yield lambda _scheduler: None
        return
    server = _Server(_parsed(address), workspace)
    thread = Thread(target=server.serve_forever, name="lastmile-listen", daemon=True)
    thread.start()
    try:
        yield server.watch
    finally:
        server.shutdown()
        server.server_close()


def _parsed(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise CannotListen(address, "it is not HOST:PORT")
    return host.strip("[]"), int(port)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], workspace: Workspace) -> None:
        try:
            super().__init__(address, _Handler)
        except OSError as error:
            shown = f"{address[0]}:{address[1]}"
            raise CannotListen(shown, error.strerror or str(error)) from error
        self.workspace = workspace
        self.scheduler: Scheduler | None = None

    def watch(self, scheduler: "Scheduler") -> None:
        self.scheduler = scheduler

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A monitor that hangs up is nothing to tell."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10

    def do_GET(self) -> None:
        """Answer a monitor."""
        match self.path.partition("?")[0]:
            case "/health":
                found = health(self.server.workspace, self.server.scheduler)
                code = 200 if found["healthy"] else 503
                self._answer(code, "application/json", json.dumps(found).encode() + b"\n")
            case "/metrics":
                from prometheus_client import CONTENT_TYPE_LATEST

                text = figures(self.server.workspace, self.server.scheduler)
                self._answer(200, CONTENT_TYPE_LATEST, text)
            case _:
                self._answer(404, "text/plain", b"/health or /metrics\n")

    def _answer(self, code: int, kind: str, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Monitors ask often: that is no news."""


def health(workspace: Workspace, scheduler: "Scheduler | None") -> dict[str, Any]:
    """Whether slots that come due will be run, and if not, why."""
    found: dict[str, Any] = {"healthy": False, "why": ""}
    if scheduler is None:
        return found | {"why": "the scheduler is starting"}
    found |= {"id": scheduler.log.id, "state": "draining" if scheduler.draining else "working"}
    if scheduler.away:
        return found | {"why": scheduler.away}
    if scheduler.silence() > _SCHEDULER_IS_STUCK:
        return found | {"why": f"the scheduler has done nothing for {scheduler.silence():.0f} s"}
    return found | {"healthy": True}


def figures(workspace: Workspace, scheduler: "Scheduler | None") -> bytes:
    """The figures in Prometheus' text format."""
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry()
    try:
        with SchedulerLog(workspace.store_url) as log:
            now_ = status(workspace, log, now())
    except StoreUnusable:
        now_ = None
    registry.register(_Figures(now_, scheduler))
    return generate_latest(registry)


class _Figures:
    """What is collected for Prometheus."""

    def __init__(self, found: Status | None, scheduler: "Scheduler | None") -> None:
        self._found = found
        self._scheduler = scheduler

    def collect(self) -> "Iterator[Metric]":
        """Each figure, where it is known."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        up = self._found is not None
        yield GaugeMetricFamily("lastmile_store_up", "Whether the run log answers.", value=up)
        if self._scheduler:
            ended = CounterMetricFamily(
                "lastmile_slots_ended",
                "Slots that this scheduler has ended.",
                labels=["schedule", "outcome"],
            )
            for (schedule, outcome), count in sorted(self._scheduler.tally.items()):
                ended.add_metric([schedule, outcome], count)
            yield ended
        if self._found is None:
            return
        alive = sum(not other.gone for other in self._found.schedulers)
        yield GaugeMetricFamily("lastmile_schedulers", "Schedulers at work.", value=alive)
        late = Counter(alert.slot.schedule for alert in self._found.alerts)
        for name, text, figure in _OF_EACH:
            family = GaugeMetricFamily(f"lastmile_{name}", text, labels=["schedule"])
            for one in self._found.schedules:
                value = figure(one, late)
                if value is not None:
                    family.add_metric([one.name], value)
            yield family


def _ended(one: ScheduleStatus) -> float | None:
    return one.last[0].ended.timestamp() if one.last and one.last[0].ended else None


def _good(one: ScheduleStatus) -> float | None:
    return float(one.last[1].state.good) if one.last and one.last[1] else None


_Figure = Callable[[ScheduleStatus, Counter[str]], float | None]
_OF_EACH: tuple[tuple[str, str, _Figure], ...] = (
    ("slots_waiting", "Slots that wait.", lambda one, _: one.waiting),
    ("slots_running", "Slots at work.", lambda one, _: len(one.at_work)),
    ("reports_late", "Reports that should exist and do not.", lambda one, late: late[one.name]),
    ("next_due_timestamp_seconds", "When the next slot is due.",
     lambda one, _: one.coming.due.timestamp() if one.coming else None),
    ("last_ended_timestamp_seconds", "When the newest slot ended.", lambda one, _: _ended(one)),
    ("last_good", "Whether the newest slot has a good run.", lambda one, _: _good(one)),
)  # fmt: skip
