"""Trees behind scalers: is any row routed otherwise than by the library itself?

`python -m tests.matrix.routing [ROWS]` asks every forest behind every scaler 100,000 random and
boundary rows, and ends with 1 if one row differs. `make test` asks fewer rows.
"""

import sys
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import track
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from lastmile.exporting.evidence.thresholds import thresholds_of
from lastmile.exporting.onnx import Graph, to_onnx

NUMBERS = ["pressure", "share", "amount", "year"]
SCALERS = {
    "standard": StandardScaler(),
    "minmax": MinMaxScaler(),
    "robust": RobustScaler(),
    "maxabs": MaxAbsScaler(),
    "power": PowerTransformer(),
    "quantiles": QuantileTransformer(n_quantiles=200),
    "logarithm": FunctionTransformer(np.log1p),
    "falling": FunctionTransformer(np.negative),
    "two in a row": make_pipeline(StandardScaler(), MinMaxScaler((-3, 5))),
}
FORESTS = {
    "random forest": (RandomForestClassifier(25, random_state=0), "label"),
    "extra trees": (ExtraTreesClassifier(15, random_state=0), "label"),
    "regressor": (RandomForestRegressor(15, random_state=0), "number"),
    "boosting": (GradientBoostingRegressor(n_estimators=30, random_state=0), "number"),
    "histograms": (HistGradientBoostingClassifier(max_iter=30), "label"),
}


def boosters() -> dict[str, tuple[Any, str]]:
    """Forests of the libraries of boosted trees."""
    import catboost
    import lightgbm
    import xgboost

    few = {"n_estimators": 30, "n_jobs": 1}
    cat = {"iterations": 30, "thread_count": 1, "verbose": 0, "allow_writing_files": False}
    return {
        "XGBoost": (xgboost.XGBClassifier(**few), "label"),
        "XGBoost of numbers": (xgboost.XGBRegressor(**few), "number"),
        "LightGBM": (lightgbm.LGBMClassifier(verbose=-1, **few), "label"),
        "LightGBM of numbers": (lightgbm.LGBMRegressor(verbose=-1, **few), "number"),
        "CatBoost": (catboost.CatBoostClassifier(**cat), "label"),
        "CatBoost of numbers": (catboost.CatBoostRegressor(**cat), "number"),
    }


def table() -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Training rows: numbers of very different places and sizes, texts, gaps."""
    chance = np.random.default_rng(5)
    count = 1200
    rows = pd.DataFrame(
        {
            "pressure": chance.normal(101_325, 800, count),
            "share": chance.uniform(0, 1, count),
            "amount": chance.gamma(1.5, 40, count),
            "year": chance.integers(1990, 2026, count).astype(float),
            "shop": chance.choice(["a", "b", "c"], count),
            "size": chance.choice(["S", "M", "L"], count),
        }
    )
    numbers = ["pressure", "share", "amount", "year"]
    rows[numbers] = rows[numbers].astype(np.float32).astype(np.float64)
    rows.loc[chance.choice(count, 100, replace=False), "amount"] = np.nan
    score = (rows["pressure"] - 101_325) / 800 + 2 * rows["share"] + (rows["shop"] == "a")
    return rows, {"label": (score > 1).to_numpy().astype(int), "number": (10 * score).to_numpy()}


def boundary_rows(graph: Graph, rows: pd.DataFrame, count: int) -> pd.DataFrame:
    """Random rows, and rows at each threshold of the graph and one 32-bit step beside it."""
    chance = np.random.default_rng(6)
    drawn = pd.DataFrame(
        {name: chance.choice(rows[name].to_numpy(), count) for name in rows.columns}
    )
    for name in NUMBERS:
        cuts = thresholds(graph, name)
        if not len(cuts):
            continue
        near = np.concatenate([cuts, np.nextafter(cuts, np.inf), np.nextafter(cuts, -np.inf)])
        near = near[np.isfinite(near)]
        places = chance.choice(count, min(len(near), count // 5), replace=False)
        drawn.loc[places, name] = chance.permutation(near)[: len(places)].astype(np.float64)
    return drawn


def thresholds(graph: Graph, column: str) -> np.ndarray:
    """The 32-bit thresholds that trees compare with one raw column."""
    return thresholds_of(graph).by_column.get(column, np.zeros(0)).astype(np.float32)


def behind(scaler: Any, estimator: Any) -> Any:
    """The pipeline of a question."""
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), scaler), NUMBERS),
        (OneHotEncoder(sparse_output=False), ["shop"]),
        (OrdinalEncoder(), ["size"]),
    )
    return make_pipeline(columns, estimator)


def differing(fitted: Any, graph: Graph, asked: pd.DataFrame, target: str) -> int:
    """How many rows are answered otherwise: by another label, or beyond what rounding explains.

    Labels of forests whose trees are split evenly are not counted here.
    """
    got = graph.run(asked)
    if target == "number":
        wanted = fitted.predict(asked)
        return int((np.abs(got["value"][:, 0] - wanted) > 2e-5 * np.abs(wanted).max()).sum())
    shares = fitted.predict_proba(asked)
    other = (np.abs(got["probabilities"] - shares) > 1e-5).any(axis=1)
    clear = np.abs(shares[:, 0] - 0.5) > 1e-7
    labels = (got["label"] != fitted.predict(asked).astype(int)) & clear
    return int((other | labels).sum())


def questions() -> Iterator[tuple[str, str]]:
    """Every forest behind every scaler."""
    for forest in FORESTS | boosters():
        yield from ((forest, scaler) for scaler in SCALERS)


def asked(forest: str, scaler: str, count: int) -> int:
    """How many of `count` rows differ."""
    rows, targets = table()
    estimator, target = (FORESTS | boosters())[forest]
    fitted = behind(SCALERS[scaler], estimator).fit(rows, targets[target])
    graph = to_onnx(fitted, rows)
    return differing(fitted, graph, boundary_rows(graph, rows, count), target)


def main() -> int:
    """Ask everything; tell what differs."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    console = Console()
    wrong = 0
    every = list(questions())
    for forest, scaler in track(every, "routing", console=console):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            differs = asked(forest, scaler, count)
        wrong += differs
        if differs:
            console.print(f"{forest} behind {scaler}: {differs} of {count:,} rows differ")
    console.print(f"{len(every)} combinations x {count:,} rows: {wrong} differ")
    return int(wrong > 0)


if __name__ == "__main__":
    raise SystemExit(main())
