"""One estimator converted by skl2onnx, and its nodes taken over.

skl2onnx converts a single fitted estimator over one array of numbers, or over one array per column
for encoders; pipelines around it are written here.
"""

import copy
import logging
import warnings
from typing import Any

import numpy as np
import onnx

from lastmile.exporting.claims import ML
from lastmile.exporting.onnx.answer import Answer, plain_classes
from lastmile.exporting.onnx.nodes import Part, Parts, width_of
from lastmile.exporting.onnx.phone_texts import with_phone_texts
from lastmile.exporting.onnx.writer import Writer
from lastmile.exporting.signature import Kind

OPSETS = {"": 21, ML: 3}
"""skl2onnx has no converters for the tree operator of `ai.onnx.ml` 5."""


def by_skl2onnx(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """What `estimator` answers, by skl2onnx's own converter for its class.

    Raises:
        NotExportable: there is none, or it does not know this case.
    """
    feeds = _feeds(writer, estimator, parts)
    try:
        proto = _converted(estimator, feeds)
    except Exception as error:  # skl2onnx raises whatever its converters happen to raise
        lines = str(error).strip().splitlines()
        raise writer.refusal(lines[0][:300] if lines else type(error).__name__) from error
    outputs = _taken_over(writer, proto, [part.name for part in feeds])
    return _answer(writer, estimator, outputs, parts)


_ENCODERS = ("OrdinalEncoder", "OneHotEncoder", "TargetEncoder")


def _feeds(writer: Writer, estimator: Any, parts: Parts) -> Parts:
    """One array for each column where categories are learned, else one for all."""
    if type(estimator).__name__ in _ENCODERS and any(part.kind is not Kind.FLOAT for part in parts):
        return parts
    if all(part.kind is Kind.STRING for part in parts):
        joined = writer("Concat", *(part.name for part in parts), axis=1)
        return (Part(joined, Kind.STRING, width_of(parts)),)
    return (Part(writer.matrix(parts), Kind.FLOAT, width_of(parts)),)


def _converted(estimator: Any, feeds: Parts) -> onnx.ModelProto:
    from skl2onnx import convert_sklearn
    from skl2onnx.common import data_types

    types = {
        Kind.FLOAT: data_types.FloatTensorType,
        Kind.INT: data_types.Int64TensorType,
        Kind.STRING: data_types.StringTensorType,
        Kind.BOOL: data_types.BooleanTensorType,
    }
    logging.getLogger("skl2onnx").setLevel(logging.ERROR)
    ready = with_phone_texts(copy.deepcopy(estimator))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        proto: onnx.ModelProto = convert_sklearn(
            ready,
            name="leaf",
            initial_types=[
                (f"leaf_input_{at}", types[part.kind]([None, part.width]))
                for at, part in enumerate(feeds)
            ],
            target_opset=OPSETS,
            options=_zipmap_off(ready),
        )
    return proto


def _zipmap_off(estimator: Any) -> dict[int, dict[str, bool]] | None:
    """Probabilities as one array; classifiers without any may not know that option."""
    from sklearn.base import is_classifier

    if not is_classifier(estimator):
        return None
    return {id(estimator): {"zipmap": False} if hasattr(estimator, "predict_proba") else {}}


def _taken_over(writer: Writer, proto: onnx.ModelProto, feeds: list[str]) -> list[str]:
    """Copy the nodes under new names; returns the names of the outputs."""
    new = {value.name: name for value, name in zip(proto.graph.input, feeds, strict=True)}
    for tensor in proto.graph.initializer:
        new[tensor.name] = writer.fresh(tensor.name)
        copied = onnx.TensorProto()
        copied.CopyFrom(tensor)
        copied.name = new[tensor.name]
        writer.constants.append(copied)
    for node in proto.graph.node:
        for name in node.output:
            new[name] = writer.fresh(name)
        copied_node = onnx.NodeProto()
        copied_node.CopyFrom(node)
        copied_node.name = ""
        copied_node.input[:] = [new[name] if name else "" for name in node.input]
        copied_node.output[:] = [new[name] for name in node.output]
        writer.nodes.append(copied_node)
    return [new[value.name] for value in proto.graph.output]


def _answer(writer: Writer, estimator: Any, outputs: list[str], parts: Parts) -> Answer:
    from sklearn.base import is_classifier, is_clusterer, is_outlier_detector, is_regressor

    first, *more = outputs
    if is_classifier(estimator):
        shares = more[0] if more and hasattr(estimator, "predict_proba") else ""
        if isinstance(estimator.classes_, list):
            raise writer.refusal("it has several labels")
        return Answer(label=first, classes=plain_classes(estimator.classes_), probabilities=shares)
    if is_regressor(estimator):
        return Answer(value=first)
    if is_outlier_detector(estimator):
        return Answer(label=first, score=more[0] if more else "")
    if is_clusterer(estimator):
        return Answer(label=first)
    if hasattr(estimator, "predict_proba"):  # mixtures
        return Answer(label=first, probabilities=more[0])
    return Answer(features=(Part(first, *_made(estimator, parts)),))


def _made(estimator: Any, parts: Parts) -> tuple[Kind, int]:
    """Kind and width of a transformer's output."""
    return Kind.FLOAT, width_made(estimator, width_of(parts))


def width_made(estimator: Any, width: int) -> int:
    """How many columns a fitted transformer makes of `width` columns."""
    import scipy.sparse

    try:
        return len(estimator.get_feature_names_out())
    except Exception:  # estimators that cannot name their outputs still have some
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = estimator.transform(np.zeros((1, width)))
        return int((made.toarray() if scipy.sparse.issparse(made) else np.asarray(made)).shape[1])
