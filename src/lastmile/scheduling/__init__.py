"""When a report is due.

In the order in which a file becomes slots::

    zones       wall clocks: at which instants they show 02:30, and what if clocks are changed
    workdays    weekends and holidays
    cron        a cron expression and the wall times that it names
    rhythm      cron expressions and workdays, and the instants that they name
    words       `first workday of the month at 9` becomes a rhythm
    definition  the file schedule/NAME.toml
    slots       the slots of a schedule between two instants; what a clock change does to them
    due         which of the slots that have come due are run, and why the others are not
    freshness   until when the report of a slot must exist

Everything here is computed from its arguments: no clock is read and no file.
"""
