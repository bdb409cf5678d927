"""`lastmile init`, `demo`, `list`, `doctor`: a new workspace that works at once."""

import json

import pytest


@pytest.fixture(name="fresh")
def _fresh(lastmile, tmp_path):
    folder = tmp_path / "mine"
    assert lastmile("init", folder, cwd=tmp_path).code == 0
    return folder


def test_a_new_workspace_has_the_shape_of_this_one(fresh):
    assert {".gitignore", "README.md", "exports", "notebooks", "pyproject.toml", "reports",
            "schedule", "src"} == {path.name for path in fresh.iterdir()}  # fmt: skip
    assert list(fresh.rglob("__pycache__")) == []


def test_a_new_workspace_is_listed_whole(lastmile, fresh):
    answer = lastmile("list", "--json", cwd=fresh)

    assert [(entry["kind"], entry["name"]) for entry in json.loads(answer.out)] == [
        ("report", "candidates"),
        ("report", "wine"),
        ("schedule", "wine"),
        ("export", "wine-origin"),
    ]
    assert answer.code == 0


def test_the_demo_of_a_new_workspace_makes_a_report_and_a_bundle_that_holds(
    lastmile, start_lastmile, fresh
):
    process = start_lastmile("demo", cwd=fresh)
    out, err = process.communicate(timeout=300)

    assert process.returncode == 0, err
    for path in ("latest/index.html", "latest/report.pdf"):
        assert (fresh / "reports/_built/wine" / path).stat().st_size > 10_000
    assert "report as HTML\treports/_built/wine/" in out
    assert "report as PDF\treports/_built/wine/" in out
    assert "bundle\texports/_built/wine-origin-1.0.0\t" in out
    check = lastmile("export", "check", "exports/_built/wine-origin-1.0.0", cwd=fresh)
    assert check.code == 0
    assert "wine-origin 1.0.0 holds" in check.out


def test_nothing_is_ever_overwritten(lastmile, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/precious.txt").write_text("mine")
    answer = lastmile("init", "mine", cwd=tmp_path)

    assert answer.code == 2
    assert "is not an empty or new folder" in answer.err
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["precious.txt"]


def test_a_schedule_of_an_unknown_report_is_a_fault_of_its_file(lastmile, fresh):
    path = fresh / "schedule/wine.toml"
    path.write_text(path.read_text().replace('"wine"', '"wein"'))
    answer = lastmile("list", cwd=fresh)

    assert answer.code == 2
    assert "schedule/wine.toml:1" in answer.err
    assert "did you mean `wine`?" in answer.err


def test_the_demo_of_an_empty_workspace_says_what_is_missing(lastmile, tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.lastmile]\n")
    answer = lastmile("demo", cwd=tmp_path)

    assert answer.code == 2
    assert "there is no report" in answer.err


def test_the_doctor_names_what_is_missing_and_how_to_get_it(lastmile, tmp_path, monkeypatch):
    from lastmile.jobs import doctor

    real = doctor._version
    monkeypatch.setattr(doctor, "_version", lambda name: None if name == "typst" else real(name))
    answer = lastmile("doctor", cwd=tmp_path)

    assert "missing\ttypst\t-\treports as PDF\tpip install 'lastmile[reports]'" in answer.out
    assert "is not inside a lastmile workspace" in answer.err


@pytest.mark.parametrize(
    ("package", "bad", "words"),
    [("onnxruntime", "1.27.0", "mis-score forests"), ("protobuf", "7.36.2", "skl2onnx 1.20 fails")],
)
def test_the_doctor_knows_versions_that_give_wrong_answers(
    lastmile, tmp_path, monkeypatch, package, bad, words
):
    from lastmile.jobs import doctor

    real = doctor._version
    monkeypatch.setattr(doctor, "_version", lambda name: bad if name == package else real(name))
    answer = lastmile("doctor", cwd=tmp_path)

    assert answer.code == 1
    assert f"broken\t{package}\t{bad}" in answer.out
    assert words in answer.out
