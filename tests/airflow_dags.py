"""Import emitted DAGs in a real Airflow and compare its slots with ours: part of `make matrix`.

Airflow lives in an environment of its own: `python -m tests.airflow_dags [FOLDER]` makes it, unless
it is there. With `inside` this file is what runs in it, and knows nothing of lastmile.
"""

import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parent.parent
AIRFLOW = "apache-airflow>=3,<4"
SLOTS = 6
BEGIN = datetime(2026, 3, 20, tzinfo=UTC)


def inside(folder: str) -> None:
    """In Airflow: import the DAGs; print their slots and commands, and what went wrong."""
    from airflow.dag_processing.dagbag import DagBag
    from airflow.timetables.base import DataInterval, TimeRestriction
    from pendulum import instance

    bag = DagBag(folder)
    begin = instance(BEGIN)
    found = {}
    for name, dag in bag.dags.items():
        timetable = dag.timetable
        if not hasattr(timetable, "next_dagrun_info"):  # what DAG authors see since Airflow 3.2
            from airflow.serialization.serialized_objects import SerializedDAG

            timetable = SerializedDAG.from_dict(SerializedDAG.to_dict(dag)).timetable
        interval, slots = DataInterval.exact(begin), []
        for _ in range(SLOTS):
            info = timetable.next_dagrun_info(
                last_automated_data_interval=interval,
                restriction=TimeRestriction(earliest=None, latest=None, catchup=True),
            )
            interval = info.data_interval
            slots.append(info.logical_date.isoformat())
        context = {"logical_date": interval.end}
        task = dag.tasks[0]
        command = task.render_template(task.bash_command, context)
        found[name] = {"slots": slots, "command": command, "catchup": dag.catchup}
    errors = {str(path): str(error) for path, error in bag.import_errors.items()}
    print("RESULT" + json.dumps({"dags": found, "errors": errors}))


def ask(python: Path, folder: Path) -> dict:
    """What a real Airflow makes of the DAGs in a folder."""
    home = folder / "home"
    settings = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
    }
    answer = subprocess.run(
        [python, __file__, "inside", str(folder / "dags")],
        env={**os.environ, **settings}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "RESULT" in answer.stdout, answer.stdout + answer.stderr
    return json.loads(answer.stdout.rpartition("RESULT")[2])


def environment(folder: Path) -> Path:
    """The Python of Airflow's environment, made where it is not there yet."""
    python = folder / "bin/python"
    if not python.exists():
        uv = Path(sys.executable).with_name("uv")
        subprocess.run([uv, "venv", "-q", folder], check=True)
        subprocess.run([uv, "pip", "install", "-q", "--python", python, AIRFLOW], check=True)
    return python


def main(place: Path) -> None:
    """Emit schedules, let Airflow import them, compare slot by slot."""
    from lastmile.definitions import make_definition
    from lastmile.scheduling.definition import ScheduleFile
    from lastmile.scheduling.emit import Setting, emit

    def schedule(**more):
        return make_definition(ScheduleFile, "schedule", report="rain", **more)

    files = {
        "monthly": schedule(cron="30 7 1 * *", timezone="America/Los_Angeles", missed="all"),
        "night": schedule(cron="0 3 * * *", timezone="Europe/Berlin"),
        "often": schedule(cron="*/15 8-17 * * 1-5", timezone="Asia/Kathmandu"),
        "words": schedule(every="weekday at 07:30", timezone="Europe/Berlin",
                          parameters={"month": "previous_month", "odd": "{{ x }} 'y'"}),
        "workday": schedule(every="first workday of the month at 9", timezone="Europe/Berlin"),
    }  # fmt: skip
    setting = Setting(root="/srv/my reports", program="/opt/lastmile", year=2026)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "dags").mkdir()
        for name, text in emit("airflow", files, setting).items():
            (Path(folder) / "dags" / name).write_text(text)
        answer = ask(environment(place), Path(folder))
    assert answer["errors"] == {}, answer["errors"]
    assert len(answer["dags"]) == len(files)
    for name, file in files.items():
        told = answer["dags"][f"lastmile-{name}"]
        ours = file.rhythm.between(BEGIN, BEGIN + timedelta(days=400), file.zone)
        expected = [next(ours) for _ in range(SLOTS)]
        slots = [datetime.fromisoformat(text).astimezone(UTC) for text in told["slots"]]
        exact = "report run" in told["command"]
        assert not exact or slots == expected, (name, slots, expected)
        assert exact or told["command"].endswith("schedule tick")
        print(f"{name:8} {'the same slots' if exact else 'a tick':15} {told['command']}")
    assert "'odd={{ x }} '\"'\"'y'\"'\"''" in answer["dags"]["lastmile-words"]["command"]


if __name__ == "__main__":
    if sys.argv[1:2] == ["inside"]:
        inside(sys.argv[2])
    else:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / ".venv/airflow")
