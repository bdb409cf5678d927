import json

import pytest

from lastmile.reporting.rendering.blocks import (
    Aside,
    Code,
    Equation,
    Fault,
    Figure,
    Heading,
    Printed,
    Table,
)
from lastmile.reporting.rendering.outputs import output_blocks

LATEX = "$\\displaystyle x^{2}$"


@pytest.mark.parametrize(
    ("forms", "kind"),
    [
        pytest.param(["svg", "png", "text_html", "text_plain"], "svg", id="a drawing first"),
        pytest.param(["png", "text_html", "text_plain"], "png", id="then a picture"),
        pytest.param(["text_html", "text_markdown", "text_plain"], Table, id="then HTML"),
        pytest.param(["text_markdown", "text_latex", "text_plain"], Heading, id="then Markdown"),
        pytest.param(["text_latex", "application_json", "text_plain"], Equation, id="then LaTeX"),
        pytest.param(["application_json", "text_plain"], Code, id="then JSON"),
        pytest.param(["text_plain"], Printed, id="then plain text"),
    ],
)
def test_the_best_form_that_a_page_can_show_is_taken(build, forms, kind):
    values = {
        "svg": build.SVG,
        "png": build.png64(),
        "text_html": build.frame(),
        "text_markdown": "## a",
        "text_latex": LATEX,
        "application_json": {"a": 1},
        "text_plain": "a",
    }
    (found,) = output_blocks([build.shown(**{form: values[form] for form in forms})])
    assert isinstance(found, Figure if isinstance(kind, str) else kind)
    if isinstance(found, Figure):
        assert found.kind == kind


def test_description_and_caption_come_from_the_metadata_of_the_form(build):
    said = {"image/svg+xml": {"alt": "Rain by day", "caption": "Seven wet days"}}
    (figure,) = output_blocks([build.shown(said, svg=build.SVG)])
    assert (figure.alt, figure.caption) == ("Rain by day", "Seven wet days")
    assert figure.size == (384, 192)


def test_a_picture_of_double_density_is_shown_at_the_size_it_says(build):
    (figure,) = output_blocks([build.shown({"image/png": {"width": 2}}, png=build.png64())])
    assert figure.size == (2, 1)


@pytest.mark.parametrize(
    "forms",
    [
        pytest.param({"js": "alert(1)"}, id="a script"),
        pytest.param(
            {"application_vnd.jupyter.widget-view+json": {}, "text_plain": "IntSlider()"},
            id="a widget",
        ),
        pytest.param(
            {"application_vnd.vegalite.v5+json": {}, "text_plain": "alt.Chart(...)"}, id="Vega"
        ),
        pytest.param(
            {"text_html": "<div></div><script>plot()</script>", "text_plain": "Figure({\n})"},
            id="HTML that a script fills",
        ),
        pytest.param(
            {"text_html": "<iframe src='https://a.b'></iframe>", "text_plain": "<a.B at 0x1>"},
            id="a frame",
        ),
    ],
)
def test_what_needs_a_script_leaves_a_remark(build, forms):
    (found,) = output_blocks([build.shown(**forms)])
    assert isinstance(found, Aside)
    assert "interactive" in found.text


def test_an_estimator_is_shown_as_it_prints_itself(build):
    html = '<style></style><div class="sk-top-container"><script>x</script>Pipe</div>'
    (found,) = output_blocks([build.shown(text_html=html, text_plain="Pipeline(steps=[])")])
    assert found == Printed((("Pipeline(steps=[])", ""),), "result")


def test_an_unknown_kind_is_named(build):
    (found,) = output_blocks([build.shown(**{"application_x-parquet": "..."})])
    assert "application/x-parquet" in found.text


def test_neighbouring_prints_become_one_and_warnings_stay_apart(build):
    found = output_blocks([build.stream("a\n"), build.stream("b\n"), build.stream("c", "stderr")])
    assert [(block.text, block.channel) for block in found] == [
        ("a\nb", "stdout"),
        ("c", "stderr"),
    ]


def test_a_huge_print_is_shortened_with_a_remark(build):
    printed, remark = output_blocks([build.stream("x\n" * 200_000)])
    assert len(printed.text) < 2_000
    assert "200,000 lines" in remark.text


def test_an_exception_keeps_its_colours_and_loses_its_codes(build):
    (found,) = output_blocks([build.error("KeyError", "\x1b[31m'a'\x1b[0m")])
    assert isinstance(found, Fault)
    assert (found.name, found.message) == ("KeyError", "'a'")
    assert found.trace == (("ValueError", "red"), (": no", ""))


@pytest.mark.parametrize(
    ("latex", "want"),
    [
        pytest.param("$$a$$", "a", id="dollars"),
        pytest.param(LATEX, "x^{2}", id="as SymPy writes it"),
        pytest.param("\\[a\\]", "a", id="brackets"),
        pytest.param("\\begin{align}a\\end{align}", "\\begin{align}a\\end{align}", id="align"),
    ],
)
def test_latex(build, latex, want):
    assert output_blocks([build.shown(text_latex=latex)]) == (Equation(want),)


@pytest.mark.parametrize(
    "output",
    [
        {"output_type": "display_data"},
        {"output_type": "display_data", "data": {}, "metadata": None},
        {"output_type": "stream"},
        {"output_type": "error"},
        {"output_type": "unheard-of"},
        {"output_type": "display_data", "data": {"image/png": "@"}},
        {"output_type": "display_data", "data": {"text/html": 3, "text/plain": None}},
        {"output_type": "display_data", "data": {"application/json": {"a": float("nan")}}},
    ],
    ids=json.dumps,
)
def test_damaged_outputs_do_no_harm(output):
    output_blocks([output])
