"""`lastmile report prune`."""

import json

import pytest


@pytest.fixture
def root(make_workspace, publish_run):
    for day in range(3):
        publish_run(days=day)
    return make_workspace(report='keep = "2 runs"\n')


def folders(root):
    return len(list(root.glob("reports/_built/plain/2026*")))


def test_a_dry_run_names_what_would_go(lastmile, root):
    answer = lastmile("report", "prune", "--dry-run", cwd=root)

    assert answer.code == 0
    assert "reports/_built/plain/20260101-060000-plai" in answer.out
    assert "1 would be removed" in answer.out
    assert folders(root) == 3


def test_what_was_freed_is_told_and_history_remains(lastmile, root):
    answer = lastmile("report", "prune", "plain", "--json", cwd=root)
    [told] = json.loads(answer.out)
    history = json.loads(lastmile("report", "history", "--json", cwd=root).out)

    assert (told["removed"], told["kept"]) == (["20260101-060000-plai"], 2)
    assert told["freed"] > 0
    assert folders(root) == 2
    assert [run["folder"] is None for run in history] == [False, False, True]


def test_a_report_without_a_rule_keeps_everything(lastmile, root, make_workspace):
    make_workspace()
    answer = lastmile("report", "prune", cwd=root)

    assert "everything is kept" in answer.out
    assert folders(root) == 3


def test_an_unknown_report_is_told_with_the_nearest(lastmile, root):
    answer = lastmile("report", "prune", "plane", cwd=root)

    assert answer.code == 2
    assert "did you mean `plain`?" in answer.err
