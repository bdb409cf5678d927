"""Estimators as nodes: one function for each class, or family of classes, that we write ourselves.

    bayes              naive Bayes and normal classes
    binning            bins, quantiles, splines
    boosting           gradient boosting
    catboost           estimators of CatBoost
    calibration        calibrated probabilities, thresholds
    centroids          the class whose centre is nearest
    clusters           the nearest of some centres
    components         decompositions and projections that are one product of matrices
    composition        pipelines, columns side by side, searches
    constants          the same answer to every row
    encoding           categories become numbers
    forests            trees and forests
    functions          functions of NumPy, traced
    graphs             labels spread over a graph
    imputing           missing values
    interpolation      lines between known points
    kernel_maps        exact and approximate maps into the space of a kernel
    labels             one against the rest, one against one, codes
    lightgbm           estimators of LightGBM
    linear             weighted sums
    linear_classifiers classes by weighted sums
    mixtures           mixtures of normal distributions
    neighbors          the nearest training rows, or all within a radius
    networks           layers of weighted sums
    outliers           outliers by their distance
    processes          Gaussian processes
    scaling            scalers, powers, products
    selection          columns that are kept
    texts              words and characters, counted and weighed
    targets            several targets, transformed targets
    vectors            support vector machines and kernel ridge regression
    votes              votes, stacks, bags, boosts
    xgboost            estimators of XGBoost

What several of them share: `scores`, `members`, `floats` (arithmetic in 32 or 64 bits),
`distances` (every metric), `similarities` (every kernel), `links` (from the sums of boosted trees
to answers) and `boosted_columns` (their columns of categories).
`words`, `letters` and `spelling` take texts apart.

Written out apart: `covariances` (kernels of `processes`), `coupling` (probabilities of `vectors`).

`CONVERTERS` is the table of all of them. A class that is not in it is left to skl2onnx.
"""

from lastmile.exporting.onnx.converters import (
    bayes,
    binning,
    boosting,
    calibration,
    catboost,
    centroids,
    clusters,
    components,
    composition,
    constants,
    encoding,
    forests,
    functions,
    graphs,
    imputing,
    interpolation,
    kernel_maps,
    labels,
    lightgbm,
    linear,
    linear_classifiers,
    mixtures,
    neighbors,
    networks,
    outliers,
    processes,
    scaling,
    selection,
    targets,
    texts,
    vectors,
    votes,
    xgboost,
)
from lastmile.exporting.onnx.writer import collected

CONVERTERS = collected(
    [
        bayes,
        binning,
        boosting,
        calibration,
        catboost,
        centroids,
        clusters,
        components,
        composition,
        constants,
        encoding,
        forests,
        functions,
        graphs,
        imputing,
        interpolation,
        kernel_maps,
        labels,
        lightgbm,
        linear,
        linear_classifiers,
        mixtures,
        neighbors,
        networks,
        outliers,
        processes,
        scaling,
        selection,
        targets,
        texts,
        vectors,
        votes,
        xgboost,
    ]
)
"""The converter of each class, by library and class name."""
