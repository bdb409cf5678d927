"""What another scheduler needs to keep the same slots, as files.

Each of them starts `lastmile schedule tick`, which computes the slots itself: logical dates, clock
changes, holidays and what was missed are the same whoever starts it, and a start too many does
nothing. The other scheduler only has to wake up often enough. Airflow, which has slots of its own,
runs the report with its own logical date where a cron expression says all.
"""

from lastmile.scheduling.emit.files import TARGETS, Setting, Target, emit

__all__ = ["TARGETS", "Setting", "Target", "emit"]
