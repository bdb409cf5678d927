"""What a caller may ask of a Core ML package."""

from collections.abc import Mapping
from dataclasses import dataclass

from lastmile.errors import BadDefinition, NotExportable
from lastmile.exporting.coreml.ending import Lowered
from lastmile.exporting.coreml.schema import minimum_ios
from lastmile.exporting.coreml.view import TARGET
from lastmile.exporting.coreml.weights import SCHEMES
from lastmile.exporting.signature import Kind, Signature

KNOWN: Mapping[str, tuple[str, ...]] = {
    "inputs": ("columns", "vector"),
    "prefer": ("exact", "size"),
    "weights": ("", *SCHEMES),
}
"""The values of each option."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The options of `to_coreml`, checked.

    Raises `BadDefinition` where one has a value that it cannot have.
    """

    minimum_ios: str = ""
    inputs: str = "columns"
    prefer: str = "exact"
    weights: str = ""

    def __post_init__(self) -> None:
        for option, known in KNOWN.items():
            value = getattr(self, option)
            if value not in known:
                raise BadDefinition(
                    f"{option} = {value!r} is unknown",
                    where=option,
                    fix=f"use {' or '.join(filter(None, known))}",
                )
        try:
            float(self.minimum_ios or "inf")
        except ValueError as error:
            raise BadDefinition(
                f"minimum_ios = {self.minimum_ios!r} is no version of iOS",
                where="minimum_ios",
                fix="write it like 15 or 16.4",
            ) from error

    @property
    def vector(self) -> bool:
        """Whether all columns are to enter in one array."""
        return self.inputs == "vector"

    def demand_numbers(self, signature: Signature) -> None:
        """Raise `NotExportable` where an array is wanted of columns that hold texts."""
        for column in signature.columns:
            if self.vector and column.kind is Kind.STRING:
                raise NotExportable(
                    f"the column `{column.name}`",
                    target=TARGET,
                    reason="an array holds numbers, and it holds texts",
                    fix="use inputs = columns",
                )

    def demand_old_enough(self, lowered: Lowered) -> None:
        """Raise `NotExportable` where a stage wants a newer iOS; name it, and the step."""
        cap = float(self.minimum_ios or "inf")
        for need in lowered.needs:
            least = minimum_ios(need.version)
            if float(least) > cap:
                raise NotExportable(
                    f"the stage `{need.stage}`",
                    target=f"iOS {cap:g}",
                    reason=f"an ML Program needs iOS {least}, and {need.why}",
                    fix=f"allow minimum_ios = {least}, or use a simpler estimator",
                )
