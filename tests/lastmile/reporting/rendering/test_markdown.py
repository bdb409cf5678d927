import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lastmile.reporting.rendering.blocks import (
    Aside,
    Break,
    Code,
    Equation,
    Figure,
    Formula,
    Heading,
    Items,
    Link,
    Paragraph,
    Quote,
    Rule,
    Table,
    Text,
    plain,
)
from lastmile.reporting.rendering.markdown import markdown_blocks

STRONG, EM = frozenset(["strong"]), frozenset(["em"])


@pytest.mark.parametrize(
    ("text", "want"),
    [
        pytest.param("## A *b*", [Heading(2, (Text("A "), Text("b", EM)))], id="a heading"),
        pytest.param("a\nb", [Paragraph((Text("a b"),))], id="a soft break is a space"),
        pytest.param(
            "a  \nb", [Paragraph((Text("a"), Break(), Text("b")))], id="a hard break stays"
        ),
        pytest.param(
            "***x***", [Paragraph((Text("x", STRONG | EM),))], id="marks add to each other"
        ),
        pytest.param(
            "[a](https://b.c)", [Paragraph((Link("https://b.c", (Text("a"),)),))], id="a link"
        ),
        pytest.param("[a](javascript:b)", [Paragraph((Text("a"),))], id="a link to a program"),
        pytest.param(
            "[a](../b.ipynb)", [Paragraph((Text("a"),))], id="a dead link keeps its words"
        ),
        pytest.param("a $x^2$", [Paragraph((Text("a "), Formula("x^2")))], id="a formula"),
        pytest.param("$5 and $10", [Paragraph((Text("$5 and $10"),))], id="money is no formula"),
        pytest.param("$$\nx\n$$", [Equation("x")], id="a displayed formula"),
        pytest.param(
            "\\begin{align}a\\end{align}", [Equation("\\begin{align}a\\end{align}")], id="align"
        ),
        pytest.param("a $$x$$", [Paragraph((Text("a"),)), Equation("x")], id="display in a line"),
        pytest.param("```python\nx\n```", [Code("x", "python")], id="a fenced program"),
        pytest.param("---", [Rule()], id="a rule"),
        pytest.param("> # a", [Quote((Paragraph((Text("a", STRONG),)),))], id="no section inside"),
        pytest.param("a<br>b", [Paragraph((Text("a"), Break(), Text("b")))], id="an HTML break"),
        pytest.param(
            "x<sub>i</sub>",
            [Paragraph((Text("x"), Text("i", frozenset(["sub"]))))],
            id="an HTML mark",
        ),
        pytest.param("<script>alert(1)</script>", [], id="a script is gone"),
        pytest.param("<p>a <b>b</b></p>", [Paragraph((Text("a "), Text("b", STRONG)))], id="HTML"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_blocks(text, want):
    assert list(markdown_blocks(text)) == want


def test_lists_nest():
    (items,) = markdown_blocks("3. a\n   - b\n4. c")
    assert items.start == 3
    first, inner = items.items[0]
    assert plain(first.content) == "a"
    assert inner == Items(None, ((Paragraph((Text("b"),)),),))


def test_a_table_keeps_the_sides_it_names_and_finds_the_others():
    (table,) = markdown_blocks("| a | b | c |\n|:-:|---|---|\n| x | 1.5 | y |")
    assert isinstance(table, Table)
    assert [cell.align for cell in table.body[0]] == ["center", "right", "left"]


def test_an_attached_picture_is_shown_below_its_paragraph(build):
    attachments = {"a.png": {"image/png": build.png64()}}
    found = markdown_blocks('see ![A chart](attachment:a.png "Rain") here', attachments)
    assert plain(found[0].content) == "see here"
    assert found[1] == Figure("png", build.png(), (4, 2), "A chart", "Rain")


@pytest.mark.parametrize(
    "source",
    ["https://a.b/c.png", "../secret.png", "file:///etc/passwd", "attachment:none.png",
     "data:image/png;base64,aGk="],
)  # fmt: skip
def test_a_picture_from_elsewhere_is_named_and_not_fetched(source):
    (found,) = markdown_blocks(f"![A chart]({source})")
    assert isinstance(found, Aside)
    assert "A chart" in found.text


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab*_`#>-|:$\\{}[]()!<>/\n 1.~&;\"'\ud800\x00", max_size=60))
def test_every_text_is_read(text):
    markdown_blocks(text)
