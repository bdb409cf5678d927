"""What coremltools makes of scikit-learn's estimators today; runs in an environment of its own.

It reads from the folder that it is given `cases.json` with arrays, fits an estimator of each name,
converts it by coremltools where that works, and writes sizes, times and model files there. It knows
nothing of lastmile, which does not run with a scikit-learn that old.
"""

import json
import sys
import time
from pathlib import Path

import coremltools
import numpy as np
import sklearn
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier


def estimators():
    """Bare ones on numbers, as the converter wants them, and one behind columns."""
    yield "linear regression", LinearRegression()
    yield "logistic regression", LogisticRegression(max_iter=300)
    yield "logistic regression, liblinear", LogisticRegression(solver="liblinear", max_iter=300)
    yield "decision tree", DecisionTreeClassifier(random_state=0)
    yield "random forest", RandomForestClassifier(200, random_state=0)
    yield "histogram boosting", HistGradientBoostingClassifier(max_iter=300)
    yield "network", MLPClassifier((64, 32), max_iter=20, random_state=0)
    yield "support vectors", SVC()
    columns = make_column_transformer(
        (StandardScaler(), [0, 1, 2]), (OneHotEncoder(handle_unknown="ignore"), [3])
    )
    yield "behind a ColumnTransformer", make_pipeline(columns, LogisticRegression(max_iter=300))


def main(folder: Path) -> None:
    held = np.load(folder / "rows.npz")
    table, target = held["table"], held["target"]
    found = {"scikit-learn": sklearn.__version__, "coremltools": coremltools.__version__}
    for name, estimator in estimators():
        estimator.fit(table, target)
        begun = time.process_time()
        try:
            model = coremltools.converters.sklearn.convert(
                estimator, [f"n{at}" for at in range(table.shape[1])], "label"
            )
        except Exception as error:  # whatever it raises is its answer
            found[name] = {"refused": (str(error) or type(error).__name__).splitlines()[0][:90]}
            continue
        seconds = time.process_time() - begun
        file = f"{len(found)}.mlmodel"
        (folder / file).write_bytes(model.get_spec().SerializeToString())
        answers = estimator.predict(held["asked"])
        shares = (
            estimator.predict_proba(held["asked"]).tolist()
            if hasattr(estimator, "predict_proba")
            else None
        )
        found[name] = {
            "seconds": seconds, "file": file, "answers": answers.tolist(), "shares": shares,
        }  # fmt: skip
    (folder / "found.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
