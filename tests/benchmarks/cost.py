"""Whether the cost that is counted without a device puts estimators in the order of their time."""

import os
import warnings
from collections.abc import Iterator

os.environ.setdefault("OMP_NUM_THREADS", "1")


def estimators() -> Iterator[object]:
    """From a weighted sum to a large forest, all over the same columns."""
    from sklearn import ensemble, linear_model, neighbors, neural_network, svm

    yield linear_model.LogisticRegression()
    yield ensemble.HistGradientBoostingClassifier(max_iter=30)
    yield ensemble.HistGradientBoostingClassifier(max_iter=300)
    yield ensemble.RandomForestClassifier(20, max_depth=6, random_state=0)
    yield ensemble.RandomForestClassifier(100, random_state=0)
    yield ensemble.RandomForestClassifier(400, random_state=0)
    yield neural_network.MLPClassifier((32,), max_iter=30, random_state=0)
    yield neural_network.MLPClassifier((256, 256), max_iter=10, random_state=0)
    yield svm.SVC()
    yield neighbors.KNeighborsClassifier()


def rows() -> Iterator[tuple[str, float, float, str, str]]:
    import numpy as np
    import pandas as pd
    from scipy.stats import spearmanr
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from lastmile.exporting.cost import cost_of, measure
    from lastmile.exporting.onnx import to_onnx

    warnings.simplefilter("ignore")
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(1500, 8)), columns=[f"c{n}" for n in range(8)])
    target = table["c0"] * table["c1"] + rng.normal(size=1500) > 0
    graphs = [
        to_onnx(make_pipeline(StandardScaler(), estimator).fit(table, target), table)
        for estimator in estimators()
    ]
    counted = [cost_of(graph, table).total.weight for graph in graphs]
    rounds = [[measure(graph, table).latency for graph in graphs] for _ in range(4)]
    timed = np.min(rounds, axis=0)
    rho = float(spearmanr(counted, timed).statistic)
    yield "counted cost against measured time, rank correlation", rho, 1.0, "", "the same order"
