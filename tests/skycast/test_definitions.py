"""The definition files of the example say what its notebooks and functions are."""

import importlib
import re
from pathlib import Path

import nbformat
import pytest

from lastmile.definitions import read_definition
from lastmile.exporting.definition import ExportFile
from lastmile.reporting.definition import ReportFile
from lastmile.scheduling.definition import ScheduleFile
from skycast.features import COLUMNS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["candidates", "seattle-weather", "model-card"])
def test_a_report_explains_every_parameter_of_its_notebook(name):
    report = read_definition(ROOT / "reports" / f"{name}.toml", ReportFile)
    notebook = nbformat.read(ROOT / report.notebook, as_version=4)
    declared = re.findall(r"^(\w+):", notebook.cells[0].source, re.M)
    assert list(report.parameters) == declared
    assert all(rule.help for rule in report.parameters.values())


def test_the_schedule_names_a_report():
    schedule = read_definition(ROOT / "schedule" / "seattle-weather.toml", ScheduleFile)
    assert (ROOT / "reports" / f"{schedule.report}.toml").is_file()
    assert schedule.timezone == "America/Los_Angeles"


def test_the_export_names_functions_that_exist_and_explains_every_column():
    export = read_definition(ROOT / "exports" / "rain-tomorrow.toml", ExportFile)
    judged = (*export.candidates.estimators, export.candidates.rows)
    for reference in (export.estimator, export.sample, *judged):
        module, function = reference.split(":")
        assert callable(getattr(importlib.import_module(module), function))
    assert tuple(export.columns) == COLUMNS
    assert export.budget.size == 2_000_000
