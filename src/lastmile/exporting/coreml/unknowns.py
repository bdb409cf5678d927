"""What only a device can tell about a model: the open questions that this very model depends on.

Each question is a sentence with the test that says whether a model raises it. They come from what
Apple's documents leave open; one run on a device closes each for good.
"""

from collections.abc import Callable, Iterator
from typing import Any

from lastmile.exporting.coreml.check import stages_of


def unknowns_of(spec: Any) -> tuple[str, ...]:
    """The open questions of a model, one sentence each."""
    stages = list(_leaves(spec))
    return tuple(sentence for sentence, asks in QUESTIONS.items() if asks(stages))


def _leaves(model: Any) -> Iterator[Any]:
    inner = stages_of(model)
    if not inner:
        yield model
    for stage in inner:
        yield from _leaves(stage)


def _kind(stage: Any) -> str:
    return str(stage.WhichOneof("Type"))


def _any(asks: Callable[[Any], bool]) -> Callable[[list[Any]], bool]:
    return lambda stages: any(asks(stage) for stage in stages)


def _replaces_nan(stage: Any) -> bool:
    return _kind(stage) == "imputer" and bool(stage.imputer.HasField("replaceDoubleValue"))


def _knows_empty(stage: Any) -> bool:
    if _kind(stage) == "oneHotEncoder":
        return "" in stage.oneHotEncoder.stringCategories.vector
    if _kind(stage) == "categoricalMapping":
        return "" in stage.categoricalMapping.stringToInt64Map.map
    return False


def _trees(stage: Any) -> Any:
    kind = _kind(stage)
    return getattr(stage, kind).treeEnsemble.nodes if kind.startswith("treeEnsemble") else ()


def _votes(stage: Any) -> bool:
    return _kind(stage) == "treeEnsembleClassifier" and (
        stage.treeEnsembleClassifier.postEvaluationTransform == 0
    )


def _routes_nan(stages: list[Any]) -> bool:
    """Whether a raw number reaches trees that know missing values without an imputer between."""
    made = {one.name for stage in stages for one in stage.description.output}
    raw = any(
        one.name not in made and one.type.WhichOneof("Type") == "doubleType"
        for stage in stages
        if not _replaces_nan(stage)
        for one in stage.description.input
    )
    return raw and any(
        node.missingValueTracksTrueChild for stage in stages for node in _trees(stage)
    )


def _narrows(stages: list[Any]) -> bool:
    return len({_kind(stage) == "mlProgram" for stage in stages}) == 2


QUESTIONS: dict[str, Callable[[list[Any]], bool]] = {
    "A missing number is replaced because it is NaN; that the runtime recognises NaN in a single "
    "number is documented, not observed.": _any(_replaces_nan),
    "The empty text is a category of its own; that the runtime looks it up like any other text is "
    "not documented.": _any(_knows_empty),
    "When two classes have exactly the same share of the trees the first is expected; the order is "
    "not documented.": _any(_votes),
    "What the trees add is expected to be summed in 64-bit floats; the precision is not "
    "documented, and matters where classes nearly tie.": _any(
        lambda stage: len({node.treeId for node in _trees(stage)}) > 1
    ),
    "Missing numbers are routed by the trees themselves; that NaN counts as missing is seen in "
    "production, not documented.": _routes_nan,
    "A row of zeros is expected to stay as it is when it is divided by its norm; this is not "
    "documented.": _any(lambda stage: _kind(stage) == "normalizer"),
    "Arrays declared FLOAT32 stand between Core ML's classic stages and an ML Program; that the "
    "runtime takes them, and rounds to 32 bits there, is not documented.": _narrows,
    "The ML Program is compared as it runs on the processor (computeUnits = cpuOnly); on the GPU "
    "and the neural engine other roundings, and NaN, are not documented.": _any(
        lambda stage: _kind(stage) == "mlProgram"
    ),
}
"""Sentence -> whether a model of these stages raises the question."""
