"""Estimators that skl2onnx would convert to something that answers differently, without an error.

The effects were measured with skl2onnx 1.20 and scikit-learn 1.9. A row leaves this table when a
corrected converter takes its place.

Estimators that answer each new row by iteration or by a search through a graph stand here too: they
have no form as a graph of operators.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lastmile.errors import NotExportable
from lastmile.exporting.signature.parts import parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Estimators of the classes `names` (exact), where `when` holds, are refused for `reason`."""

    names: tuple[str, ...]
    when: Callable[[Any], bool]
    reason: str
    fix: str = ""


def _always(_: Any) -> bool:
    return True


REFUSED: tuple[Refusal, ...] = (
    Refusal(
        names=("NMF", "MiniBatchNMF"),
        when=_always,
        reason="it solves for the weights of each new row by iteration",
        fix="use TruncatedSVD or PCA",
    ),
    Refusal(
        names=("LatentDirichletAllocation",),
        when=_always,
        reason="it finds the topics of each new row by iteration",
        fix="use TruncatedSVD or GaussianMixture",
    ),
    Refusal(
        names=("DictionaryLearning", "MiniBatchDictionaryLearning", "SparseCoder"),
        when=_always,
        reason="it searches a sparse code for each new row by iteration",
        fix="use SparsePCA, whose application is one product",
    ),
    Refusal(
        names=("Isomap",),
        when=_always,
        reason="it searches shortest ways through the graph of all training rows",
        fix="use KernelPCA",
    ),
    Refusal(
        names=("LocallyLinearEmbedding",),
        when=_always,
        reason="it solves a system of equations for each new row",
        fix="use KernelPCA or Nystroem",
    ),
    Refusal(
        names=("PatchExtractor",),
        when=_always,
        reason="it takes pictures, not rows",
        fix="cut the picture into columns first",
    ),
    Refusal(
        names=("MultiLabelBinarizer",),
        when=_always,
        reason="it takes sets of labels, not rows",
        fix="give each label a column of truth values",
    ),
    Refusal(
        names=("FeatureHasher",),
        when=_always,
        reason="no operator of ONNX computes its hash of a text",
        fix="use DictVectorizer or OneHotEncoder",
    ),
    Refusal(
        names=("HashingVectorizer",),
        when=_always,
        reason="no operator of ONNX computes its hash of a word",
        fix="use CountVectorizer or TfidfVectorizer with max_features",
    ),
)


def demand_not_refused(estimator: Any) -> None:
    """Raise `NotExportable` for the first part of `estimator` that :data:`REFUSED` names."""
    for path, part in parts(estimator):
        for refusal in REFUSED:
            if type(part).__name__ in refusal.names and refusal.when(part):
                raise NotExportable(path, target="ONNX", reason=refusal.reason, fix=refusal.fix)
