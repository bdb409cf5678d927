"""The last mile from a notebook to production.

Two flows, top to bottom in the order data passes through them::

    report   definition + parameters -> Plan -> supervised run -> executed notebook
             -> HTML, PDF -> publication
    schedule definition -> slots -> claims -> runs, or skips with their reason
    export   estimator + sample -> Signature -> ONNX graph -> Core ML package
             -> Evidence -> Bundle

    cli/        front door: parse, call one job, print, exit code
    jobs/       where steps meet the outside world: produce a report, keep the schedule, export
    reporting/  a notebook becomes pages
    scheduling/ when a report is due
    exporting/  a fitted estimator becomes a bundle: a compiler
    delivery/   a publication reaches its recipients
    store/      the run log
    workspace, definitions, atomic, addresses, recording, values, clock, errors, visible: the ground

Two functions need no workspace: :func:`run_report` and :func:`export_estimator`. One is for
notebooks: :func:`record` stores a value with the run.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lastmile.exporting.bundle import Bundle
    from lastmile.jobs.export import export_estimator
    from lastmile.jobs.report import run_report
    from lastmile.recording import record
    from lastmile.values import Run

__version__ = version("lastmile")
__all__ = ["Bundle", "Run", "__version__", "export_estimator", "record", "run_report"]

_HOMES = {
    "Bundle": "lastmile.exporting.bundle",
    "Run": "lastmile.values",
    "export_estimator": "lastmile.jobs.export",
    "record": "lastmile.recording",
    "run_report": "lastmile.jobs.report",
}


def __getattr__(name: str) -> Any:
    """Public names are imported when they are first used: the command line must start quickly."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
