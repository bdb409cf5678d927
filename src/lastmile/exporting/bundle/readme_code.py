"""The few lines of Kotlin and Swift that load a bundle's model, for its README."""

import json
from typing import Any

from lastmile.exporting.onnx.runtime import ONNXRUNTIME_BROKEN
from lastmile.exporting.signature import Column, Kind, Output, Signature

_ARRAY = "features"  # as `lastmile.exporting.coreml` calls the one input

KOTLIN_ARRAYS = {
    Kind.FLOAT: "arrayOf(floatArrayOf({}))",
    Kind.INT: "arrayOf(longArrayOf({}))",
    Kind.BOOL: "arrayOf(booleanArrayOf({}))",
    Kind.STRING: "arrayOf(arrayOf({}))",
}


def kotlin(signature: Signature, row: dict[str, Any], file: str, *, maps: bool = False) -> str:
    """Load and ask the ONNX graph with ONNX Runtime's Java interface.

    `maps` says whether probabilities are maps from class to number.
    """
    inputs = "\n".join(
        f"    {_text(column.identifier)} to OnnxTensor.createTensor(env, "
        f"{KOTLIN_ARRAYS[column.kind].format(_kotlin(row[column.name], column))}),"
        for column in signature.columns
    )
    broken = ", ".join(_text(release) for release in ONNXRUNTIME_BROKEN)
    more = "import ai.onnxruntime.OnnxMap\nimport ai.onnxruntime.OnnxSequence\n" if maps else ""
    return f"""{more}import ai.onnxruntime.OnnxTensor
import ai.onnxruntime.OrtEnvironment

// Once, and kept:
val env = OrtEnvironment.getEnvironment()
check(env.version !in setOf({broken})) {{ "this ONNX Runtime answers wrongly" }}
val session = env.createSession(context.assets.open({_text(file)}).use {{ it.readBytes() }})

// For each row:
val inputs = mapOf(
{inputs}
)
try {{
    session.run(inputs).use {{ answer ->
{_kotlin_answers(signature, maps=maps)}
    }}
}} finally {{
    inputs.values.forEach {{ it.close() }}
}}"""


def _kotlin_answers(signature: Signature, *, maps: bool) -> str:
    lines = []
    for output in signature.outputs:
        if maps and output.role == "probabilities":
            lines.append(
                f'        val {output.name} = ((answer.get("{output.name}").get() as OnnxSequence)'
                ".value[0] as OnnxMap).value"
            )
            continue
        inner = {"label": "Array<String>" if output.kind is Kind.STRING else "LongArray"}
        array = inner.get(output.name, "Array<FloatArray>")
        one = "[0][0]" if output.name == "value" and output.width == 1 else "[0]"
        lines.append(
            f'        val {output.name} = (answer.get("{output.name}").get().value as {array}){one}'
        )
    return "\n".join(lines)


def swift(
    signature: Signature, row: dict[str, Any], name: str, *, program: bool, vector: bool = False
) -> str:
    """Load and ask the Core ML package through the class that Xcode makes from it.

    An ML Program (`program`) is kept on the CPU: elsewhere Core ML may count in 16 bits. `vector`
    says whether all columns enter in one array.
    """
    before, inputs = (_swift_array if vector else _swift_columns)(signature, row)
    units = "configuration.computeUnits = .cpuOnly  // elsewhere it may count in 16 bits\n"
    answers = "\n".join(_swift_answer(output) for output in signature.outputs)
    return f"""import CoreML

// Once, and kept:
let configuration = MLModelConfiguration()
{units if program else ""}let model = try {name}(configuration: configuration)

// For each row (one call at a time):
{before}let answer = try model.prediction(
{inputs}
)
{answers}"""


def _swift_columns(signature: Signature, row: dict[str, Any]) -> tuple[str, str]:
    """Nothing that comes first, and an argument for each column."""
    return "", ",\n".join(
        f"    {column.identifier}: {_swift(row[column.name], column)}"
        for column in signature.columns
    )


def _swift_array(signature: Signature, row: dict[str, Any]) -> tuple[str, str]:
    """The array with the numbers of all columns, and the argument that is the array."""
    numbers = "\n".join(
        f"    {_swift(row[column.name], column)},  // {column.identifier}"
        for column in signature.columns
    )
    before = f"""let numbers: [Double] = [
{numbers}
]
let {_ARRAY} = try MLMultiArray(shape: [{len(signature.columns)}], dataType: .double)
for (place, number) in numbers.enumerated() {{ {_ARRAY}[place] = NSNumber(value: number) }}
"""
    return before, f"    {_ARRAY}: {_ARRAY}"


def _swift_answer(output: Output) -> str:
    if output.name == "label":
        return f"answer.label  // {'String' if output.kind is Kind.STRING else 'Int64'}"
    if output.name == "probabilities":
        first = output.classes[0]
        key = _text(first) if isinstance(first, str) else str(first)
        return f"answer.probabilities[{key}]  // Double?"
    return f"answer.{output.name}  // {'Double' if output.width == 1 else 'MLMultiArray'}"


def _kotlin(value: Any, column: Column) -> str:
    if column.kind is Kind.FLOAT:
        return "Float.NaN" if not isinstance(value, int | float) else f"{_digits(value)}f"
    if column.kind is Kind.INT:
        return f"{value}L"
    return _text(value).replace("$", "\\$") if column.kind is Kind.STRING else str(value).lower()


def _swift(value: Any, column: Column) -> str:
    if column.kind is Kind.FLOAT:
        return ".nan" if not isinstance(value, int | float) else _digits(value)
    if column.kind is Kind.STRING:
        return _text(value)
    return str(int(value))


def _digits(value: float) -> str:
    """A number with all its digits, and no more."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)


def _text(value: Any) -> str:
    """A literal with the escapes that Kotlin and Swift share."""
    return json.dumps(str(value), ensure_ascii=False)
