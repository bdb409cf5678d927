"""The signature of an estimator: its raw input columns and its outputs, typed.

shape        the values: Signature, Column, Output, and their form on disk
identifiers  column names as Swift, Kotlin and ONNX can write them
phone        rows as a phone gives them: arrays for the runtimes, frames for scikit-learn
parts        which estimators stand inside an estimator, and which columns they read
reading      estimator + sample -> Signature
"""

from lastmile.exporting.signature.reading import read_signature
from lastmile.exporting.signature.shape import FORMAT, Column, Kind, Output, Signature, Task

__all__ = ["FORMAT", "Column", "Kind", "Output", "Signature", "Task", "read_signature"]
