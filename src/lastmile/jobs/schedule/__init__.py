"""Keep the schedule: every slot becomes a run, or a visible skip with its reason.

files      the schedule files, read and read again
checking   every fault of them, before the night
entering   slots that have come due become rows
crew       worker processes, each at work on one slot
work       what a worker does with a slot
recovery   slots whose scheduler or worker is gone
contracts  reports that should exist and do not
loop       all of it, again and again
status     what ran, runs, was skipped and why, comes next
watching   the same for monitors: health and figures over HTTP
"""
