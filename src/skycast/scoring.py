"""How good forecast chances were, as four numbers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def score(happened: NDArray[Any], chance: NDArray[Any]) -> dict[str, float]:
    """The scores of forecast chances. `happened`: [N] bool, `chance`: [N] f64 of 0..1.

    `log_loss` is the mean of -ln of the chance given to what came, in nats; `brier` the mean
    squared error of the chance (Brier 1950); `roc_auc` the share of pairs of a wet and a dry day
    in which the wet one had the higher chance, ties counting half; `accuracy` the share of days
    forecast rightly if a chance above 0.5 means rain. The first two are better when lower.
    """
    from sklearn.metrics import roc_auc_score

    given = np.clip(np.where(happened, chance, 1 - chance), 1e-15, 1)
    return {
        "log_loss": float(-np.log(given).mean()),
        "brier": float(((chance - happened) ** 2).mean()),
        "roc_auc": float(roc_auc_score(happened, chance)),
        "accuracy": float(((chance > 0.5) == happened).mean()),
    }
