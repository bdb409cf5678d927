"""What people read when something is wrong: every message names the fault and a remedy."""

import json
import os
import subprocess
import sys

import pytest


def test_outside_a_workspace_the_way_in_is_shown(lastmile, tmp_path):
    answer = lastmile("list", cwd=tmp_path)

    assert answer.code == 2
    assert "is not inside a lastmile workspace" in answer.err
    assert "lastmile init DIR" in answer.err
    assert answer.out == ""


@pytest.mark.parametrize(
    ("command", "kind"),
    [(("report", "run", "plian"), "report"), (("report", "show", "plian"), "report"),
     (("report", "history", "plian"), "report")],
    ids=["run", "show", "history"],
)  # fmt: skip
def test_an_unknown_report_offers_the_nearest(lastmile, make_workspace, command, kind):
    answer = lastmile(*command, cwd=make_workspace())

    assert answer.code == 2
    assert f"there is no {kind} `plian`" in answer.err
    assert "did you mean `plain`?" in answer.err


def test_an_unknown_export_says_that_there_is_none(lastmile, make_workspace):
    answer = lastmile("export", "run", "rain", cwd=make_workspace())

    assert answer.code == 2
    assert "there is no export `rain`" in answer.err


@pytest.mark.parametrize("name", ["../plain", "/etc/passwd", "a/b", ""])
def test_a_name_is_never_a_path(lastmile, make_workspace, name):
    answer = lastmile("report", "run", name, cwd=make_workspace())

    assert answer.code == 2
    assert "there is no report" in answer.err


def test_all_wrong_parameters_are_told_before_a_kernel_starts(lastmile, make_workspace):
    root = make_workspace()
    answer = lastmile("report", "run", "plain", "-p", "y=1", "-p", "x=many", cwd=root)

    assert answer.code == 2
    assert "`y` is not a parameter of notebooks/plain.ipynb" in answer.err
    assert "use one of: x" in answer.err
    assert "`x` cannot be 'many': input should be a valid integer" in answer.err
    assert not (root / "reports/_built").exists()


def test_a_pair_without_an_equals_sign_is_refused(lastmile, make_workspace):
    answer = lastmile("report", "run", "plain", "-p", "x", cwd=make_workspace())

    assert answer.code == 2
    assert "KEY=VALUE" in answer.err


def test_an_unknown_format_is_refused(lastmile, make_workspace):
    answer = lastmile("report", "run", "plain", "--format", "html,docx", cwd=make_workspace())

    assert answer.code == 2
    assert "`docx` is not a format; use one of: html, pdf" in answer.err


def test_broken_toml_is_told_with_its_line(lastmile, make_workspace):
    root = make_workspace(report="formats = [html]\n")
    answer = lastmile("report", "run", "plain", cwd=root)

    assert answer.code == 2
    assert "reports/plain.toml is not TOML" in answer.err
    assert "reports/plain.toml:3:" in answer.err


def test_broken_settings_are_told_with_their_line(lastmile, make_workspace):
    root = make_workspace()
    (root / "pyproject.toml").write_text('[tool.lastmile]\nstroe = "x"\n')
    answer = lastmile("list", cwd=root)

    assert answer.code == 2
    assert "`stroe` is not a key" in answer.err
    assert "pyproject.toml:2" in answer.err
    assert "did you mean `store`?" in answer.err


def test_one_broken_definition_does_not_hide_the_others(lastmile, make_workspace):
    root = make_workspace()
    (root / "reports/broken.toml").write_text("title = 1\n")
    answer = lastmile("list", cwd=root)

    assert answer.code == 2
    assert "plain" in answer.out
    assert "reports/broken.toml:1" in answer.err


def test_a_missing_notebook_is_told_with_its_definition(lastmile, make_workspace):
    root = make_workspace()
    (root / "notebooks/plain.ipynb").rename(root / "notebooks/plane.ipynb")
    answer = lastmile("report", "run", "plain", cwd=root)

    assert answer.code == 2
    assert "there is no notebook notebooks/plain.ipynb" in answer.err
    assert "did you mean `notebooks/plane.ipynb`?" in answer.err
    assert "reports/plain.toml" in answer.err


def test_a_file_that_is_no_notebook_is_refused(lastmile, make_workspace):
    root = make_workspace()
    (root / "notebooks/plain.ipynb").write_text("print('hello')")
    answer = lastmile("report", "run", "plain", cwd=root)

    assert answer.code == 2
    assert "notebooks/plain.ipynb is not a Jupyter notebook: it is not JSON" in answer.err


def test_parameters_without_a_parameters_cell_are_refused(lastmile, make_workspace):
    answer = lastmile("report", "run", "plain", "-p", "x=1", cwd=make_workspace(["1"], None))

    assert answer.code == 2
    assert "has no cell tagged `parameters`" in answer.err


@pytest.mark.parametrize(
    ("module", "command", "extra"),
    [
        ("papermill", ("report", "run", "plain"), "reports"),
        ("nbformat", ("report", "show", "plain"), "reports"),
        ("onnx", ("export", "check", "."), "exports"),
    ],
)
def test_a_missing_part_ends_in_one_sentence_with_the_command(
    make_workspace, module, command, extra
):
    root = make_workspace()
    (root / "bundle.json").write_text("{}")
    code = f"import sys; sys.modules[{module!r}] = None; from lastmile.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *command],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2, done.stderr
    assert f"pip install 'lastmile[{extra}]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_store_that_cannot_be_opened_starts_no_run(lastmile, make_workspace):
    root = make_workspace()
    (root / ".lastmile").write_text("in the way")
    answer = lastmile("report", "run", "plain", cwd=root)

    assert answer.code == 1
    assert "could be lost or doubled" in answer.err
    assert not (root / "reports/_built").exists()


@pytest.mark.parametrize("command", [["list"], ["report", "history"], ["doctor"]])
def test_programs_get_json_and_nothing_else(lastmile, make_workspace, command):
    answer = lastmile(*command, "--json", cwd=make_workspace())

    assert answer.code == 0
    assert isinstance(json.loads(answer.out), list)


def test_a_reader_that_goes_away_is_no_error(make_workspace):
    root = make_workspace()
    done = subprocess.run(
        f"{sys.executable} -m lastmile list | true",
        shell=True,
        cwd=root,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        check=False,
    )

    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["list", "report history", "report run plain --format html"])
@pytest.mark.parametrize("redirected", ["", "2>&1"])
def test_a_closed_pipe_neither_fails_a_command_nor_its_run(make_workspace, command, redirected):
    root = make_workspace()
    line = f"set -o pipefail; {sys.executable} -m lastmile {command} {redirected} | true"
    done = subprocess.run(
        ["bash", "-c", line], cwd=root, capture_output=True, text=True, check=False
    )

    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    history = subprocess.run(
        [sys.executable, "-m", "lastmile", "report", "history", "--json"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert {run["state"] for run in json.loads(history.stdout)} <= {"succeeded"}


@pytest.mark.parametrize(
    "command",
    [("report", "run", "nope"), ("report", "run", "plain", "-p", "y=1", "-p", "x=many"),
     ("export", "check", "nowhere")],
    ids=["unknown", "two faults", "no bundle"],
)  # fmt: skip
def test_a_program_that_asked_for_json_gets_its_errors_as_json(lastmile, make_workspace, command):
    answer = lastmile(*command, "--json", cwd=make_workspace())
    errors = json.loads(answer.out)["errors"]

    assert answer.code in (2, 3)
    assert {"code", "what", "why", "fix", "where"} == set(errors[0])
    assert len(errors) == (2 if "x=many" in command else 1)
