"""Whole estimators, raw rows in: scikit-learn, ONNX Runtime and the saved Core ML package agree."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    BaggingClassifier,
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
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
)
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from tests.witness.translate import Untranslated, ask

from lastmile.exporting.coreml import check, load_package, to_coreml
from lastmile.exporting.coreml.check import stages_of
from lastmile.exporting.coreml.reference import Dictionary, evaluate
from lastmile.exporting.onnx import to_onnx

CLASSIC = 1e-6  # 64-bit stages against scikit-learn; what is left are ONNX's 32-bit constants
FOREST = 5e-6  # our graphs make a forest's later classes smaller by a hair, for the sake of ties
PROGRAM = 1e-5  # 32-bit programs


def hot():
    return OneHotEncoder(handle_unknown="ignore", sparse_output=False)


def scaled():
    """Imputed and scaled numbers, texts and whole numbers as zeros and ones."""
    return ColumnTransformer(
        [
            ("num", make_pipeline(SimpleImputer(), StandardScaler()), ["warm", "wind"]),
            ("text", hot(), ["sky", "place"]),
            ("int", hot(), ["month"]),
        ]
    )


def coded():
    """Imputed numbers, whole numbers as they are, texts as codes."""
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return ColumnTransformer(
        [
            ("num", SimpleImputer(strategy="median"), ["warm", "wind"]),
            ("int", "passthrough", ["month"]),
            ("text", codes, ["sky", "place"]),
        ]
    )


def few(**more):
    return {"n_estimators": 12, "random_state": 0, **more}


@dataclass
class Case:
    """An estimator behind raw columns, what it learns, and the lowest iOS it should ask for."""

    estimator: Any
    goal: str
    ios: str = "11"
    columns: Any = scaled
    steps: tuple[Any, ...] = ()


CASES = {
    "forest, two texts": Case(RandomForestClassifier(**few()), "two texts"),
    "forest of many trees, ties": Case(
        RandomForestClassifier(100, max_depth=3, random_state=1), "two numbers", columns=coded
    ),
    "forest, three classes": Case(RandomForestClassifier(**few(max_depth=6)), "three texts"),
    "extra trees, three numbers": Case(ExtraTreesClassifier(**few()), "three numbers"),
    "tree": Case(DecisionTreeClassifier(random_state=0), "two texts", columns=coded),
    "tree of a single leaf": Case(DecisionTreeClassifier(max_depth=1, min_samples_leaf=200),
                                  "two texts", columns=coded),
    "logistic, two texts": Case(LogisticRegression(), "two texts"),
    "logistic, two numbers": Case(LogisticRegression(), "two numbers"),
    "logistic, three texts": Case(LogisticRegression(max_iter=500), "three texts"),
    "logistic behind min-max": Case(
        LogisticRegression(), "two texts", steps=(MinMaxScaler(),)
    ),
    "logistic on chosen columns": Case(
        LogisticRegression(), "two texts", steps=(SelectKBest(k=4),)
    ),
    "stochastic gradient": Case(SGDClassifier(loss="log_loss", random_state=0), "two texts",
                                ios="11"),
    "boosting, two texts": Case(GradientBoostingClassifier(**few()), "two texts"),
    "boosting, three numbers": Case(GradientBoostingClassifier(**few()), "three numbers"),
    "histogram boosting, two": Case(
        HistGradientBoostingClassifier(max_iter=12), "two texts", columns=coded
    ),
    "histogram boosting, three": Case(
        HistGradientBoostingClassifier(max_iter=6), "three texts", columns=coded
    ),
    "network, two texts": Case(
        MLPClassifier(hidden_layer_sizes=(8,), max_iter=60, random_state=0), "two texts", ios="15"
    ),
    "network, three numbers": Case(
        MLPClassifier(hidden_layer_sizes=(8, 4), activation="tanh", max_iter=60, random_state=0),
        "three numbers", ios="15",
    ),
    "logistic behind PCA": Case(LogisticRegression(), "two texts", ios="15", steps=(PCA(3),)),
    "logistic behind PCA, three": Case(
        LogisticRegression(), "three numbers", ios="15", steps=(PCA(3),)
    ),
    "voting": Case(
        VotingClassifier([("l", LogisticRegression()), ("f", RandomForestClassifier(**few()))],
                         voting="soft", flatten_transform=False), "two texts", ios="15"),
    "stacking": Case(
        StackingClassifier([("l", LogisticRegression()), ("f", RandomForestClassifier(**few()))]),
        "two texts", ios="15"),
    "bagging": Case(BaggingClassifier(n_estimators=4, random_state=0), "three texts", ios="15"),
    "support vectors, label only": Case(LinearSVC(), "three texts"),
    "ridge classifier, label only": Case(RidgeClassifier(), "two texts"),
    "linear": Case(LinearRegression(), "number"),
    "ridge": Case(Ridge(), "number"),
    "ridge of two numbers": Case(Ridge(), "numbers", ios="15"),
    "poisson": Case(PoissonRegressor(), "count", ios="15"),
    "tree of a number": Case(DecisionTreeRegressor(random_state=0), "number", columns=coded),
    "forest of a number": Case(RandomForestRegressor(**few()), "number"),
    "forest of two numbers": Case(RandomForestRegressor(**few(max_depth=4)), "numbers"),
    "boosting of a number": Case(GradientBoostingRegressor(**few()), "number"),
    "histogram boosting of a number": Case(
        HistGradientBoostingRegressor(max_iter=12), "number", columns=coded
    ),
    "network of a number": Case(
        MLPRegressor(hidden_layer_sizes=(8,), max_iter=60, random_state=0), "number", ios="15"
    ),
    "columns only": Case(StandardScaler(), "number"),
    "columns turned": Case(PCA(3), "number", ios="15"),
}  # fmt: skip


@pytest.fixture(scope="module", params=CASES.values(), ids=CASES)
def exported(request, weather, goals, fitted):
    case = request.param
    pipeline = make_pipeline(case.columns(), *case.steps, case.estimator)
    fitted(pipeline, weather, goals[case.goal])
    graph = to_onnx(pipeline, weather)
    return case, pipeline, graph, to_coreml(graph, name="weather")


def test_the_package_answers_as_scikit_learn_and_onnx_runtime(exported, asked):
    case, pipeline, graph, package = exported
    ours, theirs = package.run(asked), graph.run(asked)
    assert ours.keys() == theirs.keys()
    averaged = isinstance(case.estimator, RandomForestClassifier | ExtraTreesClassifier)
    tolerance = PROGRAM if case.ios == "15" else FOREST if averaged else CLASSIC
    for name, answer in ours.items():
        expected = expected_of(pipeline, name, asked)
        assert answer.shape == theirs[name].shape
        if name == "label":
            assert answer.tolist() == expected.tolist()
            assert answer.tolist() == theirs[name].tolist()
        else:
            wide = expected.reshape(len(asked), -1)
            np.testing.assert_allclose(answer, wide, rtol=tolerance, atol=tolerance)


def expected_of(pipeline, name, rows):
    if name == "label" or (name == "value" and hasattr(pipeline, "predict")):
        return pipeline.predict(rows)
    return pipeline.predict_proba(rows) if name == "probabilities" else pipeline.transform(rows)


def test_the_lowest_ios_is_that_of_the_stages(exported):
    case, _, _, package = exported
    kinds = {stage.WhichOneof("Type") for stage in stages_of(package.spec)}
    assert package.minimum_ios == case.ios
    assert ("mlProgram" in kinds) == (case.ios == "15")


def test_the_package_has_no_faults_and_comes_back_from_its_folder_as_it_was(
    exported, asked, tmp_path
):
    _, _, graph, package = exported
    assert check(package.spec) == ()
    package.save(tmp_path / "weather.mlpackage")
    again = load_package(tmp_path / "weather.mlpackage", graph.signature)
    assert again.spec == package.spec
    assert again.weights == package.weights
    assert again.unknowns == package.unknowns
    for name, answer in package.run(asked[:20]).items():
        assert again.run(asked[:20])[name].tolist() == answer.tolist()


def test_every_stage_that_predicts_names_the_output_that_is_its_prediction(exported):
    """As Apple's compiler demands it of every model type that is called so."""
    package = exported[-1]
    for model in (package.spec, *stages_of(package.spec)):
        kind, described = model.WhichOneof("Type"), model.description
        types = {one.name: one.type.WhichOneof("Type") for one in described.output}
        if kind.endswith("Regressor"):
            assert types[described.predictedFeatureName] in ("doubleType", "multiArrayType")
        elif kind.endswith("Classifier") or "dictionaryType" in types.values():
            assert types[described.predictedFeatureName] in ("stringType", "int64Type")
            assert types[described.predictedProbabilitiesName] == "dictionaryType"
        else:
            assert described.predictedFeatureName == ""


def test_a_second_reading_of_the_classic_stages_answers_the_same(exported, asked):
    """Core ML -> ai.onnx.ml -> ONNX Runtime, by a translator that knows nothing of lastmile."""
    _, _, graph, package = exported
    kinds = {stage.WhichOneof("Type") for stage in stages_of(package.spec)}
    rows = {name: values[:, 0] for name, values in graph.signature.feeds(asked).items()}
    if "mlProgram" in kinds:
        with pytest.raises(Untranslated, match="mlProgram"):
            ask(package.spec, rows)
        return
    ours, theirs = evaluate(package.spec, rows), ask(package.spec, rows)
    assert ours.keys() == theirs.keys()
    for name, answer in ours.items():
        if name == "label":
            assert answer.tolist() == theirs[name].tolist()
        else:
            numbers = answer.values if isinstance(answer, Dictionary) else answer
            np.testing.assert_allclose(numbers, theirs[name], rtol=1e-5, atol=1e-5)
