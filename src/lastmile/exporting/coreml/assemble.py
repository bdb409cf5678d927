"""The outer model: its interface in the words of the signature, and its metadata."""

from collections.abc import Mapping
from typing import Any

from lastmile.errors import NotExportable
from lastmile.exporting.coreml.ending import Lowered, is_classifier
from lastmile.exporting.coreml.features import Feature, describe
from lastmile.exporting.coreml.schema import new_model
from lastmile.exporting.coreml.view import TARGET
from lastmile.exporting.signature import Column, Kind, Output, Signature, Task


def assemble(
    lowered: Lowered, signature: Signature, *, name: str, metadata: Mapping[str, str]
) -> Any:
    """The `Model` message of a pipeline, classifier or regressor around the stages.

    The specification version is the highest of the stages' (source: coremltools' `make_pipeline`).

    Raises:
        NotExportable: a raw column has the name of an output.
    """
    outputs = {feature.name for feature in lowered.outputs}
    for feature in lowered.inputs:
        if feature.name in outputs:
            raise NotExportable(
                f"the column `{feature.name}`",
                target=TARGET,
                reason=f"its name `{feature.name}` is that of an output",
            )
    stages = lowered.pipeline
    model = new_model(max(one.specificationVersion for one in stages.models))
    pipeline = _inner(model, lowered, signature)
    pipeline.models.extend(stages.models)
    pipeline.names.extend(stages.names)
    told = notes(lowered.inputs, signature)
    by_name = {one.name: text for one, text in zip(lowered.inputs, told, strict=True)}
    by_name |= {one.name: _output_note(one, signature) for one in lowered.outputs}
    describe(model, lowered.inputs, lowered.outputs, by_name)
    _tell(model, name, metadata)
    return model


def _inner(model: Any, lowered: Lowered, signature: Signature) -> Any:
    """The `Pipeline` message inside, of the kind that the outputs allow."""
    if is_classifier(signature):
        return model.pipelineClassifier.pipeline
    only = lowered.outputs[0]
    if signature.task is Task.REGRESS and len(lowered.outputs) == 1 and not only.form.is_array:
        return model.pipelineRegressor.pipeline
    return model.pipeline


def notes(inputs: tuple[Feature, ...], signature: Signature) -> list[str]:
    """What a person reads beside the inputs in Xcode: of an array, its columns in order."""
    if len(inputs) == 1 and inputs[0].form.is_array:
        columns = ", ".join(column.identifier for column in signature.columns)
        return [f"{len(signature.columns)} numbers: {columns}"[:_LONGEST]]
    return [note(column) for column in signature.columns]


_LONGEST = 2000


def note(column: Column) -> str:
    """What a person reads beside an input in Xcode: help, unit, and which values may be sent."""
    unit = f"in {column.unit}" if column.unit else ""
    known = f"known values only: {', '.join(map(str, column.known))}" if column.closed else ""
    texts = (column.help or column.name, unit, _missing_note(column), known)
    return "; ".join(text for text in texts if text)[:_LONGEST]


def _missing_note(column: Column) -> str:
    if column.kind is Kind.BOOL:
        return "0 or 1"
    if column.missing is None:
        return "required"
    return {
        Kind.FLOAT: "a missing number is NaN",
        Kind.STRING: "a missing text is empty",
    }.get(column.kind, f"a missing one is {column.missing}")


def _output_note(feature: Feature, signature: Signature) -> str:
    """What a person reads beside an output in Xcode."""
    output = signature.output(feature.name) or Output(name=feature.name, kind=Kind.FLOAT)
    if output.role == "label":
        return {
            Task.CLUSTER: "the number of the cluster",
            Task.DETECT: "1 for a usual row, -1 for an outlier",
        }.get(signature.task, f"the class, one of {', '.join(map(str, output.classes))}")
    if output.role == "probabilities":
        return "the probability of each class"
    if output.role == "score":
        return "what the decision is made by"
    return "the prediction" if signature.task is Task.REGRESS else "the transformed row"


def _tell(model: Any, name: str, metadata: Mapping[str, str]) -> None:
    """Write the metadata."""
    meta = model.description.metadata
    texts = (metadata.get("title", ""), metadata.get("description", ""))
    meta.shortDescription = ". ".join(text.rstrip(".") for text in texts if text) or name
    meta.author = metadata.get("author", "")
    meta.license = metadata.get("license", "")
    meta.versionString = metadata.get("version", "")
    meta.userDefined["lastmile.name"] = name
