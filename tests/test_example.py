"""The example, as a new user meets it: one command, three things to open."""

import json
import shutil
from io import BytesIO
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module", name="workspace")
def _workspace(tmp_path_factory) -> Path:
    """This repository's own workspace, without what was built in it before."""
    folder = tmp_path_factory.mktemp("example")
    for name in ("notebooks", "reports", "exports", "schedule", "src/skycast"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("_built"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.fixture(scope="module", name="demo")
def _demo(workspace) -> str:
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "lastmile", "demo"],
        cwd=workspace,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_demo_ends_with_the_three_things_to_open_their_sizes_and_times(workspace, demo):
    for what, path in (
        ("report as HTML", "reports/_built/seattle-weather/"),
        ("report as PDF", "reports/_built/seattle-weather/"),
        ("bundle", "exports/_built/rain-tomorrow-1.0.0"),
    ):
        [line] = [line for line in demo.splitlines() if line.startswith(f"{what}\t")]
        _, shown, size = line.split("\t")
        assert shown.startswith(path)
        assert (workspace / shown).exists()
        assert size.endswith(" kB")
    assert "together" in demo


def test_the_page_opens_offline_without_a_request_or_a_complaint(workspace, demo, browser):
    wrong: list[str] = []
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("requestfailed", lambda request: wrong.append(request.url))
    page.on(
        "request",
        lambda request: request.url.startswith(("file:", "data:")) or wrong.append(request.url),
    )
    page.goto((workspace / "reports/_built/seattle-weather/latest/index.html").as_uri())
    page.get_by_text("Show all code").click()
    figures = page.locator("figure img").count()
    loaded = page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
    context.close()

    assert wrong == []
    assert (figures, loaded) == (4, True)


def test_the_pdf_has_an_outline_page_numbers_and_the_figures(workspace, demo):
    from pypdf import PdfReader

    data = (workspace / "reports/_built/seattle-weather/latest/report.pdf").read_bytes()
    reader = PdfReader(BytesIO(data))
    texts = [page.extract_text() for page in reader.pages]

    assert "Rain" in [entry["/Title"] for entry in reader.outline if not isinstance(entry, list)]
    for number, text in enumerate(texts, start=1):
        assert f"{number} / {len(texts)}" in text
    for number in range(1, 5):
        assert any(f"Figure {number}." in text for text in texts)


def test_the_evidence_covers_every_day_and_rows_with_missing_and_unseen_values(workspace, demo):
    path = workspace / "exports/_built/rain-tomorrow-1.0.0/evidence.json"
    evidence = json.loads(path.read_text())
    asked = {rows["name"]: rows["rows"] for rows in evidence["asked"]}

    assert evidence["verdict"] == "holds"
    assert asked["all rows of the sample"] == 1461
    assert all(asked[f"`{name}` missing"] > 0 for name in ("precipitation", "wind", "weather"))
    assert all(asked[f"`{name}` never seen"] > 0 for name in ("weather", "month"))
    for pair in evidence["comparisons"]:
        assert pair["label_mismatches"] == 0
        assert pair["largest_absolute"] < 1e-5
    assert {("scikit-learn", "ONNX Runtime"), ("scikit-learn", "Core ML reference")} <= {
        (pair["expected"], pair["got"]) for pair in evidence["comparisons"]
    }


def test_the_bundle_still_holds_when_it_is_asked_again(workspace, demo, lastmile):
    answer = lastmile("export", "check", "exports/_built/rain-tomorrow-1.0.0", cwd=workspace)

    assert answer.code == 0
    assert "rain-tomorrow 1.0.0 holds" in answer.out


def test_a_bundle_that_was_changed_does_not_hold(workspace, demo, lastmile, tmp_path):
    bundle = tmp_path / "bundle"
    shutil.copytree(workspace / "exports/_built/rain-tomorrow-1.0.0", bundle)
    model = bundle / "android/RainTomorrow.onnx"
    model.write_bytes(model.read_bytes()[:-1] + b"x")
    answer = lastmile("export", "check", bundle, cwd=workspace)

    assert answer.code == 3
    assert "RainTomorrow.onnx" in answer.err
    assert "Traceback" not in answer.err
