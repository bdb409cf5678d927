import pytest

from lastmile.reporting.rendering.blocks import Fault, Figure, Step, plain
from lastmile.reporting.rendering.document import document_of, first_heading, language_of


def sections(document):
    return [
        (heading.level, plain(heading.content), heading.anchor) for heading in document.headings
    ]


def steps(document):
    return [block for block in document.blocks if isinstance(block, Step)]


@pytest.mark.parametrize(
    ("text", "want"),
    [
        pytest.param("# Title\n## a\n### b\n## c", [(1, "a"), (2, "b"), (1, "c")],
                     id="a heading that repeats the title is left out"),
        pytest.param("# Other\n## a", [(1, "Other"), (2, "a")], id="another first heading stays"),
        pytest.param("### a\n# b\n#### c", [(1, "a"), (1, "b"), (2, "c")], id="no skipped level"),
        pytest.param("## a\n# Title", [(1, "a"), (1, "Title")], id="only the first can repeat it"),
        pytest.param("# a\n## b\n### c\n#### d\n##### e\n###### f",
                     [(1, "a"), (2, "b"), (3, "c"), (4, "d"), (5, "e"), (5, "f")],
                     id="the deepest levels share one"),
    ],
)  # fmt: skip
def test_levels(build, text, want):
    document = document_of(build.notebook(build.markdown(text)), title="Title")
    assert [(level, words) for level, words, _ in sections(document)] == want


def test_anchors_are_unique_and_do_not_take_those_of_the_page(build):
    text = "# Contents\n# a\n# a\n# A!\n# report"
    document = document_of(build.notebook(build.markdown(text)))
    anchors = [anchor for *_, anchor in sections(document)]
    assert anchors == ["contents-2", "a", "a-2", "a-3", "report-2"]


def test_headings_that_a_cell_writes_are_sections_too(build):
    cell = build.code("x", build.shown(text_markdown="## Made"))
    assert sections(document_of(build.notebook(cell))) == [(1, "Made", "made")]


@pytest.mark.parametrize("tag", ["parameters", "injected-parameters", "remove-cell"])
def test_cells_that_are_not_for_readers_are_not_shown(build, tag):
    cell = build.code("month = 5", build.stream("5"), tags=[tag])
    assert document_of(build.notebook(cell)).blocks == ()


@pytest.mark.parametrize("tag", ["remove-input", "hide-input"])
def test_a_hidden_source_leaves_its_output(build, tag):
    (step,) = steps(document_of(build.notebook(build.code("x", build.stream("5"), tags=[tag]))))
    assert step.source is None
    assert len(step.blocks) == 1


def test_hidden_code_hides_every_source_but_that_of_a_failure(build):
    good = build.code("good", build.stream("5"))
    bad = build.code("bad", build.error(), state="failed", note="after 2 s")
    first, second = steps(document_of(build.notebook(good, bad), code="hidden"))
    assert first.source is None
    assert second.source.text == "bad"
    assert (second.state, second.note) == ("failed", "after 2 s")


def test_the_first_failed_cell_is_where_the_banner_leads(build):
    cells = build.code(), build.code("x", build.error()), build.code("y", state="not-run")
    document = document_of(build.notebook(*cells))
    assert document.failed == "cell-2"
    assert [step.state for step in steps(document)] == ["completed", "failed", "not-run"]
    assert isinstance(steps(document)[1].blocks[0], Fault)


def test_an_expected_exception_is_no_failure(build):
    cell = build.code("x", build.error(), tags=["raises-exception"])
    document = document_of(build.notebook(cell))
    assert document.failed == ""


def test_pictures_are_counted_by_caption_and_always_described(build):
    with_caption = build.shown({"image/png": {"caption": "Rain"}}, png=build.png64())
    without = build.shown(png=build.png64())
    cells = build.markdown("## Wet days"), build.code("x", without, with_caption, with_caption)
    (step,) = steps(document_of(build.notebook(*cells)))
    assert all(isinstance(block, Figure) for block in step.blocks)
    assert [block.number for block in step.blocks] == [0, 1, 2]
    assert [block.alt for block in step.blocks] == [
        "Figure in the section “Wet days”", "Rain", "Rain"
    ]  # fmt: skip


def test_the_first_heading_and_the_language(build):
    notebook = build.notebook(
        build.code(), build.markdown("words\n\n## A *title*"), language_info={"name": "R"}
    )
    assert first_heading(notebook) == "A title"
    assert language_of(notebook) == "r"
    assert language_of(build.notebook()) == "python"
