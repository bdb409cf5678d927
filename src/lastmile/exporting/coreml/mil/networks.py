"""What networks are made of beside products and softmax: activations and normalizations."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from lastmile.exporting.claims import claims
from lastmile.exporting.coreml.view import Node


@claims("LeakyRelu", "ThresholdedRelu", "Elu", "Celu", "HardSigmoid", "Softplus", "Softsign")
def activation(mb: Any, node: Node, x: Any) -> Any:
    """A function of each element, with ONNX's own numbers where the node does not say."""
    return _ACTIVATIONS[node.op.type](mb, node, x)


def _elu(mb: Any, node: Node, x: Any) -> Any:
    return mb.elu(x=x, alpha=np.float32(node.attr("alpha", 1.0)))


def _celu(mb: Any, node: Node, x: Any) -> Any:
    alpha = np.float32(node.attr("alpha", 1.0))
    return mb.mul(x=mb.elu(x=mb.real_div(x=x, y=alpha), alpha=np.float32(1)), y=alpha)


def _hard(mb: Any, node: Node, x: Any) -> Any:
    steep, middle = np.float32(node.attr("alpha", 0.2)), np.float32(node.attr("beta", 0.5))
    line = mb.add(x=mb.mul(x=x, y=steep), y=middle)
    return mb.minimum(x=mb.maximum(x=line, y=np.float32(0)), y=np.float32(1))


def _threshold(mb: Any, node: Node, x: Any) -> Any:
    above = mb.greater(x=x, y=np.float32(node.attr("alpha", 1.0)))
    return mb.mul(x=x, y=mb.cast(x=above, dtype="fp32"))


_ACTIVATIONS: dict[str, Callable[[Any, Node, Any], Any]] = {
    "LeakyRelu": lambda mb, node, x: mb.leaky_relu(x=x, alpha=np.float32(node.attr("alpha", 0.01))),
    "ThresholdedRelu": _threshold,
    "Elu": _elu,
    "Celu": _celu,
    "HardSigmoid": _hard,
    "Softplus": lambda mb, node, x: mb.softplus(x=x),
    "Softsign": lambda mb, node, x: mb.softsign(x=x),
}


@claims("Selu", since=6)
def selu(mb: Any, node: Node, x: Any) -> Any:
    """Gamma times the exponential linear unit."""
    alpha = np.float32(node.attr("alpha", 1.6732632423543772))
    return mb.mul(x=mb.elu(x=x, alpha=alpha), y=np.float32(node.attr("gamma", 1.0507009873554805)))


@claims("PRelu", since=7)
def prelu(mb: Any, node: Node, x: Any, slope: Any) -> Any:
    """X where it is positive, else x times the slope."""
    negative = mb.mul(x=mb.minimum(x=x, y=np.float32(0)), y=slope)
    return mb.add(x=mb.maximum(x=x, y=np.float32(0)), y=negative)


@claims("Gelu", since=20)
def gelu(mb: Any, node: Node, x: Any) -> Any:
    """X times the share of a normal distribution below it, or the usual approximation by tanh."""
    mode = "TANH_APPROXIMATION" if node.attr("approximate", "none") == "tanh" else "EXACT"
    return mb.gelu(x=x, mode=mode)


@claims("BatchNormalization", since=7)
def batch_normalization(
    mb: Any, node: Node, x: Any, scale: Any, shift: Any, mean: Any, variance: Any
) -> Any:
    """(x - mean) / sqrt(variance + epsilon) * scale + shift, of axis 1; not while learning."""
    if node.attr("training_mode", 0):
        raise node.refuse("it is still learning")
    numbers = [scale, shift, mean, variance]
    if not all(isinstance(one, np.ndarray) for one in numbers):
        raise node.refuse("its numbers are computed from the row")
    scale, shift, mean, variance = (one.astype(np.float64) for one in numbers)
    factor = scale / np.sqrt(variance + node.attr("epsilon", 1e-5))
    shape = [1, -1, *(1 for _ in x.shape[2:])]
    line = [one.astype(np.float32).reshape(shape) for one in (factor, shift - mean * factor)]
    return mb.add(x=mb.mul(x=x, y=line[0]), y=line[1])


@claims("LayerNormalization", since=17)
def layer_normalization(mb: Any, node: Node, x: Any, scale: Any, shift: Any = None) -> Any:
    """Each row less its mean, divided by its standard deviation, then scaled and shifted."""
    rank = len(x.shape)
    axes = list(range(node.attr("axis", -1) % rank, rank))
    centred = mb.sub(x=x, y=mb.reduce_mean(x=x, axes=axes, keep_dims=True))
    square = mb.reduce_sum_square(x=centred, axes=axes, keep_dims=True)
    count = math.prod(x.shape[axis] for axis in axes)
    variance = mb.add(
        x=mb.mul(x=square, y=np.float32(1 / count)), y=np.float32(node.attr("epsilon", 1e-5))
    )
    scaled = mb.mul(x=mb.real_div(x=centred, y=mb.sqrt(x=variance)), y=scale)
    return scaled if shift is None else mb.add(x=scaled, y=shift)
