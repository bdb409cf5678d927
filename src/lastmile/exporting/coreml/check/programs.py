"""ML Programs: a function, arrays that a program takes, weights that stay in the package."""

from collections.abc import Iterator
from typing import Any

from lastmile.exporting.coreml.check.fault import Rule, type_of

_KINDS = ("mlProgram",)
_WEIGHTS = "@model_path/weights/"
_FLOAT32, _INT32, _FLOAT16, _INT8 = 65568, 131104, 65552, 131080


def main(model: Any) -> Iterator[str]:
    """It has the function `main`, with a body for the operation set that it names."""
    functions = model.mlProgram.functions
    if "main" not in functions:
        yield "it has no function `main`"
    elif functions["main"].opset not in functions["main"].block_specializations:
        yield "the function `main` has no body"


def blocks_of(model: Any) -> Iterator[Any]:
    """The bodies of the function `main` that are used."""
    functions = model.mlProgram.functions
    if "main" in functions:
        main_ = functions["main"]
        if main_.opset in main_.block_specializations:
            yield main_.block_specializations[main_.opset]


def arrays(model: Any) -> Iterator[str]:
    """A program takes and gives arrays of 32 or 16 bits, or images; no numbers and no texts."""
    described = model.description
    label = {described.predictedFeatureName, described.predictedProbabilitiesName} - {""}
    for one in (*described.input, *described.output):
        if one.name in label:
            continue
        kind, element = type_of(one), one.type.multiArrayType.dataType
        if kind == "multiArrayType" and element not in (_FLOAT32, _INT32, _FLOAT16, _INT8):
            yield f"`{one.name}` is an array of a type that a program does not take"
        elif kind not in ("multiArrayType", "imageType", "stateType"):
            yield f"`{one.name}` is of the type {kind}, which a program does not take"


def ends(model: Any) -> Iterator[str]:
    """The function has the inputs and outputs that are declared."""
    functions = model.mlProgram.functions
    for block in blocks_of(model):
        for name in {one.name for one in model.description.input} - {
            one.name for one in functions["main"].inputs
        }:
            yield f"the function has no input `{name}`"
        for name in {one.name for one in model.description.output} - set(block.outputs):
            yield f"the function gives no `{name}`"


def order(model: Any) -> Iterator[str]:
    """Every operation reads what was made before it, and makes names of its own."""
    for block in blocks_of(model):
        known = {one.name for one in model.mlProgram.functions["main"].inputs}
        for operation in block.operations:
            for argument in operation.inputs.values():
                for one in argument.arguments:
                    if one.WhichOneof("binding") == "name" and one.name not in known:
                        yield f"`{operation.type}` reads `{one.name}` before it is made"
            made = {one.name for one in operation.outputs}
            for name in made & known:
                yield f"two values are called `{name}`"
            known |= made


def weights(model: Any) -> Iterator[str]:
    """Weight files lie in the package's own folder of weights."""
    for block in blocks_of(model):
        for operation in block.operations:
            for value in operation.attributes.values():
                name = value.blobFileValue.fileName
                if value.WhichOneof("value") == "blobFileValue" and not inside(name):
                    yield f"its weights are read from `{name[:80]}`"


def inside(name: str) -> bool:
    """Whether a weight file's name leads to a file right in the folder of weights."""
    plain = name.removeprefix(_WEIGHTS)
    return plain != name and plain not in ("", ".", "..") and "/" not in plain and "\0" not in plain


RULES = (
    Rule("main", main, "MIL.proto", _KINDS),
    Rule("arrays", arrays, "coremltools: ML Program interface validator", _KINDS),
    Rule("ends", ends, "MIL.proto; the body is not validated", _KINDS),
    Rule("order", order, "MIL.proto; the body is not validated", _KINDS),
    Rule("weights", weights, "MIL.proto: weights stand beside the model", _KINDS),
)  # fmt: skip
