"""On a worker of a cluster: one run in a process of its own.

`python -m lastmile.jobs.there ROOT BUILT` reads one line of JSON, the order, and writes lines of
JSON: the progress of each cell, and at the end how it went. It ends with whoever started it: when
its standard input is closed it interrupts its run, which ends the kernel first.
"""

import json
import os
import signal
import sys
import threading
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from lastmile.errors import Faults, LastmileError, ProgramFault
from lastmile.jobs.faults import FaultFiles, faults_told


def main() -> None:
    """Carry out the order on standard input."""
    signal.signal(signal.SIGTERM, _interrupt)
    root, built = Path(sys.argv[1]), Path(sys.argv[2])
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        with faults_told(f"the run {order['key']}", FaultFiles(None, order["key"])):
            _produce(root, built, order)
    except ProgramFault as fault:
        _say({"fault": {"said": fault.said, "ours": fault.ours, "trace": fault.trace}})
    except Faults as faults:
        _say({"error": faults.faults[0].to_dict() | {"what": faults.what}})
    except LastmileError as error:
        _say({"error": error.to_dict()})
    except KeyboardInterrupt:  # its run is cancelled, its kernel has ended
        sys.exit(128 + signal.SIGTERM)
    else:
        _say({"done": True})


def _produce(root: Path, built: Path, order: dict[str, Any]) -> None:
    from lastmile.jobs.report import Place, produce, report_in
    from lastmile.reporting.parameter_types import restored
    from lastmile.reporting.plan import plan_run
    from lastmile.workspace import find_workspace

    workspace = find_workspace(root)
    plan = plan_run(
        report_in(workspace, order["report"]),
        restored(order["given"], order.get("types", {})),
        formats=tuple(order["formats"]),
        as_of=datetime.fromisoformat(order["logical_date"]),
        now=datetime.fromisoformat(order["started"]),
    )
    produce(
        replace(plan, key=order["key"]),
        Place(built=built, root=root, module_paths=workspace.module_paths),
        observer=lambda event: _say({"cell": asdict(event)}),
        attempt=order["attempt"],
    )


def _say(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
