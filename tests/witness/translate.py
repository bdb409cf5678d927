"""Core ML's classic models as graphs of ONNX's classical operators, asked through ONNX Runtime.

This reads the message definitions a second time and shares no code with lastmile: what both the
compiler and the evaluator got wrong would show here. ONNX's operators were designed after Core ML's
models, and their kernels are other people's. Numbers pass through 32 bits where an operator has
no more.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

ML = "ai.onnx.ml"
DOUBLE, FLOAT, INT64, STRING = (
    TensorProto.DOUBLE, TensorProto.FLOAT, TensorProto.INT64, TensorProto.STRING,
)  # fmt: skip
FLOAT32 = 65568


class Untranslated(Exception):
    """A model type that ONNX has no operators for."""


class Translator:
    """A graph in the making; features are tensors with a row for each row, [N, width]."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.count = 0

    def __call__(
        self, op: str, *inputs: str, domain: str = "", outputs: int = 1, **attrs: Any
    ) -> Any:
        self.count += 1
        names = [f"t{self.count}_{at}" for at in range(outputs)]
        self.nodes.append(helper.make_node(op, list(inputs), names, domain=domain, **attrs))
        return names[0] if outputs == 1 else names

    def ml(self, op: str, *inputs: str, **attrs: Any) -> Any:
        return self(op, *inputs, domain=ML, **attrs)

    def constant(self, values: Any, dtype: Any = None) -> str:
        self.count += 1
        array = np.asarray(values, dtype=dtype)
        self.constants.append(numpy_helper.from_array(array, f"c{self.count}"))
        return f"c{self.count}"

    def to(self, value: str, kind: int) -> str:
        return self("Cast", value, to=kind)

    def model(self, model: Any, values: dict[str, str]) -> dict[str, str]:
        """The outputs of a model as tensors, from its inputs as tensors."""
        kind = model.WhichOneof("Type")
        if kind.startswith("pipeline"):
            inner = model.pipeline if kind == "pipeline" else getattr(model, kind).pipeline
            table = dict(values)
            for stage in inner.models:
                table |= self.model(stage, {one.name: table[one.name]
                                            for one in stage.description.input})  # fmt: skip
            return {one.name: table[one.name] for one in model.description.output}
        if kind not in STAGES:
            raise Untranslated(kind)
        made = STAGES[kind](self, model, values)
        names = [one.name for one in model.description.output]
        answers = (
            dict(zip(names, made, strict=True)) if isinstance(made, list) else {names[0]: made}
        )
        return {one.name: self.rounded(one, answers[one.name]) for one in model.description.output}

    def rounded(self, declared: Any, value: str) -> str:
        """An array declared FLOAT32 is rounded; every number is 64 bits again after it."""
        if declared.type.WhichOneof("Type") == "multiArrayType":
            if declared.type.multiArrayType.dataType == FLOAT32:
                value = self.to(value, FLOAT)
            return self.to(value, DOUBLE)
        return value


def _numbers(t: Translator, model: Any, values: dict[str, str]) -> str:
    parts = [t.to(values[one.name], DOUBLE) for one in model.description.input]
    return parts[0] if len(parts) == 1 else t("Concat", *parts, axis=1)


def _identity(t, model, values):
    return values[model.description.input[0].name]


def _imputer(t, model, values):
    (x,), message = values.values(), model.imputer
    kind = message.WhichOneof("ImputedValue")
    new = getattr(message, kind)
    if kind == "imputedStringValue":
        gone = t("Equal", x, t.constant([message.replaceStringValue], object))
        return t("Where", gone, t.constant([new], object), x)
    if kind.startswith("imputedInt64"):
        held = list(new.vector) if kind.endswith("Array") else [new]
        return t.ml("Imputer", x, imputed_value_int64s=held,
                    replaced_value_int64=message.replaceInt64Value)  # fmt: skip
    held = list(new.vector) if kind.endswith("Array") else [new]
    made = t.ml("Imputer", t.to(x, FLOAT), imputed_value_floats=held,
                replaced_value_float=message.replaceDoubleValue)  # fmt: skip
    # the operator has 32 bits: what was not missing stays as it was
    return t("Where", t("IsNaN", x), t.to(made, DOUBLE), x) if np.isnan(
        message.replaceDoubleValue) else t.to(made, DOUBLE)  # fmt: skip


def _one_hot(t, model, values):
    (x,), message = values.values(), model.oneHotEncoder
    key = {"stringCategories": "cats_strings", "int64Categories": "cats_int64s"}
    kind = message.WhichOneof("CategoryType")
    hot = t.ml("OneHotEncoder", t("Reshape", x, t.constant([-1], np.int64)),
               **{key[kind]: list(getattr(message, kind).vector)}, zeros=1)  # fmt: skip
    return t.to(hot, DOUBLE)


def _mapping(t, model, values):
    (x,), message = values.values(), model.categoricalMapping
    if message.WhichOneof("MappingType") == "stringToInt64Map":
        table = dict(message.stringToInt64Map.map)
        return t.ml("LabelEncoder", x, keys_strings=list(table), values_int64s=list(table.values()),
                    default_int64=message.int64Value)  # fmt: skip
    table = dict(message.int64ToStringMap.map)
    return t.ml("LabelEncoder", x, keys_int64s=list(table), values_strings=list(table.values()),
                default_string=message.strValue)  # fmt: skip


def _vectorizer(t, model, values):
    parts = [t.to(values[one.inputColumn], DOUBLE) for one in model.featureVectorizer.inputList]
    return t("Concat", *parts, axis=1)


def _extractor(t, model, values):
    indices = t.constant(list(model.arrayFeatureExtractor.extractIndex), np.int64)
    return t.ml("ArrayFeatureExtractor", _numbers(t, model, values), indices)


def _scaler(t, model, values):
    message, x = model.scaler, _numbers(t, model, values)
    shift, scale = list(message.shiftValue) or [0.0], list(message.scaleValue) or [1.0]
    width = max(len(shift), len(scale), *model.description.input[0].type.multiArrayType.shape, 1)
    # ONNX subtracts an offset where Core ML adds a shift
    made = t.ml("Scaler", x, offset=[-one for one in np.resize(shift, width)],
                scale=np.resize(scale, width).tolist())  # fmt: skip
    return t.to(made, DOUBLE)


def _normalizer(t, model, values):
    norm = {0: "MAX", 1: "L1", 2: "L2"}[model.normalizer.normType]
    return t.to(t.ml("Normalizer", _numbers(t, model, values), norm=norm), DOUBLE)


def _glm_regressor(t, model, values):
    message = model.glmRegressor
    transform = {0: "NONE", 1: "LOGISTIC", 2: "PROBIT"}[message.postEvaluationTransform]
    made = t.ml("LinearRegressor", t.to(_numbers(t, model, values), FLOAT),
                coefficients=list(message.weights[0].value),
                intercepts=list(message.offset))  # fmt: skip
    if transform == "LOGISTIC":
        made = t("Sigmoid", made)
    return t.to(made, DOUBLE)


def _labels(message: Any, ints: str = "classlabels_int64s") -> dict[str, Any]:
    kind = message.WhichOneof("ClassLabels")
    key = "classlabels_strings" if kind == "stringClassLabels" else ints
    return {key: list(getattr(message, kind).vector)}


def _answers(t: Translator, model: Any, label: str, shares: str) -> list[str]:
    """Label and shares in the order in which the model declares them."""
    label = t("Reshape", label, t.constant([-1, 1], np.int64))
    return [shares if one.type.WhichOneof("Type") == "dictionaryType" else label
            for one in model.description.output]  # fmt: skip


def _glm_classifier(t, model, values):
    message = model.glmClassifier
    rows = [list(row.value) for row in message.weights]
    offsets, labels = list(message.offset), _labels(message, "classlabels_ints")
    count = len(next(iter(labels.values())))
    rest = message.classEncoding == message.OneVsRest and count > 2
    if not rest:  # the first class has the score zero
        rows, offsets = [[0.0] * len(rows[0]), *rows], [0.0, *offsets]
    label, shares = t.ml(
        "LinearClassifier", t.to(_numbers(t, model, values), FLOAT), outputs=2,
        coefficients=np.ravel(rows).tolist(), intercepts=offsets,
        post_transform="LOGISTIC" if rest else "SOFTMAX", **labels)  # fmt: skip
    if rest:
        shares = t.ml("Normalizer", shares, norm="L1")
    return _answers(t, model, label, t.to(shares, DOUBLE))


MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ", "LEAF")


def _tensor(values: list[float]) -> Any:
    return numpy_helper.from_array(np.array(values, dtype=np.float64))


def _ensemble(message: Any, owner: str) -> dict[str, Any]:
    nodes = list(message.nodes)
    added = [(node.treeId, node.nodeId, info.evaluationIndex, info.evaluationValue)
             for node in nodes for info in node.evaluationInfo]  # fmt: skip
    go = [node.nodeBehavior != MODES.index("LEAF") for node in nodes]
    base = {"base_values_as_tensor": _tensor(list(message.basePredictionValue))}
    return {
        "nodes_treeids": [node.treeId for node in nodes],
        "nodes_nodeids": [node.nodeId for node in nodes],
        "nodes_modes": [MODES[node.nodeBehavior] for node in nodes],
        "nodes_featureids": [node.branchFeatureIndex for node in nodes],
        "nodes_values_as_tensor": _tensor([node.branchFeatureValue for node in nodes]),
        "nodes_truenodeids": [one.trueChildNodeId * on for one, on in zip(nodes, go, strict=True)],
        "nodes_falsenodeids": [
            one.falseChildNodeId * on for one, on in zip(nodes, go, strict=True)],
        "nodes_missing_value_tracks_true": [int(one.missingValueTracksTrueChild) for one in nodes],
        f"{owner}_treeids": [one[0] for one in added],
        f"{owner}_nodeids": [one[1] for one in added],
        f"{owner}_ids": [one[2] for one in added],
        f"{owner}_weights_as_tensor": _tensor([one[3] for one in added]),
        **(base if message.basePredictionValue else {}),
    }  # fmt: skip


def _tree_regressor(t, model, values):
    message = model.treeEnsembleRegressor
    made = t.ml("TreeEnsembleRegressor", _numbers(t, model, values),
                n_targets=message.treeEnsemble.numPredictionDimensions,
                **_sorted(_ensemble(message.treeEnsemble, "target")))  # fmt: skip
    transforms = {0: lambda v: v, 1: lambda v: t("Softmax", v), 2: lambda v: t("Sigmoid", v)}
    return t.to(transforms[message.postEvaluationTransform](made), DOUBLE)


def _sorted(attrs: dict[str, Any]) -> dict[str, Any]:
    """ONNX Runtime wants the nodes of a tree together and its root first."""
    trees, nodes = attrs["nodes_treeids"], attrs["nodes_nodeids"]
    sides = (attrs["nodes_truenodeids"], attrs["nodes_falsenodeids"])
    inner = [at for at, mode in enumerate(attrs["nodes_modes"]) if mode != "LEAF"]
    children = {(trees[at], side[at]) for side in sides for at in inner}
    order = sorted(range(len(trees)), key=lambda at: (
        trees[at], (trees[at], nodes[at]) in children, nodes[at]))  # fmt: skip
    values = numpy_helper.to_array(attrs["nodes_values_as_tensor"])[order]
    moved = {key: [value[at] for at in order] for key, value in attrs.items()
             if key.startswith("nodes_") and key != "nodes_values_as_tensor"}  # fmt: skip
    return attrs | moved | {"nodes_values_as_tensor": numpy_helper.from_array(values)}


def _tree_classifier(t, model, values):
    message = model.treeEnsembleClassifier
    transform = {0: "NONE", 1: "SOFTMAX", 2: "LOGISTIC"}[message.postEvaluationTransform]
    scores = message.treeEnsemble.numPredictionDimensions
    x, labels = _numbers(t, model, values), _labels(message)
    if len(next(iter(labels.values()))) == 2 and scores == 2:
        return _two_scores(t, model, x, transform)
    label, shares = t.ml("TreeEnsembleClassifier", x, outputs=2, post_transform=transform,
                         **labels, **_sorted(_ensemble(message.treeEnsemble, "class")))  # fmt: skip
    return _answers(t, model, label, t.to(shares, DOUBLE))


def _two_scores(t: Translator, model: Any, x: str, transform: str) -> list[str]:
    """ONNX's classifier takes one of two scores for a margin, so its regressor adds them up."""
    message = model.treeEnsembleClassifier
    shares = t.ml("TreeEnsembleRegressor", x, n_targets=2,
                  **_sorted(_ensemble(message.treeEnsemble, "target")))  # fmt: skip
    shares = {"NONE": lambda v: v, "SOFTMAX": lambda v: t("Softmax", v)}[transform](shares)
    at = t("ArgMax", shares, axis=1, keepdims=0)
    (labels,) = _labels(message).values()
    names = t.constant(labels, object if isinstance(labels[0], str) else np.int64)
    return _answers(t, model, t("Gather", names, at), t.to(shares, DOUBLE))


def _machine(message: Any, width: int) -> dict[str, Any]:
    kind = message.kernel.WhichOneof("kernel")
    inner = getattr(message.kernel, kind)
    name = {"linearKernel": "LINEAR", "rbfKernel": "RBF", "polyKernel": "POLY",
            "sigmoidKernel": "SIGMOID"}[kind]  # fmt: skip
    vectors = []
    for vector in message.denseSupportVectors.vectors:
        vectors += list(vector.values)
    for vector in message.sparseSupportVectors.vectors:
        held = {node.index: node.value for node in vector.nodes}
        vectors += [held.get(at + 1, 0.0) for at in range(width)]
    parameters = [getattr(inner, "gamma", 0.0), getattr(inner, "c", 0.0),
                  float(getattr(inner, "degree", 0))]  # fmt: skip
    return {"kernel_type": name, "kernel_params": parameters, "support_vectors": vectors}


def _svm_regressor(t, model, values):
    message = model.supportVectorRegressor
    width = model.description.input[0].type.multiArrayType.shape[0]
    alpha = list(message.coefficients.alpha)
    made = t.ml("SVMRegressor", t.to(_numbers(t, model, values), FLOAT), coefficients=alpha,
                n_supports=len(alpha), rho=[-message.rho], **_machine(message, width))  # fmt: skip
    return t.to(made, DOUBLE)


def _svm_classifier(t, model, values):
    message = model.supportVectorClassifier
    chances = {"prob_a": list(message.probA), "prob_b": list(message.probB)}
    chances = chances if message.probA else {}
    width = model.description.input[0].type.multiArrayType.shape[0]
    label, shares = t.ml(
        "SVMClassifier", t.to(_numbers(t, model, values), FLOAT), outputs=2,
        coefficients=[alpha for row in message.coefficients for alpha in row.alpha],
        vectors_per_class=list(message.numberOfSupportVectorsPerClass),
        rho=[-one for one in message.rho], **chances,
        **_machine(message, width), **_labels(message, "classlabels_ints"))  # fmt: skip
    return _answers(t, model, label, t.to(shares, DOUBLE))


def _neighbours(t, model, values):
    message = model.kNearestNeighborsClassifier
    points = np.array([list(one.vector) for one in message.nearestNeighborsIndex.floatSamples])
    x = t("Unsqueeze", t.to(_numbers(t, model, values), FLOAT), t.constant([1], np.int64))
    apart = t("Sub", x, t.constant(points[np.newaxis], np.float32))
    far = t("ReduceSumSquare", apart, t.constant([2], np.int64), keepdims=0)
    count = t.constant([message.numberOfNeighbors.defaultValue], np.int64)
    _, near = t("TopK", far, count, outputs=2, largest=0)
    held = list(message.stringClassLabels.vector)
    labels = sorted(set(held), key=held.index)
    own = t.constant(np.eye(len(labels))[[labels.index(one) for one in held]], np.float32)
    votes = t("ReduceSum", t("Gather", own, near), t.constant([1], np.int64), keepdims=0)
    at = t("ArgMax", votes, axis=1, keepdims=0)
    return _answers(t, model, t("Gather", t.constant(labels, object), at), t.to(votes, DOUBLE))


STAGES: dict[str, Callable[..., Any]] = {
    "identity": _identity,
    "imputer": _imputer,
    "oneHotEncoder": _one_hot,
    "categoricalMapping": _mapping,
    "featureVectorizer": _vectorizer,
    "arrayFeatureExtractor": _extractor,
    "scaler": _scaler,
    "normalizer": _normalizer,
    "glmRegressor": _glm_regressor,
    "glmClassifier": _glm_classifier,
    "treeEnsembleRegressor": _tree_regressor,
    "treeEnsembleClassifier": _tree_classifier,
    "supportVectorRegressor": _svm_regressor,
    "supportVectorClassifier": _svm_classifier,
    "kNearestNeighborsClassifier": _neighbours,
}

KINDS = {"doubleType": DOUBLE, "int64Type": INT64, "stringType": STRING, "multiArrayType": DOUBLE}


def ask(model: Any, rows: dict[str, Any]) -> dict[str, np.ndarray]:
    """ONNX Runtime's answers to the rows: [N] or [N, width] by output name."""
    t = Translator()
    inputs, values, feeds = [], {}, {}
    for one in model.description.input:
        kind = one.type.WhichOneof("Type")
        if kind not in KINDS:
            raise Untranslated(kind)
        inputs.append(helper.make_tensor_value_info(one.name, KINDS[kind], None))
        values[one.name] = one.name
        table = np.asarray(rows[one.name])
        table = table.reshape(len(table), -1)
        feeds[one.name] = table if kind == "stringType" else table.astype(
            np.int64 if kind == "int64Type" else np.float64)  # fmt: skip
    made = t.model(model, values)
    outputs = [helper.make_empty_tensor_value_info(name) for name in made.values()]
    graph = helper.make_graph(t.nodes, "witness", inputs, outputs, t.constants)
    opsets = [helper.make_opsetid("", 19), helper.make_opsetid(ML, 3)]
    proto = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(onnx.ModelProto.SerializeToString(proto), options)
    answers = session.run(list(made.values()), feeds)
    return {name: answer[:, 0] if answer.ndim == 2 and answer.shape[1] == 1 else answer
            for name, answer in zip(made, answers, strict=True)}  # fmt: skip
