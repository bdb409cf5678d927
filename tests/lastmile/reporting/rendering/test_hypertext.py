import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lastmile.reporting.rendering.blocks import (
    Aside,
    Code,
    Figure,
    Heading,
    Items,
    Paragraph,
    Quote,
    Table,
    Text,
    plain,
)
from lastmile.reporting.rendering.hypertext import html_blocks, needs_script

STRONG = frozenset(["strong"])


@pytest.mark.parametrize(
    ("html", "want"),
    [
        pytest.param("<h3>A</h3><p>b</p>", [Heading(3, (Text("A"),)), Paragraph((Text("b"),))],
                     id="a heading and a paragraph"),
        pytest.param("a <b>b</b>\n c", [Paragraph((Text("a "), Text("b", STRONG), Text(" c")))],
                     id="white space is folded"),
        pytest.param("<div>a<div>b</div></div>", [Paragraph((Text("a"),)), Paragraph((Text("b"),))],
                     id="boxes end paragraphs"),
        pytest.param("<pre>a\n  b</pre>", [Code("a\n  b")], id="preformatted text stays"),
        pytest.param("<ul><li>a<li><p>b</ul>",
                     [Items(None, ((Paragraph((Text("a"),)),), (Paragraph((Text("b"),)),)))],
                     id="a list with open ends"),
        pytest.param("<blockquote>a</blockquote>", [Quote((Paragraph((Text("a"),)),))], id="quote"),
        pytest.param("<style>a{}</style><script>b</script>c", [Paragraph((Text("c"),))],
                     id="styles and scripts are gone"),
        pytest.param("<a href='javascript:x' onclick='y'>z</a>", [Paragraph((Text("z"),))],
                     id="a link to a program keeps its words"),
        pytest.param("<iframe src='x'>y</iframe><form><input value='z'></form>", [], id="frames"),
        pytest.param("<svg><script>x</script><text>y</text></svg>", [], id="drawings in the text"),
        pytest.param("&lt;b&gt; &amp;", [Paragraph((Text("<b> &"),))], id="entities are text"),
        pytest.param("</td></p><b", [], id="rubbish"),
    ],
)  # fmt: skip
def test_blocks(html, want):
    assert list(html_blocks(html)) == want


def test_the_dimensions_below_a_frame_are_its_caption(build):
    (table,) = html_blocks(build.frame(3, 2))
    assert isinstance(table, Table)
    assert table.caption == "3 rows \u00d7 2 columns"


def test_a_picture_inside_is_a_figure_and_one_from_elsewhere_is_not(build):
    inside, outside = html_blocks(
        f'<p><img src="data:image/png;base64,{build.png64()}" alt="in"></p>'
        '<img src="https://a.b/c.png" alt="out">'
    )
    assert isinstance(inside, Figure)
    assert inside.alt == "in"
    assert isinstance(outside, Aside)


def test_ten_thousand_boxes_in_each_other_lose_no_words():
    (found,) = html_blocks("<div>" * 10_000 + "deep" + "</div>" * 10_000)
    assert plain(found.content) == "deep"


@pytest.mark.parametrize("tag", ["<script>", "<IFRAME src=x>", "<canvas>", "< video>"])
def test_what_needs_a_script_is_told(tag):
    assert needs_script(tag)


def test_a_table_needs_no_script(build):
    assert not needs_script(build.frame())


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["<b>", "</b>", "<table>", "<tr>", "<td colspan=3>", "<th rowspan=2>", "</table>", "x",
             "<ul>", "<li>", "<pre>", "<img src=x>", "<br>", "<a href=#a>", "</div>", "<!--", "-->",
             "&#0;", "\ud800", "<h1>", "<script>", "<thead>", "</tr>"]
        ),
        max_size=30,
    )
)  # fmt: skip
def test_every_text_is_read(parts):
    html_blocks("".join(parts))
