"""Smaller weights of ML Programs, by coremltools.optimize: fewer bits for each number, on request.

It changes answers, and asks for iOS 16. What it costs is for evidence to tell.
"""

import contextlib
import io
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from lastmile.errors import NotExportable
from lastmile.exporting.coreml.ending import Lowered
from lastmile.exporting.coreml.lowering import Need, with_weight_file
from lastmile.exporting.coreml.reference.program import unsupported_operations
from lastmile.exporting.coreml.schema import coremltools, quiet
from lastmile.exporting.coreml.view import TARGET

_LEAST = 64
"""Tensors of fewer numbers are kept as they are."""


def _linear(cto: Any, model: Any) -> Any:
    each = cto.OpLinearQuantizerConfig(mode="linear_symmetric", weight_threshold=_LEAST)
    return cto.linear_quantize_weights(model, cto.OptimizationConfig(global_config=each))


def _palettes(bits: int) -> Callable[[Any, Any], Any]:
    def compress(cto: Any, model: Any) -> Any:
        each = cto.OpPalettizerConfig(mode="kmeans", nbits=bits, weight_threshold=_LEAST)
        return cto.palettize_weights(model, cto.OptimizationConfig(global_config=each))

    return compress


SCHEMES: Mapping[str, Callable[[Any, Any], Any]] = {
    "linear8": _linear,
    "palettize": _palettes(6),
    "palettize8": _palettes(8),
    "palettize4": _palettes(4),
}
"""`linear8`: whole numbers of 8 bits with a scale for each output. `palettize`: a table of 64
numbers for each tensor, else of 256 or 16."""


def compressed(lowered: Lowered, scheme: str) -> Lowered:
    """The stages with the weights of their programs made smaller.

    Raises:
        NotExportable: there is nothing to make smaller, or what comes out cannot be evaluated here.
    """
    weights = dict(lowered.weights)
    needs = list(lowered.needs)
    for at, model in enumerate(lowered.pipeline.models):
        file = f"{at}-weight.bin"
        if file not in weights:
            continue
        smaller, content = _compressed(model, weights[file], scheme)
        if len(content) >= len(weights[file]):
            continue
        unknown = unsupported_operations(smaller)
        if unknown:
            raise _refusal(scheme, f"{unknown}, which is not evaluated here")
        with_weight_file(smaller, file)
        model.CopyFrom(smaller)
        weights[file] = content
        needs.append(
            Need(
                stage=lowered.pipeline.names[at],
                version=int(model.specificationVersion),
                why=f"its weights are to be {scheme}",
            )
        )
    if len(needs) == len(lowered.needs):
        raise _refusal(scheme, f"no tensor of {_LEAST} or more numbers would be smaller")
    return replace(lowered, weights=weights, needs=tuple(needs))


def _compressed(model: Any, content: bytes, scheme: str) -> tuple[Any, bytes]:
    """The program of a stage with smaller weights, and their file."""
    models = coremltools().models
    given = type(model)()
    given.CopyFrom(model)
    with_weight_file(given, "weight.bin")
    with tempfile.TemporaryDirectory() as folder, quiet():
        (Path(folder) / "weight.bin").write_bytes(content)
        cto = import_module("coremltools.optimize.coreml")
        with contextlib.redirect_stderr(io.StringIO()):
            loaded = models.MLModel(given, weights_dir=folder, skip_model_load=True)
            try:
                made = SCHEMES[scheme](cto, loaded)
            except ValueError as error:  # of a tensor with NaN in it, for one
                told = str(error).strip().splitlines()[0]
                raise _refusal(scheme, f"coremltools does not make them smaller: {told}") from error
        spec, file = made.get_spec(), Path(made.weights_dir, "weight.bin")
        return spec, file.read_bytes() if file.exists() else b""


def _refusal(scheme: str, reason: str) -> NotExportable:
    return NotExportable(
        f"weights = {scheme}", target=TARGET, reason=reason, fix="leave `weights` out"
    )
