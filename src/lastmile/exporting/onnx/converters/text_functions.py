"""Functions of one column of texts: traced, as far as they only take it out of its table.

An imputer gives a table [N, 1], a vectorizer of words wants texts [N], so people put a function
between them. Here both are one column, and such a function changes nothing.
"""

from collections.abc import Callable
from typing import Any

import numpy as np


class TextsChanged(Exception):
    """The function does something else with texts; the message names it."""


class _Column(np.lib.mixins.NDArrayOperatorsMixin):
    """One column of texts that is not known yet."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        raise TextsChanged(f"np.{ufunc.__name__} on texts")

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Any:
        name = function.__name__
        if name not in ("ravel", "squeeze", "reshape"):
            raise TextsChanged(f"np.{name} on texts")
        return getattr(self, name)(*inputs[1:], **options)

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TextsChanged("the texts themselves")

    def __getattr__(self, name: str) -> Any:
        raise TextsChanged(f"`{name}` of texts")

    def __getitem__(self, key: Any) -> "_Column":
        rows, column = key if isinstance(key, tuple) and len(key) == 2 else (None, None)
        if rows == slice(None) and column in (0, -1, [0], slice(None)):
            return self
        raise TextsChanged(f"[{key!r}] of texts")

    __iter__ = None

    @property
    def iloc(self) -> "_Column":
        return self

    @property
    def values(self) -> "_Column":
        return self

    def ravel(self, *_: Any, **__: Any) -> "_Column":
        return self

    flatten = squeeze = to_numpy = copy = ravel

    def reshape(self, *shape: Any, **_: Any) -> "_Column":
        if np.ravel(shape).tolist() in ([-1], [-1, 1]):
            return self
        raise TextsChanged(f"a reshape of texts to {shape}")


def demand_flattening(function: Callable[..., Any], keywords: dict[str, Any]) -> None:
    """Raise `TextsChanged` unless a function takes a column of texts out of its table, no more."""
    if not isinstance(function(_Column(), **keywords), _Column):
        raise TextsChanged("texts, and gives none")
