"""Pipelines of many shapes give the same answers as ONNX graphs, on rows that hurt."""

from types import SimpleNamespace

import numpy as np
import onnx
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from lastmile.errors import NotExportable
from lastmile.exporting.evidence import gather_evidence
from lastmile.exporting.onnx import to_onnx
from lastmile.exporting.onnx.answer import Answer
from lastmile.exporting.onnx.nodes import OPSETS, Part
from lastmile.exporting.signature import Kind

ODD = ["my col-é", "wiek (lata)", "miss"]
WHOLE = ["my col-é", "wiek (lata)", "code"]


def forest(kind=RandomForestClassifier, **more):
    return kind(11, random_state=0, min_samples_leaf=2, **more)


def texts_imputed(strategy):
    texts = make_pipeline(
        SimpleImputer(strategy=strategy, fill_value="?"), OneHotEncoder(handle_unknown="ignore")
    )
    return make_pipeline(
        make_column_transformer((SimpleImputer(), ODD), (texts, ["class", "tags"])),
        LogisticRegression(max_iter=3000),
    )


def ordinal():
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = make_column_transformer((SimpleImputer(), ODD), (encoder, ["class", "code"]))
    return make_pipeline(columns, forest())


def selected():
    numbers = make_pipeline(SimpleImputer(), MinMaxScaler())
    return make_pipeline(
        make_column_transformer(
            (numbers, make_column_selector(dtype_include="number")),
            (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_include="str")),
        ),
        LogisticRegression(),
    )


def remainder():
    return make_pipeline(
        make_column_transformer(
            (OneHotEncoder(drop="first", handle_unknown="ignore"), ["class"]),
            (SimpleImputer(), ["miss"]),
            ("drop", ["tags", "flag"]),
            remainder="passthrough",
        ),
        LogisticRegression(max_iter=3000),
    )


def vote(columns):
    members = [("line", columns(LogisticRegression())), ("trees", columns(forest(), scale=False))]
    return VotingClassifier(members, voting="soft")


PIPELINES = {
    "logistic regression, two texts": lambda c: (c(LogisticRegression()), "two"),
    "logistic regression, three numbers": lambda c: (c(LogisticRegression()), "three"),
    "random forest": lambda c: (c(forest(), scale=False), "two"),
    "extra trees": lambda c: (c(forest(ExtraTreesClassifier), scale=False), "three"),
    "decision tree": lambda c: (c(DecisionTreeClassifier(max_depth=4), scale=False), "three"),
    "gradient boosting, two": lambda c: (
        c(GradientBoostingClassifier(n_estimators=9), scale=False),
        "two",
    ),
    "gradient boosting, three": lambda c: (
        c(GradientBoostingClassifier(n_estimators=9), scale=False),
        "three",
    ),
    "ridge": lambda c: (c(Ridge()), "number"),
    "ridge, two targets": lambda c: (c(Ridge()), "numbers"),
    "forest regressor": lambda c: (c(forest(RandomForestRegressor), scale=False), "number"),
    "boosted regressor": lambda c: (
        c(GradientBoostingRegressor(n_estimators=9), scale=False),
        "number",
    ),
    "network": lambda c: (c(MLPClassifier((4,), max_iter=2000, random_state=0)), "two"),
    "components": lambda c: (c(PCA(2), LogisticRegression()), "two"),
    "a category that is missing": lambda c: (
        c(LogisticRegression(), texts=("class", "tags")),
        "two",
    ),
    "a category of whole numbers": lambda c: (
        c(LogisticRegression(), texts=("class", "code")),
        "two",
    ),
    "truth values": lambda c: (
        c(LogisticRegression(), extra=[("passthrough", ["flag"])]),
        "two",
    ),
    "texts imputed by the most frequent": lambda _: (texts_imputed("most_frequent"), "two"),
    "texts imputed by a constant": lambda _: (texts_imputed("constant"), "two"),
    "ordinal codes": lambda _: (ordinal(), "three"),
    "columns chosen by type": lambda _: (selected(), "two"),
    "the rest passed through": lambda _: (remainder(), "two"),
    "a vote": lambda c: (vote(c), "two"),
    "a grid search": lambda c: (
        GridSearchCV(c(LogisticRegression()), {"logisticregression__C": [0.1, 1]}, cv=2),
        "two",
    ),
    "labels without probabilities": lambda c: (c(LinearSVC()), "two"),
    "support vectors": lambda c: (c(SVC()), "three"),
    "a transformer": lambda c: (c().steps[0][1], "two"),
}


def holds(estimator, rows):
    graph = to_onnx(estimator, rows)
    evidence = gather_evidence(estimator, graph.signature, graph, None, rows)
    assert evidence.reasons == ()
    return graph, evidence


@pytest.mark.parametrize("make", PIPELINES.values(), ids=PIPELINES.keys())
def test_a_pipeline_answers_the_same_as_a_graph(make, behind_columns, people, targets):
    estimator, target = make(behind_columns)
    both = np.column_stack([targets.number, -targets.number])
    answers = SimpleNamespace(**vars(targets), numbers=both)
    graph, evidence = holds(estimator.fit(people, getattr(answers, target)), people)
    assert evidence.rows > len(people)
    assert list(graph.run(people)) == [output.name for output in graph.signature.outputs]


@pytest.mark.parametrize(
    ("estimator", "columns", "target"),
    [
        pytest.param(forest(), WHOLE, "three", id="forest"),
        pytest.param(forest(), ODD, "three", id="forest with gaps"),
        pytest.param(forest(RandomForestRegressor), ODD, "number", id="forest regressor with gaps"),
        pytest.param(forest(ExtraTreesClassifier), ODD, "two", id="extra trees with gaps"),
        pytest.param(
            HistGradientBoostingClassifier(max_iter=9), ODD, "three", id="boosting, three"
        ),
        pytest.param(HistGradientBoostingClassifier(max_iter=9), ODD, "two", id="boosting, two"),
        pytest.param(HistGradientBoostingRegressor(max_iter=9), ODD, "number", id="boosted number"),
        pytest.param(
            make_pipeline(StandardScaler(), LogisticRegression()), WHOLE, "two", id="scaler first"
        ),
        pytest.param(make_pipeline(SimpleImputer(), forest()), ODD, "two", id="imputer first"),
        pytest.param(
            make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()),
            ["code", "wiek (lata)"],
            "two",
            id="imputer of whole numbers",
        ),
    ],
)
def test_an_estimator_on_bare_columns_answers_the_same(estimator, columns, target, people, targets):
    rows = people[columns]
    holds(estimator.fit(rows, getattr(targets, target)), rows)


SPELLINGS = {
    "categories with gaps": {"tags": "category"},
    "objects": {"tags": object},
    "nullable whole numbers with gaps": {"miss": "Int64"},
    "nullable fractions": {"my col-é": "Float64"},
    "short floats": {"my col-é": "float32"},
    "short whole numbers": {"code": "int8"},
    "whole numbers without a sign": {"code": "uint64"},
}


@pytest.mark.parametrize("types", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_columns_of_every_type_that_pandas_has_are_read(types, people, targets):
    names = ["my col-é", "miss", "code"]
    rows = people.assign(miss=people["miss"].round()).astype(types)
    columns = make_column_transformer(
        *((SimpleImputer(), [name]) for name in names),
        (OneHotEncoder(handle_unknown="ignore"), ["tags"]),
    )
    holds(make_pipeline(columns, LogisticRegression(max_iter=3000)).fit(rows, targets.two), rows)


@pytest.mark.parametrize("missing", ["", None, np.nan], ids=["empty", "None", "NaN"])
def test_a_missing_text_is_known_however_the_sample_writes_it(missing, people, targets):
    texts = people["tags"].astype(object)
    rows = pd.DataFrame({"tags": texts.where(texts.notna(), missing)})
    columns = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["tags"]))
    graph, _ = holds(make_pipeline(columns, LogisticRegression()).fit(rows, targets.two), rows)
    assert graph.signature.columns[0].known == ("u", "v", "w")


@pytest.mark.parametrize("labels", [np.float64, np.bool_, np.int8])
def test_classes_that_are_whole_numbers_become_integers(labels, behind_columns, people, targets):
    wanted = (targets.two == "tak").astype(labels)
    graph, _ = holds(behind_columns(LogisticRegression()).fit(people, wanted), people)
    assert graph.run(people)["label"].dtype == np.int64


def test_an_estimator_fitted_with_an_array_answers_the_same(people, targets):
    rows = people[WHOLE]
    estimator = make_pipeline(StandardScaler(), LogisticRegression())
    holds(estimator.fit(rows.to_numpy(), targets.two), rows)


def test_the_estimator_itself_is_not_changed(behind_columns, people, targets):
    estimator = behind_columns(LogisticRegression(), texts=("class", "tags"))
    estimator.fit(people, targets.two)
    before = estimator.predict_proba(people)
    to_onnx(estimator, people)
    assert np.array_equal(estimator.predict_proba(people), before)
    assert estimator[0].transformers_[0][2] == ODD


def test_the_graph_is_plain(fitted, people):
    proto = to_onnx(fitted, people).proto
    assert [value.name for value in proto.graph.input] == [
        "my_col_e",
        "wiek_lata",
        "class_",
        "miss",
    ]
    assert [value.name for value in proto.graph.output] == ["label", "probabilities"]
    opsets = [(entry.domain, entry.version) for entry in proto.opset_import]
    assert len(dict(opsets)) == len(opsets)
    assert all(version <= OPSETS[domain] for domain, version in opsets)
    onnx.checker.check_model(proto, full_check=True)


def test_two_conversions_give_the_same_bytes(fitted, people):
    first, second = (to_onnx(fitted, people).proto.SerializeToString() for _ in range(2))
    assert first == second


def test_what_has_no_form_is_refused_by_the_name_of_the_step(behind_columns, people, targets):
    drawn = DummyClassifier(strategy="uniform")
    estimator = behind_columns(StandardScaler(with_mean=False), drawn).fit(people, targets.three)
    with pytest.raises(NotExportable) as caught:
        to_onnx(estimator, people)
    assert "Pipeline > dummyclassifier (DummyClassifier) cannot be exported" in caught.value.what
    assert "draws at random" in caught.value.what


def test_members_may_read_raw_rows(behind_columns, people, targets):
    stack = StackingClassifier([("a", behind_columns(LogisticRegression()))], cv=2)
    holds(stack.fit(people, targets.three), people)


class Ratio(TransformerMixin, BaseEstimator):
    """The first column divided by the second."""

    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        return np.asarray(X)[:, [0]] / np.asarray(X)[:, [1]]

    def to_onnx(self, writer, parts):
        first, second = (writer.floats(writer.pick(parts, [at])[0]) for at in (0, 1))
        return Answer(features=(Part(writer("Div", first, second), Kind.FLOAT),))


def test_a_transformer_may_write_its_own_nodes(people, targets):
    columns = make_column_transformer((Ratio(), ["my col-é", "wiek (lata)"]))
    holds(make_pipeline(columns, LogisticRegression()).fit(people, targets.two), people)
