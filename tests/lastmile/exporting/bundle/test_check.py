import hashlib
import json
import random
from pathlib import Path

import pytest

from lastmile.errors import BundleBroken
from lastmile.exporting.bundle import check_bundle


def edit(folder: Path, name: str, change) -> None:
    """Change a JSON file of the bundle and put its new SHA-256 into the manifest."""
    data = json.loads((folder / name).read_text())
    change(data)
    (folder / name).write_text(json.dumps(data))
    if name != "bundle.json":
        seal(folder, name)


def seal(folder: Path, name: str) -> None:
    data = (folder / name).read_bytes()
    entry = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    edit(folder, "bundle.json", lambda manifest: manifest["files"].update({name: entry}))


def test_a_bundle_as_written_holds_on_both_engines(written):
    check = check_bundle(written.folder)
    assert check.holds
    assert [asked.engine for asked in check.asked] == ["ONNX Runtime", "Core ML reference"]
    assert all(asked.rows >= 100 and asked.label_mismatches == 0 for asked in check.asked)


def test_an_answer_that_no_longer_holds_is_a_fault_of_each_engine(bundle):
    def relabel(golden):
        first = golden["rows"][0]["expected"]
        first["label"] = "nie" if first["label"] == "tak" else "tak"
        golden["rows"][1]["expected"]["probabilities"] = [0.123, 0.877]

    edit(bundle, "golden/rows.json", relabel)
    check = check_bundle(bundle)
    assert not check.holds
    assert len(check.faults) == 4
    assert "1 of" in check.faults[0]
    assert "beyond the tolerance" in check.faults[1]


# --- changed, incomplete or hostile folders ------------------------------------------------------


def manifest(change):
    return lambda folder: edit(folder, "bundle.json", change)


def rename_entry(old: str, new: str):
    return manifest(lambda data: data["files"].update({new: data["files"].pop(old)}))


def link_to_outside(folder: Path) -> None:
    (folder / "signature.json").unlink()
    (folder / "signature.json").symlink_to("/etc/hostname")


def link_a_folder(folder: Path) -> None:
    (folder / "more").symlink_to("/etc", target_is_directory=True)


def empty_graph(folder: Path) -> None:
    (folder / "android/RainTomorrow.onnx").write_bytes(b"")
    seal(folder, "android/RainTomorrow.onnx")


def golden(change):
    return lambda folder: edit(folder, "golden/rows.json", lambda data: change(data["rows"][0]))


def deep(folder: Path) -> None:
    (folder / "bundle.json").write_text("[" * 100_000)


SPOILT = {
    "manifest gone": (lambda f: (f / "bundle.json").unlink(), "no bundle.json"),
    "manifest is no JSON": (lambda f: (f / "bundle.json").write_text("{"), "cannot be read"),
    "manifest is deep": (deep, "cannot be read"),
    "manifest is a list": (lambda f: (f / "bundle.json").write_text("[]"), "no object"),
    "manifest holds NaN": (lambda f: (f / "bundle.json").write_text('{"a": NaN}'), "NaN"),
    "manifest is newer": (manifest(lambda d: d.update(format=2)), "newer lastmile"),
    "manifest has a surprise": (manifest(lambda d: d.update(run="rm")), "run"),
    "manifest lacks a key": (manifest(lambda d: d.pop("tolerance")), "tolerance"),
    "tolerance is negative": (
        manifest(lambda d: d["tolerance"].update(probability=-1)),
        "probability",
    ),
    "a file leaves the folder": (rename_entry("README.md", "../README.md"), "leaves the folder"),
    "a file is absolute": (rename_entry("README.md", "/etc/passwd"), "leaves the folder"),
    "a file has backslashes": (rename_entry("README.md", "..\\x"), "leaves the folder"),
    "the graph leaves the folder": (
        manifest(lambda d: d.update(android="../x.onnx")),
        "leaves the folder",
    ),
    "the graph is not listed": (
        manifest(lambda d: d.update(android="other.onnx")),
        "does not list other.onnx",
    ),
    "the package is not listed": (manifest(lambda d: d.update(ios="ios/X")), "does not list"),
    "a file is gone": (lambda f: (f / "evidence.json").unlink(), "evidence.json is missing"),
    "a file is added": (lambda f: (f / "extra.sh").write_text("x"), "does not belong"),
    "a file is changed": (lambda f: (f / "README.md").write_text("x"), "README.md was changed"),
    "a file is a link": (link_to_outside, "is a link"),
    "a folder is a link": (link_a_folder, "is a link"),
    "the graph is empty": (empty_graph, "not a sound ONNX model"),
    "the signature is another": (
        lambda f: edit(f, "signature.json", lambda d: d["columns"].pop()),
        "not have the inputs",
    ),
    "the signature is of no kind": (
        lambda f: edit(f, "signature.json", lambda d: d["columns"][0].update(kind="date")),
        "columns.0",
    ),
    "a golden row lacks a column": (golden(lambda row: row["inputs"].pop("miss")), "lacks `miss`"),
    "a golden number is a text": (
        golden(lambda row: row["inputs"].update({"miss": "much"})),
        "not a number",
    ),
    "a golden answer is short": (
        golden(lambda row: row["expected"].update(probabilities=[1.0])),
        "2 numbers",
    ),
    "a golden label is a number": (golden(lambda row: row["expected"].update(label=1)), "label"),
    "no golden rows": (
        lambda f: edit(f, "golden/rows.json", lambda d: d.update(rows=[])),
        "golden/rows.json",
    ),
}


@pytest.mark.parametrize(("spoil", "message"), SPOILT.values(), ids=SPOILT.keys())
def test_a_spoilt_bundle_is_refused_by_what_is_wrong(spoil, message, bundle):
    spoil(bundle)
    with pytest.raises(BundleBroken) as caught:
        check_bundle(bundle)
    assert message in str(caught.value)


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_what_is_no_folder_is_no_bundle(name, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(BundleBroken, match="no such folder"):
        check_bundle(tmp_path / name)


def test_flipped_bytes_and_lost_ends_are_always_found(bundle, written):
    chance = random.Random(7)
    names = [*written.files, "bundle.json"]
    for _ in range(60):
        path = bundle / chance.choice(names)
        data = path.read_bytes()
        spot = chance.randrange(len(data))
        flipped = data[:spot] + bytes([data[spot] ^ (1 << chance.randrange(8))]) + data[spot + 1 :]
        path.write_bytes(chance.choice([flipped, data[:spot]]))
        try:
            check_bundle(bundle)
        except BundleBroken:
            pass
        else:
            assert path.name == "bundle.json", f"{path.name} was spoilt and nobody saw it"
        path.write_bytes(data)


@pytest.mark.parametrize("name", ["android/RainTomorrow.onnx", "ios"])
def test_a_spoilt_model_with_a_fitting_checksum_never_ends_in_a_traceback(name, bundle, written):
    """The sender of a bundle can write any checksum; a wrong model then fails or does not hold."""
    chance = random.Random(11)
    name = next(file for file in written.files if file.startswith(name))
    whole = (bundle / name).read_bytes()
    for _ in range(40):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        (bundle / name).write_bytes(bytes(data[: chance.choice([len(data), len(data) // 2])]))
        seal(bundle, name)
        try:
            check_bundle(bundle)
        except BundleBroken:
            continue
