"""Estimators become nodes: each by its own converter, or else by skl2onnx's."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeVar

import numpy as np

from lastmile.errors import LastmileError, NotExportable
from lastmile.exporting.onnx.answer import Answer
from lastmile.exporting.onnx.nodes import Nodes, Parts
from lastmile.exporting.onnx.options import Options

Converter = Callable[["Writer", Any, Parts], Answer]
"""A converter writes the nodes of one fitted estimator over the given parts."""

F = TypeVar("F", bound=Callable[..., Any])


def converts(*names: str, library: str = "sklearn") -> Callable[[F], F]:
    """Mark a function as the converter of classes. Registers nothing by itself."""

    def mark(function: F) -> F:
        made = tuple(f"{library}.{name}" for name in names)
        function.__converts__ = made  # type: ignore[attr-defined]
        return function

    return mark


def collected(modules: Iterable[ModuleType]) -> dict[str, Converter]:
    """The marked functions of `modules`, by library and class name.

    Raises `ValueError` where two functions convert one class.
    """
    table: dict[str, Converter] = {}
    for module in modules:
        for thing in vars(module).values():
            if getattr(thing, "__module__", "") != module.__name__:
                continue
            for name in getattr(thing, "__converts__", ()):
                if name in table:
                    raise ValueError(f"{name} has two converters")
                table[name] = thing
    return table


def key_of(estimator: Any) -> str:
    """How an estimator's class is called in the table: `sklearn.Ridge`."""
    kind = type(estimator)
    return f"{kind.__module__.split('.')[0]}.{kind.__name__}"


def own_converter(estimator: Any) -> Converter | None:
    """The method `to_onnx(writer, parts) -> Answer` of an estimator's own class, if it has one."""
    method = getattr(type(estimator), "to_onnx", None)
    return (lambda writer, one, parts: method(one, writer, parts)) if method else None


@dataclass(frozen=True, slots=True)
class Visit:
    """One estimator that was converted: where it stands, what it was given, what it answers."""

    path: str
    estimator: Any
    given: Parts
    answer: Answer


class Writer(Nodes):
    """Nodes, and the estimators that they are written for.

    `owners` tell for which estimator's path each value was written. `names` are those of all raw
    columns, in order; `visits` tell what was converted, innermost first; `middles` tell where raw
    columns of numbers lie, for sums that would lose digits; `markers` are the whole numbers that
    stand for missing ones in raw columns, by name; `blanks` are what the empty text stands for in
    columns of texts, by name, where that is known; `sparse` says whether the estimator at hand is
    given a sparse array.
    """

    def __init__(
        self,
        table: Mapping[str, Converter],
        otherwise: Converter,
        options: Options,
        taken: Iterable[str] = (),
    ) -> None:
        super().__init__(tuple(taken), opset_ml=options.trees)
        self.options = options
        self.visits: list[Visit] = []
        self.owners: dict[str, str] = {}
        self.names: tuple[str, ...] = ()
        self.middles: Mapping[str, np.ndarray] = {}
        self.markers: Mapping[str, int] = {}
        self.blanks: dict[str, Any] = {}
        self.sparse = False
        self._table = table
        self._otherwise = otherwise
        self._path: list[str] = []

    @property
    def path(self) -> str:
        """Where the estimator that is being converted stands: `prepare (ColumnTransformer)`."""
        return " > ".join(self._path)

    def answer(self, estimator: Any, parts: Parts, name: str = "") -> Answer:
        """Write the nodes of `estimator` over `parts`; `name` is what its owner calls it.

        Raises:
            NotExportable: it, or an estimator inside, has no exact form.
        """
        with self._inside(estimator, name):
            converter = own_converter(estimator) or self._table.get(
                key_of(estimator), self._otherwise
            )
            before = len(self.nodes)
            try:
                answer = converter(self, estimator, parts)
            except LastmileError:
                raise
            except Exception as error:  # what a converter did not foresee is still a refusal
                raise self.refusal(f"{type(error).__name__}: {error}") from error
            for node in self.nodes[before:]:
                for made in node.output:
                    self.owners.setdefault(made, self.path)
            self.visits.append(Visit(self.path, estimator, parts, answer))
            return answer

    @contextmanager
    def _inside(self, estimator: Any, name: str) -> Iterator[None]:
        kind = type(estimator).__name__
        self._path.append(f"{name} ({kind})" if name else kind)
        try:
            yield
        finally:
            self._path.pop()

    def refusal(self, reason: str, fix: str = "") -> NotExportable:
        """The error that the estimator at hand cannot be converted."""
        return NotExportable(
            self.path, target="ONNX", reason=reason, fix=fix or "use another estimator"
        )
