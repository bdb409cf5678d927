import pytest

from lastmile.exporting.bundle.readme_code import kotlin, swift
from lastmile.exporting.signature import Column, Kind, Output, Signature, Task


def column(kind: Kind) -> Column:
    return Column(name="x", identifier="x", kind=kind)


def signature(kind: Kind, *outputs: Output) -> Signature:
    return Signature(task=Task.REGRESS, columns=(column(kind),), outputs=outputs)


@pytest.mark.parametrize(
    ("kind", "value", "in_kotlin", "in_swift"),
    [
        pytest.param(Kind.FLOAT, 0.1, "floatArrayOf(0.1f)", "x: 0.1", id="float"),
        pytest.param(Kind.FLOAT, -5.0, "floatArrayOf(-5f)", "x: -5", id="whole float"),
        pytest.param(Kind.FLOAT, None, "floatArrayOf(Float.NaN)", "x: .nan", id="missing float"),
        pytest.param(Kind.INT, 7, "longArrayOf(7L)", "x: 7", id="int"),
        pytest.param(Kind.BOOL, True, "booleanArrayOf(true)", "x: 1", id="bool"),
        pytest.param(Kind.STRING, "ć", 'arrayOf("ć")', 'x: "ć"', id="text"),
        pytest.param(Kind.STRING, 'a"b\\c', r'arrayOf("a\"b\\c")', r'x: "a\"b\\c"', id="quotes"),
        pytest.param(Kind.STRING, "$x", r'arrayOf("\$x")', 'x: "$x"', id="a dollar"),
    ],
)
def test_a_value_is_written_as_the_language_writes_it(kind, value, in_kotlin, in_swift):
    assert in_kotlin in kotlin(signature(kind), {"x": value}, "M.onnx")
    assert in_swift in swift(signature(kind), {"x": value}, "M", program=False)


@pytest.mark.parametrize(
    ("output", "in_kotlin", "in_swift"),
    [
        pytest.param(
            Output(name="value", kind=Kind.FLOAT),
            "value as Array<FloatArray>)[0][0]",
            "answer.value  // Double",
            id="one number",
        ),
        pytest.param(
            Output(name="value", kind=Kind.FLOAT, width=2),
            "value as Array<FloatArray>)[0]\n",
            "answer.value  // MLMultiArray",
            id="two numbers",
        ),
        pytest.param(
            Output(name="label", kind=Kind.INT, classes=(0, 1)),
            "value as LongArray)[0]",
            "answer.label  // Int64",
            id="a whole-number label",
        ),
        pytest.param(
            Output(name="probabilities", kind=Kind.FLOAT, width=2, classes=(3, 4)),
            "value as Array<FloatArray>)[0]\n",
            "answer.probabilities[3]",
            id="probabilities of whole numbers",
        ),
    ],
)
def test_an_answer_is_read_as_the_language_gives_it(output, in_kotlin, in_swift):
    described = signature(Kind.FLOAT, output)
    assert in_kotlin in kotlin(described, {"x": 1.0}, "M.onnx")
    assert in_swift in swift(described, {"x": 1.0}, "M", program=False)


@pytest.mark.parametrize("program", [True, False])
def test_only_an_ml_program_is_kept_on_the_cpu(program):
    page = swift(signature(Kind.FLOAT), {"x": 1.0}, "M", program=program)
    assert ("computeUnits = .cpuOnly" in page) is program
