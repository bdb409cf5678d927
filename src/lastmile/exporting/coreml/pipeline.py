"""A Core ML pipeline in the making: stages are added in the order in which they will run."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any

from lastmile.exporting.coreml.features import Feature, Form, Vector, describe
from lastmile.exporting.coreml.schema import new_model


class Pipeline:
    """Stages, each a `Model` message with declared inputs and outputs, wired by feature names."""

    def __init__(self, taken: Sequence[str]) -> None:
        self.models: list[Any] = []
        self.names: list[str] = []
        self._taken = {name.lower() for name in taken}
        self._arrays: dict[tuple[tuple[Feature, ...], Form], Feature] = {}

    def fresh(self, hint: str) -> str:
        """A feature name that nothing has yet and that Swift can write."""
        plain = re.sub(r"[^A-Za-z0-9]+", "_", hint).strip("_") or "value"
        plain = f"_{plain}" if plain[0].isdigit() else plain
        name, number = plain, 1
        while name.lower() in self._taken:
            number += 1
            name = f"{plain}_{number}"
        self._taken.add(name.lower())
        return name

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Take back the stages that were added in the block when it ends in an error."""
        before = len(self.models), set(self._taken), dict(self._arrays)
        try:
            yield
        except BaseException:
            count, self._taken, self._arrays = before
            del self.models[count:], self.names[count:]
            raise

    def stage(
        self, kind: str, inputs: Sequence[Feature], outputs: Sequence[Feature], *, name: str = ""
    ) -> Any:
        """Add a stage of the model type `kind` and return that type's message to be filled."""
        inputs = [self._taken_out(feature) for feature in inputs]
        model = new_model()
        message = getattr(model, kind)
        message.SetInParent()
        describe(model, inputs, outputs)
        self.add(model, name or kind)
        return message

    def add(self, model: Any, name: str) -> None:
        """Add a finished stage."""
        self.models.append(model)
        number = self.names.count(name) + sum(
            known.startswith(f"{name} ") and known[len(name) + 1 :].isdigit()
            for known in self.names
        )
        self.names.append(f"{name} {number + 1}" if number else name)

    def rename_last(self, old: Feature, new: Feature) -> bool:
        """Let the last stage call its output `new`, if `old` is that output and no program's."""
        if not self.models or self.models[-1].WhichOneof("Type") == "mlProgram":
            return False
        described = self.models[-1].description
        if [output.name for output in described.output] != [old.name]:
            return False
        described.output[0].name = new.name
        if described.predictedFeatureName == old.name:
            described.predictedFeatureName = new.name
        return True

    def array(self, vector: Vector, hint: str, form: Form = Form.ARRAY64) -> Feature:
        """The elements of `vector` as one array, made by a FeatureVectorizer where need be.

        Asking again for the same elements gives the same array.
        """
        parts = tuple(self._together(vector.parts))
        if len(parts) == 1 and parts[0].form is form:
            return parts[0]
        key = (parts, form)
        if key not in self._arrays:
            self._arrays[key] = self._vectorize(parts, vector, hint, form)
        return self._arrays[key]

    def _vectorize(
        self, parts: Sequence[Feature], vector: Vector, hint: str, form: Form
    ) -> Feature:
        parts = self._distinct(parts)
        made = Feature(self.fresh(hint), form, vector.width)
        message = self.stage("featureVectorizer", parts, [made])
        for part in parts:
            message.inputList.add(inputColumn=part.name, inputDimensions=part.width)
        return made

    def _together(self, parts: Sequence[Feature]) -> Iterator[Feature]:
        """The parts, those that stand in one array as an array again."""
        for array, group in groupby(parts, key=lambda part: part.of):
            members = list(group)
            if array is None:
                yield from members
            else:
                yield self._chosen(array, [part.at for part in members])

    def _taken_out(self, part: Feature) -> Feature:
        """A number that stands in an array as a number by itself."""
        return part if part.of is None else self._chosen(part.of, [part.at])

    def _chosen(self, array: Feature, positions: list[int]) -> Feature:
        """Elements of an array, taken out once."""
        key = (tuple(Feature(array.name, array.form, at=at) for at in positions), Form.DOUBLE)
        if key not in self._arrays:
            self._arrays[key] = self._extract(array, positions)[0]
        return self._arrays[key]

    def _distinct(self, parts: Sequence[Feature]) -> list[Feature]:
        """The parts with a second name for each that comes again: inputs of a stage differ."""
        seen: set[str] = set()
        distinct = []
        for part in parts:
            if part.name in seen:
                again = Feature(self.fresh(part.name), part.form, part.width)
                self.stage("identity", [part], [again])
                part = again
            seen.add(part.name)
            distinct.append(part)
        return distinct

    def pick(self, vector: Vector, indices: Sequence[int]) -> tuple[Feature, ...]:
        """The elements at `indices`, as features; runs inside one array become one array."""
        owners = [(part, at) for part in vector.parts for at in range(part.width)]
        wanted = [owners[index] for index in indices]
        picked: list[Feature] = []
        for part, group in groupby(wanted, key=lambda owner: owner[0]):
            picked += self._extract(part, [at for _, at in group])
        return tuple(picked)

    def _extract(self, part: Feature, positions: list[int]) -> list[Feature]:
        if not part.form.is_array:
            return [part] * len(positions)
        if positions == list(range(part.width)):
            return [part]
        width = len(positions)
        form = part.form if width > 1 else Form.DOUBLE
        made = Feature(self.fresh(f"{part.name}_part"), form, width)
        message = self.stage("arrayFeatureExtractor", [part], [made])
        message.extractIndex.extend(positions)
        return [made]
