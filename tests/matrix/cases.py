"""Every estimator of scikit-learn that can be applied to new rows, fitted on rows that suit it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn import (
    calibration,
    cluster,
    compose,
    covariance,
    cross_decomposition,
    decomposition,
    discriminant_analysis,
    dummy,
    ensemble,
    feature_extraction,
    feature_selection,
    frozen,
    gaussian_process,
    impute,
    isotonic,
    kernel_approximation,
    kernel_ridge,
    linear_model,
    manifold,
    mixture,
    model_selection,
    multiclass,
    multioutput,
    naive_bayes,
    neighbors,
    neural_network,
    pipeline,
    preprocessing,
    random_projection,
    semi_supervised,
    svm,
    tree,
)
from sklearn.experimental import (
    enable_halving_search_cv,  # noqa: F401
    enable_iterative_imputer,  # noqa: F401
)
from tests.matrix import boosters

LOGISTIC = linear_model.LogisticRegression
FEW = {"n_estimators": 9, "random_state": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One estimator, the kind of rows that it is fitted on, and what it predicts."""

    estimator: Any
    rows: str = "plain"
    target: str = "two"
    about: str = ""

    @property
    def name(self) -> str:
        """The class, and what is special about this case."""
        kind = type(self.estimator).__name__
        return f"{kind} {self.about}".strip()


def _cases(rows: str, target: str, *estimators: Any, **about: Any) -> Iterator[Case]:
    yield from (Case(estimator=one, rows=rows, target=target) for one in estimators)
    for words, one in about.items():
        yield Case(estimator=one, rows=rows, target=target, about=words.replace("_", " "))


def _classifiers() -> Iterator[Case]:
    yield from _cases(
        "plain",
        "three",
        discriminant_analysis.LinearDiscriminantAnalysis(),
        discriminant_analysis.QuadraticDiscriminantAnalysis(),
        dummy.DummyClassifier(),
        ensemble.ExtraTreesClassifier(**FEW),
        ensemble.GradientBoostingClassifier(**FEW),
        ensemble.HistGradientBoostingClassifier(max_iter=9),
        ensemble.RandomForestClassifier(**FEW),
        gaussian_process.GaussianProcessClassifier(),
        LOGISTIC(),
        linear_model.LogisticRegressionCV(Cs=3, cv=2, l1_ratios=(0,), use_legacy_attributes=False),
        linear_model.Perceptron(),
        linear_model.RidgeClassifier(),
        linear_model.RidgeClassifierCV(),
        linear_model.SGDClassifier(loss="log_loss", random_state=0),
        naive_bayes.GaussianNB(),
        naive_bayes.BernoulliNB(),
        neighbors.KNeighborsClassifier(),
        neighbors.NearestCentroid(),
        neighbors.RadiusNeighborsClassifier(radius=1.5, outlier_label="most_frequent"),
        neural_network.MLPClassifier((6,), max_iter=400, random_state=0),
        semi_supervised.LabelPropagation(),
        semi_supervised.LabelSpreading(),
        svm.LinearSVC(),
        svm.NuSVC(nu=0.2),
        svm.SVC(),
        tree.DecisionTreeClassifier(max_depth=5, random_state=0),
        tree.ExtraTreeClassifier(max_depth=5, random_state=0),
        hinge=linear_model.SGDClassifier(random_state=0),
        modified_huber=linear_model.SGDClassifier(loss="modified_huber", random_state=0),
        one_against_one=svm.SVC(decision_function_shape="ovo"),
        linear_kernel=svm.SVC(kernel="linear"),
        polynomial=svm.SVC(kernel="poly", degree=2),
        by_distance=neighbors.KNeighborsClassifier(weights="distance"),
        manhattan=neighbors.KNeighborsClassifier(p=1),
        tanh=neural_network.MLPClassifier((4, 3), activation="tanh", max_iter=300, random_state=0),
        deep=ensemble.RandomForestClassifier(20, random_state=0),
        neighbours_kernel=semi_supervised.LabelSpreading(kernel="knn"),
        prior=dummy.DummyClassifier(strategy="prior"),
    )
    yield from _cases(
        "plain",
        "two",
        passive_aggressive("Classifier"),
        two_classes=LOGISTIC(),
        two_classes_by_svd=discriminant_analysis.LinearDiscriminantAnalysis(),
    )
    for kind in (
        discriminant_analysis.QuadraticDiscriminantAnalysis,
        gaussian_process.GaussianProcessClassifier,
        svm.SVC,
        svm.NuSVC,
        svm.LinearSVC,
        linear_model.RidgeClassifier,
        linear_model.Perceptron,
        naive_bayes.GaussianNB,
        tree.DecisionTreeClassifier,
        ensemble.RandomForestClassifier,
        ensemble.ExtraTreesClassifier,
        ensemble.GradientBoostingClassifier,
        ensemble.HistGradientBoostingClassifier,
        neural_network.MLPClassifier,
    ):
        few = FEW if kind.__module__.startswith("sklearn.ensemble._f") else {}
        yield Case(estimator=kind(**few), about="two classes")
    yield from _cases(
        "counts",
        "three",
        naive_bayes.CategoricalNB(),
        naive_bayes.ComplementNB(),
        naive_bayes.MultinomialNB(),
    )
    yield from _cases(
        "gaps",
        "three",
        gaps=ensemble.HistGradientBoostingClassifier(max_iter=9),
        forest_gaps=ensemble.RandomForestClassifier(**FEW),
        tree_gaps=tree.DecisionTreeClassifier(max_depth=6),
    )
    yield from _cases(
        "plain",
        "labels",
        multioutput.MultiOutputClassifier(LOGISTIC()),
        multioutput.ClassifierChain(LOGISTIC()),
        several_labels=ensemble.RandomForestClassifier(**FEW),
        several_labels_by_neighbours=neighbors.KNeighborsClassifier(),
        several_labels_by_network=neural_network.MLPClassifier((5,), max_iter=300, random_state=0),
        several_labels_one_by_one=multiclass.OneVsRestClassifier(LOGISTIC()),
    )


def passive_aggressive(kind: str) -> Any:
    """The estimator that scikit-learn 1.8 deprecated, without its warning."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(linear_model, f"PassiveAggressive{kind}")(random_state=0)


def _regressors() -> Iterator[Case]:
    lines = linear_model
    yield from _cases(
        "plain",
        "number",
        dummy.DummyRegressor(),
        ensemble.ExtraTreesRegressor(**FEW),
        ensemble.GradientBoostingRegressor(**FEW),
        ensemble.HistGradientBoostingRegressor(max_iter=9),
        ensemble.RandomForestRegressor(**FEW),
        gaussian_process.GaussianProcessRegressor(alpha=0.1, normalize_y=True),
        kernel_ridge.KernelRidge(kernel="rbf"),
        lines.ARDRegression(),
        lines.BayesianRidge(),
        lines.ElasticNet(),
        lines.ElasticNetCV(cv=2),
        lines.HuberRegressor(),
        lines.Lars(),
        lines.LarsCV(cv=2),
        lines.Lasso(),
        lines.LassoCV(cv=2),
        lines.LassoLars(alpha=0.1),
        lines.LassoLarsCV(cv=2),
        lines.LassoLarsIC(),
        lines.LinearRegression(),
        lines.OrthogonalMatchingPursuit(n_nonzero_coefs=2),
        lines.OrthogonalMatchingPursuitCV(cv=2),
        passive_aggressive("Regressor"),
        lines.QuantileRegressor(alpha=0.01),
        lines.RANSACRegressor(random_state=0),
        lines.Ridge(),
        lines.RidgeCV(),
        lines.SGDRegressor(random_state=0),
        lines.TheilSenRegressor(random_state=0, max_subpopulation=200),
        neighbors.KNeighborsRegressor(),
        neighbors.RadiusNeighborsRegressor(radius=6.0),
        neural_network.MLPRegressor(hidden_layer_sizes=(6,), max_iter=300, random_state=0),
        svm.LinearSVR(),
        svm.NuSVR(),
        svm.SVR(),
        tree.DecisionTreeRegressor(max_depth=5, random_state=0),
        tree.ExtraTreeRegressor(max_depth=5, random_state=0),
        huber=ensemble.GradientBoostingRegressor(loss="huber", **FEW),
        by_distance=neighbors.KNeighborsRegressor(weights="distance"),
    )
    yield from _cases(
        "plain",
        "counts",
        lines.GammaRegressor(),
        lines.PoissonRegressor(),
        lines.TweedieRegressor(power=1.5),
        poisson=ensemble.HistGradientBoostingRegressor(loss="poisson", max_iter=9),
        gamma=ensemble.HistGradientBoostingRegressor(loss="gamma", max_iter=9),
    )
    yield from _cases(
        "plain",
        "numbers",
        cross_decomposition.CCA(n_components=1),
        cross_decomposition.PLSCanonical(n_components=1),
        cross_decomposition.PLSRegression(n_components=2),
        lines.MultiTaskElasticNet(alpha=0.1),
        lines.MultiTaskElasticNetCV(cv=2),
        lines.MultiTaskLasso(alpha=0.1),
        lines.MultiTaskLassoCV(cv=2),
        multioutput.MultiOutputRegressor(lines.Ridge()),
        multioutput.RegressorChain(lines.Ridge()),
        two_targets=lines.Ridge(),
        two_targets_of_trees=ensemble.RandomForestRegressor(**FEW),
        two_targets_of_a_network=neural_network.MLPRegressor(
            hidden_layer_sizes=(5,), max_iter=300, random_state=0
        ),
    )
    yield from _cases("single", "number", isotonic.IsotonicRegression(out_of_bounds="clip"))
    yield from _cases("gaps", "number", gaps=ensemble.HistGradientBoostingRegressor(max_iter=9))


def _meta() -> Iterator[Case]:
    yield from _cases(
        "plain",
        "three",
        ensemble.AdaBoostClassifier(n_estimators=5, random_state=0),
        ensemble.BaggingClassifier(n_estimators=4, random_state=0),
        ensemble.StackingClassifier([("a", LOGISTIC()), ("b", naive_bayes.GaussianNB())], cv=2),
        ensemble.VotingClassifier([("a", LOGISTIC()), ("b", naive_bayes.GaussianNB())]),
        calibration.CalibratedClassifierCV(LOGISTIC(), cv=2),
        frozen.FrozenEstimator(LOGISTIC()),
        model_selection.GridSearchCV(LOGISTIC(), {"C": [0.1, 1]}, cv=2),
        model_selection.HalvingGridSearchCV(LOGISTIC(), {"C": [0.1, 1]}, cv=2, random_state=0),
        model_selection.HalvingRandomSearchCV(
            LOGISTIC(), {"C": [0.1, 1]}, cv=2, random_state=0, n_candidates=2
        ),
        model_selection.RandomizedSearchCV(
            LOGISTIC(), {"C": [0.1, 1]}, cv=2, random_state=0, n_iter=2
        ),
        multiclass.OneVsOneClassifier(LOGISTIC()),
        multiclass.OneVsRestClassifier(LOGISTIC()),
        multiclass.OutputCodeClassifier(LOGISTIC(), random_state=0),
        pipeline.Pipeline([("scale", preprocessing.StandardScaler()), ("line", LOGISTIC())]),
        semi_supervised.SelfTrainingClassifier(LOGISTIC()),
        soft=ensemble.VotingClassifier(
            [("a", LOGISTIC()), ("b", tree.DecisionTreeClassifier(max_depth=3))], voting="soft"
        ),
        isotonic=calibration.CalibratedClassifierCV(LOGISTIC(), cv=2, method="isotonic"),
        passthrough=ensemble.StackingClassifier([("a", LOGISTIC())], cv=2, passthrough=True),
        of_lines=ensemble.BaggingClassifier(LOGISTIC(), n_estimators=3, max_features=0.5),
    )
    # Of weak estimators scikit-learn finds now one temperature and now another.
    scaled = pipeline.make_pipeline(preprocessing.StandardScaler(), LOGISTIC())
    yield from _cases(
        "shifted",
        "three",
        temperature=calibration.CalibratedClassifierCV(scaled, cv=2, method="temperature"),
    )
    yield from _cases(
        "plain",
        "two",
        model_selection.FixedThresholdClassifier(LOGISTIC(), threshold=0.3, pos_label="tak"),
        model_selection.TunedThresholdClassifierCV(LOGISTIC(), scoring="balanced_accuracy", cv=2),
        sigmoid_over_trees=calibration.CalibratedClassifierCV(
            ensemble.RandomForestClassifier(**FEW), cv=2
        ),
    )
    yield from _cases(
        "plain",
        "number",
        compose.TransformedTargetRegressor(
            linear_model.Ridge(), transformer=preprocessing.StandardScaler()
        ),
        ensemble.AdaBoostRegressor(n_estimators=5, random_state=0),
        ensemble.BaggingRegressor(n_estimators=4, random_state=0),
        ensemble.StackingRegressor([("a", linear_model.Ridge()), ("b", svm.LinearSVR())], cv=2),
        ensemble.VotingRegressor([("a", linear_model.Ridge()), ("b", svm.LinearSVR())]),
        logarithm=compose.TransformedTargetRegressor(
            linear_model.Ridge(), func=np.log, inverse_func=np.exp
        ),
    )
    numbers = pipeline.make_pipeline(impute.SimpleImputer(), preprocessing.StandardScaler())
    yield from _cases(
        "mixed",
        "two",
        compose.ColumnTransformer(
            [
                ("numbers", numbers, ["temperature °C", "visits"]),
                ("texts", preprocessing.OneHotEncoder(handle_unknown="ignore"), ["city"]),
            ]
        ),
    )
    yield from _cases(
        "plain",
        "two",
        pipeline.FeatureUnion(
            [("scale", preprocessing.StandardScaler()), ("pca", decomposition.PCA(2))]
        ),
    )


def _transformers() -> Iterator[Case]:
    prep, line = preprocessing, linear_model.LinearRegression
    yield from _cases(
        "plain",
        "number",
        cluster.FeatureAgglomeration(2),
        cross_decomposition.PLSSVD(n_components=1),
        decomposition.DictionaryLearning(2, max_iter=5, random_state=0),
        decomposition.FactorAnalysis(2),
        decomposition.FastICA(2, random_state=0),
        decomposition.IncrementalPCA(2),
        decomposition.KernelPCA(2, kernel="rbf"),
        decomposition.MiniBatchDictionaryLearning(2, max_iter=2, random_state=0),
        decomposition.MiniBatchSparsePCA(2, max_iter=2, random_state=0),
        decomposition.PCA(2),
        decomposition.SparseCoder(np.eye(4)[:2]),
        decomposition.SparsePCA(2, max_iter=3, random_state=0),
        decomposition.TruncatedSVD(2, random_state=0),
        feature_selection.GenericUnivariateSelect(feature_selection.f_regression),
        feature_selection.RFE(line()),
        feature_selection.RFECV(line(), cv=2),
        feature_selection.SelectFdr(feature_selection.f_regression),
        feature_selection.SelectFpr(feature_selection.f_regression),
        feature_selection.SelectFromModel(line()),
        feature_selection.SelectFwe(feature_selection.f_regression),
        feature_selection.SelectKBest(feature_selection.f_regression, k=2),
        feature_selection.SelectPercentile(feature_selection.f_regression, percentile=50),
        feature_selection.SequentialFeatureSelector(line(), n_features_to_select=2, cv=2),
        feature_selection.VarianceThreshold(),
        kernel_approximation.Nystroem(n_components=8, random_state=0),
        kernel_approximation.PolynomialCountSketch(n_components=8, random_state=0),
        kernel_approximation.RBFSampler(n_components=8, random_state=0),
        manifold.Isomap(n_components=2),
        manifold.LocallyLinearEmbedding(n_components=2, random_state=0),
        neighbors.KNeighborsTransformer(),
        neighbors.RadiusNeighborsTransformer(radius=1.0),
        neural_network.BernoulliRBM(3, n_iter=2, random_state=0),
        prep.Binarizer(),
        prep.FunctionTransformer(),
        prep.KBinsDiscretizer(quantile_method="averaged_inverted_cdf"),
        prep.MaxAbsScaler(),
        prep.MinMaxScaler(),
        prep.Normalizer(),
        prep.PolynomialFeatures(),
        prep.PowerTransformer(),
        prep.QuantileTransformer(n_quantiles=100),
        prep.RobustScaler(),
        prep.SplineTransformer(),
        prep.StandardScaler(),
        random_projection.GaussianRandomProjection(3, random_state=0),
        random_projection.SparseRandomProjection(3, random_state=0),
        ordinal=prep.KBinsDiscretizer(encode="ordinal", quantile_method="averaged_inverted_cdf"),
        normal=prep.QuantileTransformer(n_quantiles=50, output_distribution="normal"),
        whitened=decomposition.PCA(2, whiten=True),
        largest=prep.Normalizer("max"),
        cosine=decomposition.KernelPCA(2, kernel="cosine"),
        absolute=prep.FunctionTransformer(np.abs),
    )
    yield from _cases(
        "plain",
        "two",
        neighbors.NeighborhoodComponentsAnalysis(2, max_iter=5, random_state=0),
        ensemble.RandomTreesEmbedding(n_estimators=3, max_depth=2, random_state=0),
    )
    yield from _cases(
        "positive",
        "number",
        decomposition.LatentDirichletAllocation(2, max_iter=2, random_state=0),
        decomposition.MiniBatchNMF(2, max_iter=5, random_state=0),
        decomposition.NMF(2, max_iter=300, random_state=0, tol=0.1),
        feature_extraction.text.TfidfTransformer(),
        kernel_approximation.AdditiveChi2Sampler(),
        kernel_approximation.SkewedChi2Sampler(n_components=8, random_state=0),
        logarithm=prep.FunctionTransformer(np.log1p),
    )
    yield from _cases(
        "gaps",
        "number",
        impute.IterativeImputer(max_iter=3, random_state=0, tol=0.5),
        impute.KNNImputer(),
        impute.MissingIndicator(),
        impute.SimpleImputer(),
        indicator=impute.SimpleImputer(strategy="median", add_indicator=True),
    )
    yield from _cases("mixed", "number", prep.TargetEncoder(cv=2, random_state=0))
    yield from _cases(
        "category",
        "two",
        feature_extraction.DictVectorizer(),
        feature_extraction.FeatureHasher(8),
        prep.LabelBinarizer(),
        prep.LabelEncoder(),
        prep.OneHotEncoder(handle_unknown="ignore"),
        prep.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
        infrequent=prep.OneHotEncoder(
            min_frequency=85, handle_unknown="infrequent_if_exist", sparse_output=False
        ),
        dropped=prep.OneHotEncoder(drop="first"),
    )
    yield from _cases(
        "texts",
        "number",
        feature_extraction.text.CountVectorizer(),
        feature_extraction.text.HashingVectorizer(n_features=16),
        feature_extraction.text.TfidfVectorizer(),
        pairs=feature_extraction.text.TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        letters=feature_extraction.text.CountVectorizer(analyzer="char_wb", ngram_range=(2, 3)),
    )
    yield Case(estimator=feature_extraction.image.PatchExtractor(patch_size=(2, 2)))
    yield Case(estimator=prep.MultiLabelBinarizer(), rows="category")
    yield Case(estimator=prep.KernelCenterer())


def _others() -> Iterator[Case]:
    yield from _cases(
        "plain",
        "number",
        cluster.AffinityPropagation(damping=0.9, random_state=0),
        cluster.Birch(n_clusters=3),
        cluster.BisectingKMeans(3, random_state=0),
        cluster.KMeans(3, random_state=0),
        cluster.MeanShift(),
        cluster.MiniBatchKMeans(3, random_state=0),
        covariance.EllipticEnvelope(random_state=0),
        ensemble.IsolationForest(**FEW),
        linear_model.SGDOneClassSVM(random_state=0),
        mixture.BayesianGaussianMixture(n_components=3, random_state=0, max_iter=500),
        mixture.GaussianMixture(n_components=3, random_state=0),
        neighbors.LocalOutlierFactor(novelty=True),
        svm.OneClassSVM(nu=0.1),
        tied=mixture.GaussianMixture(n_components=2, covariance_type="tied", random_state=0),
        diagonal=mixture.GaussianMixture(n_components=2, covariance_type="diag", random_state=0),
        contaminated=ensemble.IsolationForest(contamination=0.1, **FEW),
    )


def _boosters() -> Iterator[Case]:
    for estimator, rows, target, about in boosters.questions():
        yield Case(estimator=estimator, rows=rows, target=target, about=about)


def _kinds_of_rows() -> Iterator[Case]:
    """What people deploy, on whole numbers up to their ends, on truth values, on one column."""
    for rows in ("whole", "flags", "single"):
        for one in (
            ensemble.RandomForestClassifier(**FEW),
            ensemble.HistGradientBoostingClassifier(max_iter=9),
            pipeline.make_pipeline(preprocessing.StandardScaler(), LOGISTIC()),
            pipeline.make_pipeline(
                preprocessing.StandardScaler(), ensemble.RandomForestClassifier(**FEW)
            ),
        ):
            names = [type(step).__name__ for _, step in getattr(one, "steps", ())]
            yield Case(estimator=one, rows=rows, target="two", about=" ".join([*names, "on", rows]))


CASES = (
    *_classifiers(),
    *_regressors(),
    *_meta(),
    *_transformers(),
    *_others(),
    *_kinds_of_rows(),
    *_boosters(),
)
"""At least one case for every class, and further ones where options change the answer."""
