"""Deliveries are sent beside the schedule: a mail server that hangs keeps no report waiting."""

from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread

from lastmile.errors import LastmileError
from lastmile.jobs.deliver import send_due
from lastmile.store import RunLog
from lastmile.values import Delivery, DeliveryState
from lastmile.workspace import Workspace

_PAUSE = 5.0
"""Seconds between two looks into the outbox."""

_PATIENCE = 45.0


class Postman:
    """Sends what is due, in a thread of its own, while the block lasts and once more at its end."""

    def __init__(self, workspace: Workspace, tell: Callable[[str], None]) -> None:
        self._workspace = workspace
        self._tell = tell
        self._end = Event()
        self._thread = Thread(target=self._work, name="lastmile-postman", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End, when what is being sent has been sent; what is left is left to others."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join(_PATIENCE)

    def _work(self) -> None:
        while not self._end.wait(_PAUSE):
            with suppress(LastmileError):  # the database is away: the scheduler says so
                self.send()

    def send(self) -> None:
        """Send what is due now.

        Raises:
            StoreUnusable.
        """
        with RunLog(self._workspace.store_url) as log:
            send_due(self._workspace, log, on_made=self._told)

    def _told(self, delivery: Delivery) -> None:
        if delivery.state is DeliveryState.SENT:
            self._tell(f"{delivery.run}: sent to {delivery.address}")
        else:
            self._tell(
                f"{delivery.run}: not sent to {delivery.address} ({delivery.state.value}): "
                f"{delivery.reason}"
            )
