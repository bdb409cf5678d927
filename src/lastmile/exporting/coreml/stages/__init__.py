"""ONNX operators as stages of a Core ML pipeline, where they are exact.

    wiring   operators that only rearrange: no stage, or one that concatenates or picks
    texts    what texts become, looked up
    doors    raw columns: imputers, categories to codes and to zeros and ones
    arrays   scalers and normalizers
    trees    tree ensembles
    linear   generalized linear models

Each function takes the pipeline, the node and its inputs (vectors or constants) and returns the
node's output vectors. It raises `NotAStage` where this very node has no exact stage; the node is
then lowered into an ML Program.
"""

from lastmile.exporting.claims import OpTable
from lastmile.exporting.coreml.stages import arrays, doors, linear, texts, trees, wiring

STAGES = OpTable("Core ML's classic model types", (wiring, texts, doors, arrays, trees, linear))

__all__ = ["STAGES"]
