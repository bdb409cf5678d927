"""How the interface of a message is written, for each kind of model."""

import pytest

from lastmile.exporting.coreml.features import Feature, Form, Vector, describe
from lastmile.exporting.coreml.pipeline import Pipeline
from lastmile.exporting.coreml.schema import new_model

NUMBER = Feature("n", Form.DOUBLE)
ARRAY = Feature("a", Form.ARRAY64, 2)
LABEL, SHARES = Feature("l", Form.STRING), Feature("s", Form.STRING_KEYS)
CODE, COUNTS = Feature("c", Form.INT64), Feature("k", Form.INT64_KEYS)


@pytest.mark.parametrize(
    ("kind", "outputs", "named"),
    [
        ("glmRegressor", [NUMBER], ("n", "")),
        ("treeEnsembleRegressor", [ARRAY], ("a", "")),
        ("supportVectorRegressor", [NUMBER], ("n", "")),
        ("neuralNetworkRegressor", [ARRAY], ("a", "")),
        ("pipelineRegressor", [NUMBER], ("n", "")),
        ("glmClassifier", [LABEL, SHARES], ("l", "s")),
        ("treeEnsembleClassifier", [SHARES, LABEL], ("l", "s")),
        ("kNearestNeighborsClassifier", [CODE], ("c", "")),
        ("pipelineClassifier", [CODE, COUNTS, ARRAY], ("c", "k")),
        ("mlProgram", [ARRAY, CODE, COUNTS], ("c", "k")),
        ("mlProgram", [ARRAY], ("", "")),
        ("pipeline", [LABEL, SHARES, Feature("l2", Form.STRING)], ("", "")),
        ("categoricalMapping", [CODE], ("", "")),
        ("scaler", [ARRAY], ("", "")),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_predicts_names_its_prediction(kind, outputs, named):
    model = new_model()
    getattr(model, kind).SetInParent()
    describe(model, [NUMBER], outputs, {"n": "a number"})
    described = model.description
    assert (described.predictedFeatureName, described.predictedProbabilitiesName) == named
    assert [one.name for one in described.output] == [one.name for one in outputs]
    assert described.input[0].shortDescription == "a number"


def test_a_prediction_that_gets_another_name_is_named_by_that():
    pipeline = Pipeline([])
    message = pipeline.stage("glmRegressor", [ARRAY], [NUMBER])
    message.weights.add(value=[1.0, 2.0])
    assert pipeline.rename_last(NUMBER, Feature("value", Form.DOUBLE))
    assert pipeline.models[-1].description.predictedFeatureName == "value"


def test_a_vectorizer_names_no_prediction():
    pipeline = Pipeline([])
    pipeline.array(Vector((NUMBER, ARRAY), (1, 3)), "all")
    assert pipeline.models[-1].description.predictedFeatureName == ""
