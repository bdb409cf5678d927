import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    KNeighborsTransformer,
    RadiusNeighborsClassifier,
    RadiusNeighborsRegressor,
    RadiusNeighborsTransformer,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from lastmile.errors import NotExportable
from lastmile.exporting.onnx import to_onnx


def scaled(estimator):
    return make_pipeline(StandardScaler(), estimator)


@pytest.mark.parametrize(
    ("estimator", "target"),
    [
        pytest.param(KNeighborsClassifier(), "three", id="classes"),
        pytest.param(KNeighborsClassifier(1), "two", id="one neighbour"),
        pytest.param(KNeighborsClassifier(8, weights="distance"), "three", id="weighted classes"),
        pytest.param(KNeighborsClassifier(algorithm="brute"), "two", id="brute force"),
        pytest.param(KNeighborsClassifier(algorithm="ball_tree", p=1), "two", id="ball tree"),
        pytest.param(KNeighborsClassifier(), "labels", id="several labels"),
        pytest.param(KNeighborsClassifier(weights="distance"), "labels", id="weighted labels"),
        pytest.param(KNeighborsRegressor(), "number", id="a number"),
        pytest.param(KNeighborsRegressor(7, weights="distance"), "number", id="weighted number"),
        pytest.param(KNeighborsRegressor(3), "numbers", id="two numbers"),
        pytest.param(KNeighborsTransformer(n_neighbors=4), "number", id="distances of the nearest"),
        pytest.param(
            KNeighborsTransformer(n_neighbors=4, mode="connectivity"), "number", id="nearest"
        ),
    ],
)
@pytest.mark.parametrize("around", [lambda estimator: estimator, scaled], ids=["raw", "scaled"])
def test_the_nearest_rows_answer_as_in_scikit_learn(
    estimator, target, around, numbers, wanted, agrees
):
    agrees(around(estimator).fit(numbers, wanted[target]), numbers)


@pytest.mark.parametrize(
    ("estimator", "target"),
    [
        pytest.param(RadiusNeighborsRegressor(1.0), "number", id="a number"),
        pytest.param(RadiusNeighborsRegressor(2.0, weights="distance"), "numbers", id="weighted"),
        pytest.param(RadiusNeighborsRegressor(1.0, p=1), "number", id="manhattan"),
        pytest.param(
            RadiusNeighborsClassifier(1.0, outlier_label=20), "three", id="a class for outliers"
        ),
        pytest.param(
            RadiusNeighborsClassifier(0.8, outlier_label=99), "three", id="a label for outliers"
        ),
        pytest.param(
            RadiusNeighborsClassifier(0.8, outlier_label="inn"), "two", id="a text for outliers"
        ),
        pytest.param(
            RadiusNeighborsClassifier(1.0, outlier_label="most_frequent", weights="distance"),
            "two",
            id="the most frequent class for outliers, weighted",
        ),
        pytest.param(
            RadiusNeighborsClassifier(1.0, outlier_label=[0, 1]), "labels", id="several labels"
        ),
        pytest.param(
            RadiusNeighborsClassifier(1.0, algorithm="brute", outlier_label=10),
            "three",
            id="brute force",
        ),
        pytest.param(RadiusNeighborsClassifier(1e9), "three", id="everything is near"),
        pytest.param(RadiusNeighborsTransformer(radius=1.0), "number", id="distances"),
        pytest.param(
            RadiusNeighborsTransformer(mode="connectivity", radius=1.0), "number", id="near or not"
        ),
    ],
)
def test_all_rows_within_the_radius_answer_as_in_scikit_learn(
    estimator, target, numbers, wanted, agrees
):
    agrees(scaled(estimator).fit(numbers, wanted[target]), numbers)


def test_a_row_with_no_neighbour_has_no_number(numbers, wanted):
    estimator = RadiusNeighborsRegressor(1e-3).fit(numbers, wanted["number"])
    far = numbers.iloc[:3] + 1_000
    assert np.isnan(to_onnx(estimator, numbers).run(far)["value"]).all()


def test_rows_that_are_training_rows_weigh_alone(agrees):
    rows = pd.DataFrame({"a": [0.0, 0.0, 1.0, 2.0, 4.0, 8.0], "b": [1.0, 1.0, 1.0, 0.5, 0.0, 3.0]})
    estimator = KNeighborsClassifier(4, weights="distance").fit(rows, list("xyxyzz"))
    graph = agrees(estimator, rows)
    assert graph.run(rows)["probabilities"][:2].tolist() == [[0.5, 0.5, 0.0]] * 2


def test_a_training_row_behind_a_scaler_is_still_found_to_be_one(numbers, wanted, agrees):
    twice = pd.concat([numbers.iloc[:40], numbers.iloc[:40]])
    target = np.concatenate([wanted["number"][:40], wanted["number"][:40] + 7])
    estimator = scaled(KNeighborsRegressor(4, weights="distance"))
    agrees(estimator.fit(twice, target), twice)


def test_whole_numbers_at_the_edge_of_the_radius_are_inside(agrees):
    rows = pd.DataFrame({"a": [0.0, 3.0, 6.0, 9.0, 60.0], "b": [0.0, 4.0, 8.0, 12.0, 80.0]})
    estimator = RadiusNeighborsRegressor(5.0).fit(rows, [1.0, 2.0, 4.0, 8.0, 16.0])
    agrees(estimator, rows)


def test_votes_that_are_equal_fall_to_the_first_class(agrees):
    rows = pd.DataFrame({"a": [0.0, 1.0, 10.0, 11.0]})
    agrees(KNeighborsClassifier(2).fit(rows, ["b", "a", "b", "a"]), rows)


def test_texts_and_numbers_side_by_side_are_compared_together(numbers, wanted, agrees):
    city = np.random.default_rng(5).choice(["a", "b", "ć"], len(numbers))
    rows = numbers.assign(city=city)
    columns = make_column_transformer(
        (StandardScaler(), list(numbers.columns)),
        (OneHotEncoder(handle_unknown="ignore"), ["city"]),
    )
    agrees(make_pipeline(columns, KNeighborsClassifier()).fit(rows, wanted["three"]), rows)


@pytest.mark.parametrize(
    "estimator",
    [
        pytest.param(KNeighborsClassifier(), id="nearest"),
        pytest.param(KNeighborsClassifier(weights="distance"), id="weighted"),
        pytest.param(
            RadiusNeighborsClassifier(2.0, outlier_label="most_frequent"), id="within a radius"
        ),
    ],
)
def test_training_rows_that_were_sparse_are_the_same_rows(estimator, numbers, wanted, agrees):
    rows = numbers[["small"]].assign(
        city=np.random.default_rng(5).choice(list("abcdef"), len(numbers)),
        street=np.random.default_rng(6).choice(list("xyzuvw"), len(numbers)),
    )
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["city", "street"]),
        ("passthrough", ["small"]),
        sparse_threshold=1.0,
    )
    agrees(make_pipeline(columns, estimator).fit(rows, wanted["three"]), rows)


def test_a_single_column_and_a_single_row_are_enough(numbers, wanted, agrees):
    rows = numbers[["small"]]
    agrees(KNeighborsRegressor(3).fit(rows, wanted["number"]), rows)
    agrees(KNeighborsRegressor(1).fit(rows.iloc[:1], wanted["number"][:1]), rows.iloc[:1])


@pytest.mark.parametrize("kind", [KNeighborsClassifier, RadiusNeighborsClassifier])
def test_weights_that_are_a_function_are_refused(kind, numbers, wanted):
    estimator = kind(weights=lambda apart: 1 / (1 + apart)).fit(numbers, wanted["two"])
    if kind is RadiusNeighborsClassifier:
        estimator.radius = 1e9
    with pytest.raises(NotExportable, match="weights are a function"):
        to_onnx(estimator, numbers)


def test_training_rows_that_32_bits_hold_take_32_bits(numbers, wanted):
    many = pd.concat([numbers] * 10, ignore_index=True)
    target = np.tile(wanted["number"], 10)
    small = to_onnx(KNeighborsRegressor().fit(many, target), numbers).size
    wide = to_onnx(KNeighborsRegressor().fit(many / 3, target), numbers).size
    assert small + 3_000 * 4 * 3 < wide
