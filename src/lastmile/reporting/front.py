"""What stands above a report's first cell: title, facts of the run, and bad news first."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from lastmile.reporting.plan import Report
from lastmile.reporting.rendering import Front, Notice
from lastmile.values import Run, State, show_duration

Level = Literal["failed", "degraded", "cancelled"]
HEADINGS: Mapping[State, tuple[Level, str]] = MappingProxyType(
    {
        State.FAILED: ("failed", "This run failed"),
        State.DEGRADED: ("degraded", "This run has defects"),
        State.CANCELLED: ("cancelled", "This run was cancelled"),
    }
)


def front_of(report: Report, run: Run, *, last_good: str | None) -> Front:
    """The front matter of a run's pages; `last_good` is the key of the newest good run."""
    made = run.ended or run.started
    parameters = ((name.replace("_", " "), _shown(value)) for name, value in run.parameters.items())
    return Front(
        title=report.file.title,
        subtitle=report.file.description,
        facts=(
            *parameters,
            ("Made", f"{made.day} {made:%B %Y, %H:%M} UTC"),
            ("Took", show_duration(run.seconds or 0)),
            ("Run", run.key),
            *((("Redacted", _redactions(run.redacted)),) if run.redacted else ()),
        ),
        notice=_notice(run, last_good),
        code=report.file.code,
        language=report.file.language,
    )


def _redactions(count: int) -> str:
    return f"secrets in {count} places" if count > 1 else "a secret in 1 place"


def _shown(value: Any) -> str:
    match value:
        case list():
            return ", ".join(map(_shown, value)) or "none"
        case bool():
            return "yes" if value else "no"
        case None:
            return "none"
    return str(value)


def _notice(run: Run, last_good: str | None) -> Notice | None:
    if run.state not in HEADINGS:
        return None
    level, heading = HEADINGS[run.state]
    cause = str(run.cause) if run.cause else "no cause is known"
    warning = "may be wrong" if run.state is State.DEGRADED else "is incomplete"
    text = f"{cause[0].upper()}{cause[1:]}. What follows {warning}."
    link = ("The last good report", f"../{last_good}/index.html") if last_good else None
    return Notice(level=level, heading=heading, text=text, link=link)
