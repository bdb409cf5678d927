import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder
from sklearn.tree import DecisionTreeClassifier

from lastmile.errors import NotExportable, RuntimeRefused
from lastmile.exporting.onnx.refused import REFUSED, demand_not_refused
from lastmile.exporting.onnx.runtime import demand_sound_runtime

ORDINAL = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)


@pytest.mark.parametrize(
    ("estimator", "columns", "reason"),
    [
        pytest.param(
            make_pipeline(SimpleImputer(add_indicator=True), LogisticRegression()),
            ["miss"],
            "simpleimputer (SimpleImputer)",
            id="indicator columns",
        ),
        pytest.param(
            make_pipeline(KNNImputer(), LogisticRegression()), ["miss"], "neighbours", id="knn"
        ),
        pytest.param(
            HistGradientBoostingClassifier(max_iter=2, categorical_features=["code"]),
            ["code"],
            "categorical splits",
            id="categorical boosting",
        ),
        pytest.param(LinearDiscriminantAnalysis(), ["code"], "two classes", id="lda"),
        pytest.param(
            CalibratedClassifierCV(LogisticRegression(), cv=2), ["code"], "calibration", id="cal"
        ),
        pytest.param(
            TunedThresholdClassifierCV(LogisticRegression(), cv=2),
            ["code"],
            "threshold",
            id="tuned threshold",
        ),
        pytest.param(
            make_pipeline(make_column_transformer((ORDINAL, ["tags"])), DecisionTreeClassifier()),
            ["tags"],
            "ordinalencoder (OrdinalEncoder)",
            id="a missing ordinal category",
        ),
    ],
)
def test_a_silently_wrong_conversion_is_refused(estimator, columns, reason, people, targets):
    labels = (targets.two == "tak").astype(int)
    with pytest.raises(NotExportable, match=reason.replace("(", r"\(").replace(")", r"\)")):
        demand_not_refused(estimator.fit(people[columns], labels))


def test_a_regressor_of_counts_is_refused(people):
    counts = np.arange(len(people)) % 5 + 1
    boosted = HistGradientBoostingRegressor(loss="poisson", max_iter=2)
    with pytest.raises(NotExportable, match="logarithm"):
        demand_not_refused(boosted.fit(people[["code"]], counts))


def test_neighbours_of_the_refused_pass(fitted, people, targets):
    demand_not_refused(fitted)
    three = LinearDiscriminantAnalysis().fit(people[["code", "my col-é"]], targets.three)
    demand_not_refused(three)


def test_every_refusal_names_a_class_of_scikit_learn_and_says_why():
    from sklearn.utils import all_estimators

    known = {name for name, _ in all_estimators()}
    for refusal in REFUSED:
        assert set(refusal.names) <= known
        assert refusal.reason
        assert refusal.fix


@pytest.mark.parametrize(
    ("installed", "message"),
    [
        ({"onnxruntime": "1.26.0", "protobuf": "6.33.6"}, "onnxruntime 1.26.0"),
        ({"onnxruntime": "1.27.0", "protobuf": "6.33.6"}, "onnxruntime 1.27.0"),
        ({"onnxruntime": "1.32.0", "protobuf": "7.36.2"}, "protobuf 7.36.2"),
    ],
)
def test_a_runtime_that_answers_wrongly_is_refused(installed, message):
    with pytest.raises(RuntimeRefused, match=message):
        demand_sound_runtime(installed)


@pytest.mark.parametrize("runtime", ["1.25.1", "1.28.0", "1.32.0"])
def test_a_sound_runtime_passes(runtime):
    demand_sound_runtime({"onnxruntime": runtime, "protobuf": "6.33.6"})
