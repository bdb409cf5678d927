from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from lastmile.exporting.bundle import About, write_bundle
from lastmile.exporting.coreml import to_coreml
from lastmile.exporting.evidence import gather_evidence
from lastmile.exporting.onnx import to_onnx

MADE = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
ABOUT = About(
    name="rain-tomorrow",
    version="1.2.0",
    title="Rain | tomorrow?",
    description="Will it\nrain?",
    author="A. Author",
    license="Apache-2.0",
)


@pytest.fixture(scope="session")
def parts(fitted, people) -> dict[str, Any]:
    """Graph, package and evidence of the small pipeline."""
    graph = to_onnx(fitted, people)
    package = to_coreml(graph, name=ABOUT.type_name)
    evidence = gather_evidence(fitted, graph.signature, graph, package, people)
    return {"graph": graph, "package": package, "evidence": evidence}


@pytest.fixture(scope="session")
def written(parts, tmp_path_factory):
    """A bundle for both targets; nobody may change its files."""
    folder = tmp_path_factory.mktemp("built") / "rain-tomorrow-1.2.0"
    folder.mkdir()
    return write_bundle(folder, about=ABOUT, made=MADE, **parts)


@pytest.fixture
def bundle(written, tmp_path) -> Path:
    """The folder of a copy that a test may spoil."""
    return copytree(written.folder, tmp_path / "copy")
