"""Core ML's messages and its program builder: coremltools, imported once and quietly.

Only the schema (protobuf messages), the builder of ML Programs and their writer are used.
coremltools' own converters are not: they know no scikit-learn newer than 1.5.
"""

import contextlib
import logging
import warnings
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

from lastmile.errors import MissingPart

IOS = {1: "11", 2: "11.2", 3: "12", 4: "13", 5: "14", 6: "15", 7: "16", 8: "17", 9: "18", 10: "26"}
"""The first iOS that reads each specification version (source: `Model.proto`)."""

CLASSIC = 1
"""The specification version of the model types that Core ML has had from the beginning."""

PROGRAM = 6
"""The specification version that brought ML Programs."""


@cache
def coremltools() -> Any:
    """The package, imported without its remarks on other packages and on missing Apple parts.

    Raises:
        MissingPart: it is not installed.
    """
    with quiet():
        try:
            return import_module("coremltools")
        except ImportError as error:
            raise MissingPart(error.name or "coremltools", extra="exports") from error


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No logging and no warnings of libraries in the block."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


@cache
def messages(name: str) -> Any:
    """The module of protobuf messages called `name`, such as `Model` or `FeatureTypes`."""
    coremltools()
    return import_module(f"coremltools.proto.{name}_pb2")


def new_model(specification: int = CLASSIC) -> Any:
    """An empty `Model` message."""
    return messages("Model").Model(specificationVersion=specification)


def minimum_ios(specification: int) -> str:
    """The first iOS that reads a model of this specification version."""
    return IOS.get(specification, f"newer than {IOS[max(IOS)]}")


def dtype_name(value: Any) -> str:
    """The element type of a program value in the builder's words: `fp32`, `int32`, `bool`."""
    types = import_module("coremltools.converters.mil.mil.types")
    return str(types.builtin_to_string(value.dtype))
