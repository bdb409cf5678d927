"""What only a device can tell about a model: the open questions that this very model depends on.

    depends  which models depend on a question
    rows     which raw rows put it to a model

Each question is a row of :data:`QUESTIONS`. They come from what Apple's documents leave open; one
run on a device closes each for good.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lastmile.exporting.coreml.unknowns import depends, rows

__all__ = ["QUESTIONS", "Unknown", "questions_of", "unknowns_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A question that only a device can answer.

    depends: whether a model of these stages depends on it. puts: [N] bool, which raw rows, with
    the answers to them, put the question to the model; every row where a row alone does not say.
    """

    name: str
    question: str
    depends: depends.Depends
    puts: rows.Puts = rows.every


def questions_of(spec: Any) -> tuple[Unknown, ...]:
    """The open questions that a model depends on, in the order of the table."""
    stages: list[Any] = list(depends.leaves(spec))
    return tuple(one for one in QUESTIONS if one.depends(stages))


def unknowns_of(spec: Any) -> tuple[str, ...]:
    """The open questions of a model, one sentence each."""
    return tuple(one.question for one in questions_of(spec))


def _of_columns() -> Iterator[Unknown]:
    any_stage, of_kind = depends.any_stage, depends.of_kind
    yield Unknown(
        name="missing-number",
        question="A missing number is replaced because it is NaN; that the runtime recognises NaN "
        "in a single number is documented, not observed.",
        depends=any_stage(depends.replaces_nan),
        puts=rows.missing_number,
    )
    yield Unknown(
        name="missing-number-in-trees",
        question="Missing numbers are routed by the trees themselves; that NaN counts as missing "
        "is documented by coremltools and seen in production, not observed.",
        depends=depends.routes_nan,
        puts=rows.missing_number,
    )
    yield Unknown(
        name="missing-category",
        question="A missing or unknown category is NaN to the trees; an imputer puts it in for a "
        "number that no category has, which is how imputers are documented, not observed for NaN.",
        depends=any_stage(depends.puts_nan),
        puts=rows.missing_text,
    )
    yield Unknown(
        name="empty-text",
        question="The empty text is a category of its own; that the runtime looks it up like any "
        "other text is not documented.",
        depends=any_stage(depends.knows_empty),
        puts=rows.missing_text,
    )
    yield Unknown(
        name="zero-norm",
        question="A row of zeros is expected to stay as it is when it is divided by its norm; this "
        "is not documented.",
        depends=of_kind("normalizer"),
        puts=rows.zeros,
    )
    yield Unknown(
        name="large-whole-number",
        question="A whole number beyond 2^24 is expected to reach the stages in 64 bits; where one "
        "of them narrows it to 32 its last digits are lost.",
        depends=depends.whole_into_floats,
        puts=rows.beyond_32_bits,
    )


def _of_trees() -> Iterator[Unknown]:
    any_stage = depends.any_stage
    yield Unknown(
        name="equal-classes",
        question="When two classes have exactly the same share of the trees the first is expected; "
        "the order is not documented.",
        depends=any_stage(depends.votes),
        puts=rows.tie,
    )
    yield Unknown(
        name="several-sums",
        question="Trees that give several numbers give them as an array; Apple's validator takes "
        "that, but none of Apple's own builders writes it.",
        depends=any_stage(depends.adds_several),
    )
    yield Unknown(
        name="sum-of-trees",
        question="What the trees add is expected to be summed in 64-bit floats; the precision is "
        "not documented, and matters where classes nearly tie.",
        depends=any_stage(depends.sums),
        puts=rows.near_tie,
    )


def _of_programs() -> Iterator[Unknown]:
    any_stage, of_kind = depends.any_stage, depends.of_kind
    yield Unknown(
        name="missing-number-in-program",
        question="A missing number may enter an ML Program as NaN; that every processor finds NaN "
        "unequal to itself is expected, not documented.",
        depends=depends.nan_in_program,
        puts=rows.missing_number,
    )
    yield Unknown(
        name="float32-array",
        question="Arrays declared FLOAT32 stand between Core ML's classic stages and an ML "
        "Program; that the runtime takes them, and rounds to 32 bits there, is not documented.",
        depends=depends.narrows,
    )
    yield Unknown(
        name="processor",
        question="The ML Program is compared as it runs on the processor (computeUnits = cpuOnly); "
        "on the GPU and the neural engine other roundings, and NaN, are not documented.",
        depends=of_kind("mlProgram"),
    )
    yield Unknown(
        name="small-weights",
        question="Numbers of 16 bits or fewer are widened as coremltools does it; on the neural "
        "engine they may be computed with as they are.",
        depends=any_stage(depends.squeezed),
    )
    yield Unknown(
        name="last-digit",
        question="Powers of e and logarithms may differ in the last digit from those of this "
        "machine; that decides only where classes nearly tie.",
        depends=any_stage(depends.curved),
        puts=rows.near_tie,
    )


def _of_close_numbers() -> Iterator[Unknown]:
    any_stage = depends.any_stage
    yield Unknown(
        name="equal-in-program",
        question="Where an ML Program looks for the largest or the smallest of equal numbers "
        "(classes, clusters, neighbours equally far) the first is expected; this is not "
        "documented.",
        depends=any_stage(depends.ranks),
        puts=rows.tie_if_known,
    )
    yield Unknown(
        name="order-of-sums",
        question="In which order an ML Program sums (products of matrices, distances) is not "
        "documented; other last digits decide only where classes, clusters or neighbours nearly "
        "tie.",
        depends=any_stage(depends.adds_up),
        puts=rows.near_tie,
    )


def _of_vectors() -> Iterator[Unknown]:
    yield Unknown(
        name="support-vector-label",
        question="A support vector machine with probabilities is expected to give the most "
        "probable class, as LIBSVM does; the winner of most comparisons may be another.",
        depends=depends.any_stage(depends.machine_with_chances),
        puts=rows.near_tie,
    )
    yield Unknown(
        name="equal-neighbours",
        question="Of neighbours equally far the first samples are expected to count; this is not "
        "documented.",
        depends=depends.of_kind("kNearestNeighborsClassifier"),
    )


QUESTIONS: tuple[Unknown, ...] = (
    *_of_columns(),
    *_of_trees(),
    *_of_programs(),
    *_of_close_numbers(),
    *_of_vectors(),
)
"""Every open question."""
