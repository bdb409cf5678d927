import pytest

from lastmile.definitions import parse_definition
from lastmile.errors import LastmileError
from lastmile.exporting.definition import ExportFile

SMALL = """
title = "Rain"
version = "1.2.0"
estimator = "skycast.training:train"
sample = "data/sample.csv"
"""


def read(text: str) -> ExportFile:
    return parse_definition(text, ExportFile, shown="exports/rain.toml")


def test_a_small_definition_has_strict_tolerances_and_both_targets():
    export = read(SMALL)
    assert export.targets == ("onnx", "coreml")
    assert (export.tolerance.labels, export.tolerance.probability) == (0, 1e-5)
    assert export.budget.size is None


def test_columns_tolerance_and_budget_are_read():
    export = read(
        SMALL
        + '[columns."temp max"]\nhelp = "highest"\nunit = "°C"\n'
        + '[tolerance]\nlabels = 2\n[budget]\nsize = "2 MB"\n'
    )
    assert export.columns["temp max"].unit == "°C"
    assert export.tolerance.labels == 2
    assert export.budget.size == 2e6


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param("1.2.0", "1.2", "version", id="a version needs three numbers"),
        pytest.param("data/", "../data/", "below the workspace", id="a path stays inside"),
        pytest.param("data/", "/data/", "below the workspace", id="no absolute path"),
        pytest.param("version", "verson", "did you mean `version`", id="near key is named"),
        pytest.param('title = "Rain"', 'title = ""', "title", id="a title is not empty"),
        pytest.param(
            'title = "Rain"',
            'title = "Rain"\ntargets = ["coreml"]',
            'add "onnx"',
            id="coreml needs onnx",
        ),
        pytest.param(
            'title = "Rain"', 'title = "Rain"\ntargets = ["wasm"]', "targets", id="unknown target"
        ),
    ],
)
def test_a_wrong_definition_is_refused_by_name(old: str, new: str, message: str):
    with pytest.raises(LastmileError) as caught:
        read(SMALL.replace(old, new, 1))
    assert message in str(caught.value)
