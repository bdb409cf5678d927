"""What the stage rules agree on."""

from typing import Any

from lastmile.exporting.coreml.features import Vector


class NotAStage(Exception):
    """This node has no exact stage; the message says why. Never leaves the lowering."""


def need(holds: object, reason: str) -> None:
    """Raise `NotAStage` unless `holds`."""
    if not holds:
        raise NotAStage(reason)


def need_row(vector: Any) -> None:
    """Raise `NotAStage` unless the tensor is a table of numbers at batch size 1: [1, C]."""
    need(isinstance(vector, Vector), "a constant where a column is expected")
    need(len(vector.shape) == 2 and vector.shape[0] == 1, f"a tensor of shape {vector.shape}")
    need(all(part.form.is_number for part in vector.parts), "texts are not numbers")
