"""Runs are found by the words that people use for them."""

import pytest
from nbformat.v4 import new_output

from lastmile.errors import PublicationGone, RunUnknown
from lastmile.jobs.compare import compare_runs, find_pair
from lastmile.store import RunLog
from lastmile.values import State
from lastmile.workspace import find_workspace


@pytest.fixture
def runs(make_workspace, publish_run):
    """Good, good, failed, good, a repetition of the first, and one of another report."""
    root = make_workspace()
    (root / "reports/other.toml").write_text((root / "reports/plain.toml").read_text())
    return {
        "first": publish_run(days=0),
        "second": publish_run(days=1),
        "failed": publish_run(days=2, state=State.FAILED),
        "third": publish_run(days=3),
        "again": publish_run(days=4, provenance={"reproduces": "x"}),
        "other": publish_run(days=5, report="other"),
    }


def pair(root, *words):
    workspace = find_workspace(root)
    with RunLog(workspace.store_url) as log:
        return find_pair(workspace, log, *words)


WORDS = {
    "a report against its last run": (["plain"], "second", "third"),
    "a run against the good one before it": (["{second}"], "first", "second"),
    "a failed run against the good one before it": (["{failed}"], "second", "failed"),
    "two keys": (["{third}", "{failed}"], "third", "failed"),
    "so many back": (["plain~2", "plain~1"], "first", "second"),
    "latest of the other's report": (["plain~1", "latest"], "second", "third"),
    "latest of the other's key": (["latest~1", "{failed}"], "second", "failed"),
    "two reports": (["plain", "other"], "third", "other"),
}


@pytest.mark.parametrize(("words", "before", "after"), WORDS.values(), ids=WORDS)
def test_words_for_runs(tmp_path, runs, words, before, after):
    words = [word.format(**{name: run.key for name, run in runs.items()}) for word in words]
    found = pair(tmp_path, *words)

    assert [run.key for run in found] == [runs[before].key, runs[after].key]


def test_latest_alone_is_of_the_report_that_ran_last(tmp_path, runs, publish_run):
    last = publish_run(days=6, report="other")

    assert [run.key for run in pair(tmp_path, "latest~1", "latest")] == [
        runs["other"].key,
        last.key,
    ]
    assert [run.key for run in pair(tmp_path, "latest")] == [runs["other"].key, last.key]


@pytest.mark.parametrize("words", [["plain~3", "plain"], ["plain~x", "plain"], ["nothing"],
                                   ["other"], ["../x", "plain"]], ids=str)  # fmt: skip
def test_runs_that_are_not_there(tmp_path, runs, words):
    with pytest.raises(RunUnknown):
        pair(tmp_path, *words)


def test_without_any_run_there_is_no_latest(make_workspace):
    with pytest.raises(RunUnknown, match="latest"):
        pair(make_workspace(), "latest")


def test_what_was_published_is_compared(make_workspace, publish_run):
    make_workspace()
    before, after = (
        publish_run([("a", [new_output("stream", text=str(n))])], days=n, recorded={"n": n})
        for n in (1, 2)
    )
    comparison = compare_runs(before, after)

    assert [change.difference for change in comparison.recorded] == [1]
    assert comparison.texts[0].lines == ("-1", "+2")


DAMAGE = {
    "a record that is no JSON": ("run.json", "{"),
    "a record that is another thing": ("run.json", "[]"),
    "a newer record": ("run.json", '{"format": 99}'),
    "a notebook that is none": ("notebook.ipynb", "{}"),
    "a notebook that is no JSON": ("notebook.ipynb", "x"),
    "no record": ("run.json", None),
    "no notebook": ("notebook.ipynb", None),
}


@pytest.mark.parametrize(("name", "text"), DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_publication_is_told_apart(make_workspace, publish_run, name, text):
    make_workspace()
    run = publish_run()
    (run.folder / name).unlink()
    if text is not None:
        (run.folder / name).write_text(text)
    with pytest.raises(PublicationGone, match=run.key):
        compare_runs(run, run)
