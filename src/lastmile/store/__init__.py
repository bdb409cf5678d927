"""The run log: the only source of a run's state."""

from lastmile.store.log import OnEnd, RunLog

__all__ = ["OnEnd", "RunLog"]
