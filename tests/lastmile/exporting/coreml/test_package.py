"""Files: the same bytes for the same model, and no damage that is not told."""

import errno
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lastmile.errors import LastmileError, NotWritable, PackageBroken
from lastmile.exporting.coreml import load_package, to_coreml
from lastmile.exporting.coreml.reference import Dictionary, evaluate

BODY = """
    s = Scaler<offset=[1.0], scale=[2.0]>(raw)
    c = Constant<value = float[4,3] {1., 2., 3., 4., 5., 6., 7., 8., 9., 10., 11., 12.}>()
    m = MatMul(s, c)
    value = Tanh(m)
"""


@pytest.fixture(scope="module")
def package(graph_of):
    return to_coreml(graph_of(BODY), name="small")


@pytest.fixture
def saved(package, tmp_path):
    folder = tmp_path / "small.mlpackage"
    package.save(folder)
    return folder


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*")) if path.is_file()
    }  # fmt: skip


def test_the_same_graph_gives_the_same_bytes(package, graph_of, saved, tmp_path):
    to_coreml(graph_of(BODY), name="small").save(tmp_path / "again.mlpackage")
    assert files(tmp_path / "again.mlpackage") == files(saved)


def test_the_folder_is_one_that_coremltools_reads(saved, package):
    import coremltools as ct
    from coremltools.libmodelpackage import ModelPackage

    assert set(files(saved)) == {
        "Manifest.json", "Data/com.apple.CoreML/model.mlmodel",
        "Data/com.apple.CoreML/weights/8-weight.bin".replace("8", str(weight_number(package))),
    }  # fmt: skip
    assert ModelPackage.isValid(str(saved))
    root = ModelPackage(str(saved)).getRootModel().path()
    assert root.endswith("com.apple.CoreML/model.mlmodel")
    assert ct.utils.load_spec(str(saved)) == package.spec


def weight_number(package):
    (name,) = package.weights
    return int(name.split("-")[0])


def test_the_weight_file_is_one_that_coremltools_reads(saved, package):
    from coremltools.libmilstoragepython import _BlobStorageReader

    (name,) = package.weights
    reader = _BlobStorageReader(str(saved / "Data/com.apple.CoreML/weights" / name))
    assert np.asarray(reader.read_float_data(64)).tolist() == [float(n) for n in range(1, 13)]


def test_a_model_without_weights_may_be_a_single_file(graph_of, tmp_path, numbers):
    package = to_coreml(graph_of("value = Scaler<offset=[1.], scale=[2.]>(raw)"), name="m")
    package.save(tmp_path / "m.mlmodel")
    again = load_package(tmp_path / "m.mlmodel", package.signature)
    assert again.run(numbers)["value"].tolist() == package.run(numbers)["value"].tolist()


def test_a_model_with_weights_may_not(package, tmp_path):
    with pytest.raises(NotWritable, match=r"has to be a \.mlpackage"):
        package.save(tmp_path / "m.mlmodel")


def test_a_place_that_may_not_be_written_is_told(package, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotWritable):
        package.save(tmp_path / "file" / "m.mlpackage")


def test_the_place_may_be_a_text_and_an_older_package_is_replaced(
    package, graph_of, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    package.save("apps/m.mlpackage")
    plain = to_coreml(graph_of("value = Scaler<offset=[1.], scale=[2.]>(raw)"), name="m")
    plain.save("apps/m.mlpackage")
    assert load_package(tmp_path / "apps/m.mlpackage", plain.signature).weights == {}
    assert [path.name for path in (tmp_path / "apps").iterdir()] == ["m.mlpackage"]


@pytest.mark.parametrize("place", ["pictures", "file", "link.mlpackage", ""])
def test_something_that_is_no_package_is_not_replaced(place, package, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "one.png").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link.mlpackage").symlink_to(tmp_path / "pictures")
    with pytest.raises(NotWritable, match="name another place"):
        package.save(place)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "file",
        "link.mlpackage",
        "pictures",
    ]
    assert (tmp_path / "pictures" / "one.png").read_text() == "mine"


def test_a_full_disk_leaves_the_package_that_stood_there(saved, package, monkeypatch):
    before = files(saved)

    def full(path, text, encoding):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(NotWritable, match="No space left"):
        package.save(saved)
    assert files(saved) == before
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_any_saved_model_can_be_evaluated_without_a_signature(saved, package, numbers):
    columns = {name: numbers[name].to_numpy() for name in numbers}
    assert evaluate(saved, columns)["value"].tolist() == package.run(numbers)["value"].tolist()


def test_no_rows_give_no_answers(package, numbers):
    assert package.run(numbers[:0])["value"].shape == (0, 3)


def test_a_dictionary_gives_its_values_in_any_order_of_keys():
    held = Dictionary(("a", "b"), np.array([[0.25, 0.75]]))
    assert held.columns(["b", "nowhere", "a"]).tolist() == [[0.75, 0.0, 0.25]]


# --- damage ----------------------------------------------------------------------------------


def break_manifest(change):
    def damage(folder):
        path = folder / "Manifest.json"
        manifest = json.loads(path.read_text())
        change(manifest)
        path.write_text(json.dumps(manifest))

    return damage


def point_at(path):
    def change(manifest):
        manifest["itemInfoEntries"][manifest["rootModelIdentifier"]]["path"] = path

    return break_manifest(change)


def model(folder):
    return folder / "Data/com.apple.CoreML/model.mlmodel"


def weights(folder):
    return next((folder / "Data/com.apple.CoreML/weights").iterdir())


def half(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def linked(folder):
    target = weights(folder)
    target.rename(folder / "elsewhere")
    target.symlink_to(folder / "elsewhere")


DAMAGES = {
    "no folder at all": (shutil.rmtree, "No such file"),
    "no manifest": (lambda f: (f / "Manifest.json").unlink(), "no Manifest.json"),
    "a manifest that is no JSON": (lambda f: (f / "Manifest.json").write_text("{"), "manifest"),
    "a manifest that is a list": (lambda f: (f / "Manifest.json").write_text("[]"), "manifest"),
    "a manifest of numbers": (
        lambda f: (f / "Manifest.json").write_text(
            '{"itemInfoEntries": 1, "rootModelIdentifier": 2}'), "manifest"),
    "a manifest without items": (break_manifest(lambda m: m["itemInfoEntries"].clear()),
                                 "names no model"),
    "an item without a path": (break_manifest(
        lambda m: m["itemInfoEntries"].update(x=3)), "without a path"),
    "a path out of the package": (point_at("../../../secret"), "out of the package"),
    "an absolute path": (point_at("/etc/passwd"), "out of the package"),
    "a path with a null": (point_at("a\0b"), "without a path"),
    "no model": (lambda f: model(f).unlink(), "No such file"),
    "half a model": (lambda f: half(model(f)), "not a Core ML model"),
    "an empty model": (lambda f: model(f).write_bytes(b""), "specification version"),
    "a model that is a text": (lambda f: model(f).write_text("hello"), "not a Core ML model"),
    "no weights": (lambda f: weights(f).unlink(), "is missing"),
    "half of the weights": (lambda f: half(weights(f)), "weights"),
    "weights that are a link": (linked, "is not a file"),
}  # fmt: skip


@pytest.mark.parametrize("case", DAMAGES)
def test_a_package_is_refused_that_has(case, saved, package, numbers):
    damage, reason = DAMAGES[case]
    damage(saved)
    with pytest.raises(PackageBroken, match=reason):
        load_package(saved, package.signature).run(numbers)


def test_a_model_newer_than_this_program_is_refused(package, tmp_path):
    changed = type(package.spec)()
    changed.CopyFrom(package.spec)
    changed.specificationVersion = 99
    path = tmp_path / "m.mlmodel"
    path.write_bytes(changed.SerializeToString())
    with pytest.raises(PackageBroken, match="specification version is 99"):
        load_package(path, package.signature)


def test_bytes_that_are_changed_at_random_give_an_answer_or_an_error_of_ours(
    graph_of, tmp_path, numbers
):
    """Every part of a model, 400 times: one to three bytes changed, or the end cut off."""
    trees = (
        "t = TreeEnsembleRegressor<n_targets=2, nodes_treeids=[0,0,0], nodes_nodeids=[0,1,2], "
        'nodes_modes=["BRANCH_LEQ","LEAF","LEAF"], nodes_featureids=[1,0,0], '
        "nodes_values=[0.5,0.,0.], nodes_truenodeids=[1,0,0], nodes_falsenodeids=[2,0,0], "
        "target_treeids=[0,0], target_nodeids=[1,2], target_ids=[0,1], "
        "target_weights=[3.,4.]>(raw)\n"
        'n = Normalizer<norm="L2">(raw)\nj = Concat<axis=1>(t, n)\nvalue = Softmax(j)'
    )
    graph = graph_of(trees)
    package = to_coreml(graph, name="m")
    content = package.spec.SerializeToString(deterministic=True)
    rng = np.random.default_rng(17)
    answered = 0
    for _ in range(400):
        broken = bytearray(content)
        for at in rng.integers(0, len(broken), rng.integers(1, 4)):
            broken[at] = rng.integers(0, 256)
        path = tmp_path / "m.mlmodel"
        path.write_bytes(broken[: rng.integers(1, len(broken))] if rng.random() < 0.1 else broken)
        try:
            load_package(path, package.signature).run(numbers[:5])
            answered += 1
        except LastmileError:
            pass
    assert 0 < answered < 400


def test_rows_that_do_not_fit_the_model_are_refused(package):
    with pytest.raises(PackageBroken, match="no value for the input `c0`"):
        evaluate(package.spec, {"other": np.zeros(3)})
    texts = {f"c{at}": np.array(["a"], dtype=object) for at in range(4)}
    with pytest.raises(PackageBroken, match="not numeric"):
        evaluate(package.spec, texts)


def test_a_model_of_another_kind_is_refused_by_its_kind():
    from lastmile.exporting.coreml.schema import new_model

    spec = new_model(4)
    spec.wordTagger.SetInParent()
    spec.description.output.add(name="tags").type.stringType.SetInParent()
    with pytest.raises(PackageBroken, match="wordTagger are not supported"):
        evaluate(spec, {"text": np.array(["a"])})


def test_the_rows_are_encoded_as_a_phone_gives_them(package):
    rows = pd.DataFrame({f"c{at}": ["0.5"] for at in range(4)})
    assert package.run(rows)["value"].shape == (1, 3)
