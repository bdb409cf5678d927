"""Streams are joined as a terminal would leave them."""

import pytest
from nbformat.v4 import new_output

from lastmile.reporting.execution.listening import join_streams


def said(*parts):
    outputs = [
        new_output("display_data", data={"text/plain": "x"})
        if part is None
        else new_output("stream", name=part[0], text=part[1])
        for part in parts
    ]
    return [(o.name, o.text) if o.output_type == "stream" else None for o in join_streams(outputs)]


@pytest.mark.parametrize(
    ("parts", "left"),
    [
        ([("stdout", "a"), ("stdout", "b\n")], [("stdout", "ab\n")]),
        ([("stdout", "a"), ("stderr", "e"), ("stdout", "b")], [("stdout", "ab"), ("stderr", "e")]),
        ([("stdout", "a"), None, ("stdout", "b")], [("stdout", "a"), None, ("stdout", "b")]),
        ([("stdout", " 10%\r 20%\r100%\n")], [("stdout", "100%\n")]),
        ([("stdout", "a\r\nb\r\n")], [("stdout", "a\nb\n")]),
        ([("stdout", "abc\b\bX\n\b\b\by")], [("stdout", "aX\ny")]),
    ],
    ids=["one stream", "two streams", "around a display", "progress bar", "CRLF", "backspaces"],
)
def test_streams_are_joined(parts, left):
    assert said(*parts) == left


def test_a_line_of_ten_million_signs_is_joined_at_once():
    line = "y" * 1_000_000

    assert said(*[("stdout", line)] * 10) == [("stdout", line * 10)]
