"""`lastmile report compare`: exit codes of diff, words on the terminal, a page, JSON."""

import json

import pytest
from nbformat.v4 import new_output


def outputs(number, colour):
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
        f'<rect width="9" height="9" fill="{colour}"/></svg>'
    )
    html = (
        "<table><thead><tr><th></th><th>n</th></tr></thead>"
        f"<tbody><tr><th>r</th><td>{number}</td></tr></tbody></table>"
    )
    return [
        new_output("display_data", data={"image/svg+xml": svg}),
        new_output("display_data", data={"text/html": html}),
        new_output("stream", text=f"sum {number}"),
    ]


@pytest.fixture
def root(make_workspace, publish_run):
    """A workspace with three runs; the last two are equal."""
    for day, (number, colour) in enumerate([(4, "red"), (5, "blue"), (5, "blue")]):
        publish_run(
            ["## Rain", ("a", outputs(number, colour))],
            days=day,
            parameters={"x": number},
            recorded={"auc": number / 10},
            provenance={"packages": {"pandas": f"{number}.0"}},
        )
    return make_workspace()


def test_a_difference_is_told_kind_by_kind_and_ends_with_1(lastmile, root):
    answer = lastmile("report", "compare", "plain~2", "plain~1", cwd=root)

    assert answer.code == 1
    assert answer.out.splitlines()[1:] == [
        "recorded  auc: 0.4 -> 0.5  (+0.1, × 1.25)",
        "table     Rain: 1 of 1 field differ",
        "figure    Rain: 100.0 % of the pixels differ.",
        "text      Rain: changed",
        "4 of 5 outputs differ",
        "parameter x: 4 -> 5  (+1, × 1.25)",
        "made from package pandas: 4.0 -> 5.0",
    ]


def test_equal_runs_end_with_0(lastmile, root):
    answer = lastmile("report", "compare", "plain", cwd=root)

    assert answer.code == 0
    assert "equal: 5 outputs" in answer.out


def test_programs_read_json(lastmile, root):
    answer = lastmile("report", "compare", "plain~2", "latest", "--json", cwd=root)

    assert answer.code == 1
    assert json.loads(answer.out)["recorded"][0]["ratio"] == 1.25


def test_people_read_a_page(lastmile, root):
    answer = lastmile("report", "compare", "plain~2", "plain", "--html", "new/page.html", cwd=root)

    assert "new/page.html" in answer.err
    assert "<title>Plain: what changed" in (root / "new/page.html").read_text()


@pytest.mark.parametrize(
    ("words", "told"),
    [(["plain", "nothing"], "run-unknown"), (["plain~7"], "run-unknown")],
    ids=str,
)
def test_trouble_ends_with_2(lastmile, root, words, told):
    answer = lastmile("report", "compare", *words, cwd=root)

    assert answer.code == 2
    assert told in answer.err


def test_a_publication_that_is_gone_is_told_with_the_run(lastmile, root):
    for path in root.glob("reports/_built/plain/20260103-*/notebook.ipynb"):
        path.unlink()
    answer = lastmile("report", "compare", "plain", cwd=root)

    assert answer.code == 2
    assert "publication-gone" in answer.err
    assert "20260103-060000-plai" in answer.err
