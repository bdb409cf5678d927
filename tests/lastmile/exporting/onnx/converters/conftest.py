"""One question for every converter: does the graph answer as scikit-learn does?"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lastmile.exporting.evidence import Tolerances, gather_evidence
from lastmile.exporting.onnx import Graph, to_onnx
from lastmile.exporting.onnx.options import Options


@pytest.fixture(scope="session")
def numbers() -> pd.DataFrame:
    """300 rows of four columns of numbers that 32 bits hold exactly, of very different sizes."""
    rng = np.random.default_rng(7)
    columns = {
        "small": rng.normal(size=300),
        "shifted": rng.normal(101_325, 800, size=300),
        "positive": rng.gamma(2.0, 3.0, size=300),
        "mixed": rng.normal(size=300) + rng.integers(0, 3, 300),
    }
    return pd.DataFrame(columns).astype(np.float32).astype(np.float64)


@pytest.fixture(scope="session")
def wanted(numbers: pd.DataFrame) -> dict[str, Any]:
    """What to predict from `numbers`: two texts, three whole numbers, a number, two numbers."""
    noise = np.random.default_rng(8).normal(size=len(numbers))
    score = numbers["small"] + (numbers["shifted"] - 101_325) / 800 + 0.3 * noise
    return {
        "two": np.where(score > 0, "tak", "nie"),
        "three": np.digitize(score, [-0.7, 0.7]) * 10,
        "number": (score * 10 + 100).to_numpy(),
        "numbers": np.column_stack([score, numbers["mixed"] - score]),
        "labels": np.column_stack([score > 0, numbers["mixed"] > 1]).astype(int),
    }


@pytest.fixture
def agrees() -> Callable[..., Graph]:
    """Convert a fitted estimator and demand that no set of rows tells it from scikit-learn."""

    def check(estimator: Any, rows: pd.DataFrame, **options: Any) -> Graph:
        tolerance = options.pop("tolerance", Tolerances())
        graph = to_onnx(estimator, rows, options=Options(**options))
        evidence = gather_evidence(estimator, graph.signature, graph, None, rows, tolerance)
        assert evidence.reasons == ()
        return graph

    return check
