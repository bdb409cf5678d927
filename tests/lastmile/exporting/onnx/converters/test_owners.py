"""Estimators that ask others: over the same rows, over raw rows, in every way that they can."""

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    GradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, Perceptron, Ridge
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import (
    ClassifierChain,
    MultiOutputClassifier,
    MultiOutputRegressor,
    RegressorChain,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC, LinearSVR
from sklearn.tree import DecisionTreeClassifier


def scaled(estimator):
    return make_pipeline(StandardScaler(), estimator)


LINE, BAYES = scaled(LogisticRegression()), scaled(GaussianNB())
TREE = DecisionTreeClassifier(max_depth=3, random_state=0)
PAIR = [("line", LINE), ("tree", TREE)]
CLASSIFIERS = {
    "votes": VotingClassifier([*PAIR, ("bayes", BAYES)]),
    "weighted votes": VotingClassifier([*PAIR, ("bayes", BAYES)], weights=[1, 2, 2]),
    "mean of probabilities": VotingClassifier(PAIR, voting="soft", weights=[2, 1]),
    "one dropped": VotingClassifier([*PAIR, ("none", "drop")], voting="soft"),
    "stack": StackingClassifier(PAIR, cv=2),
    "stack of scores": StackingClassifier([("svc", scaled(LinearSVC())), ("tree", TREE)], cv=2),
    "stack of labels": StackingClassifier(PAIR, cv=2, stack_method="predict"),
    "stack, passing through": StackingClassifier([("bayes", BAYES)], TREE, cv=2, passthrough=True),
    "bag": BaggingClassifier(n_estimators=4, random_state=0),
    "bag of some columns": BaggingClassifier(LINE, n_estimators=3, max_features=0.5),
    "bag of votes": BaggingClassifier(scaled(Perceptron()), n_estimators=3, random_state=0),
    "boost": AdaBoostClassifier(n_estimators=5, random_state=0),
    "sigmoid": CalibratedClassifierCV(LINE, cv=2),
    "sigmoid of probabilities": CalibratedClassifierCV(RandomForestClassifier(5), cv=2),
    "sigmoid of boosting": CalibratedClassifierCV(GradientBoostingClassifier(n_estimators=4), cv=2),
    "temperature": CalibratedClassifierCV(LINE, cv=2, method="temperature"),
    "calibrated as one": CalibratedClassifierCV(LINE, cv=2, ensemble=False),
    "one against the rest": OneVsRestClassifier(LINE),
    "one against the rest by trees": OneVsRestClassifier(TREE),
    "one against one": OneVsOneClassifier(scaled(LinearSVC())),
    "codes": OutputCodeClassifier(LINE, random_state=0),
    "columns left over": RFE(LogisticRegression(max_iter=500), n_features_to_select=2),
    "columns that matter": make_pipeline(SelectFromModel(RandomForestClassifier(5)), TREE),
}


def labels_for(name, labels):
    """scikit-learn's temperature takes whole numbers for places of classes, and reads beyond."""
    return labels // 10 if "temperature" in name and labels.dtype.kind == "i" else labels


@pytest.mark.parametrize("target", ["two", "three"])
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers_of_classifiers_agree(agrees, numbers, wanted, name, target):
    rows = numbers if name != "columns left over" else numbers[["small", "mixed", "positive"]]
    agrees(CLASSIFIERS[name].fit(rows, labels_for(name, wanted[target])), rows)


@pytest.mark.parametrize("pos_label", ["tak", "nie"])
@pytest.mark.parametrize("method", ["predict_proba", "decision_function"])
def test_a_threshold_decides_for_either_class(agrees, numbers, wanted, pos_label, method):
    fixed = FixedThresholdClassifier(
        LINE, threshold=0.3, pos_label=pos_label, response_method=method
    )
    agrees(fixed.fit(numbers, wanted["two"]), numbers)


def test_isotonic_calibration_of_two_classes_agrees(agrees, numbers, wanted):
    isotonic = CalibratedClassifierCV(LINE, cv=2, method="isotonic")
    agrees(isotonic.fit(numbers, wanted["two"]), numbers)


def test_a_temperature_that_flattens_everything_still_decides(agrees, numbers, wanted):
    labels = labels_for("temperature", wanted["three"])
    hot = CalibratedClassifierCV(LINE, cv=2, method="temperature").fit(numbers, labels)
    for fold in hot.calibrated_classifiers_:
        fold.calibrators[0].beta_ = 1e-7
    agrees(hot, numbers)


def test_a_tuned_threshold_and_a_frozen_calibration_agree(agrees, numbers, wanted):
    labels = (wanted["two"] == "tak").astype(int)
    tuned = TunedThresholdClassifierCV(LINE, scoring="recall", cv=2, random_state=0)
    agrees(tuned.fit(numbers, labels), numbers)
    frozen = FrozenEstimator(LINE.fit(numbers, labels))
    agrees(CalibratedClassifierCV(frozen, cv=2).fit(numbers, labels), numbers)


REGRESSORS = {
    "mean": VotingRegressor(
        [("a", scaled(Ridge())), ("b", RandomForestRegressor(4))], weights=[1, 3]
    ),
    "stack": StackingRegressor([("a", scaled(Ridge())), ("b", scaled(LinearSVR()))], cv=2),
    "bag": BaggingRegressor(n_estimators=3, max_features=0.5, random_state=0),
    "median": AdaBoostRegressor(n_estimators=7, random_state=0),
    "logarithm of the target": TransformedTargetRegressor(
        scaled(Ridge()), func=np.log, inverse_func=np.exp
    ),
    "roots of the target": TransformedTargetRegressor(
        scaled(Ridge()), func=np.sqrt, inverse_func=np.square
    ),
    "scaled target": TransformedTargetRegressor(scaled(Ridge()), transformer=MinMaxScaler()),
}


@pytest.mark.parametrize("name", REGRESSORS)
def test_regressors_of_regressors_agree(agrees, numbers, wanted, name):
    agrees(REGRESSORS[name].fit(numbers, wanted["number"]), numbers)


SEVERAL = {
    "side by side": (MultiOutputClassifier(LINE), "labels"),
    "side by side, numbers": (MultiOutputRegressor(scaled(Ridge())), "numbers"),
    "chain of labels": (ClassifierChain(LINE, order=[1, 0]), "labels"),
    "chain of probabilities": (ClassifierChain(LINE, chain_method="predict_proba"), "labels"),
    "chain of numbers": (RegressorChain(scaled(LinearRegression()), order=[1, 0]), "numbers"),
    "each label against the rest": (OneVsRestClassifier(LINE), "labels"),
    "a forest": (RandomForestClassifier(5, random_state=0), "labels"),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_several_targets_agree(agrees, numbers, wanted, name):
    estimator, target = SEVERAL[name]
    agrees(estimator.fit(numbers, wanted[target]), numbers)


@pytest.mark.parametrize("kind", [VotingClassifier, StackingClassifier])
def test_members_may_have_columns_of_their_own(agrees, numbers, wanted, kind):
    rows = numbers.assign(city=np.where(numbers["small"] > 0, "Oslo", "Ur"))
    text = make_pipeline(
        make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["city"])), TREE
    )
    line = make_pipeline(
        make_column_transformer((StandardScaler(), ["small", "shifted"])), LogisticRegression()
    )
    more = {"voting": "soft"} if kind is VotingClassifier else {"cv": 2}
    agrees(kind([("text", text), ("line", line)], **more).fit(rows, wanted["three"]), rows)


def test_the_score_is_an_output_on_request(agrees, numbers, wanted):
    graph = agrees(LINE.fit(numbers, wanted["three"]), numbers, score=True)
    assert [output.name for output in graph.signature.outputs] == [
        "label",
        "probabilities",
        "score",
    ]
