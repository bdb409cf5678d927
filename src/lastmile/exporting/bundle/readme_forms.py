"""What a bundle's README says about how its ONNX form is written."""

from lastmile.exporting.bundle.manifest import Manifest
from lastmile.exporting.evidence import Evidence
from lastmile.values import show_size


def forms(manifest: Manifest, evidence: Evidence) -> list[str]:
    """Paragraphs for what is not as usual: narrow weights, maps, ONNX Runtime's own format."""
    return [*_weights(manifest, evidence), *_maps(manifest), *_ort(manifest)]


def _weights(manifest: Manifest, evidence: Evidence) -> list[str]:
    held = manifest.weights
    if held is None:
        return []
    bits = {"float16": "16-bit floats", "int8": "8-bit whole numbers, with a scale for each column"}
    if not held.tensors:
        return [
            f"Weights were to be stored as {held.stored}, but this model has no matrix product: "
            "trees, linear models and tables keep their numbers in 32 bits."
        ]
    largest = max((pair.largest_absolute for pair in evidence.comparisons), default=0.0)
    return [
        f"The weights of {held.tensors} matrix products are stored as {bits[held.stored]} and "
        f"computed with in 32 bits: {show_size(held.bytes_after)} instead of "
        f"{show_size(held.bytes_before)}. What that and all else costs was measured: the largest "
        f"difference is {largest:.2g}, within the tolerance that the export was asked for."
    ]


def _maps(manifest: Manifest) -> list[str]:
    if not manifest.zipmap:
        return []
    return [
        "`probabilities` is a sequence with a map from class to number for each row (`ZipMap`)."
    ]


def _ort(manifest: Manifest) -> list[str]:
    if manifest.ort is None:
        return []
    folder = manifest.ort.rsplit("/", 1)[0]
    return [
        "### A reduced build of ONNX Runtime",
        f"`{manifest.ort}` is the same model in ONNX Runtime's own format: "
        "`createSession` takes it in place of the `.onnx`. A build of the runtime "
        "that has only the operators of this model is much smaller:",
        "```sh\n./build.sh --android --config MinSizeRel --minimal_build extended "
        f"--include_ops_by_config {folder}/required_operators.config\n```",
        "Such a build reads this format only. A newer runtime reads it, an older one than made it "
        f"({manifest.made_with.get('onnxruntime', '?')}) may not.",
    ]
