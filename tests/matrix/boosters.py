"""Estimators of XGBoost, LightGBM and CatBoost, with what changes their answers."""

from collections.abc import Iterator
from typing import Any

FEW = 5


def questions() -> Iterator[tuple[Any, str, str, str]]:
    """Estimator, kind of rows, what it predicts, what is special; none that is not installed."""
    for library in (_xgboost, _lightgbm, _catboost):
        try:
            yield from library()
        except ModuleNotFoundError:  # the extra `boosters` is not installed
            continue


def _xgboost() -> Iterator[tuple[Any, str, str, str]]:
    import xgboost

    def made(kind: str, **options: Any) -> Any:
        return getattr(xgboost, f"XGB{kind}")(**{"n_estimators": FEW, "n_jobs": 1} | options)

    yield made("Classifier"), "gaps", "codes", ""
    yield made("Classifier"), "gaps", "grades", "three classes"
    yield made("Classifier", objective="multi:softmax"), "plain", "grades", "softmax"
    yield made("Classifier", base_score=0.1), "plain", "codes", "base score"
    yield made("Classifier", booster="gblinear"), "plain", "grades", "lines"
    yield made("Classifier", booster="dart", rate_drop=0.5), "gaps", "grades", "dart"
    yield made("RFClassifier"), "plain", "codes", ""
    yield made("RFRegressor"), "plain", "number", ""
    yield made("Ranker"), "plain", "ranks", ""
    yield made("Regressor"), "gaps", "number", ""
    yield made("Regressor", booster="gblinear"), "gaps", "number", "lines"
    yield made("Regressor", missing=0.0), "counts", "number", "zero as missing"
    yield made("Regressor"), "plain", "numbers", "two numbers"
    yield made("Regressor", multi_strategy="multi_output_tree"), "plain", "numbers", "two in a tree"
    yield made("Regressor", objective="reg:logistic"), "plain", "shares", "shares"
    wide = {"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.9]}
    yield made("Regressor", **wide), "plain", "number", "quantiles"
    for name in ("count:poisson", "reg:gamma", "reg:tweedie", "reg:squaredlogerror"):
        yield made("Regressor", objective=name), "plain", "counts", name
    for name in ("reg:absoluteerror", "reg:pseudohubererror"):
        yield made("Regressor", objective=name), "plain", "number", name


def _lightgbm() -> Iterator[tuple[Any, str, str, str]]:
    import lightgbm

    def made(kind: str, **options: Any) -> Any:
        few = {"n_estimators": FEW, "min_child_samples": 5, "n_jobs": 1, "verbose": -1}
        return getattr(lightgbm, f"LGBM{kind}")(**few | options)

    forest = {"boosting_type": "rf", "bagging_freq": 1, "bagging_fraction": 0.7}
    yield made("Classifier"), "gaps", "two", ""
    yield made("Classifier"), "gaps", "three", "three classes"
    yield made("Classifier", objective="multiclassova"), "plain", "three", "one by one"
    yield made("Classifier", sigmoid=2.5), "plain", "two", "another slope"
    yield made("Classifier", boosting_type="dart"), "plain", "two", "dart"
    yield made("Ranker"), "plain", "ranks", ""
    yield made("Regressor"), "gaps", "number", ""
    yield made("Regressor", **forest), "plain", "number", "forest"
    yield made("Regressor", reg_sqrt=True), "plain", "number", "roots"
    yield made("Regressor", zero_as_missing=True), "counts", "number", "zero as missing"
    yield made("Regressor", use_missing=False), "gaps", "number", "missing as zero"
    for name in ("poisson", "gamma", "tweedie"):
        yield made("Regressor", objective=name), "plain", "counts", name
    for name in ("regression_l1", "huber", "fair", "quantile", "mape"):
        yield made("Regressor", objective=name), "plain", "number", name
    for name in ("cross_entropy", "cross_entropy_lambda"):
        yield made("Regressor", objective=name), "plain", "shares", name


def _catboost() -> Iterator[tuple[Any, str, str, str]]:
    import catboost

    def made(kind: str, **options: Any) -> Any:
        few = {"iterations": FEW, "thread_count": 1, "verbose": 0, "allow_writing_files": False}
        return getattr(catboost, f"CatBoost{kind}")(**few | options)

    yield made("Classifier"), "gaps", "two", ""
    yield made("Classifier"), "gaps", "three", "three classes"
    one_by_one = made("Classifier", loss_function="MultiClassOneVsAll")
    yield one_by_one, "plain", "three", "one by one"
    yield made("Classifier", grow_policy="Depthwise"), "gaps", "two", "level by level"
    yield made("Classifier", grow_policy="Lossguide"), "gaps", "three", "leaf by leaf"
    yield made("Ranker"), "plain", "ranks", ""
    yield made("Regressor"), "gaps", "number", ""
    yield made("Regressor", nan_mode="Max"), "gaps", "number", "missing on top"
    yield made("Regressor", loss_function="MultiRMSE"), "plain", "numbers", "two numbers"
    for name in ("Poisson", "Tweedie:variance_power=1.5"):
        yield made("Regressor", loss_function=name), "plain", "counts", name.split(":")[0]
    for name in ("MAE", "Quantile:alpha=0.3", "Huber:delta=2", "Expectile:alpha=0.3"):
        yield made("Regressor", loss_function=name), "plain", "number", name.split(":")[0]
