import pytest
from hypothesis import given
from hypothesis import strategies as st

from lastmile.reporting.rendering.wording import breakable, clean, safe_link, slug


@pytest.mark.parametrize(
    ("raw", "want"),
    [
        pytest.param("a\x00b\x1bc", "abc", id="control characters go"),
        pytest.param("a\nb\tc", "a\nb\tc", id="line feeds and tabs stay"),
        pytest.param("a\ud800b", "a?b", id="a lone surrogate becomes a question mark"),
        pytest.param("a\u202eb", "ab", id="direction overrides go"),
        pytest.param("a\r\nb", "a\nb", id="line ends are line feeds"),
        pytest.param(None, "", id="nothing is an empty text"),
        pytest.param(12, "12", id="a number is its digits"),
    ],
)
def test_clean(raw, want):
    assert clean(raw) == want


@given(st.text(alphabet=st.characters(codec=None)))
def test_clean_text_can_be_encoded_and_is_clean_already(text):
    once = clean(text)
    once.encode("utf-8")
    assert clean(once) == once


@pytest.mark.parametrize(
    ("href", "want"),
    [
        pytest.param("https://a.b/c?d", "https://a.b/c?d", id="https"),
        pytest.param("mailto:a@b.c", "mailto:a@b.c", id="mail"),
        pytest.param("#part", "#part", id="an anchor"),
        pytest.param("javascript:alert(1)", None, id="a program is refused"),
        pytest.param(" java\nscript:alert(1)", None, id="a program in disguise is refused"),
        pytest.param("data:text/html,x", None, id="a data address is refused"),
        pytest.param("file:///etc/passwd", None, id="a file is refused"),
        pytest.param("../other.html", None, id="a neighbour of the notebook is refused"),
        pytest.param("#", None, id="an empty anchor is refused"),
        pytest.param(None, None, id="no address"),
    ],
)
def test_links_lead_to_safe_places_only(href, want):
    assert safe_link(href) == want


@pytest.mark.parametrize(
    ("words", "want"),
    [
        pytest.param("The Month, at a Glance", "the-month-at-a-glance", id="words"),
        pytest.param("Übersicht 2015", "übersicht-2015", id="letters of every script"),
        pytest.param("!!!", "section", id="no letters at all"),
    ],
)
def test_slug(words, want):
    assert slug(words) == want


def test_only_long_words_are_broken():
    assert breakable("short words", 5) == "short words"
    assert breakable("a " + "b" * 30, 20).split("\u200b") == ["a " + "b" * 12, "b" * 12, "b" * 6]
