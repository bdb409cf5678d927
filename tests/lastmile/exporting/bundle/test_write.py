import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from lastmile.errors import EvidenceFailed, NotWritable, OverBudget
from lastmile.exporting.bundle import About, check_bundle, write_bundle
from lastmile.exporting.coreml import to_coreml
from lastmile.exporting.definition import ExportFile
from lastmile.exporting.evidence import gather_evidence
from lastmile.exporting.onnx import to_onnx

ABOUT = About(name="rain-tomorrow", version="1.2.0")
MADE = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def read(bundle, name):
    return json.loads((bundle.folder / name).read_text())


def test_everything_is_where_a_mobile_team_looks_for_it(written):
    tops = {name.split("/")[0] for name in written.files}
    assert tops == {"README.md", "android", "evidence.json", "golden", "ios", "signature.json"}
    assert "android/RainTomorrow.onnx" in written.files
    assert any(name.startswith("ios/RainTomorrow.mlpackage/") for name in written.files)


def test_the_manifest_lists_every_other_file_with_its_sha_256(written):
    manifest = read(written, "bundle.json")
    found = {
        path.relative_to(written.folder).as_posix(): path.read_bytes()
        for path in written.folder.rglob("*")
        if path.is_file() and path.name != "bundle.json"
    }
    assert set(manifest["files"]) == set(found)
    for name, data in found.items():
        entry = manifest["files"][name]
        assert entry == {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    assert manifest["size"] == written.size == sum(map(len, found.values()))


def test_the_manifest_says_what_made_it_and_what_may_run_it(written):
    manifest = read(written, "bundle.json")
    assert manifest["made"] == "2026-01-02T03:04:00Z"
    assert {"python", "scikit-learn", "skl2onnx", "coremltools"} <= set(manifest["made_with"])
    assert set(manifest["onnxruntime"]["excluded"]) == {"1.26.0", "1.27.0"}
    assert manifest["minimum_ios"] == written.minimum_ios == "11"


def test_golden_rows_are_raw_and_missing_is_as_on_a_phone(written):
    rows = read(written, "golden/rows.json")["rows"]
    assert 100 <= len(rows) <= 200
    gaps = [row["inputs"] for row in rows if row["rows"] == "everything missing that can be"]
    assert gaps[0]["miss"] is None
    assert gaps[0]["class"] == ""
    assert isinstance(gaps[0]["wiek (lata)"], int)
    assert set(rows[0]["expected"]) == {"label", "probabilities"}


def test_the_page_says_what_the_estimator_would_refuse(people, targets, tmp_path):
    columns = make_column_transformer((OneHotEncoder(), ["class"]), (StandardScaler(), ["code"]))
    strict = make_pipeline(columns, LogisticRegression()).fit(people, targets.two)
    graph = to_onnx(strict, people)
    package = to_coreml(graph, name="Strict")
    evidence = gather_evidence(strict, graph.signature, graph, package, people)
    about = About(name="strict", version="1.0.0")
    made = write_bundle(
        tmp_path, about=about, graph=graph, package=package, evidence=evidence, made=MADE
    )
    page = (made.folder / "README.md").read_text()
    assert "| `class_` | class | text |  | **required** | **only:** a, b, ć |" in page
    assert "scikit-learn refuses a row without `class_`, `code`" not in page  # whole, never missing
    assert "scikit-learn refuses a row without `class_`; the model answers" in page
    assert "`class` never seen: scikit-learn refuses them" in page
    (text,) = [one for one in read(made, "signature.json")["columns"] if one["name"] == "class"]
    assert (text["missing"], text["closed"]) == (None, True)
    notes = {one.name: one.shortDescription for one in package.spec.description.input}
    assert notes["class_"] == "class; required; known values only: a, b, ć"


def test_a_package_that_takes_one_array_says_so_and_shows_how_it_is_filled(people, tmp_path):
    numbers = people[["miss", "code", "flag"]]
    line = make_pipeline(SimpleImputer(), Ridge()).fit(numbers, people["code"])
    graph = to_onnx(line, numbers)
    package = to_coreml(graph, name="Line", inputs="vector")
    evidence = gather_evidence(line, graph.signature, graph, package, numbers)
    about = About(name="line", version="1.0.0")
    made = write_bundle(
        tmp_path, about=about, graph=graph, package=package, evidence=evidence, made=MADE
    )

    page = (made.folder / "README.md").read_text()
    assert read(made, "bundle.json")["ios_inputs"] == "vector"
    assert "MLMultiArray(shape: [3], dataType: .double)" in page
    assert "features: features" in page
    assert "// miss\n" in page
    assert "code:" not in page.partition("```swift")[2].partition("```")[0]
    assert check_bundle(made.folder).holds


def test_two_writings_differ_in_nothing(parts, written, tmp_path):
    again = write_bundle(tmp_path, about=replace(ABOUT, **about_of(written)), made=MADE, **parts)
    assert read(again, "bundle.json") == read(written, "bundle.json")


def about_of(bundle):
    manifest = read(bundle, "bundle.json")
    return {key: manifest[key] for key in ("title", "description", "author", "license")}


def test_without_core_ml_there_is_no_ios_folder(parts, tmp_path):
    graph_only = parts | {"package": None}
    bundle = write_bundle(tmp_path, about=ABOUT, made=MADE, **graph_only)
    assert bundle.minimum_ios is None
    assert not (tmp_path / "ios").exists()
    assert "## iOS" not in (tmp_path / "README.md").read_text()


def test_a_bundle_over_budget_is_refused_with_both_sizes(parts, tmp_path):
    with pytest.raises(OverBudget, match=r"budget is 1\.0 kB"):
        write_bundle(tmp_path, about=replace(ABOUT, size_limit=1000), made=MADE, **parts)


def test_evidence_that_fails_is_never_bundled(parts, tmp_path):
    failed = replace(parts["evidence"], reasons=("ONNX Runtime gives 3 rows another label",))
    with pytest.raises(EvidenceFailed, match="3 rows"):
        write_bundle(tmp_path, about=ABOUT, made=MADE, **parts | {"evidence": failed})
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(parts, tmp_path):
    with pytest.raises(NotWritable):
        write_bundle(tmp_path / "gone", about=ABOUT, made=MADE, **parts)


def test_about_follows_the_definition():
    definition = ExportFile(
        title="T", version="2.0.0", estimator="m:f", sample="m:s", budget={"size": "1 kB"}
    )
    about = About.of("rain", definition)
    assert (about.name, about.version, about.title, about.size_limit) == ("rain", "2.0.0", "T", 1e3)


# --- the page for the engineer -------------------------------------------------------------------


@pytest.fixture(scope="module")
def page(written):
    return (written.folder / "README.md").read_text()


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("# Rain \\| tomorrow?", id="title, escaped"),
        pytest.param("Will it rain?", id="description on one line"),
        pytest.param("| `my_col_e` | my col-é | 32-bit float |", id="name and column"),
        pytest.param('| `class_` | class | text |  | empty text `""` | a, b, ć |', id="known"),
        pytest.param(
            "| `wiek_lata` | wiek (lata) | 64-bit integer |  | **required** |", id="whole number"
        ),
        pytest.param("| `label` | text | the class: one of nie, tak |", id="label"),
        pytest.param('check(env.version !in setOf("1.26.0", "1.27.0"))', id="runtime check"),
        pytest.param("OnnxTensor.createTensor(env, arrayOf(longArrayOf(", id="kotlin long"),
        pytest.param('context.assets.open("RainTomorrow.onnx")', id="kotlin file"),
        pytest.param("value as Array<String>)[0]", id="kotlin label"),
        pytest.param("let model = try RainTomorrow(configuration: configuration)", id="swift"),
        pytest.param('answer.probabilities["nie"]', id="swift probabilities"),
        pytest.param("iOS 11 or later", id="lowest iOS"),
        pytest.param("Apple's runtime was not asked", id="what was not proven"),
    ],
)
def test_the_page_says(page, line):
    assert line in page


def test_the_page_names_every_file_with_its_checksum(page, written):
    manifest = read(written, "bundle.json")
    for name, entry in manifest["files"].items():
        if name != "README.md":
            assert name in page
            assert entry["sha256"] in page
