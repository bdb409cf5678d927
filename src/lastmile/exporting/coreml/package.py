"""A Core ML package: the message, its weight files, the signature; saved, loaded, run.

A `.mlpackage` is a folder with a manifest (format 1.0.0; source: what coremltools writes and
`MLModel` reads). It is written here rather than by coremltools so that the same model gives the
same bytes: identifiers of the manifest come from the content, and maps are serialised in order.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import numpy as np
import pandas as pd

from lastmile.atomic import publish_folder, write_bytes
from lastmile.errors import NotWritable, PackageBroken
from lastmile.exporting.coreml.reference import Dictionary, evaluate_model
from lastmile.exporting.coreml.reference.files import MODEL, WEIGHTS, Parts, parse, read_parts
from lastmile.exporting.coreml.reference.values import flat
from lastmile.exporting.coreml.schema import minimum_ios
from lastmile.exporting.coreml.unknowns import Unknown, questions_of, unknowns_of
from lastmile.exporting.signature import Kind, Output, Signature

_AUTHOR = "com.apple.CoreML"
_MANIFEST = "Manifest.json"


@dataclass(frozen=True, slots=True)
class Package:
    """A Core ML model that answers raw rows.

    spec: the `Model` message. weights: content of the weight files by file name.
    """

    spec: Any
    signature: Signature
    weights: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def minimum_ios(self) -> str:
        """The first iOS that reads the model."""
        return minimum_ios(self.spec.specificationVersion)

    @property
    def vector(self) -> bool:
        """Whether all columns enter in one array."""
        first, *others = self.spec.description.input
        return not others and first.type.WhichOneof("Type") == "multiArrayType"

    @property
    def questions(self) -> tuple[Unknown, ...]:
        """What only a device can tell about this model, with the rows that put the question."""
        return questions_of(self.spec)

    @property
    def unknowns(self) -> tuple[str, ...]:
        """What only a device can tell about this model, one sentence each."""
        return unknowns_of(self.spec)

    @property
    def size(self) -> int:
        """Bytes of the model and its weights, without the manifest."""
        return int(self.spec.ByteSize()) + sum(map(len, self.weights.values()))

    def save(self, path: str | Path) -> None:
        """Write a `.mlpackage` folder, or a `.mlmodel` file where the name ends so.

        It appears whole or not at all. A model that stands there is replaced; folders on the way
        are made.

        Raises:
            NotWritable: the place may not be written or holds something else, or a `.mlmodel`
                cannot hold the model.
        """
        target = Path(path).absolute()
        content = self.spec.SerializeToString(deterministic=True)
        if target.suffix == ".mlmodel":
            if self.weights:
                raise NotWritable(str(path), "a model with weight files has to be a .mlpackage")
            write_bytes(target, content)
            return
        _demand_replaceable(target)
        with publish_folder(target) as folder:
            self._fill(folder, content)

    def _fill(self, path: Path, content: bytes) -> None:
        data = path / "Data" / _AUTHOR
        data.mkdir(parents=True)
        (data / MODEL).write_bytes(content)
        items = {_item(MODEL, content): _entry(MODEL, "CoreML Model Specification")}
        if self.weights:
            folder = data / WEIGHTS
            folder.mkdir()
            for name, weight in self.weights.items():
                (folder / name).write_bytes(weight)
            joined = b"".join(self.weights[name] for name in sorted(self.weights))
            items[_item(WEIGHTS, joined)] = _entry(WEIGHTS, "CoreML Model Weights")
        manifest = {
            "fileFormatVersion": "1.0.0",
            "itemInfoEntries": items,
            "rootModelIdentifier": next(iter(items)),
        }
        text = json.dumps(manifest, indent=4, sort_keys=True)
        (path / _MANIFEST).write_text(text + "\n", encoding="utf-8")

    def run(self, frame: pd.DataFrame) -> dict[str, np.ndarray]:
        """The reference evaluator's answers to raw rows.

        The model is serialised and read again first, so what is evaluated is what a file holds.

        `frame` is as :meth:`lastmile.exporting.onnx.Graph.run` takes it.

        Returns by output name, with N rows in the order of `frame`: `label` [N] i64 or `str`,
        `probabilities` [N, K] f64 in the order of the signature's classes, `score` [N, width] f64,
        `value` [N, width] f64.

        Raises:
            SampleLacksColumn, RowsRefused: the rows do not fit the signature.
            Faults: several of these, all at once.
            PackageBroken: the model cannot be evaluated, or does not answer as the signature says.
        """
        parts = Parts(
            model=parse(self.spec.SerializeToString(deterministic=True), shown="the model"),
            weights=self.weights,
        )
        feeds = self.signature.feeds(frame, wide=True)
        answers = evaluate_model(parts, self._entering(feeds))
        return {output.name: _answer(answers, output) for output in self.signature.outputs}

    def _entering(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The columns by input: each its own, or all of them in one array."""
        if self.vector:
            (array,) = self.spec.description.input
            return {array.name: np.concatenate(list(feeds.values()), axis=1, dtype=np.float64)}
        return {name: values[:, 0] for name, values in feeds.items()}


def _demand_replaceable(target: Path) -> None:
    """Raise `NotWritable` where a folder would take the place of something that is no package."""
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise NotWritable(str(target), "a file stands there; name another place")
    if target.is_dir() and {_MANIFEST, "Data"} != {one.name for one in target.iterdir()} != set():
        raise NotWritable(str(target), "a folder of other things stands there; name another place")


def _item(name: str, content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    return str(uuid5(NAMESPACE_URL, f"{_AUTHOR}/{name}#{digest}")).upper()


def _entry(name: str, description: str) -> dict[str, str]:
    return {
        "author": _AUTHOR,
        "description": description,
        "name": name,
        "path": f"{_AUTHOR}/{name}",
    }


def _answer(answers: Mapping[str, Any], output: Output) -> np.ndarray:
    if output.name not in answers:
        raise PackageBroken("the model", f"it has no output `{output.name}`")
    answer = answers[output.name]
    if isinstance(answer, Dictionary):
        return answer.columns(output.classes)
    if output.role == "label":
        labels = np.asarray(answer)
        return labels.astype({Kind.STRING: str, Kind.BOOL: bool}.get(output.kind, np.int64))
    return flat(np.asarray(answer, dtype=np.float64))


def load_package(path: Path, signature: Signature) -> Package:
    """The package that :meth:`Package.save` wrote.

    Raises:
        PackageBroken: it is damaged, or not a Core ML model of the kinds that can be evaluated.
    """
    parts = read_parts(path)
    return Package(parts.model, signature, MappingProxyType(dict(parts.weights)))
