"""`python -m tests.faults.corrupted COUNT [SEED]`: Core ML files that nobody should have made.

Files of every kind are harmed, byte by byte and field by field, and models are drawn at random. The
checker must say something about each, the evaluator must answer or raise `PackageBroken`; neither
may crash, hang, or take more than bounded memory.
"""

import json
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tests.witness.zoo import ZOO, model_of

from lastmile.errors import LastmileError
from lastmile.exporting.coreml import check
from lastmile.exporting.coreml.reference import Dictionary, evaluate, evaluate_model, supported
from lastmile.exporting.coreml.reference.files import Parts, read_parts
from lastmile.exporting.coreml.schema import messages

MEMORY = 6 * 2**30
PATIENCE = 60
EDGES = {
    "int": [0, 1, -1, 2, 3, 7, 2**31 - 1, -(2**31), 2**31, 2**32 - 1, 2**53 + 1, 2**63 - 1,
            -(2**63), 2**64 - 1],
    "float": [0.0, -0.0, 1.0, -1.5, 1e-320, 1e38, 1e300, float("inf"), float("-inf"),
              float("nan")],
    "text": ["", "x", "y", "label", "a", "é", "../../etc/passwd", "@model_path/weights/../x", "\0",
             "x" * 5000],
}  # fmt: skip


def programs() -> Any:
    """A package with a program and weights, as lastmile makes them."""
    import pandas as pd
    from sklearn.compose import make_column_transformer
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from lastmile.exporting.coreml import to_coreml
    from lastmile.exporting.onnx import to_onnx

    rows = pd.DataFrame({"x": np.linspace(-1, 1, 60), "y": np.tile([1.0, 2.0, 4.0], 20)})
    network = MLPClassifier((16,), solver="lbfgs", max_iter=20, tol=1.0, random_state=0)
    columns = make_column_transformer((StandardScaler(), ["x", "y"]))
    fitted = make_pipeline(columns, network).fit(rows, np.digitize(rows.x, [-0.3, 0.4]))
    return to_coreml(to_onnx(fitted, rows), name="network")


def fields_of(message: Any, depth: int = 0) -> Iterator[tuple[Any, Any]]:
    """Every message inside a message, with each field that it has."""
    for field, value in message.ListFields():
        yield message, field
        if field.message_type is None or field.message_type.GetOptions().map_entry or depth > 12:
            continue
        repeated = not hasattr(value, "ListFields")
        for inner in list(value)[:20] if repeated else [value]:
            yield from fields_of(inner, depth + 1)


def drawn(field: Any, chance: random.Random) -> Any:
    """A value of the edge for a field that is no message."""
    kinds = {1: "float", 2: "float", 8: "int", 9: "text", 12: "text"}
    value = chance.choice(EDGES[kinds.get(field.type, "int")])
    return value.encode() if field.type == 12 else bool(value) if field.type == 8 else value


def harm_field(message: Any, chance: random.Random) -> None:
    """Change one field somewhere in a message: another value, one more, one fewer, or none."""
    owner, field = chance.choice(list(fields_of(message)))
    value = getattr(owner, field.name)
    try:
        if chance.random() < 0.2:
            owner.ClearField(field.name)
        elif hasattr(value, "append") and field.message_type is None:
            if len(value) and chance.random() < 0.7:
                value[chance.randrange(len(value))] = drawn(field, chance)
            else:
                value.append(drawn(field, chance))
        elif hasattr(value, "add"):
            at = chance.randrange(len(value))
            if chance.random() < 0.5:
                value.add().CopyFrom(value[at])
            else:
                del value[at]
        elif field.message_type is None:
            setattr(owner, field.name, drawn(field, chance))
    except (ValueError, TypeError, OverflowError):  # a value that the field cannot hold
        return


def harm_bytes(content: bytes, chance: random.Random) -> bytes:
    """Flip, cut, repeat, or overwrite some bytes."""
    held = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 8])):
        at = chance.randrange(max(len(held), 1))
        way = chance.randrange(5)
        if way == 0 and held:
            held[at] ^= 1 << chance.randrange(8)
        elif way == 1:
            del held[at : at + chance.choice([1, 4, 100, len(held)])]
        elif way == 2:
            held[at:at] = held[at : at + 40]
        elif way == 3:
            held[at : at + 4] = chance.randbytes(4)
        else:
            held[at:at] = b"\xff" * chance.choice([1, 9, 10])
    return bytes(held)


def harm_package(folder: Path, chance: random.Random) -> None:
    """Change one file of a package, or where its manifest points."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    way = chance.randrange(4)
    file = chance.choice(files)
    if way == 0:
        file.unlink()
    elif way == 1:
        text = json.loads((folder / "Manifest.json").read_text())
        entry = chance.choice(list(text["itemInfoEntries"].values()))
        entry["path"] = chance.choice(["../..", "/etc/passwd", "", ".", "nowhere", 7, None, "\0"])
        (folder / "Manifest.json").write_text(json.dumps(text))
    elif way == 2:
        file.unlink()
        file.symlink_to("/etc/hostname")
    else:
        file.write_bytes(harm_bytes(file.read_bytes(), chance))


def random_model(chance: random.Random) -> Any:
    """A model drawn from the message definitions, with inputs and outputs of some sense."""
    kinds = ["doubleType", "int64Type", "stringType", "double", "float32", "int64KeyType"]
    names = [("x", chance.choice(kinds)), ("y", chance.choice(kinds))]
    inputs, outputs = (
        [(name, kind, chance.randrange(1, 4) if kind in ("double", "float32") else 0)]
        for name, kind in names
    )
    model = model_of(inputs, outputs)
    model.specificationVersion = chance.choice([1, 4, 6, 9])
    kind = chance.choice([field.name for field in model.DESCRIPTOR.oneofs_by_name["Type"].fields])
    getattr(model, kind).SetInParent()
    _fill(getattr(model, kind), chance, 0)
    return model


def _fill(message: Any, chance: random.Random, depth: int) -> None:
    for field in message.DESCRIPTOR.fields:
        if chance.random() < 0.35 or depth > 5:
            continue
        value = getattr(message, field.name)
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            continue
        repeated = hasattr(value, "append") or hasattr(value, "add")
        try:
            for _ in range(chance.randrange(4) if repeated else 1):
                if field.message_type is None and repeated:
                    value.append(drawn(field, chance))
                elif field.message_type is None:
                    setattr(message, field.name, drawn(field, chance))
                else:
                    inner = value.add() if repeated else value
                    inner.SetInParent() if not repeated else None
                    _fill(inner, chance, depth + 1)
        except (ValueError, TypeError, OverflowError):
            continue


def rows_for(model: Any) -> dict[str, Any]:
    """Two rows for whatever a model declares."""
    rows: dict[str, Any] = {}
    for one in model.description.input:
        kind, array = one.type.WhichOneof("Type"), one.type.multiArrayType
        if kind == "stringType":
            rows[one.name] = np.array(["a", ""], dtype=object)
        elif kind == "int64Type":
            rows[one.name] = np.array([1, 2**40])
        elif kind == "dictionaryType":
            text = one.type.dictionaryType.WhichOneof("KeyType") == "stringKeyType"
            rows[one.name] = Dictionary(("a",) if text else (1,), np.array([[1.0], [np.nan]]))
        elif (
            kind == "multiArrayType" and 0 <= int(np.prod([float(s) for s in array.shape])) < 10**6
        ):
            if all(size >= 0 for size in array.shape):
                rows[one.name] = np.ones((2, *array.shape))
        else:
            rows[one.name] = np.array([0.5, np.nan])
    return rows


def ask(model: Any, rows: dict[str, Any], weights: dict[str, bytes]) -> str:
    """What came of a model: `answered`, or why not; anything else that is raised is a fault."""
    found = check(model)
    supported(model)
    try:
        evaluate_model(Parts(model=model, weights=weights), rows)
    except LastmileError as error:
        return f"refused: {error.code}"
    return "answered with faults" if found else "answered"


class Hangs(BaseException):
    """A case takes longer than anybody would wait; no handler of errors may swallow it."""


def _hangs(_number: int, _frame: Any) -> None:
    raise Hangs


def storm(count: int, seed: int, tell: Callable[[str], None] = print) -> Counter[str]:
    """Ask `count` harmed or drawn models; returns how many ended in which way."""
    package = programs()
    zoo = {name: make() for name, make in ZOO.items()}
    zoo["program"] = (package.spec, {"x": np.array([0.1, 0.2]), "y": np.array([1.0, np.nan])})
    outcomes: Counter[str] = Counter()
    before = signal.signal(signal.SIGALRM, _hangs)
    for number in range(count):
        chance = random.Random(f"{seed}/{number}")
        name = chance.choice(list(zoo))
        begun = time.monotonic()
        signal.alarm(PATIENCE)
        try:
            outcomes[_one(zoo[name], package, chance)] += 1
        except BaseException:
            tell(f"seed {seed}, case {number}, from the {name}")
            raise
        finally:
            signal.alarm(0)
        if time.monotonic() - begun > PATIENCE / 4:
            tell(f"slow: seed {seed}, case {number}, from the {name}")
    signal.signal(signal.SIGALRM, before)
    return outcomes


def _one(made: Any, package: Any, chance: random.Random) -> str:
    way = chance.randrange(8)
    model, rows = made
    weights = dict(package.weights)
    if way == 0:
        drawn_model = random_model(chance)
        return ask(drawn_model, rows_for(drawn_model), weights)
    if way <= 3:
        harmed = messages("Model").Model()
        harmed.CopyFrom(model)
        for _ in range(chance.choice([1, 1, 2, 5])):
            if harmed.ListFields():
                harm_field(harmed, chance)
        return ask(harmed, rows, weights)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "m.mlmodel")
        if way <= 6:
            path.write_bytes(harm_bytes(model.SerializeToString(deterministic=True), chance))
        else:
            path, rows = Path(folder, "m.mlpackage"), {"x": np.ones(2), "y": np.ones(2)}
            package.save(path)
            harm_package(path, chance)
        try:
            parts = read_parts(path)
            check(parts.model)
            evaluate(path, rows)
        except LastmileError as error:
            return f"refused: {error.code}"
        finally:
            shutil.rmtree(path, ignore_errors=True)
    return "answered"


def main(arguments: list[str]) -> None:
    count = int(arguments[0]) if arguments else 1000
    seed = int(arguments[1]) if len(arguments) > 1 else random.randrange(10**6)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    print(f"{count:,} Core ML files that nobody should have made, seed {seed}")
    begun = time.monotonic()
    for outcome, many in storm(count, seed).most_common():
        print(f"{many:6,}  {outcome}")
    print(f"none crashed or hung; {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
