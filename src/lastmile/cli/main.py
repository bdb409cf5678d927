"""The command `lastmile`: its groups, and the only place where an error becomes an exit code."""

import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click

from lastmile import __version__
from lastmile.cli import coreml, deliver, export, report, schedule, workspace
from lastmile.cli.output import complain, complain_error, say_json
from lastmile.cli.state import Door
from lastmile.errors import Faults, LastmileError
from lastmile.visible import guarded_streams

INTERRUPTED = 130
"""What a shell expects of a program that Ctrl-C ended."""

EXAMPLES = """
\b
Examples:
  lastmile demo                                   the example report and export
  lastmile list                                   what this workspace holds
  lastmile report run seattle-weather -p month=2014-07
  lastmile report history seattle-weather
  lastmile schedule next                          when what is due
  lastmile export run rain-tomorrow
  lastmile export check exports/_built/rain-tomorrow-1.0.0
  lastmile coreml predict Rain.mlpackage rows.csv   Core ML without a Mac
  lastmile coreml convert model.onnx              any ONNX model to Core ML

\b
Exit codes: 0 good, 1 a run failed or something could not be done, 2 the request needs mending,
3 an export is not right, 130 interrupted.
"""


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EXAMPLES,
)
@click.option(
    "-w",
    "--workspace",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="A folder inside the workspace; the present one by default.",
)
@click.version_option(__version__, message="lastmile %(version)s")
@click.pass_context
def lastmile(context: click.Context, workspace: Path) -> None:
    """The last mile from a notebook to production.

    Reports print themselves as HTML and PDF and say the truth about their run; fitted estimators
    become ONNX and Core ML bundles with proof that they answer the same.
    """
    context.obj = Door(workspace)


lastmile.add_command(workspace.init)
lastmile.add_command(workspace.demo)
lastmile.add_command(workspace.list_)
lastmile.add_command(workspace.doctor)
lastmile.add_command(report.report)
lastmile.add_command(schedule.schedule)
lastmile.add_command(deliver.deliver)
lastmile.add_command(export.export)
lastmile.add_command(coreml.coreml)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _interrupt)
    words = sys.argv[1:] if arguments is None else arguments
    with guarded_streams():
        code = _run(words)
    sys.exit(code if isinstance(code, int) else 0)


def _run(words: list[str]) -> Any:
    """Carry out a command and give what its exit code is made of."""
    try:
        return lastmile.main(args=words, standalone_mode=False)
    except LastmileError as error:
        return _tell(error, words)
    except ModuleNotFoundError as error:
        from lastmile.jobs.doctor import missing_part

        part = missing_part(error)
        if part is None:
            raise
        return _tell(part, words)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        complain("interrupted; nothing half-written is left behind")
        return INTERRUPTED


def _tell(error: LastmileError, words: list[str]) -> int:
    """Tell an error to people, and to a program that asked for JSON; give its exit code."""
    complain_error(str(error))
    if "--json" in words:
        faults = error.faults if isinstance(error, Faults) else (error,)
        say_json({"errors": [fault.to_dict() for fault in faults]})
    return error.exit_code


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
