import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import BernoulliRBM, MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

pytestmark = pytest.mark.filterwarnings("ignore")  # a network need not converge to be converted

ACTIVATIONS = ["identity", "logistic", "tanh", "relu"]


@pytest.mark.parametrize("target", ["two", "three", "labels"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_classes_and_labels_of_a_network_agree(activation, target, numbers, wanted, agrees):
    network = MLPClassifier((8, 5), activation=activation, max_iter=60, random_state=0)
    agrees(make_pipeline(StandardScaler(), network).fit(numbers, wanted[target]), numbers)


@pytest.mark.parametrize("target", ["number", "numbers"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_numbers_of_a_network_agree(activation, target, numbers, wanted, agrees):
    network = MLPRegressor(
        hidden_layer_sizes=(8,), activation=activation, max_iter=60, random_state=0
    )
    agrees(make_pipeline(StandardScaler(), network).fit(numbers, wanted[target]), numbers)


def test_counts_of_a_network_are_exponentials(numbers, wanted, agrees):
    network = MLPRegressor(loss="poisson", hidden_layer_sizes=(4,), max_iter=60, random_state=0)
    agrees(make_pipeline(StandardScaler(), network).fit(numbers, wanted["number"]), numbers)


def test_a_network_over_raw_columns_far_from_zero_agrees(numbers, wanted, agrees):
    network = MLPClassifier((8,), max_iter=60, random_state=0)
    agrees(network.fit(numbers, wanted["two"]), numbers)
    other = MLPRegressor(hidden_layer_sizes=(8,), max_iter=60, random_state=0)
    agrees(other.fit(numbers, wanted["number"]), numbers)


def test_a_search_over_a_network_with_several_labels_tells_its_labels(numbers, wanted, agrees):
    from sklearn.model_selection import GridSearchCV

    network = MLPClassifier((4,), max_iter=20, random_state=0)
    search = GridSearchCV(network, {"alpha": [1e-4, 1e-2]}, cv=2)
    columns = numbers[["small", "mixed"]]
    graph = agrees(search.fit(columns, wanted["labels"]), columns)

    assert [output.name for output in graph.signature.outputs] == [
        "label_1",
        "probabilities_1",
        "label_2",
        "probabilities_2",
    ]


@pytest.mark.parametrize("last", [None, LogisticRegression()], ids=["alone", "before a classifier"])
def test_hidden_units_agree(last, numbers, wanted, agrees):
    above = numbers - numbers.min()
    rows = (above / above.max()).astype(np.float32).astype(np.float64)
    machine = BernoulliRBM(n_components=3, n_iter=3, random_state=0)
    pipeline = machine if last is None else make_pipeline(machine, last)
    agrees(pipeline.fit(rows, wanted["two"]), rows)
