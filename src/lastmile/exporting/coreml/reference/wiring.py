"""Models, pipelines, and the values that flow between them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from lastmile.errors import PackageBroken
from lastmile.exporting.coreml.check import structure_faults
from lastmile.exporting.coreml.reference.files import Parts
from lastmile.exporting.coreml.reference.program import run_program, unsupported_operations
from lastmile.exporting.coreml.reference.stages import STAGES
from lastmile.exporting.coreml.reference.values import Malformed, conform, need

_PIPELINES = {
    "pipeline": lambda model: model.pipeline,
    "pipelineClassifier": lambda model: model.pipelineClassifier.pipeline,
    "pipelineRegressor": lambda model: model.pipelineRegressor.pipeline,
}

_SLIPS = (ArithmeticError, IndexError, KeyError, TypeError, ValueError, MemoryError, RecursionError)


def evaluate_model(parts: Parts, columns: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The outputs of a model for all rows.

    Raises:
        PackageBroken: the model contradicts itself, is of another kind, or does not fit the rows.
    """
    try:
        faults = structure_faults(parts.model)
        need(not faults, "; ".join(str(fault) for fault in faults[:3]))
        with np.errstate(all="ignore"):
            return run(parts.model, columns, parts.weights)
    except Malformed as error:
        raise PackageBroken("the Core ML model", str(error)) from error
    except _SLIPS as error:  # a damaged model may contradict itself in ways that no rule foresees
        raise PackageBroken("the Core ML model", f"it is damaged ({error})") from error


def supported(model: Any) -> str:
    """Why a model cannot be evaluated here, or nothing where it can."""
    kind = str(model.WhichOneof("Type"))
    if kind in _PIPELINES:
        reasons = (supported(stage) for stage in _PIPELINES[kind](model).models)
        return next((reason for reason in reasons if reason), "")
    if kind == "mlProgram":
        return unsupported_operations(model)
    return "" if kind in STAGES else f"models of the kind {kind} are not supported"


def run(model: Any, values: Mapping[str, Any], weights: Mapping[str, bytes]) -> dict[str, Any]:
    """One model of any kind: inputs checked and rounded as declared, then outputs likewise."""
    kind = model.WhichOneof("Type")
    inputs = {}
    for declared in model.description.input:
        need(declared.name in values, f"there is no value for the input `{declared.name}`")
        inputs[declared.name] = conform(declared, values[declared.name])
    if kind in _PIPELINES:
        made = _run_stages(_PIPELINES[kind](model).models, inputs, weights)
    elif kind == "mlProgram":
        made = run_program(model, inputs, weights)
    else:
        need(kind in STAGES, supported(model))
        made = STAGES[kind](model, inputs)
    outputs = {}
    for declared in model.description.output:
        need(declared.name in made, f"nothing gives the output `{declared.name}`")
        outputs[declared.name] = conform(declared, made[declared.name])
    return outputs


def _run_stages(
    models: Any, inputs: dict[str, Any], weights: Mapping[str, bytes]
) -> dict[str, Any]:
    """The stages in order; each output takes its name's place among the values."""
    values = dict(inputs)
    for model in models:
        values.update(run(model, values, weights))
    return values
