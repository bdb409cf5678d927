import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from pypdfium2 import PdfDocument

from lastmile.reporting.rendering import pdf
from lastmile.reporting.rendering.blocks import Document, Equation, Figure, Paragraph, Text
from lastmile.reporting.rendering.front import Front, Notice
from lastmile.reporting.rendering.pdf import pdf_of, render_pdf


def reader(data):
    return PdfReader(io.BytesIO(data))


def claims_accessibility(data):
    metadata = reader(data).xmp_metadata
    return b"pdfuaid" in metadata.stream.get_data() if metadata else False


@pytest.fixture(scope="module")
def long_report(build):
    """A report of several pages."""
    cells = [*build.report().cells]
    for number in range(1, 6):
        cells.append(build.markdown(f"## Part {number}\n\n" + "Words of a report. " * 120))
    facts = (("Month", "2015-05"), ("Author", "Ada Lovelace"))
    front = Front(title="The month", subtitle="against others", facts=facts, language="en-GB")
    return render_pdf(build.notebook(*cells), front)


def test_it_knows_its_title_author_and_language(long_report):
    document = reader(long_report)
    assert document.metadata.title == "The month"
    assert document.metadata.author == "Ada Lovelace"
    assert document.trailer["/Root"]["/Lang"].lower() == "en-gb"


def test_it_is_tagged_and_claims_pdf_ua(long_report):
    root = reader(long_report).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert claims_accessibility(long_report)


def test_its_outline_has_the_sections(long_report):
    def titles(entries):
        return [
            titles(entry) if isinstance(entry, list) else entry.title.strip() for entry in entries
        ]

    found = titles(reader(long_report).outline)
    assert found[:3] == ["At a glance", ["Rain"], "Words"]
    assert found[-1] == "Part 5"


def test_pages_are_numbered_and_named(long_report):
    pages = [page.extract_text() for page in reader(long_report).pages]
    assert len(pages) >= 3
    for number, text in enumerate(pages, start=1):
        assert f"{number} / {len(pages)}" in text
    assert pages[0].count("The month") == 1
    assert all("The month" in text and "2015-05" in text for text in pages[1:])


def test_a_long_report_has_contents_and_a_short_one_has_none(
    long_report, build, front, words_of_pdf
):
    first = reader(long_report).pages[0].extract_text()
    assert first.count("Part 5") == 1
    assert words_of_pdf(render_pdf(build.report(), front)).count("At a glance") == 1


def test_words_tables_captions_and_formulas_are_there(long_report, words_of_pdf):
    words = words_of_pdf(long_report)
    for part in ("7 days", "against others", "c0", "1.50", "3 rows \u00d7 3 columns",
                 "Figure 1. Seven wet days", "all is done"):  # fmt: skip
        assert part in words


def test_every_page_is_drawn(long_report):
    document = PdfDocument(long_report)
    for page in document:
        grey = page.render(scale=0.3).to_pil().convert("L").getextrema()
        assert grey[0] < 160
        assert grey[1] == 255
    document.close()


@pytest.mark.parametrize(("view", "want"), [("folded", 0), ("hidden", 0), ("shown", 1)])
def test_sources_are_printed_only_where_they_are_shown(build, view, want, words_of_pdf):
    data = render_pdf(build.notebook(build.code("secret_name = 1")), Front(title="a", code=view))
    assert words_of_pdf(data).count("secret_name") == want


def test_a_failed_run_shows_its_banner_and_its_traceback(build, words_of_pdf):
    notice = Notice(level="failed", heading="This run failed.", text="Cell 1 raised.")
    cells = (
        build.code("bad()", build.error(), state="failed", note="late"),
        build.code("x", state="not-run"),
    )
    words = words_of_pdf(render_pdf(build.notebook(*cells), Front(title="a", notice=notice)))
    for part in ("This run failed.", "Cell 1 failed. late", "bad()", "ValueError", "was not run"):
        assert part in words


FIELDS = st.builds(
    "<{0} colspan={1} rowspan={2}>{3}</{0}>".format,
    st.sampled_from(["td", "th"]),
    st.integers(1, 30),
    st.integers(1, 3),
    st.sampled_from(["", "1.5", "a few words", "w" * 80]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(FIELDS, min_size=1, max_size=12), min_size=1, max_size=5), st.booleans())
def test_every_table_compiles_whatever_its_fields_cover(build, rows, headed):
    written = ["<tr>" + "".join(row) + "</tr>" for row in rows]
    head = f"<thead>{written.pop(0)}</thead>" if headed else ""
    html = f"<table>{head}{''.join(written)}</table>"
    document = pdf.document_of(build.notebook(build.code("x", build.shown(text_html=html))))
    program, pictures = pdf._program(document, Front(title="a"))
    assert pdf._compiled(program, pictures).startswith(b"%PDF")


@pytest.mark.parametrize("columns", [8, 14, 40, 120])
def test_no_column_of_a_wide_table_is_cut(build, front, columns):
    cell = build.code("x", build.shown(text_html=build.frame(3, columns)))
    document = reader(render_pdf(build.notebook(cell), front))
    found = set()
    for page in document.pages:

        def see(text, matrix, *_, right=float(page.mediabox.width)):
            for word in text.split():
                if word.startswith("c") and word[1:].isdigit():
                    assert 0 < matrix[4] < right - 30
                    found.add(word)

        page.extract_text(visitor_text=see)
    assert found == {f"c{column}" for column in range(columns)}


def test_the_head_of_a_long_table_stands_on_every_page(build, front):
    cell = build.code("x", build.shown(text_html=build.frame(150, 3)))
    pages = reader(render_pdf(build.notebook(cell), front)).pages
    assert len(pages) > 1
    assert all("c0" in page.extract_text() for page in pages)


def test_links_lead_out_or_to_a_section_that_exists(build, front):
    text = "## Part\n\n[in](#part) [out](https://good.example) [nowhere](#no) [file](../a.html)"
    (page,) = reader(render_pdf(build.notebook(build.markdown(text)), front)).pages
    links = [link.get_object() for link in page["/Annots"]]
    assert [link["/A"]["/URI"] for link in links if "/A" in link] == ["https://good.example"]
    assert sum("/Dest" in link for link in links) == 1


def test_a_picture_that_is_none_leaves_a_remark_and_the_rest_stays(words_of_pdf):
    broken = Figure("png", b"\x89PNG no", (10, 10), "A chart")
    document = Document((broken, Paragraph((Text("after"),)), Equation("x")))
    words = words_of_pdf(pdf_of(document, Front(title="a")))
    assert "A picture cannot be printed: A chart" in words
    assert "after" in words


def test_letters_that_no_own_font_has_do_not_stop_a_report(build, front):
    cell = build.markdown("A chart \U0001f4c8 of 天気, \U000f1234 and ✓")
    data = render_pdf(build.notebook(cell), front)
    assert reader(data).pages[0].extract_text().count("A chart") == 1


def test_a_program_reads_no_file_beside_its_own_pictures(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    program = f'#read("{secret}")'
    with pytest.raises(RuntimeError):
        pdf._compiled(program, {}, tagged=False)


@pytest.mark.parametrize(
    "text",
    [
        '#read("/etc/passwd")',
        '"); read("/etc/passwd"); ("',
        "\\u{110000} \\\" \\",
        "#import \"@preview/a:1.0.0\"",
        "`#` $x$ *a* _b_ <c> @d = e - f + g / h: i ~ --- ...",
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", ["prose", "code", "table", "title", "print", "formula"])
def test_a_text_is_never_typst_markup(build, text, place, words_of_pdf):
    fence = "`" * 4
    cells = {
        "prose": build.code("x", build.shown(text_html=_escaped(text))),
        "code": build.markdown(f"{fence}\n{text}\n{fence}"),
        "table": build.code("x", build.shown(text_html=f"<table><td>{_escaped(text)}</table>")),
        "title": build.markdown("x"),
        "print": build.code("x", build.stream(text)),
        "formula": build.code("x", build.shown(text_latex=f"\\begin{{x}}{text}")),
    }
    title = text if place == "title" else "a"
    words = words_of_pdf(render_pdf(build.notebook(cells[place]), Front(title=title)))
    assert "root:" not in words


def _escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;")


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet='ab*_`#>-|:$\\{}[]()<>/\n 1.~&;"@=+^\ud800\x00é√', max_size=80))
def test_every_text_becomes_a_tagged_file_without_a_second_attempt(build, text):
    cells = build.markdown(text), build.code(text, build.stream(text), build.shown(text_html=text))
    front = Front(title=text, code="shown", facts=((text, text),))
    document = pdf.document_of(build.notebook(*cells), title=front.cleaned().title, code="shown")
    program, pictures = pdf._program(document, front.cleaned())
    assert pdf._compiled(program, pictures).startswith(b"%PDF")


PARTS = [
    *"xy1+-=<,;:()[]|/'!",
    *[
        r"\%",
        r"\&",
        r"\#",
        r"\$",
        r"\_",
        r"\{",
        r"\}",
        r"\alpha",
        r"\cdot",
        r"\to",
        r"\infty",
        r"\quad",
        r"\,",
        r"\|",
        r"\sin",
        r"\dots",
        r"\mid",
        r"\not=",
        r"\prime",
    ],
    *[
        r"^{2}",
        r"_{i}",
        r"^x",
        r"\frac{a}{b}",
        r"\sqrt{x}",
        r"\sum_{i}^{n}",
        r"\int",
        r"\lim_{x}",
        r"\hat{y}",
        r"\bar{x}",
        r"\vec{v}",
    ],
    *[
        r"\left(",
        r"\right)",
        r"\mathbf{A}",
        r"\mathrm{d}",
        r"\text{if}",
        r"\overline{ab}",
        r"\underbrace{a}_{b}",
    ],
    *[r"\binom{n}{k}", r"\mathbb{R}", r"\operatorname{argmax}", r"\tilde{x}"],
    r"\begin{pmatrix}a&b\\c&d\end{pmatrix}",
    r"\begin{cases}a&b\\c&d\end{cases}",
    r"\begin{align}a&=b\\c&=d\end{align}",
]


@settings(max_examples=120, deadline=None)
@given(st.lists(st.sampled_from(PARTS), max_size=8))
def test_every_formula_that_is_understood_compiles(parts):
    document = Document((Equation(" ".join(parts)), Paragraph((Text("x"),))))
    program, pictures = pdf._program(document, Front(title="a"))
    assert pdf._compiled(program, pictures).startswith(b"%PDF")
