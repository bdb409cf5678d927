"""The run log: the only source of a run's state."""

from lastmile.store.log import RunLog

__all__ = ["RunLog"]
