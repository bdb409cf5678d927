"""Files for other schedulers: valid for their own checkers, and awake whenever a slot is due."""

import ast
import json
import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from itertools import takewhile

import pytest
from cronsim import CronSim
from tests.lastmile.scheduling.minutes import changes

from lastmile.definitions import make_definition
from lastmile.scheduling.definition import ScheduleFile
from lastmile.scheduling.emit import Setting, emit
from lastmile.scheduling.emit.wakes import at_changes, calendar_of, in_utc, wakes_of
from lastmile.scheduling.zones import offset_at

SETTING = Setting(root="/srv/my reports", program="/opt/lastmile", year=2026)
RHYTHMS = [
    {"cron": "30 7 1 * *"},
    {"cron": "*/15 8-17 * * 1-5"},
    {"cron": "0 6 1,15 mar-oct mon"},
    {"cron": "5 0 * * 0-2"},
    {"cron": "0 9 L * *"},
    {"cron": "0 9 * * 5#2"},
    {"cron": "30 * 12 * * *"},
    {"every": "weekday at 07:30"},
    {"every": "first workday of the month at 9"},
    {"every": "2 hours on weekdays"},
    {"every": "hour at :20"},
    {"cron": "15 */6 * * *"},
    {"cron": "*/15 1-3 * * *"},
    {"cron": "30 0,2,3 * * *"},
    {"every": "monday and thursday at 9 and 17:15"},
    {"every": "day at 02:30", "jitter": "20m"},
    {"every": "workday at 6", "holidays": {"country": "DE"}},
]
ZONES = [
    *("Europe/Berlin", "America/St_Johns", "Asia/Kathmandu"),
    *("Australia/Lord_Howe", "Pacific/Chatham", "America/Santiago"),
]
MAY = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)


def schedule(zone="Europe/Berlin", **more) -> ScheduleFile:
    return make_definition(ScheduleFile, "schedule", report="rain", timezone=zone, **more)


def named(rhythm) -> str:
    return " ".join(str(value) for value in rhythm.values())


def asked(file):
    """A month, and two days around each change of clocks."""
    found = changes(MAY[0] - timedelta(days=120), MAY[0] + timedelta(days=240), file.zone)
    return [MAY, *((at - timedelta(days=1), at + timedelta(days=1)) for at in found)]


def due_in(file, begin, end):
    """The minutes in which slots are due."""
    return {at.replace(second=0) for at in file.rhythm.between(begin, end, file.zone)}


def woken(wakes, begin, end):
    """The minutes in which expressions wake somebody up who knows UTC only."""
    found = set()
    for wake in wakes:
        source = CronSim(wake.text, begin - timedelta(minutes=1))
        found.update(takewhile(lambda at: at <= end, source))
    return found


@pytest.mark.parametrize("rhythm", RHYTHMS, ids=named)
@pytest.mark.parametrize("zone", ZONES)
def test_somebody_who_knows_utc_only_is_awake_in_the_minute_of_every_slot(rhythm, zone):
    file = schedule(zone, **rhythm)
    wakes = in_utc(wakes_of(file), file.zone, 2026) + at_changes(wakes_of(file), file.zone, 2026)

    assert due_in(file, *MAY), "the case asks something"
    for begin, end in asked(file):
        assert due_in(file, begin, end) - woken(wakes, begin, end) == set()


@pytest.mark.parametrize("rhythm", RHYTHMS, ids=named)
@pytest.mark.parametrize("zone", ZONES)
def test_somebody_who_reads_clocks_is_awake_in_the_minute_of_every_slot(rhythm, zone):
    """A time that is left out wakes him up never, one that comes twice the first time."""
    file = schedule(zone, **rhythm)
    besides = at_changes(wakes_of(file), file.zone, 2026)
    for begin, end in asked(file):
        walls = woken(wakes_of(file), begin - timedelta(days=1), end + timedelta(days=1))
        first = {wall: wall.replace(tzinfo=file.zone).astimezone(UTC) for wall in walls}
        local = {at for wall, at in first.items() if at + offset_at(at, file.zone) == wall}

        assert due_in(file, begin, end) - local - woken(besides, begin, end) == set()


def test_what_plain_cron_says_is_exact():
    assert [wake.exact for wake in wakes_of(schedule(cron="30 7 1 * *"))] == [True]
    assert not any(wake.exact for wake in wakes_of(schedule(cron="0 9 L * *")))


def needs(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        if os.environ.get("LASTMILE_REQUIRE_ALL") == "1":
            pytest.fail(f"no {program} found, and LASTMILE_REQUIRE_ALL=1")
        pytest.skip(f"no {program} found")
    return found


def all_schedules() -> dict[str, ScheduleFile]:
    return {f"s {number}": schedule(**rhythm) for number, rhythm in enumerate(RHYTHMS)}


def test_systemd_takes_its_units(tmp_path):
    program = needs("systemd-analyze")
    (tmp_path / "my reports").mkdir()
    (tmp_path / "lastmile").write_text("#!/bin/sh\n")
    (tmp_path / "lastmile").chmod(0o755)
    setting = Setting(root=f"{tmp_path}/my reports", program=f"{tmp_path}/lastmile", year=2026)
    files = emit("systemd", all_schedules(), setting)
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    paths = [str(tmp_path / name) for name in files if name.endswith(".timer")]
    answer = subprocess.run(
        [program, "verify", "--man=no", "--recursive-errors=no", *paths],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    ours = [line for line in answer.stderr.splitlines() if "lastmile-" in line]

    assert len(files) == 2 * len(RHYTHMS)
    assert ours == [], answer.stderr


@pytest.mark.parametrize("rhythm", RHYTHMS, ids=named)
def test_systemd_computes_the_instants_that_cron_does(rhythm):
    program = needs("systemd-analyze")
    file = schedule(**rhythm)
    begin = datetime(2026, 5, 4, 3, 7, tzinfo=UTC)
    for wake in wakes_of(file):
        found = set()
        for line in calendar_of(wake, file.timezone):
            told = subprocess.run(
                [program, "calendar", f"--base-time={begin:%Y-%m-%d %H:%M:%S} UTC",
                 "--iterations=6", line],
                capture_output=True, text=True, check=True, env={**os.environ, "TZ": "UTC"},
            ).stdout  # fmt: skip
            lines = [line.strip().partition(": ")[::2] for line in told.splitlines()]
            found |= {
                datetime.fromisoformat(" ".join(value.split()[1:3])).replace(tzinfo=UTC)
                for key, value in lines
                if value.endswith("UTC") and key.startswith(("Next elapse", "(in UTC)", "Iter"))
            }
        expected = CronSim(wake.text, begin.astimezone(file.zone))
        assert sorted(found)[:6] == [next(expected).astimezone(UTC) for _ in range(6)]


def test_kubernetes_takes_its_manifests():
    import kubernetes_validate
    import yaml

    (text,) = emit("kubernetes", all_schedules(), SETTING).values()
    documents = list(yaml.safe_load_all(text))

    assert len(documents) >= len(RHYTHMS)
    assert len({one["metadata"]["name"] for one in documents}) == len(documents)
    for document in documents:
        kubernetes_validate.validate(document, "1.30", strict=True)
        assert len(document["metadata"]["name"]) <= 52
        container = document["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
        assert container["command"] == [
            "/opt/lastmile", "-w", "/srv/my reports", "schedule", "tick",
        ]  # fmt: skip


def test_github_gets_a_workflow_with_times_in_utc():
    import yaml

    (text,) = emit("github", {"daily": schedule(every="day at 07:30")}, SETTING).values()
    workflow = yaml.safe_load(text)

    assert workflow["on"]["schedule"] == [{"cron": "30 5,6 * * *"}]
    assert workflow["jobs"]["tick"]["steps"][-1] == {"run": "lastmile schedule tick"}


def test_cron_gets_a_line_for_each_expression():
    (text,) = emit("cron", {"daily": schedule(every="day at 07:30 and 19")}, SETTING).values()

    assert "CRON_TZ=Europe/Berlin\n" in text
    assert "30 7 * * * /opt/lastmile -w '/srv/my reports' schedule tick\n" in text
    assert "0 19 * * * /opt/lastmile" in text
    assert "UTC" not in text


def test_a_time_that_clocks_leave_out_is_woken_up_for_in_utc():
    for target, line in {
        "cron": "CRON_TZ=UTC\n0 1 * 3 * /opt/lastmile",
        "systemd": "OnCalendar=*-3-* 1:0:00 UTC\n",
        "kubernetes": 'schedule: "0 1 * 3 *"\n  timeZone: "Etc/UTC"\n',
        "github": '- cron: "0 1 * 3 *"\n',
    }.items():
        files = emit(target, {"nightly": schedule(every="day at 02:30")}, SETTING)
        assert line in "".join(files.values())


def test_airflow_runs_the_report_with_its_logical_date_where_cron_says_all():
    files = {
        "plain": schedule(cron="30 7 1 * *", missed="all", parameters={"month": "{{ x }}", "n": 1}),
        "more": schedule(cron="30 7 1 * *", owners="ops@example.org"),
    }
    (text,) = emit("airflow", files, SETTING).values()
    tree = ast.parse(text)
    assign = next(node for node in tree.body if isinstance(node, ast.Assign))
    plain, more = ast.literal_eval(assign.value)

    assert plain["command"] == (
        "/opt/lastmile -w '/srv/my reports' report run rain -p {% raw %}'month={{ x }}'{% endraw %}"
        " -p n=1 --as-of {{ logical_date.isoformat() }}"
    )
    assert (plain["catchup"], plain["timezone"]) == (True, "Europe/Berlin")
    assert more["command"].endswith("schedule tick")


def test_a_paused_schedule_wakes_nobody():
    assert emit("systemd", {"daily": schedule(every="day", paused="moving")}, SETTING) == {}


def test_files_are_written_where_they_are_asked_for(lastmile, make_workspace):
    root = make_workspace()
    (root / "schedule/daily.toml").write_text(
        'report = "plain"\nevery = "day at 07:30"\ntimezone = "Europe/Berlin"\n'
    )
    answer = lastmile("schedule", "emit", "systemd", "--output", root / "units", "--json", cwd=root)

    assert answer.code == 0, answer.err
    assert json.loads(answer.out) == [
        str(root / "units/lastmile-daily.timer"), str(root / "units/lastmile-daily.service"),
    ]  # fmt: skip
    assert (
        "OnCalendar=*-*-* 7:30:00 Europe/Berlin"
        in (root / "units/lastmile-daily.timer").read_text()
    )
    assert lastmile("schedule", "emit", "sistemd", cwd=root).code == 2
    wrong = lastmile("schedule", "emit", "cron", "dayly", cwd=root)
    assert "did you mean `daily`?" in wrong.err
