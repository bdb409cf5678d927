"""Ask a bundle's own files its golden rows again."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lastmile.errors import BundleBroken, LastmileError
from lastmile.exporting.bundle.files import read_json, read_manifest, validate
from lastmile.exporting.bundle.manifest import (
    FORMAT,
    GOLDEN,
    MANIFEST,
    SIGNATURE,
    GoldenFile,
    Manifest,
)
from lastmile.exporting.evidence.answers import Answers
from lastmile.exporting.evidence.compare import distance
from lastmile.exporting.evidence.gather import COREML, ONNX, Engine
from lastmile.exporting.onnx import load_graph
from lastmile.exporting.onnx.ort_format import load_ort
from lastmile.exporting.signature import Kind, Signature
from lastmile.exporting.signature.phone import from_json, number

ORT = "ONNX Runtime, its own format"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One engine's answers to the golden rows, against scikit-learn's."""

    engine: str
    rows: int
    label_mismatches: int
    largest_absolute: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What came of a check. `faults` says in sentences what no longer holds."""

    name: str
    version: str
    asked: tuple[Asked, ...]
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether every file answers its golden rows within the tolerance of the manifest."""
        return not self.faults


def check_bundle(path: Path) -> Check:
    """Whether the bundle in the folder `path` is whole and still answers as it was exported.

    Raises:
        BundleBroken: files are missing, changed or added, or cannot be understood.
    """
    manifest = read_manifest(path)
    try:
        signature = Signature.from_dict(read_json(path, SIGNATURE))
        rows, expected = _golden(path, signature)
        answers = list(_ask(path, manifest, signature, rows))
    except BundleBroken:
        raise
    except LastmileError as error:
        raise BundleBroken(str(path), error.what) from error
    except Exception as error:  # the files are somebody else's: whatever they cause is their fault
        raise BundleBroken(str(path), f"{type(error).__name__}: {error}") from error
    asked, faults = [], []
    for engine, got in answers:
        result, found = _judge(engine, expected, got, manifest)
        asked.append(result)
        faults += found
    return Check(
        name=manifest.name, version=manifest.version, asked=tuple(asked), faults=tuple(faults)
    )


def _golden(path: Path, signature: Signature) -> tuple[pd.DataFrame, Answers]:
    """The golden rows as a frame, and scikit-learn's answers to them."""
    file = validate(path, GoldenFile, read_json(path, GOLDEN), GOLDEN)
    if file.format != FORMAT:
        raise BundleBroken(str(path), f"{GOLDEN} has format {file.format}")
    rows = from_json([dict(row.inputs) for row in file.rows], signature.columns)
    answers = [row.expected for row in file.rows]
    expected: Answers = {}
    for output in signature.outputs:
        values = [answer.get(output.name) for answer in answers]
        if output.name == "label":
            wanted = str if output.kind is Kind.STRING else int
            if not all(type(value) is wanted for value in values):
                raise BundleBroken(str(path), f"{GOLDEN}: a label is no {output.kind}")
            expected["label"] = np.array(values)
        else:
            expected[output.name] = _table(values, output.width, path)
    return rows, expected


def _table(values: list[Any], width: int, path: Path) -> np.ndarray:
    if not all(isinstance(value, list) and len(value) == width for value in values):
        raise BundleBroken(str(path), f"{GOLDEN}: an answer does not have {width} numbers")
    return np.array([[number(entry) for entry in value] for value in values])


def _ask(
    path: Path, manifest: Manifest, signature: Signature, rows: pd.DataFrame
) -> Iterator[tuple[str, Answers]]:
    """Each engine's answers, from the saved files."""
    yield ONNX, load_graph(path / manifest.android, signature).run(rows)
    if manifest.ort:
        yield ORT, load_ort(path / manifest.ort, signature).run(rows)
    if manifest.ios:
        from lastmile.exporting.coreml import load_package

        package: Engine = load_package(path / manifest.ios, signature)
        yield COREML, package.run(rows)


def _judge(
    engine: str, expected: Answers, got: Answers, manifest: Manifest
) -> tuple[Asked, list[str]]:
    tolerance = manifest.tolerance.values()
    apart = distance(expected, got, tolerance)
    relabelled, beyond = int(apart.relabelled.sum()), int(apart.beyond.sum())
    largest = float(apart.absolute.max(initial=0.0))
    faults = []
    if relabelled > tolerance.labels:
        faults.append(f"{engine} gives {relabelled} of {len(apart.absolute)} rows another label")
    if beyond:
        faults.append(
            f"{engine} differs beyond the tolerance on {beyond} rows, by up to {largest:.2g}"
        )
    asked = Asked(
        engine=engine,
        rows=len(apart.absolute),
        label_mismatches=relabelled,
        largest_absolute=largest,
    )
    return asked, faults


def holds_another_model(path: Path, made: Path) -> bool:
    """Whether the bundle at `path`, if there is one, has other models than the one in `made`.

    The report of its evidence and the moment it was made may differ.
    """
    if not (path / MANIFEST).is_file():
        return False
    before, now = read_manifest(path).files, read_manifest(made).files
    kept = [name for name in {*before, *now} if name.startswith(("android/", "ios/"))]
    return any(before.get(name) != now.get(name) for name in (*kept, SIGNATURE))
