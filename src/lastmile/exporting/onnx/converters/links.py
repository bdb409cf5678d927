"""From the sums of boosted trees to what is answered."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from lastmile.exporting.onnx.answer import Answer
from lastmile.exporting.onnx.converters.scores import argmax, sigmoid_shares, softmax
from lastmile.exporting.onnx.nodes import Nodes, Parts
from lastmile.exporting.onnx.precise import log1p
from lastmile.exporting.onnx.trees import Forest, classifier, cut, margins, regressor
from lastmile.exporting.onnx.writer import Writer

Link = Callable[[Nodes, str], str]
"""Writes the inverse of a link function."""


def same(_: Nodes, x: str) -> str:
    """What the trees add up to is the answer."""
    return x


def exponential(nodes: Nodes, x: str) -> str:
    """Of counts and amounts, trees add up to the logarithm."""
    return nodes("Exp", x)


def logistic(nodes: Nodes, x: str) -> str:
    """Of shares, trees add up to the logit."""
    return nodes("Sigmoid", x)


def log_of_odds(nodes: Nodes, x: str) -> str:
    """log(1 + exp(x)), without losing small or overflowing large numbers."""
    fading = nodes("Exp", nodes("Neg", nodes("Abs", x)))
    return nodes("Add", nodes("Max", x, np.float32(0)), log1p(nodes, fading))


def signed_square(nodes: Nodes, x: str) -> str:
    """The square, with the sign of x: trees were grown on square roots."""
    return nodes("Mul", x, nodes("Abs", x))


def classified(
    writer: Writer,
    classes: tuple[str | int, ...],
    forest: Forest,
    parts: Parts,
    *,
    factor: float = 1.0,
    rounded: bool = False,
) -> Answer:
    """The logistic function, or softmax, of `factor` times the sums.

    rounded: whether the label is that of the largest probability in 32 bits, not of the largest
    sum.
    """
    x, moved = cut(writer, forest, parts)
    post = "LOGISTIC" if len(classes) == 2 else "SOFTMAX"
    label, shares, score = margins(writer, x, moved, classes, post=post)
    if factor != 1:
        scaled = replace(moved, value=moved.value * factor, base=moved.base * factor)
        label, shares = classifier(writer, x, scaled, classes, post=post)
    return Answer(
        label="" if rounded else label,
        index=argmax(writer, shares),
        classes=classes,
        probabilities=shares,
        score=score,
    )


def one_by_one(
    writer: Writer, classes: tuple[str | int, ...], forest: Forest, parts: Parts, *, factor: float
) -> Answer:
    """The logistic function of `factor` times each class's own sum; shares do not add up to 1."""
    x, moved = cut(writer, forest, parts)
    score = regressor(writer, x, moved, len(forest.base))
    shares = writer("Sigmoid", writer("Mul", score, np.float32(factor)))
    return Answer(index=argmax(writer, shares), classes=classes, probabilities=shares, score=score)


def of_scores(writer: Writer, classes: tuple[str | int, ...], score: str) -> Answer:
    """The logistic function of one score [N, 1], or the softmax of a score for each class."""
    shares = softmax(writer, score) if len(classes) > 2 else sigmoid_shares(writer, score, 2)
    return Answer(index=argmax(writer, shares), classes=classes, probabilities=shares, score=score)
