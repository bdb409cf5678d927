"""Installed libraries that are known to give wrong results.

Each row was measured: the library works without an error and the result is wrong, so nothing but a
refusal helps.
"""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import version

import onnx

from lastmile.errors import RuntimeRefused

ONNXRUNTIME_BROKEN = {
    "1.26.0": "it mis-scores binary forests and decision trees (40 % of labels)",
    "1.27.0": "it mis-scores binary forests and decision trees (25 % of labels)",
}
"""Releases of ONNX Runtime, on every platform, that must not run an exported graph."""

MINIMUM = "1.18"
"""The first release of ONNX Runtime that reads operator set 21, the highest of our graphs."""

MINIMUM_OF_TREES = "1.23"
"""The first one measured whose `TreeEnsemble` (`ai.onnx.ml` 5) is right in all.

1.20 has none, and 1.21 and 1.22 mistake splits by equality.
"""


def minimum_runtime(proto: onnx.ModelProto) -> str:
    """The oldest ONNX Runtime that answers rightly with a graph of ours."""
    newest = any(node.op_type == "TreeEnsemble" for node in proto.graph.node)
    return MINIMUM_OF_TREES if newest else MINIMUM


PROTOBUF_BELOW = 7
"""From protobuf 7 on, skl2onnx 1.20 fails to write the flags of HistGradientBoosting's trees."""


@cache
def installed_version(package: str) -> str:
    """The version of a package in this process."""
    return version(package)


def demand_sound_runtime(installed: Mapping[str, str] | None = None) -> None:
    """Raise `RuntimeRefused` where an installed library is known to give wrong results.

    `installed` maps the names of packages to versions; by default those of this process.
    """
    found = installed or {name: installed_version(name) for name in ("onnxruntime", "protobuf")}
    runtime = found["onnxruntime"]
    if reason := ONNXRUNTIME_BROKEN.get(runtime.split("+")[0]):
        raise RuntimeRefused(
            "onnxruntime", runtime, reason=reason, fix="pip install 'onnxruntime>=1.28'"
        )
    protobuf = found["protobuf"]
    if int(protobuf.split(".")[0]) >= PROTOBUF_BELOW:
        raise RuntimeRefused(
            "protobuf",
            protobuf,
            reason="skl2onnx 1.20 cannot write gradient boosting with it",
            fix="pip install 'protobuf<7'",
        )
