"""What the evaluator says, a second reading of the same file says too."""

import numpy as np
import pytest
from tests.witness.translate import STAGES as TRANSLATED
from tests.witness.translate import Untranslated, ask
from tests.witness.zoo import ZOO

from lastmile.exporting.coreml.reference import Dictionary, evaluate
from lastmile.exporting.coreml.reference.stages import STAGES

NOT_IN_ONNX = {"dictionary vectorizer"}
"""ONNX Runtime takes dictionaries one row at a time only."""

BY_VOTES = "support vector classifier with probabilities"
"""ONNX Runtime's label is then the winner of most comparisons, LIBSVM's the most probable class."""


def compared(model, rows, atol=1e-5, labels=True):
    """Ask both and demand that they agree; labels exactly."""
    theirs = ask(model, rows)
    ours = evaluate(model, rows)
    assert theirs.keys() == ours.keys()
    for name, answer in ours.items():
        if isinstance(answer, Dictionary):
            answer = answer.values
        other = np.asarray(theirs[name])
        if np.asarray(answer).dtype.kind in "OU":
            assert not labels or np.asarray(answer).tolist() == other.tolist()
        else:
            flat = np.asarray(answer, dtype=float).reshape(len(other), -1)
            np.testing.assert_allclose(flat, other.reshape(len(other), -1), rtol=1e-5, atol=atol)


@pytest.mark.parametrize("name", sorted(ZOO.keys() - NOT_IN_ONNX))
def test_both_readings_of_a_kind_agree(name):
    compared(*ZOO[name](), labels=name != BY_VOTES)


@pytest.mark.parametrize("name", sorted(NOT_IN_ONNX))
def test_what_has_no_witness_is_named(name):
    with pytest.raises(Untranslated):
        compared(*ZOO[name]())


def test_every_kind_but_those_of_dictionaries_has_a_witness():
    assert STAGES.keys() - TRANSLATED.keys() == {"dictVectorizer"}


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("classes", [2, 3])
def test_support_vectors_answer_as_scikit_learn_does(classes):
    """scikit-learn holds LIBSVM itself; of two classes it couples the probabilities once more."""
    from sklearn.svm import SVC

    chance = np.random.default_rng(classes)
    table = chance.normal(size=(150, 3))
    target = np.digitize(table[:, 0] + table[:, 1] ** 2 + chance.normal(0, 0.3, 150), [0.2, 1.5])
    target = np.minimum(target, classes - 1)
    machine = SVC(probability=True, random_state=0).fit(table, target)
    model, _ = ZOO["support vector classifier with probabilities"]()
    message = model.supportVectorClassifier
    labels = list(message.stringClassLabels.vector)[:classes]
    model.ClearField("supportVectorClassifier")
    message = model.supportVectorClassifier
    message.stringClassLabels.vector.extend(labels)
    message.kernel.rbfKernel.gamma = machine._gamma
    message.numberOfSupportVectorsPerClass.extend(machine.n_support_.tolist())
    message.rho.extend((-machine._intercept_).tolist())
    message.probA.extend(machine.probA_.tolist())
    message.probB.extend(machine.probB_.tolist())
    for row in machine._dual_coef_:
        message.coefficients.add(alpha=row.tolist())
    for row in machine.support_vectors_:
        message.denseSupportVectors.vectors.add(values=row.tolist())
    shares = machine.predict_proba(table)
    answer = evaluate(model, {"x": table})
    np.testing.assert_allclose(answer["shares"].values, shares, atol=1e-12 if classes > 2 else 5e-3)
    assert answer["label"].tolist() == [labels[at] for at in shares.argmax(axis=1)]
