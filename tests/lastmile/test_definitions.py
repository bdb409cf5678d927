"""Definition files: all faults at once, each with its line."""

import pytest

from lastmile.definitions import KeyLines, parse_definition, read_definition
from lastmile.errors import BadDefinition, Faults
from lastmile.reporting.definition import ReportFile

GOOD = 'title = "T"\nnotebook = "notebooks/a.ipynb"\n'


def parse(text: str) -> ReportFile:
    return parse_definition(text, ReportFile, shown="reports/a.toml")


def test_durations_and_sizes_are_read_with_their_units():
    file = parse(GOOD + 'timeout = "10m"\nmemory = "2 GiB"\n')

    assert (file.timeout, file.memory) == (600, 2 * 1024**3)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        pytest.param(GOOD + "titel = 1", 3, ["`titel` is not a key", "`title`"], id="typo"),
        pytest.param('title = "T"', 1, ["`notebook` is missing"], id="missing key"),
        pytest.param(GOOD + 'formats = ["doc"]', 3, ["formats.0", "'doc'"], id="bad format"),
        pytest.param(GOOD + 'timeout = "soon"', 3, ["such as", "10m"], id="bad duration"),
        pytest.param(
            GOOD + '\n[parameters.x]\nhlep = "?"', 5, ["hlep", "`help`"], id="typo in a table"
        ),
        pytest.param('title = "T"\nnotebook = "../a.ipynb"', 2, ["below"], id="path leaves"),
        pytest.param(GOOD + "[parameters.x]\npattern = '('", 4, ["regular"], id="bad pattern"),
    ],
)
def test_a_fault_names_its_line_and_a_remedy(text: str, line: int, words: list[str]):
    with pytest.raises(BadDefinition) as caught:
        parse(text)

    assert caught.value.where == f"reports/a.toml:{line}"
    for word in words:
        assert word in str(caught.value)


def test_all_faults_of_a_file_are_told_at_once():
    with pytest.raises(Faults) as caught:
        parse('titel = "T"\nformats = ["doc"]\ntimeout = -1\n')

    assert {"reports/a.toml:1", "reports/a.toml:2", "reports/a.toml:3"} == {
        fault.where for fault in caught.value.faults
    }
    assert len(caught.value.faults) == 5  # two keys are missing besides


def test_broken_toml_names_line_and_column():
    with pytest.raises(BadDefinition) as caught:
        parse('title = "T"\nnotebook = notebooks\n')

    assert caught.value.where.startswith("reports/a.toml:2:")
    assert "is not TOML" in caught.value.what


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(BadDefinition, match="cannot be read"):
        read_definition(path, ReportFile)


def test_lines_are_found_through_tables_and_quotes():
    lines = KeyLines('a = 1\n[b.c]\n"d" = 2\ne.f = 3\n')

    assert [
        lines.find(("a",)),
        lines.find(("b", "c", "d")),
        lines.find(("b", "c", "e", "f")),
        lines.find(("b", "c", "unknown")),
    ] == [1, 3, 4, 2]
