"""Values by their names, inner ones by their paths."""

import pytest

from lastmile.recording import TABLE
from lastmile.reporting.comparison.scalars import environment_changes, value_change, value_changes

CASES = {
    "equal": (3, 3, "equal", 0, 1),
    "a whole number is the same number": (3, 3.0, "equal", 0, 1),
    "more": (4, 6, "changed", 2, 1.5),
    "from nothing there is no ratio": (0, 6, "changed", 6, None),
    "truth is no number": (True, 1, "changed", None, None),
    "texts have no difference": ("a", "b", "changed", None, None),
    "the words for no number are texts": ("NaN", "NaN", "equal", None, None),
    "another kind": ("1", 1, "changed", None, None),
}


@pytest.mark.parametrize(
    ("before", "after", "status", "difference", "ratio"), CASES.values(), ids=CASES
)
def test_one_value(before, after, status, difference, ratio):
    change = value_change("x", before, after)

    assert (change.status, change.difference, change.ratio) == (status, difference, ratio)


def test_inner_values_are_named_by_their_path_and_tables_left_to_others():
    before = {"scores": {"auc": 0.5, "gone": 1}, "days": [1, 2], "t": {TABLE: {}}, "e": []}
    after = {"scores": {"auc": 0.75}, "days": [1, 2, 3], "t": {TABLE: {}}, "e": []}

    assert {change.name: change.status for change in value_changes(before, after)} == {
        "scores.auc": "changed",
        "scores.gone": "removed",
        "days[0]": "equal",
        "days[1]": "equal",
        "days[2]": "added",
        "e": "equal",
    }


def test_only_what_differs_of_the_environment_is_told():
    before = {
        "python": "3.11.7",
        "git": {"commit": "a", "dirty": False},
        "packages": {"pandas": "2.3.0", "numpy": "2.0"},
        "data": {"d.csv": {"bytes": 3, "sha256": "a"}},
        "execution_seconds": 1.0,
    }
    after = {
        **before,
        "git": {"commit": "b", "dirty": False},
        "packages": {"pandas": "3.0.0"},
        "data": {"d.csv": {"bytes": 3, "sha256": "b"}},
        "execution_seconds": 2.0,
    }
    changes = environment_changes(before, after)

    assert {change.name: (change.before, change.after) for change in changes} == {
        "git commit": ("a", "b"),
        "package pandas": ("2.3.0", "3.0.0"),
        "package numpy": ("2.0", None),
        "data file d.csv": ("a", "b"),
    }


def test_a_run_outside_of_git_is_compared_as_well():
    [change] = environment_changes({"git": None}, {"git": {"commit": "b"}})

    assert (change.name, change.status) == ("git commit", "added")
