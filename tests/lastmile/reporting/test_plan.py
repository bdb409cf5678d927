"""A plan: everything that is known before a run starts."""

from datetime import UTC, date, datetime

import pytest

from lastmile.errors import (
    BadDefinition,
    Faults,
    NoParametersCell,
    NotANotebook,
    NotebookMissing,
    NoTranslation,
    UnknownParameter,
)
from lastmile.reporting.definition import ParameterRule, ReportFile
from lastmile.reporting.plan import open_report, plan_run

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture(name="open_")
def _open(tmp_path, make_notebook):
    def open_(cell="x: int = 3\nunits = 'metric'", **keys):
        make_notebook(tmp_path / "a.ipynb", ["x"], cell)
        file = ReportFile(title="T", notebook="a.ipynb", **keys)
        return open_report("a", file, tmp_path, where="reports/a.toml")

    return open_


def test_only_what_was_asked_for_or_set_by_the_report_is_injected(open_):
    report = open_(parameters={"units": ParameterRule(value="imperial")}, formats=("html",))
    plan = plan_run(report, {"x": "4"}, now=NOW)

    assert {"x": 4, "units": "imperial"} == plan.injected == plan.parameters
    assert plan.formats == ("html",)
    assert plan_run(open_(), {}, now=NOW).injected == {}


def test_all_that_is_wrong_is_told_at_once(open_):
    with pytest.raises(Faults) as caught:
        plan_run(open_(), {"x": "many", "unit": "metric"}, now=NOW)

    assert len(caught.value.faults) == 2


def test_parameters_for_a_notebook_that_declares_none_are_refused(open_):
    with pytest.raises(NoParametersCell, match="tagged `parameters`"):
        plan_run(open_(cell=None), {"x": "4"}, now=NOW)
    with pytest.raises(NoParametersCell):
        open_(cell=None, parameters={"x": ParameterRule()})


def test_a_parameters_cell_that_is_not_python_is_named_with_its_line(open_):
    with pytest.raises(BadDefinition, match="is not Python") as caught:
        open_("x = 1\ny = = 2")

    assert "line 2" in caught.value.where


def test_a_missing_notebook_offers_the_nearest(tmp_path, make_notebook):
    make_notebook(tmp_path / "sales.ipynb", ["1"])
    file = ReportFile(title="T", notebook="sale.ipynb")

    with pytest.raises(NotebookMissing, match=r"no notebook sale\.ipynb") as caught:
        open_report("a", file, tmp_path, where="reports/a.toml")
    assert "did you mean `sales.ipynb`?" in caught.value.fix


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"not json", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "no list of cells"),
        (b'{"cells": 3, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', ""),
        (b'{"cells": [], "nbformat": 99, "nbformat_minor": 0, "metadata": {}}', ""),
        (b'{"cells": [{}], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', ""),
    ],
    ids=["text", "bytes", "list", "cells are a number", "unknown format", "cell without type"],
)
def test_a_file_that_is_no_notebook_is_refused_with_the_reason(tmp_path, content, words):
    (tmp_path / "a.ipynb").write_bytes(content)

    with pytest.raises(NotANotebook, match=f"is not a Jupyter notebook: .*{words}"):
        open_report("a", ReportFile(title="T", notebook="a.ipynb"), tmp_path, where="a.toml")


def test_a_notebook_behind_a_link_that_leaves_the_workspace_is_refused(tmp_path, make_notebook):
    make_notebook(tmp_path / "outside/a.ipynb", ["1"])
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside/a.ipynb").symlink_to(tmp_path / "outside/a.ipynb")

    with pytest.raises(BadDefinition, match="leads out of the workspace"):
        open_report(
            "a", ReportFile(title="T", notebook="a.ipynb"), tmp_path / "inside", where="a.toml"
        )


def test_a_single_fault_is_raised_as_itself(open_):
    with pytest.raises(UnknownParameter):
        plan_run(open_(), {"xx": "4"}, now=NOW)


def test_a_plan_knows_where_each_value_came_from(open_):
    report = open_(
        "x: int = 3\nunits = 'metric'\nday: date = date(2015, 1, 1)\nrest = 2 * x",
        parameters={"units": ParameterRule(value="imperial")},
    )
    plan = plan_run(report, {"day": "month_end - 1d"}, as_of=datetime(2016, 2, 9), now=NOW)  # noqa: DTZ001 - taken for UTC

    assert {name: (part.origin, part.expression) for name, part in plan.resolved.items()} == {
        "x": ("default", ""),
        "units": ("report", ""),
        "day": ("given", "month_end - 1d"),
    }
    assert plan.injected == {"units": "imperial", "day": date(2016, 2, 28)}
    assert plan.logical_date == datetime(2016, 2, 9, tzinfo=UTC)


def test_the_same_values_said_in_another_way_are_the_same_plan(open_):
    report = open_("day: date = date(2015, 1, 1)")
    at = datetime(2016, 2, 9, tzinfo=UTC)
    computed, written = (
        plan_run(report, {"day": text}, as_of=at, now=NOW) for text in ("month_end", "2016-02-29")
    )

    assert computed.id == written.id
    assert computed.id != plan_run(report, {"day": "today"}, as_of=at, now=NOW).id


def test_a_plan_names_its_secrets_and_its_identity_does_not_hold_them(open_, monkeypatch):
    report = open_("a: str = ''\nb: str = ''\nc: str = ''")
    given = {"a": "secret:X", "b": "secret:Y", "c": "secret:X"}
    before = plan_run(report, given, as_of=NOW, now=NOW)
    monkeypatch.setenv("X", "another value")

    assert [ref.name for ref in before.secrets] == ["X", "Y"]
    assert plan_run(report, given, as_of=NOW, now=NOW).id == before.id


def test_a_value_that_the_notebooks_language_cannot_hold_is_refused_before_a_kernel_starts(
    tmp_path,
):
    (tmp_path / "a.md").write_text('# T\n\n```julia tags=["parameters"]\nx = "a"\n```\n')
    report = open_report("a", ReportFile(title="T", notebook="a.md"), tmp_path, where="a.toml")

    assert (report.language, report.kernel) == ("julia", "julia")
    assert plan_run(report, {"x": "5"}, now=NOW).parameters == {"x": "5"}
    with pytest.raises(NoTranslation, match="would be computed"):
        plan_run(report, {"x": "$(run(`id`))"}, now=NOW)
