"""A fitted estimator becomes a bundle: a compiler, each arrow one function.

estimator + sample -> Signature -> Graph (ONNX) -> Package (Core ML) -> Evidence -> Bundle

    definition  the file that describes an export
    registered  models as MLflow keeps them
    source      where estimator and sample come from
    signature/  raw columns in, typed outputs out
    claims      which function lowers which operator
    onnx/       estimator -> Graph
    coreml/     Graph -> Package
    cost/       what a Graph costs, counted and measured
    candidates/ several estimators for one export: how good, how quick, how large
    evidence/   do all of them answer the same?
    bundle/     the folder for a mobile team, and its check
"""
