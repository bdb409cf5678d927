"""A graph in the making: nodes are written one by one, and the values between them have names.

Raw rows and everything that transformers make of them are *parts*: named values [N, width] that
stand side by side without being joined, so that texts, whole numbers and floats keep their types
until an operator needs one array of numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx

from lastmile.exporting.claims import ML
from lastmile.exporting.onnx.origin import Origin
from lastmile.exporting.signature import Kind
from lastmile.exporting.signature.digits import Numbers

OPSETS = {"": 21, ML: 5}
"""Operator sets of a graph, at most.

A graph names `ai.onnx.ml` 3 where no node of it is newer; see `runtime` for who reads which.
"""

ELEMENTS = {
    Kind.FLOAT: onnx.TensorProto.FLOAT,
    Kind.INT: onnx.TensorProto.INT64,
    Kind.STRING: onnx.TensorProto.STRING,
    Kind.BOOL: onnx.TensorProto.BOOL,
}
"""How each kind of value stands in a tensor."""


@dataclass(frozen=True, slots=True)
class Part:
    """A value [N, width] of the graph whose columns all have one kind.

    `origins`, where it is given, tells of each column from which exact value it is computed, and
    how; see :class:`Origin`.
    """

    name: str
    kind: Kind
    width: int = 1
    origins: tuple[Origin | None, ...] = ()

    def origin(self, column: int) -> Origin | None:
        """Where the column comes from: at least, it is itself."""
        if self.origins:
            return self.origins[column]
        return Origin(door=self.name, column=column, kind=self.kind, width=self.width)


Parts = tuple[Part, ...]


def width_of(parts: Parts) -> int:
    """How many columns the parts have together."""
    return sum(part.width for part in parts)


class Nodes:
    """Nodes and constants, written one after the other; every value's name is unique.

    `opset_ml` is the newest operator set of `ai.onnx.ml` that may be written. `numbers` are those
    of the sample's raw columns, by the name of the column.
    """

    def __init__(self, taken: Sequence[str] = (), opset_ml: int = OPSETS[ML]) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.opset_ml = opset_ml
        self.numbers: Mapping[str, Numbers] = {}
        self._taken = set(taken)
        self._numbers: dict[str, int] = {}
        self._known: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._joined: dict[tuple[Part, ...], str] = {}

    def inside(self) -> "Nodes":
        """An empty graph inside this one, whose names are none of this one's."""
        inner = Nodes()
        inner._taken, inner._numbers, inner.opset_ml = self._taken, self._numbers, self.opset_ml
        inner.numbers = self.numbers
        return inner

    def numbers_behind(self, origin: Origin | None) -> Numbers:
        """The sample's numbers in the raw column that an origin leads to; none where it is none."""
        return self.numbers.get(origin.door if origin else "", Numbers(np.empty(0)))

    def fresh(self, hint: str) -> str:
        """A name that no value has yet."""
        while True:
            number = self._numbers.get(hint, 0) + 1
            self._numbers[hint] = number
            name = hint if number == 1 else f"{hint}_{number}"
            if name not in self._taken:
                self._taken.add(name)
                return name

    def __call__(
        self, type_: str, *inputs: Any, domain: str = "", name: str = "", **attributes: Any
    ) -> str:
        """Write one node with one output, and return the name of its value.

        Inputs are names of values, or arrays and numbers that become constants; an absent optional
        input is "". Attributes that are None are left out.
        """
        return self.several(type_, *inputs, outputs=1, domain=domain, name=name, **attributes)[0]

    def ml(self, type_: str, *inputs: Any, name: str = "", **attributes: Any) -> str:
        """Write one node of the domain `ai.onnx.ml` with one output."""
        return self(type_, *inputs, domain=ML, name=name, **attributes)

    def several(
        self,
        type_: str,
        *inputs: Any,
        outputs: int,
        domain: str = "",
        name: str = "",
        **attributes: Any,
    ) -> tuple[str, ...]:
        """Write one node with several outputs, and return the names of its values."""
        names = [one if isinstance(one, str) else self.constant(one) for one in inputs]
        made = tuple(self.fresh(name or type_.lower()) for _ in range(outputs))
        node = onnx.NodeProto(op_type=type_, domain=domain, input=names, output=made)
        node.attribute.extend(
            attribute(key, attributes[key])
            for key in sorted(attributes)
            if attributes[key] is not None
        )
        self.nodes.append(node)
        return made

    def constant(self, value: Any, name: str = "") -> str:
        """A constant: floats become f32, whole numbers i64, texts strings; equal ones are shared.

        Use :meth:`double` for a constant in 64 bits.
        """
        array = np.asarray(value)
        if array.dtype.kind in "iu":
            array = array.astype(np.int64)
        elif array.dtype.kind == "f":
            array = array.astype(np.float32)
        return self._keep(array, name)

    def double(self, value: Any, name: str = "") -> str:
        """A constant in 64-bit floats."""
        return self._keep(np.asarray(value, dtype=np.float64), name)

    def small(self, value: Any) -> str:
        """A constant of whole numbers that fit into a byte each."""
        return self._keep(np.asarray(value).astype(np.int8), "")

    def labels(self, classes: Sequence[str | int]) -> str:
        """The constant [K] of class labels: strings, or whole numbers."""
        texts = any(isinstance(value, str) for value in classes)
        return self.constant(np.array(classes, dtype=object if texts else np.int64))

    def _keep(self, array: np.ndarray, name: str) -> str:
        texts = array.dtype.kind in "OUS"
        raw = "\0".join(map(str, array.ravel())).encode() if texts else array.tobytes()
        key = ("text" if texts else array.dtype.str, array.shape, raw)
        if key not in self._known:
            self._known[key] = self.fresh(name or "constant")
            self.constants.append(_tensor(self._known[key], array, texts))
        return self._known[key]

    # --- parts -------------------------------------------------------------------------------

    def matrix(self, parts: Parts) -> str:
        """All columns as one array [N, C] f32; whole numbers and truth values become floats.

        Raises `ValueError` where a column holds texts.
        """
        if parts not in self._joined:
            floats = [self.floats(part) for part in parts]
            one = floats[0] if len(floats) == 1 else self("Concat", *floats, axis=1)
            self._joined[parts] = one
        return self._joined[parts]

    def floats(self, part: Part) -> str:
        """One part as f32."""
        if part.kind is Kind.FLOAT:
            return part.name
        if part.kind is Kind.STRING:
            raise ValueError("texts are no numbers")
        key = (part,)
        if key not in self._joined:
            self._joined[key] = self("Cast", part.name, to=onnx.TensorProto.FLOAT)
        return self._joined[key]

    def pick(self, parts: Parts, positions: Sequence[int]) -> Parts:
        """The columns at `positions`, in that order; neighbours inside one part stay together."""
        owners = [(part, at) for part in parts for at in range(part.width)]
        return self.chosen([owners[position] for position in positions])

    def chosen(self, columns: Sequence[tuple[Part, int]]) -> Parts:
        """Columns, each named by its part and its place in that."""
        return tuple(self._columns(part, places) for part, places in _runs(columns))

    def _columns(self, part: Part, columns: list[int]) -> Part:
        if columns == list(range(part.width)):
            return part
        name = self("Gather", part.name, np.array(columns), axis=1, name="columns")
        origins = tuple(part.origin(column) for column in columns)
        return Part(name, part.kind, len(columns), origins)


def _runs(owners: Sequence[tuple[Part, int]]) -> list[tuple[Part, list[int]]]:
    runs: list[tuple[Part, list[int]]] = []
    for part, column in owners:
        if runs and runs[-1][0] == part and part.width > 1:
            runs[-1][1].append(column)
        else:
            runs.append((part, [column]))
    return runs


def _tensor(name: str, array: np.ndarray, texts: bool) -> onnx.TensorProto:
    if texts:
        values: Any = [str(value).encode() for value in array.ravel()]
        return onnx.helper.make_tensor(name, onnx.TensorProto.STRING, array.shape, values)
    return onnx.numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name)


def attribute(name: str, value: Any) -> onnx.AttributeProto:
    """An attribute; arrays of small bytes and those of split values are tensors, as they must be.

    Long lists are written in bulk: ONNX's own helper looks at each number.
    """
    if not isinstance(value, np.ndarray):
        plain = value.item() if isinstance(value, np.generic) else value
        return onnx.helper.make_attribute(name, plain)
    if name in _TENSORS:
        return onnx.helper.make_attribute(name, onnx.numpy_helper.from_array(value))
    if value.dtype.kind not in "iubf":
        return onnx.helper.make_attribute(name, value.tolist())
    whole = value.dtype.kind != "f"
    kind = onnx.AttributeProto.INTS if whole else onnx.AttributeProto.FLOATS
    made = onnx.AttributeProto(name=name, type=kind)
    (made.ints if whole else made.floats).extend(value.astype(int if whole else float).tolist())
    return made


_TENSORS = ("nodes_modes", "nodes_splits", "leaf_weights")
"""Attributes of `TreeEnsemble` that are tensors."""
