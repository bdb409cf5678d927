"""Stages that prepare columns: their types, and lengths that fit."""

from collections.abc import Iterator
from typing import Any

from lastmile.exporting.coreml.check.fault import Rule, finite, kind_of, type_of, width_in, width_of

_NUMBERS = ("int64Type", "doubleType", "multiArrayType")
_TAKES = {
    "imputer": ("int64Type", "doubleType", "stringType", "multiArrayType", "dictionaryType"),
    "oneHotEncoder": ("int64Type", "stringType"),
    "categoricalMapping": ("int64Type", "stringType", "sequenceType"),
    "dictVectorizer": ("dictionaryType",),
    "featureVectorizer": (*_NUMBERS, "dictionaryType"),
    "scaler": _NUMBERS,
    "normalizer": ("multiArrayType",),
    "arrayFeatureExtractor": ("multiArrayType",),
    "glmClassifier": _NUMBERS,
    "glmRegressor": _NUMBERS,
    "supportVectorClassifier": _NUMBERS,
    "supportVectorRegressor": _NUMBERS,
    "kNearestNeighborsClassifier": ("multiArrayType",),
    "treeEnsembleClassifier": (*_NUMBERS, "dictionaryType"),
    "treeEnsembleRegressor": (*_NUMBERS, "dictionaryType"),
}
"""What each model type reads."""

_ONE_INPUT = (
    "imputer", "oneHotEncoder", "categoricalMapping", "dictVectorizer", "scaler", "normalizer",
    "arrayFeatureExtractor", "identity",
)  # fmt: skip


def takes(model: Any) -> Iterator[str]:
    """Inputs are of types that this type of model reads."""
    kind = kind_of(model)
    for one in model.description.input:
        if type_of(one) not in _TAKES[kind]:
            yield f"a {kind} does not read `{one.name}` of the type {type_of(one)}"


def one_way(model: Any) -> Iterator[str]:
    """One input, one output."""
    if (len(model.description.input), len(model.description.output)) != (1, 1):
        yield f"a {kind_of(model)} has one input and one output"


def vectorizer_list(model: Any) -> Iterator[str]:
    """Every input is in the list of the vectorizer, in its length."""
    sizes = {one.inputColumn: one.inputDimensions for one in model.featureVectorizer.inputList}
    for one in model.description.input:
        width = width_of(one)
        if one.name not in sizes or (width is not None and sizes[one.name] != width):
            yield f"the list does not have `{one.name}` in its length"
    for name in sizes.keys() - {one.name for one in model.description.input}:
        yield f"the list has `{name}`, which is no input"


def vectorizer_length(model: Any) -> Iterator[str]:
    """The output of a vectorizer is as long as the inputs together."""
    for one in model.description.output:
        if width_of(one) != sum(
            entry.inputDimensions for entry in model.featureVectorizer.inputList
        ):
            yield f"`{one.name}` is not as long as its parts"


def one_hot_type(model: Any) -> Iterator[str]:
    """Categories have the type of the input."""
    text = model.oneHotEncoder.WhichOneof("CategoryType") == "stringCategories"
    for one in model.description.input:
        if type_of(one) != ("stringType" if text else "int64Type"):
            yield f"`{one.name}` has not the type of the categories"


def _categories(model: Any) -> Any:
    message = model.oneHotEncoder
    return getattr(message, message.WhichOneof("CategoryType") or "stringCategories").vector


def one_hot_length(model: Any) -> Iterator[str]:
    """The output has an element for each category, or is a dictionary."""
    for one in model.description.output:
        sparse = model.oneHotEncoder.outputSparse
        if sparse != (type_of(one) == "dictionaryType"):
            yield f"`{one.name}` is not what the encoder gives"
        elif not sparse and width_of(one) != len(_categories(model)):
            yield f"`{one.name}` is not as long as there are categories"


def one_hot_twice(model: Any) -> Iterator[str]:
    """There are categories, each once."""
    categories = _categories(model)
    if not categories or len(set(categories)) != len(categories):
        yield "a category stands there twice, or there is none"


def mapping_types(model: Any) -> Iterator[str]:
    """Keys have the type of the input, values that of the output; so has the one for unknowns."""
    message = model.categoricalMapping
    kind = message.WhichOneof("MappingType")
    types = {"stringToInt64Map": ("stringType", "int64Type", "int64Value"),
             "int64ToStringMap": ("int64Type", "stringType", "strValue")}  # fmt: skip
    if kind is None:
        yield "it has no table"
        return
    key, value, unknown = types[kind]
    sides = ((model.description.input, key), (model.description.output, value))
    for declared, wanted in sides:
        for one in declared:
            if type_of(one) not in (wanted, "sequenceType"):
                yield f"`{one.name}` has not the type of the table"
    if message.WhichOneof("ValueOnUnknown") not in (None, unknown):
        yield "the value for what is unknown has not the type of the table"


def scaler_length(model: Any) -> Iterator[str]:
    """A scaler has one shift and scale, or as many as its input has elements."""
    held = {len(model.scaler.shiftValue), len(model.scaler.scaleValue)}
    width = width_in(model)
    if width is not None and not held <= {0, 1, width}:
        yield "shift or scale does not fit the array"


def scaler_finite(model: Any) -> Iterator[str]:
    """Shift and scale are finite."""
    if not finite(model.scaler.shiftValue) or not finite(model.scaler.scaleValue):
        yield "a shift or scale that is not a finite number"


_IMPUTED = {
    "imputedDoubleValue": "doubleType", "imputedInt64Value": "int64Type",
    "imputedStringValue": "stringType", "imputedDoubleArray": "multiArrayType",
    "imputedInt64Array": "multiArrayType", "imputedStringDictionary": "dictionaryType",
    "imputedInt64Dictionary": "dictionaryType",
}  # fmt: skip


def imputer_type(model: Any) -> Iterator[str]:
    """The imputed value has the type of the input."""
    kind = model.imputer.WhichOneof("ImputedValue")
    for one in model.description.input:
        if _IMPUTED.get(kind or "") != type_of(one):
            yield f"the imputed value has not the type of `{one.name}`"


def imputer_length(model: Any) -> Iterator[str]:
    """Imputed values of an array are as many as it has elements."""
    kind = model.imputer.WhichOneof("ImputedValue") or ""
    width = width_in(model)
    held = getattr(model.imputer, kind).vector if kind.endswith("Array") else ()
    if held and width not in (None, len(held)):
        yield "the imputed values do not fit the array"


def norm(model: Any) -> Iterator[str]:
    """The norm is one of the three that there are."""
    if model.normalizer.normType not in (0, 1, 2):
        yield "a norm that does not exist"


def extractor_range(model: Any) -> Iterator[str]:
    """The positions lie in the array, and there are some."""
    indices = model.arrayFeatureExtractor.extractIndex
    width = width_in(model)
    if not indices:
        yield "it picks nothing"
    if width is not None and any(index >= width for index in indices):
        yield "a position outside of the array"


def extractor_length(model: Any) -> Iterator[str]:
    """The output is as long as the list of positions."""
    for one in model.description.output:
        if width_of(one) not in (None, len(model.arrayFeatureExtractor.extractIndex)):
            yield f"`{one.name}` is not as long as the list of positions"


def dict_vectorizer(model: Any) -> Iterator[str]:
    """Keys have the type of the input's."""
    text = model.dictVectorizer.WhichOneof("Map") != "int64ToIndex"
    wanted = "stringKeyType" if text else "int64KeyType"
    for one in model.description.input:
        key = one.type.dictionaryType.WhichOneof("KeyType")
        if type_of(one) == "dictionaryType" and key != wanted:
            yield f"`{one.name}` has keys of another type"


def dict_output(model: Any) -> Iterator[str]:
    """The output is a dictionary; the comment in the message definition says an array."""
    for one in model.description.output:
        if type_of(one) != "dictionaryType":
            yield f"`{one.name}` is no dictionary"


_ENCODER, _VECTORIZER, _PICKER = "oneHotEncoder", "featureVectorizer", "arrayFeatureExtractor"

RULES = (
    Rule("takes", takes, "coremltools: each validator", tuple(_TAKES)),
    Rule("one_way", one_way, "coremltools: each validator", _ONE_INPUT),
    Rule("vectorizer_list", vectorizer_list, "FeatureVectorizer.proto", (_VECTORIZER,)),
    Rule("vectorizer_length", vectorizer_length, "FeatureVectorizer.proto; not validated",
         (_VECTORIZER,)),
    Rule("one_hot_type", one_hot_type, "OneHotEncoder.proto; not validated", (_ENCODER,)),
    Rule("one_hot_length", one_hot_length, "OneHotEncoder.proto; not validated", (_ENCODER,)),
    Rule("one_hot_twice", one_hot_twice, "OneHotEncoder.proto: the order is the code",
         (_ENCODER,)),
    Rule("mapping_types", mapping_types, "CategoricalMapping.proto and its validator",
         ("categoricalMapping",)),
    Rule("scaler_length", scaler_length, "Scaler.proto and its validator", ("scaler",)),
    Rule("scaler_finite", scaler_finite, "not validated", ("scaler",), contradicts=False),
    Rule("imputer_type", imputer_type, "coremltools: Imputer validator", ("imputer",)),
    Rule("imputer_length", imputer_length, "coremltools: Imputer validator", ("imputer",)),
    Rule("norm", norm, "Normalizer.proto and its validator", ("normalizer",)),
    Rule("extractor_range", extractor_range, "ArrayFeatureExtractor.proto; not validated",
         (_PICKER,)),
    Rule("extractor_length", extractor_length, "ArrayFeatureExtractor.proto; not validated",
         (_PICKER,)),
    Rule("dict_vectorizer", dict_vectorizer, "DictVectorizer.proto", ("dictVectorizer",)),
    Rule("dict_output", dict_output, "coremltools: DictVectorizer validator",
         ("dictVectorizer",), contradicts=False),
)  # fmt: skip
