import json

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, OrdinalEncoder

from lastmile.errors import EvidenceFailed, RowsRefused
from lastmile.exporting.evidence import Tolerances, demand_holds, gather_evidence
from lastmile.exporting.onnx import to_onnx


class Ties:
    """An open question that rows put in which a number is missing."""

    name = "ties"
    question = "Whether ties go to the first class."

    def puts(self, frame, answers):
        return frame["miss"].isna().to_numpy()


class Wrong:
    """An engine that answers as the graph does, but for what `spoil` does to the answers."""

    questions = (Ties(),)

    def __init__(self, graph, spoil):
        self.graph, self.spoil = graph, spoil

    def run(self, frame: pd.DataFrame) -> dict[str, np.ndarray]:
        return self.spoil({key: values.copy() for key, values in self.graph.run(frame).items()})


def other_label(answers):
    answers["label"][0] = "nie" if answers["label"][0] == "tak" else "tak"
    return answers


def other_share(answers):
    answers["probabilities"][0] += 1e-3
    return answers


def no_number(answers):
    answers["probabilities"][-1] = np.nan
    return answers


def refuses(_):
    raise RowsRefused("no such rows here")


@pytest.fixture(scope="module")
def graph(fitted, people):
    return to_onnx(fitted, people)


def test_a_true_package_holds_and_tells_what_it_could_not_prove(fitted, graph, people):
    package = Wrong(graph, lambda answers: answers)
    evidence = gather_evidence(fitted, graph.signature, graph, package, people)
    assert evidence.holds
    pairs = [(pair.expected, pair.got) for pair in evidence.comparisons]
    assert pairs == [
        ("scikit-learn", "ONNX Runtime"),
        ("scikit-learn", "Core ML reference"),
        ("ONNX Runtime", "Core ML reference"),
    ]
    told = " ".join(evidence.not_proven)
    assert "Apple's runtime was not asked" in told
    assert (
        "Whether ties go to the first class. Golden rows that put it, counted from 0: 0, 1, 2."
        in (told)
    )
    assert "`wiek (lata)` missing" in told


def test_the_golden_rows_put_the_open_questions_first(fitted, graph, people):
    package = Wrong(graph, lambda answers: answers)
    evidence = gather_evidence(fitted, graph.signature, graph, package, people)
    (asked,) = evidence.open_questions
    assert asked.golden == (0, 1, 2)
    assert asked.rows > 100
    assert all(row.inputs["miss"] is None for row in evidence.golden[:3])
    assert [row.asks for row in evidence.golden[:4]] == [("ties",)] * 3 + [()]
    alone = gather_evidence(fitted, graph.signature, graph, None, people)
    assert alone.open_questions == ()
    same = {json.dumps(row.inputs, sort_keys=True) for row in alone.golden}
    assert len(alone.golden) <= len(evidence.golden) <= 200
    assert {json.dumps(row.inputs, sort_keys=True) for row in evidence.golden[3:]} <= same


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        pytest.param(other_label, "another label", id="a label"),
        pytest.param(other_share, "beyond the tolerance", id="a probability"),
        pytest.param(no_number, "beyond the tolerance", id="no number"),
        pytest.param(refuses, "no such rows here", id="a refusal"),
    ],
)
def test_a_wrong_package_fails_with_the_reason(spoil, reason, fitted, graph, people):
    package = Wrong(graph, spoil)
    evidence = gather_evidence(fitted, graph.signature, graph, package, people)
    assert not evidence.holds
    assert all("Core ML reference" in told for told in evidence.reasons)
    with pytest.raises(EvidenceFailed, match=reason):
        demand_holds(evidence)


def test_the_worst_rows_show_inputs_and_both_answers(fitted, graph, people):
    package = Wrong(graph, other_label)
    worst = gather_evidence(fitted, graph.signature, graph, package, people).comparisons[1].worst
    assert 1 <= len(worst) <= 5
    assert set(worst[0].inputs) == {"my col-é", "wiek (lata)", "class", "miss"}
    assert worst[0].expected["label"] != worst[0].got["label"]


def test_a_category_of_fractions_between_the_known_ones_is_unknown(people, targets):
    rows = people[["code"]].astype(float).assign(miss=people["miss"].fillna(0))
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["code"]), ("passthrough", ["miss"])
    )
    estimator = make_pipeline(columns, LogisticRegression()).fit(rows, targets.two)
    graph = to_onnx(estimator, rows)
    evidence = gather_evidence(estimator, graph.signature, graph, None, rows)
    assert evidence.holds


def test_a_row_that_a_phone_writes_down_as_another_counts_against_the_form(people, targets):
    """An empty text beside missing ones: two things for scikit-learn, one for a phone."""
    texts = people["tags"].astype(object).where(people.index % 3 > 0, "")
    rows = people[["miss"]].fillna(0).assign(tags=texts)
    estimator = make_pipeline(
        make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), ["tags"]), ("passthrough", ["miss"])
        ),
        LogisticRegression(),
    ).fit(rows, (texts == "").astype(int))
    graph = to_onnx(estimator, rows)
    evidence = gather_evidence(estimator, graph.signature, graph, None, rows)
    assert not evidence.holds
    assert [loss.column for loss in evidence.lost] == ["tags"]
    with pytest.raises(EvidenceFailed, match="write a missing and an empty `tags` alike"):
        demand_holds(evidence)


def test_tolerated_labels_do_not_fail(fitted, graph, people):
    package = Wrong(graph, other_label)
    allowed = Tolerances(labels=1000)
    assert gather_evidence(fitted, graph.signature, graph, package, people, allowed).holds


def test_rows_that_scikit_learn_refuses_are_recorded(people, targets):
    columns = make_column_transformer((SimpleImputer(), ["miss"]), (OneHotEncoder(), ["class"]))
    strict = make_pipeline(columns, LogisticRegression()).fit(people, targets.two)
    graph = to_onnx(strict, people)
    evidence = gather_evidence(strict, graph.signature, graph, None, people)
    refused = {asked.name: asked.not_applicable for asked in evidence.asked if not asked.rows}
    assert "unknown categories" in refused["`class` never seen"]
    assert any("`class` never seen: scikit-learn refuses" in said for said in evidence.not_proven)
    assert evidence.holds


def test_what_32_bits_cannot_tell_apart_fails_and_names_step_and_column(people):
    """Coordinates that are one number in 32 bits, and two for the trees."""
    rows = pd.DataFrame({"wind": np.arange(400) % 7 / 10, "lat": 52.2 + np.arange(400) * 1e-7})
    trees = HistGradientBoostingRegressor(max_iter=3, min_samples_leaf=1)
    trees.fit(rows, np.arange(400) * 1.0)
    graph = to_onnx(trees, rows)
    evidence = gather_evidence(trees, graph.signature, graph, None, rows)
    assert not evidence.holds
    assert [loss.column for loss in evidence.lost] == ["lat"]
    assert evidence.first_step.path == "HistGradientBoostingRegressor"
    with pytest.raises(EvidenceFailed, match=r"`lat`: 52\.2\d+ reaches the model as 52\.2"):
        demand_holds(evidence)


def test_the_estimator_is_asked_all_digits_and_golden_rows_have_them(people):
    rows = pd.DataFrame({"size": np.resize([36.1, 37.3, 38.9], 90), "z": np.arange(90) / 7})
    line = make_pipeline(
        make_column_transformer((OrdinalEncoder(), ["size"]), ("passthrough", ["z"])), Ridge()
    ).fit(rows, np.arange(90) * 1.0)
    graph = to_onnx(line, rows)
    evidence = gather_evidence(line, graph.signature, graph, None, rows)
    first = evidence.golden[1]
    assert evidence.holds
    assert first.inputs["size"] == 37.3
    assert first.expected["value"] == line.predict(rows.iloc[[1]]).tolist()


def test_the_first_row_of_every_set_is_asked_by_itself(fitted, graph, people):
    """As a phone does; what is raised for one row may be hidden by the others of a batch."""

    class Alone(Wrong):
        def run(self, frame):
            if len(frame) == 1 and frame["class"].iloc[0] == "":
                raise RowsRefused("no such row alone")
            return super().run(frame)

    rows = people.assign(**{"class": people["class"].where(people.index % 5 > 0, "")})
    evidence = gather_evidence(
        fitted, graph.signature, graph, Alone(graph, lambda answers: answers), rows
    )
    assert any("no such row alone" in reason for reason in evidence.reasons)


def test_a_scaler_before_a_forest_changes_nothing(behind_columns, people, targets):
    forest = behind_columns(RandomForestClassifier(40, random_state=0)).fit(people, targets.two)
    graph = to_onnx(forest, people)
    evidence = gather_evidence(forest, graph.signature, graph, None, people)
    assert evidence.holds
    assert evidence.comparisons[0].rows_beyond_tolerance == 0


def test_golden_rows_come_from_every_set_that_was_asked(fitted, graph, people):
    evidence = gather_evidence(fitted, graph.signature, graph, None, people)
    assert {row.rows for row in evidence.golden} == {
        a.name for a in evidence.asked if a.rows and a.decides
    }
    assert 100 <= len(evidence.golden) <= 200


def test_evidence_is_strict_json_even_with_endless_numbers(people, targets):
    rows = people[["code"]]
    line = Ridge().fit(rows, targets.number)
    line.coef_ = line.coef_ * np.inf
    graph = to_onnx(Ridge().fit(rows, targets.number), rows)
    evidence = gather_evidence(line, graph.signature, graph, None, rows)
    text = json.dumps(evidence.to_dict(), allow_nan=False)
    assert json.loads(text)["verdict"] == "fails"
    assert "Infinity" in text


def test_a_sample_that_the_estimator_refuses_is_told(people, targets):
    rows = people[["code", "my col-é"]]
    line = LogisticRegression().fit(rows, targets.two)
    graph = to_onnx(line, rows)
    with pytest.raises(RowsRefused, match="contains NaN"):
        gather_evidence(line, graph.signature, graph, None, rows.assign(**{"my col-é": np.nan}))


def test_each_set_is_announced(fitted, graph, people):
    heard: list[str] = []
    evidence = gather_evidence(fitted, graph.signature, graph, None, people, on_step=heard.append)
    assert heard == [asked.name for asked in evidence.asked]


def test_rows_at_the_thresholds_of_the_trees_are_asked(behind_columns, people, targets):
    forest = behind_columns(RandomForestClassifier(9, random_state=0)).fit(people, targets.two)
    graph = to_onnx(forest, people)
    evidence = gather_evidence(forest, graph.signature, graph, None, people)
    asked = {entry.name: entry.rows for entry in evidence.asked}
    assert evidence.holds
    assert asked["`miss` at each of its thresholds"] > 100
    assert not any("thresholds" in sentence for sentence in evidence.not_proven)


def test_thresholds_on_computed_numbers_are_said_not_to_be_sought(people, targets):
    rows = people[["code", "my col-é"]]
    mixed = make_pipeline(PCA(2), RandomForestClassifier(3, random_state=0)).fit(rows, targets.two)
    graph = to_onnx(mixed, rows)
    evidence = gather_evidence(mixed, graph.signature, graph, None, rows)
    assert any("computed from the columns" in sentence for sentence in evidence.not_proven)


def test_rows_far_outside_of_the_sample_are_told_and_do_not_decide(people, targets):
    rows = people[["wiek (lata)", "my col-é"]]
    near = KNeighborsClassifier().fit(rows, targets.two)
    graph = to_onnx(near, rows)
    evidence = gather_evidence(near, graph.signature, graph, None, rows)
    name = "`wiek (lata)` where whole numbers end, far outside of the sample"
    told = [sentence for sentence in evidence.not_proven if name in sentence]

    assert evidence.holds
    assert "another label" in told[0]
    assert evidence.comparisons[0].by_rows[name]["rows_beyond_tolerance"] > 0
    assert name not in {row.rows for row in evidence.golden}


def test_rows_at_the_borders_of_bins_are_asked(people, targets):
    rows = people[["my col-é"]]
    edges = make_pipeline(
        KBinsDiscretizer(4, encode="ordinal", quantile_method="averaged_inverted_cdf"),
        LogisticRegression(),
    )
    graph = to_onnx(edges.fit(rows, targets.two), rows)
    evidence = gather_evidence(edges, graph.signature, graph, None, rows)
    asked = {entry.name: entry.rows for entry in evidence.asked}
    assert evidence.holds
    assert asked["`my col-é` at each of its thresholds"] == 9
