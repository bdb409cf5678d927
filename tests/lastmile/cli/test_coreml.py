"""`lastmile coreml`: anybody's Core ML files, on any system."""

import json
import zipfile

import numpy as np
import pandas as pd
import pytest

from lastmile.exporting.coreml.schema import new_model


@pytest.fixture
def scaled(tmp_path):
    """A model that nobody here made: `y` is 2 (x + 1)."""
    model = new_model()
    model.description.input.add(name="x").type.doubleType.SetInParent()
    model.description.output.add(name="y").type.doubleType.SetInParent()
    model.scaler.shiftValue.append(1.0)
    model.scaler.scaleValue.append(2.0)

    def save(change=lambda model: None):
        change(model)
        path = tmp_path / "scaled.mlmodel"
        path.write_bytes(model.SerializeToString())
        return path

    return save


def test_rows_of_a_file_are_answered(lastmile, scaled, tmp_path):
    (tmp_path / "rows.csv").write_text("x,other\n1,a\n,b\n")
    answer = lastmile("coreml", "predict", scaled(), "rows.csv", cwd=tmp_path)
    assert answer.code == 0
    assert answer.out == "y\n4.0\nNaN\n"


def test_answers_are_written_to_a_file_whole(lastmile, scaled, tmp_path):
    pd.DataFrame({"x": [0.1, 0.2]}).to_csv(tmp_path / "rows.csv", index=False)
    answer = lastmile(
        "coreml", "predict", scaled(), "rows.csv", "--out", "answers.csv", cwd=tmp_path
    )
    assert answer.out == ""
    assert "2 rows answered" in answer.err
    written = pd.read_csv(tmp_path / "answers.csv")["y"]
    assert np.allclose(written, [2.2, 2.4])
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "answers.csv", "rows.csv", "scaled.mlmodel",
    ]  # fmt: skip


def test_answers_for_programs_are_strict_json(lastmile, scaled, tmp_path):
    (tmp_path / "rows.csv").write_text("x\n1\n''\n".replace("''", "nan"))
    answer = lastmile("coreml", "predict", scaled(), "rows.csv", "--json", cwd=tmp_path)
    assert json.loads(answer.out) == [{"y": 4.0}, {"y": None}]


def test_a_wrong_column_is_told_with_the_nearest(lastmile, scaled, tmp_path):
    (tmp_path / "rows.csv").write_text("xx\n1\n")
    answer = lastmile("coreml", "predict", scaled(), "rows.csv", cwd=tmp_path)
    assert answer.code == 2
    assert "no column `x`" in answer.err
    assert "did you mean `xx`?" in answer.err


@pytest.mark.parametrize("content", ["", "a\nb,c,d\n", "\x00\x01"])
def test_what_is_no_table_is_told(lastmile, scaled, tmp_path, content):
    (tmp_path / "rows.csv").write_text(content)
    answer = lastmile("coreml", "predict", scaled(), "rows.csv", cwd=tmp_path)
    assert answer.code == 2
    assert "[rows-refused]" in answer.err


def test_a_file_that_is_no_model_is_told(lastmile, tmp_path):
    (tmp_path / "rows.csv").write_text("x\n1\n")
    answer = lastmile("coreml", "predict", "rows.csv", "rows.csv", cwd=tmp_path)
    assert answer.code == 3
    assert "rows.csv cannot be evaluated" in answer.err


def test_a_sound_file_is_described(lastmile, scaled, tmp_path):
    answer = lastmile("coreml", "check", scaled(), cwd=tmp_path)
    assert answer.code == 0
    assert "scaler, iOS 11 or newer" in answer.out
    assert "reads\tx\tnumber" in answer.out
    assert "nothing found" in answer.out


def test_faults_are_told_with_their_place(lastmile, scaled, tmp_path):
    broken = scaled(lambda model: model.scaler.scaleValue.append(3.0))
    answer = lastmile("coreml", "check", broken, cwd=tmp_path)
    assert answer.code == 3
    assert "model: shift or scale does not fit" in answer.err
    as_json = json.loads(lastmile("coreml", "check", broken, "--json", cwd=tmp_path).out)
    assert as_json["faults"][0]["where"] == "model"


def test_a_kind_that_cannot_be_evaluated_is_named(lastmile, scaled, tmp_path):
    custom = scaled(lambda model: setattr(model.customModel, "className", "Mine"))
    answer = lastmile("coreml", "check", custom, cwd=tmp_path)
    assert "customModel" in answer.out
    assert "cannot be evaluated here" in answer.out


def test_an_archive_is_told_to_be_unpacked(lastmile, tmp_path):
    (tmp_path / "rows.csv").write_text("x\n1\n")
    with zipfile.ZipFile(tmp_path / "m.mlpackage", "w") as archive:
        archive.writestr("Manifest.json", "{}")
    answer = lastmile("coreml", "predict", "m.mlpackage", "rows.csv", cwd=tmp_path)
    assert answer.code == 3
    assert "it is a zip archive" in answer.err
    assert "unpack it first" in answer.err


def test_a_device_is_no_model(lastmile, tmp_path):
    answer = lastmile("coreml", "check", "/dev/zero", cwd=tmp_path)
    assert answer.code == 3
    assert "neither a file nor a folder" in answer.err
