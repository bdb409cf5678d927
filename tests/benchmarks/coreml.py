"""Core ML: conversion, size and right answers beside coremltools; rows that the evaluator answers.

coremltools converts no scikit-learn newer than 1.5, so it gets an environment of its own, made once
by uv below `.venv`. Its files are asked through lastmile's evaluator, which is held to ONNX Runtime
by a second reading in the tests.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

os.environ.setdefault("OMP_NUM_THREADS", "1")

PINS = ("coremltools==9.0", "scikit-learn==1.5.1", "numpy<2", "scipy<1.14")
PLACE = Path(sys.prefix) / "coremltools-today"
ROWS = 10_000
SECONDS = 2.0
"""What the evaluator may take for so many rows, in processor time."""

TOLERANCE = 1e-5

Row = tuple[Any, ...]


def rows() -> Iterator[Row]:
    warnings.simplefilter("ignore")
    yield from beside_coremltools()
    yield from evaluator()


# --- beside coremltools --------------------------------------------------------------------------


def beside_coremltools() -> Iterator[Row]:
    from lastmile.exporting.coreml import to_coreml
    from lastmile.exporting.onnx import to_onnx

    chance = np.random.default_rng(0)
    table = chance.normal(size=(1600, 6)).astype(np.float32).astype(float)
    score = table[:, 0] * table[:, 1] + table[:, 2] + chance.normal(0, 0.5, len(table))
    target = np.digitize(score, [-0.7, 0.7])
    frame = pd.DataFrame(table, columns=[f"n{at}" for at in range(6)])
    with tempfile.TemporaryDirectory() as place:
        found = today(Path(place), table[:600], target[:600], table[600:])
        wrong: dict[str, str] = {}
        refused: dict[str, str] = {}
        for name, told in found.items():
            if not isinstance(told, dict):
                continue
            if "refused" in told:
                refused[name] = told["refused"]
                continue
            content = Path(place, told["file"]).read_bytes()
            apart = differing(content, frame[600:], told)
            if apart:
                wrong[name] = f"{apart} of 1,000 rows"
            estimator = ours_like(name).fit(frame[:600], target[:600])
            begun = time.process_time()
            package = to_coreml(to_onnx(estimator, frame[:600]), name="m")
            seconds = time.process_time() - begun
            yield f"{name}: conversion", seconds, told["seconds"], "s", "coremltools, unchecked"
            yield f"{name}: size", package.size / 1e3, len(content) / 1e3, "kB", "coremltools"
    told = [one for one in found.values() if isinstance(one, dict)]
    print(
        f"  coremltools {found['coremltools']} with scikit-learn {found['scikit-learn']}: of "
        f"{len(told)} estimators {len(refused)} refused, {len(wrong)} answered wrongly",
        file=sys.stderr,
    )
    for title, names in (("refused", refused), ("answers wrongly", wrong)):
        for name, why in names.items():
            print(f"    {title}: {name} ({why})", file=sys.stderr)


def today(place: Path, table: np.ndarray, target: np.ndarray, asked: np.ndarray) -> dict[str, Any]:
    """What coremltools makes of them, in its own environment."""
    python = PLACE / "bin" / "python"
    if not python.exists():
        uv = Path(sys.prefix) / "bin" / "uv"
        subprocess.run([uv, "venv", "-q", "--clear", "--python", "3.11", PLACE], check=True)
        subprocess.run([uv, "pip", "install", "-q", "--python", python, *PINS], check=True)
    np.savez(place / "rows.npz", table=table, target=target, asked=asked)
    script = Path(__file__).with_name("coreml_today.py")
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([python, script, place], check=True, capture_output=True, env=alone)
    found: dict[str, Any] = json.loads((place / "found.json").read_text())
    return found


def ours_like(name: str) -> Any:
    """The same estimator in the scikit-learn of today."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.svm import SVC
    from sklearn.tree import DecisionTreeClassifier

    made = {
        "linear regression": LinearRegression,
        "decision tree": lambda: DecisionTreeClassifier(random_state=0),
        "random forest": lambda: RandomForestClassifier(200, random_state=0),
        "support vectors": SVC,
    }
    return made.get(name, lambda: LogisticRegression(max_iter=300))()


def differing(content: bytes, frame: pd.DataFrame, told: dict[str, Any]) -> int:
    """Rows that the file answers otherwise than the estimator that it was made from."""
    from lastmile.exporting.coreml.reference import Dictionary, evaluate_model
    from lastmile.exporting.coreml.reference.files import Parts, parse
    from lastmile.exporting.coreml.reference.tables import columns_of

    model = parse(content, shown="coremltools' file")
    answers = evaluate_model(Parts(model=model, weights={}), columns_of(model, frame))
    apart = np.zeros(len(frame), dtype=bool)
    for answer in answers.values():
        if isinstance(answer, Dictionary):
            if told["shares"] is not None:
                off = np.abs(answer.columns(sorted(answer.keys)) - np.array(told["shares"]))
                apart |= (off > TOLERANCE).any(axis=1)
        else:
            wanted = np.array(told["answers"], dtype=float)
            size = np.maximum(np.abs(wanted), 1.0)
            apart |= np.abs(np.asarray(answer, dtype=float) - wanted) > TOLERANCE * size
    return int(apart.sum())


# --- the evaluator -------------------------------------------------------------------------------


def evaluator() -> Iterator[Row]:
    """10,000 raw rows by each estimator behind a ColumnTransformer, with all checks."""
    from lastmile.errors import LastmileError
    from lastmile.exporting.coreml import to_coreml
    from lastmile.exporting.onnx import to_onnx

    frame, goal = columns(4000, seed=1)
    asked, _ = columns(ROWS, seed=2)
    for name, estimator in behind_columns():
        estimator.fit(frame, goal)
        try:
            package = to_coreml(to_onnx(estimator, frame), name="m")
        except LastmileError as error:
            print(f"  {name}: {error.what}", file=sys.stderr)
            continue
        package.run(asked[:100])
        begun = time.process_time()
        answers = package.run(asked)
        seconds = time.process_time() - begun
        wrong = int((answers["label"] != estimator.predict(asked)).sum())
        print(f"  {name}: {wrong} of {ROWS:,} labels differ", file=sys.stderr)
        yield f"{name}: {ROWS:,} rows", seconds, SECONDS, "s", "the time allowed", ">= 1"


def columns(rows: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Raw columns that 32 bits hold exactly, and a goal that depends on some of them."""
    chance = np.random.default_rng(seed)
    numbers = chance.normal(size=(rows, 8)).astype(np.float32).astype(float)
    frame = pd.DataFrame(numbers, columns=[f"n{at}" for at in range(8)])
    frame["c"], frame["d"] = chance.choice(list("abcdef"), rows), chance.choice(list("uvwx"), rows)
    score = numbers[:, 0] * numbers[:, 1] + numbers[:, 2] + (frame.c == "a")
    return frame, (score + chance.normal(0, 0.5, rows) > 0).astype(int)


def behind_columns() -> Iterator[tuple[str, Any]]:
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
    from sklearn.svm import SVC

    for name, estimator in (
        ("logistic regression", LogisticRegression(max_iter=300)),
        ("histogram boosting, 300 iterations", HistGradientBoostingClassifier(max_iter=300)),
        ("random forest, 200 deep trees", RandomForestClassifier(200, random_state=0)),
        ("network", MLPClassifier((64, 32), max_iter=20, random_state=0)),
        ("support vectors", SVC()),
    ):
        hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
        numbers = [f"n{at}" for at in range(8)]
        yield (
            name,
            make_pipeline(
                make_column_transformer((StandardScaler(), numbers), (hot, ["c", "d"])), estimator
            ),
        )
