"""No text from outside controls a terminal; what people write with stays as it is."""

import io
import json
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lastmile.visible import (
    Visible,
    further_lines_indented,
    guarded_streams,
    json_visible,
    visible,
)

TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
EVERY_SIGN = [chr(number) for number in range(sys.maxunicode + 1)]


def test_no_sign_that_controls_is_let_through():
    signs = [
        sign
        for sign in EVERY_SIGN
        if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp")
        or unicodedata.bidirectional(sign) in TURNING
    ]
    shown = visible("".join(signs))

    assert len(signs) > 2000
    assert shown.isascii()
    assert shown.isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "[bold]x[/] :smile: \\x1b",
        "Zoë 世界 ☺ 👩‍👩‍👧 🏳️‍🌈",
        "می‌خواهم",
        "क्‍ष",
        "שלום",
        "a\u0301",
        "\u00a0",
    ],
)
def test_what_people_write_with_is_left_alone(text):
    assert visible(text) == text


def test_each_sign_is_shown_as_its_escape():
    text = "\x00\x07\t\n\r\x1b\x7f\x9b\u202e\u2028\udcff\U000e0001"

    assert visible(text) == (r"\x00\x07\t\n\r\x1b\x7f\x9b\u202e\u2028\udcff\U000e0001")
    assert visible("a\tb\nc\r", keep="\n\t") == "a\tb\nc\\r"


def test_only_the_first_line_stands_at_the_margin():
    assert further_lines_indented("a\nb\r\n[ok] c") == "a\n    b\\r\n    [ok] c"


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_json_means_the_same_and_holds_no_control_sign(value):
    text = json_visible(json.dumps(value, ensure_ascii=False, indent=2))

    assert json.loads(text) == value
    assert visible(text, keep="\n") == text


def test_json_keeps_bytes_that_are_no_text_apart():
    text = json_visible(json.dumps({"path": "\udcff\U0001d173"}, ensure_ascii=False))

    assert text == '{"path": "\\udcff\\ud834\\udd73"}'
    assert json.loads(text) == {"path": "\udcff\U0001d173"}


def test_whoever_writes_to_a_guarded_stream_controls_nothing(capsys):
    with guarded_streams():
        print("\x1b]0;title\x07", "next\tline")
        sys.stderr.writelines(["\x9b31m\n", "\u202e\udcff\n"])
        assert not hasattr(sys.stdout, "buffer")
    captured = capsys.readouterr()

    assert captured.out == "\\x1b]0;title\\x07 next\tline\n"
    assert captured.err == "\\x9b31m\n\\u202e\\udcff\n"


def test_a_guarded_stream_takes_texts_only_and_is_its_stream_otherwise():
    stream = Visible(io.TextIOWrapper(io.BytesIO(), encoding="ascii"))

    assert (stream.encoding, stream.isatty()) == ("ascii", False)
    with pytest.raises(TypeError):
        stream.write(b"\x1b")


def test_a_traceback_controls_nothing_either():
    code = (
        "from lastmile.visible import guarded_streams\n"
        "with guarded_streams():\n    raise RuntimeError('\\x1b]0;title\\x07')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.endswith("RuntimeError: \\x1b]0;title\\x07\n")
