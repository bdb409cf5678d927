"""The files of each other scheduler, as texts by name."""

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from lastmile.scheduling.definition import ScheduleFile
from lastmile.scheduling.emit.wakes import Wake, at_changes, calendar_of, in_utc, wakes_of
from lastmile.values import slug

Target = Literal["systemd", "cron", "airflow", "kubernetes", "github"]
_HEAD = "# Made by `lastmile schedule emit {target}`; make it again when schedule/ changes."


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the files must know besides the schedules.

    `root` is the workspace and `program` the command where the schedules will be kept, `image` the
    container that has both; `year` is that of the clock changes which are looked at. `delivering`
    are the reports that name readers or owners.
    """

    root: str
    program: str
    image: str = "ghcr.io/example/reports:latest"
    year: int
    delivering: frozenset[str] = frozenset()

    @property
    def tick(self) -> list[str]:
        """The command that runs what is due."""
        return [self.program, "-w", self.root, "schedule", "tick"]


Schedules = Mapping[str, ScheduleFile]


def emit(target: Target, schedules: Schedules, setting: Setting) -> dict[str, str]:
    """The files for `target`, by name; schedules that are paused have none."""
    active = {name: file for name, file in schedules.items() if not file.paused}
    return TARGETS[target](active, setting)


def _systemd(schedules: Schedules, setting: Setting) -> dict[str, str]:
    files: dict[str, str] = {}
    head = _HEAD.format(target="systemd")
    for name, file in schedules.items():
        unit = f"lastmile-{slug(name)}"
        lines = [
            f"OnCalendar={line}"
            for wake in wakes_of(file)
            for line in calendar_of(wake, file.timezone)
        ]
        lines += [
            f"OnCalendar={line}"
            for wake in at_changes(wakes_of(file), file.zone, setting.year)
            for line in calendar_of(wake, "UTC")
        ]
        command = " ".join(_unit_word(word) for word in setting.tick)
        files[f"{unit}.timer"] = (
            f"{head}\n[Unit]\nDescription=When the schedule {name} is due\n\n[Timer]\n"
            + "\n".join(lines)
            + "\nAccuracySec=1s\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n"
        )
        files[f"{unit}.service"] = (
            f"{head}\n[Unit]\nDescription=Reports of the schedule {name}\n"
            "After=network-online.target\nWants=network-online.target\n\n"
            f"[Service]\nType=oneshot\nWorkingDirectory={setting.root.replace('%', '%%')}\n"
            f"ExecStart={command}\nTimeoutStartSec=infinity\nKillMode=mixed\n"
        )
    return files


def _unit_word(word: str) -> str:
    """A word of a command in a unit: `%` and `$` mean something there."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if set(escaped) & set(" '\";") else escaped


def _cron(schedules: Schedules, setting: Setting) -> dict[str, str]:
    command = shlex.join(setting.tick).replace("%", "\\%")
    lines = [
        _HEAD.format(target="cron"),
        "# CRON_TZ is known to cronie, fcron and others; Debian's cron needs the machine's zone.",
    ]
    for name, file in schedules.items():
        lines += ["", f"# {name}", f"CRON_TZ={file.timezone}"]
        lines += [f"{wake.text} {command}" for wake in wakes_of(file)]
        if besides := at_changes(wakes_of(file), file.zone, setting.year):
            lines += ["CRON_TZ=UTC", *(f"{wake.text} {command}" for wake in besides)]
    return {"lastmile.crontab": "\n".join(lines) + "\n"}


def _kubernetes(schedules: Schedules, setting: Setting) -> dict[str, str]:
    documents = []
    for name, file in schedules.items():
        wakes = [(wake, file.timezone) for wake in wakes_of(file)]
        besides = at_changes(wakes_of(file), file.zone, setting.year)
        wakes += [(wake, "Etc/UTC") for wake in besides]
        for number, (wake, zone) in enumerate(wakes, start=1):
            unit = f"lastmile-{slug(name).lower().replace('.', '-')[:38]}-{number}"
            documents.append(_cron_job(unit, wake, zone, setting))
    head = (
        f"{_HEAD.format(target='kubernetes')}\n# The store must be PostgreSQL; the claim "
        "`lastmile-reports` keeps what is published.\n"
    )
    return {"lastmile.yaml": head + "".join(f"---\n{document}" for document in documents)}


def _cron_job(unit: str, wake: Wake, zone: str, setting: Setting) -> str:
    quoted = json.dumps
    return f"""apiVersion: batch/v1
kind: CronJob
metadata:
  name: {quoted(unit)}
spec:
  schedule: {quoted(wake.text)}
  timeZone: {quoted(zone)}
  concurrencyPolicy: Allow
  startingDeadlineSeconds: 86400
  jobTemplate:
    spec:
      backoffLimit: 3
      template:
        spec:
          restartPolicy: Never
          containers:
            - name: lastmile
              image: {quoted(setting.image)}
              command: {quoted(setting.tick)}
              volumeMounts:
                - name: reports
                  mountPath: {quoted(f"{setting.root.rstrip('/')}/reports/_built")}
          volumes:
            - name: reports
              persistentVolumeClaim:
                claimName: lastmile-reports
"""


def _github(schedules: Schedules, setting: Setting) -> dict[str, str]:
    wakes: dict[str, None] = {}
    for file in schedules.values():
        local = wakes_of(file)
        for ask in (in_utc, at_changes):
            wakes |= dict.fromkeys(wake.text for wake in ask(local, file.zone, setting.year))
    lines = "\n".join(f"    - cron: {json.dumps(text)}" for text in wakes)
    return {
        "lastmile.yml": f"""{_HEAD.format(target="github")}
# Times are in UTC, for summer and winter. The store must be PostgreSQL, with its address in the
# secret LASTMILE_STORE: a runner keeps nothing.
name: reports
"on":
  schedule:
{lines}
  workflow_dispatch: {{}}
permissions:
  contents: read
jobs:
  tick:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.11"
      - run: pip install "lastmile[reports,delivery,postgres]"
      - run: lastmile schedule tick
"""
    }


def _airflow(schedules: Schedules, setting: Setting) -> dict[str, str]:
    tables = []
    for name, file in schedules.items():
        wakes = wakes_of(file)
        exact = len(wakes) == 1 and wakes[0].exact and _simple(file)
        for number, wake in enumerate(wakes, start=1):
            suffix = f"-{number}" if len(wakes) > 1 else ""
            tables.append(
                {
                    "dag_id": f"lastmile-{slug(name)}{suffix}",
                    "cron": wake.text,
                    "timezone": file.timezone,
                    "command": _report(file, setting) if exact else shlex.join(setting.tick),
                    "catchup": exact and file.missed.startswith("all"),
                    "at_once": 16 if file.overlap == "parallel" else 1,
                    "start": file.begins.isoformat() if file.begins else None,
                    "end": file.ends.isoformat() if file.ends else None,
                }
            )
    listed = "".join(f"    {table!r},\n" for table in tables)
    return {"lastmile_dags.py": f"{_HEAD.format(target='airflow')}\n{_DAGS % listed}"}


def _simple(file: ScheduleFile) -> bool:
    """Whether `report run` does all that the schedule says; what more it says only a tick knows."""
    more = (file.deliver, file.owners, file.must_exist_by, file.pool, file.overlap == "cancel-old")
    return not any(more)


def _report(file: ScheduleFile, setting: Setting) -> str:
    """The command of a slot that Airflow has computed; its logical date is filled in by Airflow."""
    words = [setting.program, "-w", setting.root, "report", "run", file.report]
    for name, value in file.parameters.items():
        words += ["-p", f"{name}={_given(value)}"]
    literal = " ".join(_braced(shlex.quote(word)) for word in words)
    delivers = " --deliver readers" if file.report in setting.delivering else ""
    return f"{literal} --as-of {{{{ logical_date.isoformat() }}}}{delivers}"


def _given(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _braced(word: str) -> str:
    """A word that Airflow's templates leave as it is."""
    return f"{{% raw %}}{word}{{% endraw %}}" if "{" in word else word


_DAGS = """from datetime import datetime, timezone

try:
    from airflow.sdk import DAG
    from airflow.providers.standard.operators.bash import BashOperator
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.operators.bash import BashOperator
from airflow.timetables.trigger import CronTriggerTimetable

SCHEDULES = [
%s]


def moment(text):
    return datetime.fromisoformat(text) if text else None


for given in SCHEDULES:
    with DAG(
        dag_id=given["dag_id"],
        schedule=CronTriggerTimetable(given["cron"], timezone=given["timezone"]),
        start_date=moment(given["start"]) or datetime(2026, 1, 1, tzinfo=timezone.utc),
        end_date=moment(given["end"]),
        catchup=given["catchup"],
        max_active_runs=given["at_once"],
        tags=["lastmile"],
    ) as dag:
        BashOperator(task_id="run", bash_command=given["command"])
    globals()[given["dag_id"]] = dag
"""

TARGETS: Mapping[Target, Callable[[Schedules, Setting], dict[str, str]]] = MappingProxyType(
    {
        "systemd": _systemd,
        "cron": _cron,
        "airflow": _airflow,
        "kubernetes": _kubernetes,
        "github": _github,
    }
)
