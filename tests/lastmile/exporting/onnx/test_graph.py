import errno
import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from lastmile.errors import NotWritable, RowsRefused, SampleLacksColumn
from lastmile.exporting.onnx import load_graph, to_onnx


@pytest.fixture(scope="module")
def graph(fitted, people):
    return to_onnx(fitted, people)


def test_answers_have_the_shapes_of_the_signature(graph, people):
    answers = graph.run(people.head(3))
    assert answers["label"].shape == (3,)
    assert set(answers["label"]) <= {"nie", "tak"}
    assert answers["probabilities"].shape == (3, 2)
    assert answers["probabilities"].dtype == np.float32


def test_the_order_of_the_frames_columns_does_not_matter(graph, people):
    first = graph.run(people)["probabilities"]
    assert np.array_equal(graph.run(people[people.columns[::-1]])["probabilities"], first)


def test_no_rows_give_no_answers(graph, people):
    assert graph.run(people.head(0))["probabilities"].shape == (0, 2)


def test_a_frame_without_a_column_is_refused(graph, people):
    with pytest.raises(SampleLacksColumn, match="miss"):
        graph.run(people.drop(columns="miss"))


def test_a_saved_graph_answers_the_same(graph, people, tmp_path):
    graph.save(tmp_path / "graph.onnx")
    assert (tmp_path / "graph.onnx").stat().st_size == graph.size
    again = load_graph(tmp_path / "graph.onnx", graph.signature)
    assert np.array_equal(again.run(people)["probabilities"], graph.run(people)["probabilities"])


def test_the_place_may_be_a_text_and_its_folders_are_made(graph, people, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    graph.save("models/new/graph.onnx")
    again = load_graph(tmp_path / "models/new/graph.onnx", graph.signature)
    assert again.run(people)["label"].tolist() == graph.run(people)["label"].tolist()


@pytest.mark.parametrize("place", ["file/graph.onnx", "folder", ""])
def test_a_place_that_cannot_be_written_is_told(place, graph, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(NotWritable, match="could not write"):
        graph.save(place)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_a_full_disk_leaves_the_file_that_stood_there(graph, tmp_path, monkeypatch):
    graph.save(tmp_path / "graph.onnx")
    before = (tmp_path / "graph.onnx").read_bytes()

    def half(path, content):
        with path.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(NotWritable, match="No space left"):
        graph.save(tmp_path / "graph.onnx")
    assert (tmp_path / "graph.onnx").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["graph.onnx"]


def outside_data(proto):
    tensor = proto.graph.initializer.add(name="big", data_type=TensorProto.FLOAT, dims=[1])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")


def foreign_operator(proto):
    proto.graph.node.append(helper.make_node("Solve", ["miss"], ["s"], domain="com.microsoft"))
    proto.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def function_of_its_own(proto):
    proto.functions.append(
        helper.make_function("own", "f", [], [], [], [helper.make_opsetid("", 21)])
    )


def other_input(proto):
    proto.graph.input[0].name = "other"


@pytest.mark.parametrize(
    "spoil",
    [outside_data, foreign_operator, function_of_its_own, other_input],
    ids=lambda spoil: spoil.__name__.replace("_", " "),
)
def test_a_graph_that_is_not_plain_is_not_loaded(spoil, graph, tmp_path):
    proto = onnx.ModelProto()
    proto.CopyFrom(graph.proto)
    spoil(proto)
    (tmp_path / "graph.onnx").write_bytes(proto.SerializeToString())
    with pytest.raises(RowsRefused, match=r"graph\.onnx"):
        load_graph(tmp_path / "graph.onnx", graph.signature)
