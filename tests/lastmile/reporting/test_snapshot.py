"""A definition that is kept reads as the definition that it was."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lastmile.definitions import parse_definition, read_definition
from lastmile.reporting.definition import ParameterRule, ReportFile
from lastmile.reporting.snapshot import definition_text

ROOT = Path(__file__).parent.parent.parent.parent


def again(file):
    return parse_definition(definition_text(file), ReportFile, shown="kept")


@pytest.mark.parametrize("path", sorted(ROOT.glob("reports/*.toml")), ids=lambda p: p.stem)
def test_the_reports_of_this_workspace(path):
    file = read_definition(path, ReportFile, shown=path.name)

    assert again(file).model_dump() == file.model_dump()


def test_every_kind_of_value():
    file = ReportFile(
        title='Say "x"\\n',
        notebook="a b/c.ipynb",
        formats=("pdf",),
        memory=2.5e9,
        threads=3,
        data=("data/*.csv",),
        parameters={
            "since": ParameterRule(minimum=date(2015, 1, 1), value=date(2015, 2, 1)),
            "how": ParameterRule(value={"a é\x7f": [1, True, 0.5, "x"]}, choices=(1, "b")),
            "odd name": ParameterRule(pattern=r"\d{4}", help="several\nlines"),
        },
    )

    assert again(file) == file


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_text(text):
    file = ReportFile(title=text, notebook="x.ipynb", description=text)

    assert again(file) == file
