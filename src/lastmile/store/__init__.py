"""The run log: the only source of a run's state, and of what became of every slot.

engine      SQLite or PostgreSQL
tables      what is kept; migrate brings an older store up to date
hosts       where a process lives: a host is more than its name
log         runs
slots       slots of schedules: entered once, held by one scheduler at a time
claims      which waiting slots a scheduler takes
schedulers  who is at work, who is gone
"""

from lastmile.store.log import OnEnd, RunLog

__all__ = ["OnEnd", "RunLog"]
