"""Each classic model type by the words of its documentation, on messages written by hand."""

import math

import numpy as np
import pytest

from lastmile.errors import PackageBroken
from lastmile.exporting.coreml.features import Feature, Form, describe
from lastmile.exporting.coreml.reference import Dictionary, evaluate
from lastmile.exporting.coreml.schema import new_model

NAN = float("nan")


def stage(kind, inputs, output, **fields):
    """A model of one stage; a field is a value, or a list to be extended by its path."""
    model = new_model()
    message = getattr(model, kind)
    message.SetInParent()
    describe(model, inputs, output if isinstance(output, list) else [output])
    for path, value in fields.items():
        *parents, name = path.split("__")
        owner = message
        for parent in parents:
            owner = getattr(owner, parent)
        if isinstance(value, dict):
            getattr(owner, name).update(value)
        elif isinstance(value, list):
            getattr(owner, name).extend(value)
        else:
            setattr(owner, name, value)
    return model


def double(name="x"):
    return Feature(name, Form.DOUBLE)


def array(width, name="x", form=Form.ARRAY64):
    return Feature(name, form, width)


def whole(name="x"):
    return Feature(name, Form.INT64)


def text(name="x"):
    return Feature(name, Form.STRING)


TABLE = [[3.0, -4.0], [0.0, 0.0]]

CASES = {
    "a scaler shifts first": (
        stage("scaler", [array(2)], array(2, "y"), shiftValue=[1.0, 1.0], scaleValue=[2.0, 10.0]),
        TABLE, [[8.0, -30.0], [2.0, 10.0]]),
    "a scaler of one number": (
        stage("scaler", [double()], double("y"), scaleValue=[3.0]), [2.0], [6.0]),
    "the largest element is taken with its sign": (
        stage("normalizer", [array(2)], array(2, "y"), normType=0), TABLE,
        [[1.0, -4.0 / 3.0], [0.0, 0.0]]),
    "the sum of sizes": (stage("normalizer", [array(2)], array(2, "y"), normType=1), TABLE,
                         [[3 / 7, -4 / 7], [0.0, 0.0]]),
    "the Euclidean length": (stage("normalizer", [array(2)], array(2, "y"), normType=2), TABLE,
                             [[0.6, -0.8], [0.0, 0.0]]),
    "an imputer of NaN": (
        stage("imputer", [double()], double("y"), imputedDoubleValue=5.0, replaceDoubleValue=NAN),
        [1.0, NAN], [1.0, 5.0]),
    "an imputer of a number": (
        stage("imputer", [double()], double("y"), imputedDoubleValue=5.0, replaceDoubleValue=1.0),
        [1.0, 2.0], [5.0, 2.0]),
    "an imputer that replaces nothing": (
        stage("imputer", [double()], double("y"), imputedDoubleValue=5.0), [1.0], [1.0]),
    "an imputer of whole numbers": (
        stage("imputer", [whole()], whole("y"), imputedInt64Value=5, replaceInt64Value=-1),
        [1, -1], [1, 5]),
    "an imputer of texts": (
        stage("imputer", [text()], text("y"), imputedStringValue="?", replaceStringValue=""),
        ["a", ""], ["a", "?"]),
    "an imputer of an array": (
        stage("imputer", [array(2)], array(2, "y"), imputedDoubleArray__vector=[7.0, 8.0],
              replaceDoubleValue=0.0), TABLE, [[3.0, -4.0], [7.0, 8.0]]),
    "categories, an unknown one is all zeros": (
        stage("oneHotEncoder", [text()], array(2, "y"), stringCategories__vector=["b", "a"],
              handleUnknown=1), ["a", "c"], [[0.0, 1.0], [0.0, 0.0]]),
    "categories of whole numbers": (
        stage("oneHotEncoder", [whole()], array(2, "y"), int64Categories__vector=[9, 7]),
        [7, 9], [[0.0, 1.0], [1.0, 0.0]]),
    "texts to codes": (
        stage("categoricalMapping", [text()], whole("y"), stringToInt64Map__map={"a": 4},
              int64Value=-1), ["a", "b"], [4, -1]),
    "codes to texts": (
        stage("categoricalMapping", [whole()], text("y"), int64ToStringMap__map={4: "a"},
              strValue="?"), [4, 5], ["a", "?"]),
    "one position is a number": (
        stage("arrayFeatureExtractor", [array(2)], double("y"), extractIndex=[1]), TABLE,
        [-4.0, 0.0]),
    "several positions are an array": (
        stage("arrayFeatureExtractor", [array(2)], array(3, "y"), extractIndex=[1, 0, 1]), TABLE,
        [[-4.0, 3.0, -4.0], [0.0, 0.0, 0.0]]),
    "an array of 32 bits is rounded": (
        stage("identity", [array(1)], array(1, "y", Form.ARRAY32)), [[0.1]],
        [[float(np.float32(0.1))]]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_stage_means(case):
    model, x, expected = CASES[case]
    if case.startswith("an array"):
        model.specificationVersion = 1
    answer = evaluate(model, {"x": np.array(x, dtype=object if isinstance(x[0], str) else None)})
    assert np.asarray(answer["y"]).tolist() == expected


def test_a_vectorizer_follows_its_own_list_and_spreads_a_dictionary():
    model = stage(
        "featureVectorizer",
        [double("a"), whole("b"), Feature("d", Form.INT64_KEYS)],
        array(5, "y"),
    )
    for name, size in (("d", 3), ("b", 1), ("a", 1)):
        model.featureVectorizer.inputList.add(inputColumn=name, inputDimensions=size)
    held = Dictionary((2, 0), np.array([[0.75, 0.25]]))
    answer = evaluate(model, {"a": np.array([1.5]), "b": np.array([7]), "d": held})
    assert answer["y"].tolist() == [[0.25, 0.0, 0.75, 7.0, 1.5]]


def sigmoid(score):
    return 1 / (1 + math.exp(-score))


def linear(kind, rows, offsets, output, **fields):
    model = stage(kind, [array(2)], output, offset=offsets, **fields)
    for row in rows:
        getattr(model, kind).weights.add(value=row)
    return model


REGRESSIONS = {
    "no transform": (0, lambda s: s),
    "the logistic": (1, sigmoid),
    "the normal distribution": (2, lambda s: 0.5 * math.erfc(-s / math.sqrt(2))),
}


@pytest.mark.parametrize("case", REGRESSIONS)
def test_a_linear_regressor_ends_in(case):
    transform, formula = REGRESSIONS[case]
    model = linear("glmRegressor", [[1.0, 0.5]], [0.25], double("y"),
                   postEvaluationTransform=transform)  # fmt: skip
    answer = evaluate(model, {"x": np.array(TABLE)})["y"]
    np.testing.assert_allclose(answer, [formula(1.25), formula(0.25)], rtol=1e-12)


def classified(model):
    answer = evaluate(model, {"x": np.array(TABLE)})
    return answer["label"].tolist(), answer["p"].columns((10, 20, 30)[: len(answer["p"].keys)])


OUT = [Feature("label", Form.INT64), Feature("p", Form.INT64_KEYS)]


def test_a_linear_classifier_of_two_classes_gives_the_second_its_sigmoid():
    model = linear("glmClassifier", [[1.0, 1.0]], [0.0], OUT, int64ClassLabels__vector=[10, 20])
    labels, table = classified(model)
    np.testing.assert_allclose(table[:, 1], [sigmoid(-1.0), 0.5], rtol=1e-12)
    assert labels == [10, 10]


def test_the_first_class_of_a_linear_classifier_has_the_score_zero():
    model = linear("glmClassifier", [[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0], OUT,
                   int64ClassLabels__vector=[10, 20, 30])  # fmt: skip
    labels, table = classified(model)
    powers = np.exp([0.0, 3.0, -4.0])
    np.testing.assert_allclose(table[0], powers / powers.sum(), rtol=1e-12)
    assert labels == [20, 10]


def test_one_against_the_rest_divides_sigmoids_by_their_sum():
    model = linear("glmClassifier", [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], [0.0] * 3, OUT,
                   int64ClassLabels__vector=[10, 20, 30], classEncoding=1)  # fmt: skip
    _, table = classified(model)
    shares = np.array([sigmoid(3.0), sigmoid(-4.0), 0.5])
    np.testing.assert_allclose(table[0], shares / shares.sum(), rtol=1e-12)


def forest(kind, output, *, scores, transform=0, base=()):
    """One tree: feature 0 below or at 1 gives +1 to score 0, else +2 to the last score."""
    model = stage(kind, [array(2)], output, postEvaluationTransform=transform)
    trees = getattr(model, kind).treeEnsemble
    trees.numPredictionDimensions = scores
    trees.basePredictionValue.extend(base)
    trees.nodes.add(nodeId=0, nodeBehavior=0, branchFeatureValue=1.0, trueChildNodeId=1,
                    falseChildNodeId=2)  # fmt: skip
    for node, (score, value) in ((1, (0, 1.0)), (2, (scores - 1, 2.0))):
        leaf = trees.nodes.add(nodeId=node, nodeBehavior=6)
        leaf.evaluationInfo.add(evaluationIndex=score, evaluationValue=value)
    return model


def test_trees_add_their_leaves_to_the_base():
    model = forest("treeEnsembleRegressor", array(2, "y"), scores=2, base=[10.0, 20.0])
    answer = evaluate(model, {"x": np.array([[0.0, 0.0], [5.0, 0.0], [NAN, 0.0]])})
    assert answer["y"].tolist() == [[11.0, 20.0], [10.0, 22.0], [10.0, 22.0]]


TRANSFORMS = {
    "softmax": (1, [math.e / (math.e + 1), 1 / (math.e + 1)]),
    "the logistic": (2, [sigmoid(1.0), 0.5]),
}


@pytest.mark.parametrize("case", TRANSFORMS)
def test_trees_end_in(case):
    transform, expected = TRANSFORMS[case]
    model = forest("treeEnsembleRegressor", array(2, "y"), scores=2, transform=transform)
    np.testing.assert_allclose(evaluate(model, {"x": np.zeros((1, 2))})["y"][0], expected)


def test_softmax_with_a_first_class_of_score_zero():
    model = forest("treeEnsembleClassifier", OUT, scores=1, transform=3)
    model.treeEnsembleClassifier.int64ClassLabels.vector.extend([10, 20])
    _, table = classified(model)
    np.testing.assert_allclose(table[0], [1 / (1 + math.exp(2)), sigmoid(2.0)])


def test_one_score_of_two_classes_is_the_seconds_and_wins_the_tie():
    model = forest("treeEnsembleClassifier", OUT, scores=1, transform=2, base=[-1.0])
    model.treeEnsembleClassifier.int64ClassLabels.vector.extend([10, 20])
    labels, table = classified(model)
    np.testing.assert_allclose(table, [[1 - sigmoid(1.0), sigmoid(1.0)], [0.5, 0.5]])
    assert labels == [20, 20]


def nodes(model):
    return model.treeEnsembleRegressor.treeEnsemble.nodes


HARM = {
    "a node twice": (lambda m: nodes(m).add(nodeId=1, nodeBehavior=6), "the same number"),
    "a child that does not exist": (
        lambda m: setattr(nodes(m)[0], "trueChildNodeId", 77), "does not exist"),
    "a child of two parents": (
        lambda m: setattr(nodes(m)[0], "trueChildNodeId", 2), "two parents"),
    "a circle": (lambda m: setattr(nodes(m)[0], "trueChildNodeId", 0), "in a circle"),
    "a second root": (lambda m: nodes(m).add(nodeId=9, nodeBehavior=6), "without a root"),
    "a leaf of no score": (
        lambda m: setattr(nodes(m)[1].evaluationInfo[0], "evaluationIndex", 9), "no score"),
    "a base for other scores": (
        lambda m: m.treeEnsembleRegressor.treeEnsemble.basePredictionValue.append(1.0),
        "base values"),
    "scores without end": (
        lambda m: setattr(m.treeEnsembleRegressor.treeEnsemble, "numPredictionDimensions", 2**60),
        "impossible number"),
}  # fmt: skip


@pytest.mark.parametrize("case", HARM)
def test_nodes_that_are_no_trees_are_refused(case):
    harm, reason = HARM[case]
    model = forest("treeEnsembleRegressor", array(2, "y"), scores=2)
    harm(model)
    with pytest.raises(PackageBroken, match=reason):
        evaluate(model, {"x": np.zeros((1, 2))})


ERRORS = {
    "an unknown category": (
        stage("oneHotEncoder", [text()], array(1, "y"), stringCategories__vector=["a"]),
        ["b"], "unknown category"),
    "an unknown code": (
        stage("categoricalMapping", [text()], whole("y"), stringToInt64Map__map={"a": 1}),
        ["b"], "unknown category"),
    "a fraction for a whole number": (
        stage("identity", [whole()], whole("y")), [1.5], "not a whole number"),
}  # fmt: skip


@pytest.mark.parametrize("case", ERRORS)
def test_a_stage_refuses(case):
    model, x, reason = ERRORS[case]
    with pytest.raises(PackageBroken, match=reason):
        evaluate(model, {"x": np.array(x, dtype=object if isinstance(x[0], str) else None)})
