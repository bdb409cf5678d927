"""Our converters in skl2onnx's own way: for programs that call skl2onnx themselves.

    from skl2onnx import to_onnx
    to_onnx(pipeline, sample, **custom_arguments())

converts with them for one call; :func:`register` does so for the whole process. skl2onnx arranges
the pipeline then, so trees behind scalers are not cut on raw columns: that needs `lastmile`'s own
`to_onnx`.
"""

import copy
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import onnx

from lastmile.exporting.onnx.answer import Answer
from lastmile.exporting.onnx.convert import label_of
from lastmile.exporting.onnx.converters import CONVERTERS
from lastmile.exporting.onnx.foreign import OPSETS, by_skl2onnx
from lastmile.exporting.onnx.nodes import Part
from lastmile.exporting.onnx.options import Options
from lastmile.exporting.onnx.writer import Writer
from lastmile.exporting.signature import Kind

ARRANGED = ("Pipeline", "ColumnTransformer", "FeatureUnion")
"""Classes that skl2onnx takes apart by itself."""

BOOSTERS = ("xgboost", "lightgbm", "catboost")
"""Packages whose estimators we convert as well, where they are installed."""


def custom_arguments() -> dict[str, dict[type, Callable[..., None]]]:
    """The arguments of `skl2onnx.to_onnx` and `convert_sklearn` that bring our converters."""
    classes = list(_classes())
    return {
        "custom_conversion_functions": dict.fromkeys(classes, convert),
        "custom_shape_calculators": dict.fromkeys(classes, shape),
    }


def register() -> None:
    """Let skl2onnx use our converters in this process, in place of its own."""
    from skl2onnx import update_registered_converter

    for kind in _classes():
        options: dict[str, Any] = {"zipmap": [True, False, "columns"], "nocl": [True, False]}
        update_registered_converter(
            kind, f"Lastmile{kind.__name__}", shape, convert, overwrite=True, options=options
        )


def _classes() -> Iterator[type]:
    """The classes that we convert, but for those that only arrange others."""
    from sklearn.experimental import (
        enable_halving_search_cv,  # noqa: F401
        enable_iterative_imputer,  # noqa: F401
    )
    from sklearn.utils import all_estimators

    for name, kind in all_estimators():
        if f"sklearn.{name}" in CONVERTERS and name not in ARRANGED:
            yield kind
    for library in BOOSTERS:
        if find_spec(library) is not None:
            module = import_module(library)
            yield from (
                getattr(module, key.partition(".")[2])
                for key in CONVERTERS
                if key.startswith(f"{library}.")
            )


def convert(scope: Any, operator: Any, container: Any) -> None:
    """Write one estimator's nodes into skl2onnx's container."""
    writer, answer = _written(operator)
    values = _values(writer, answer)
    new = {variable.onnx_name: variable.onnx_name for variable in operator.inputs}
    constants = copy.deepcopy(writer.constants)
    _rename(constants, new, scope)
    container.initializers.extend(constants)
    for node in copy.deepcopy(writer.nodes):
        _rename_node(node, new, scope)
        container.nodes.append(node)
        container.node_domain_version_pair_sets.add((node.domain, OPSETS[node.domain]))
    for value, variable in zip(values, operator.outputs, strict=False):
        container.add_node("Identity", [new[value]], [variable.onnx_name], op_version=1)


def _rename(things: Iterable[Any], new: dict[str, str], scope: Any) -> None:
    """Give tensors or inputs of a graph names that skl2onnx has nowhere else; `new` learns them."""
    for thing in things:
        new[thing.name] = thing.name = scope.get_unique_variable_name(thing.name)


def _rename_node(node: onnx.NodeProto, new: dict[str, str], scope: Any) -> None:
    node.name = scope.get_unique_operator_name(node.op_type)
    for attribute in node.attribute:
        if attribute.type == onnx.AttributeProto.GRAPH:
            inner = dict(new)
            _rename([*attribute.g.input, *attribute.g.initializer], inner, scope)
            for within in attribute.g.node:
                _rename_node(within, inner, scope)
            for output in attribute.g.output:
                output.name = inner[output.name]
    node.input[:] = [new.get(name, name) for name in node.input]
    new |= {name: scope.get_unique_variable_name(name) for name in node.output if name}
    node.output[:] = [new.get(name, name) for name in node.output]


def shape(operator: Any) -> None:
    """Tell skl2onnx the types of what an estimator answers."""
    from skl2onnx.common import data_types

    writer, answer = _written(operator)
    texts = bool(answer.classes) and isinstance(answer.classes[0], str)
    label = data_types.StringTensorType if texts else data_types.Int64TensorType
    labelled = bool(answer.index or answer.label)
    width = sum(part.width for part in answer.features) or None
    for place, variable in enumerate(operator.outputs[: len(_values(writer, answer))]):
        is_label = labelled and place == 0
        variable.type = label([None]) if is_label else data_types.FloatTensorType([None, width])


def _written(operator: Any) -> tuple[Writer, Answer]:
    inputs = [variable.onnx_name for variable in operator.inputs]
    writer = Writer(CONVERTERS, by_skl2onnx, Options(trees=3), taken=inputs)
    parts = tuple(_part(variable) for variable in operator.inputs)
    return writer, writer.answer(operator.raw_operator, parts)


def _part(variable: Any) -> Part:
    from skl2onnx.common import data_types

    kinds = {
        data_types.StringTensorType: Kind.STRING,
        data_types.Int64TensorType: Kind.INT,
        data_types.BooleanTensorType: Kind.BOOL,
    }
    return Part(variable.onnx_name, kinds.get(type(variable.type), Kind.FLOAT),
                int(variable.type.shape[1]))  # fmt: skip


def _values(writer: Writer, answer: Answer) -> list[str]:
    """The answers in skl2onnx's order: label and probabilities or scores, or what is made."""
    if answer.index or answer.label:
        label = answer.label or label_of(writer, answer)
        return [label, *filter(None, [answer.probabilities or answer.score])]
    return [answer.value or writer.matrix(answer.features)]
