import pytest

from lastmile.reporting.rendering import terminal
from lastmile.reporting.rendering.terminal import capped, overwritten, styled


@pytest.mark.parametrize(
    ("text", "want"),
    [
        pytest.param("plain", (("plain", ""),), id="no codes"),
        pytest.param("\x1b[31mred\x1b[0m.", (("red", "red"), (".", "")), id="a colour and its end"),
        pytest.param("\x1b[1;32mx", (("x", "green bold"),), id="two codes at once"),
        pytest.param("\x1b[0;31mx\x1b[m.", (("x", "red"), (".", "")), id="an empty code resets"),
        pytest.param("\x1b[94mx\x1b[39m.", (("x", "blue"), (".", "")), id="bright colours"),
        pytest.param("\x1b[1mx\x1b[22my", (("x", "bold"), ("y", "")), id="bold ends"),
        pytest.param("\x1b[38;5;196mx", (("x", ""),), id="palette colours are dropped"),
        pytest.param("a\x1b[2Kb\x1b[?25lc", (("abc", ""),), id="cursor codes are dropped"),
        pytest.param("\x1b]8;;http://x\x07link\x1b]8;;\x07", (("link", ""),), id="no links"),
        pytest.param("a\x1b", (("a", ""),), id="a cut code is dropped"),
        pytest.param("<b>&", (("<b>&", ""),), id="markup stays text"),
    ],
)
def test_styled(text, want):
    assert styled(text) == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        pytest.param("10 %\r50 %\r100 %\n", "100 %\n", id="a progress bar shows its end"),
        pytest.param("a\r\nb", "a\nb", id="Windows line ends are line ends"),
        pytest.param("done\r", "done", id="a return at the end overwrites nothing"),
        pytest.param("ab\bc\n\b", "ac\n", id="backspace erases, but not lines"),
    ],
)
def test_overwritten(text, want):
    assert overwritten(text) == want


def test_a_long_text_keeps_its_start_and_its_end_and_says_so():
    shown, remark = capped("\n".join(f"line {number}" for number in range(1, 1001)))
    assert shown.startswith("line 1\n")
    assert shown.endswith("\nline 1000")
    assert shown.count("\n") == terminal.MOST_LINES
    assert "1,000 lines" in remark


def test_a_long_line_is_cut_and_says_so():
    shown, remark = capped("x" * 500_000)
    assert len(shown) < 3_000
    assert "500,000 characters" in remark


def test_a_short_text_stays_as_it_is():
    assert capped("a\nb") == ("a\nb", "")
