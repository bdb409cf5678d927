"""What a mobile team receives: one folder with both models, their signature and their proof.

bundle.json        the manifest: what this is, how it was made, SHA-256 of every file
signature.json     raw columns and outputs, typed
evidence.json      what was compared, and what could not be
golden/rows.json   raw rows with scikit-learn's answers, to be asked again on any device
android/NAME.onnx  the ONNX graph
android/NAME.ort   the same in ONNX Runtime's own format, and required_operators.config, on request
ios/NAME.mlpackage the Core ML package
README.md          for the engineer who builds it into an app

manifest   the manifest's form, and what a bundle is about
readme     the page for the engineer, with readme_code for its Kotlin and Swift
write      everything above, into an empty folder
files      a folder that somebody sent: read it without trusting it
check      ask a bundle's own files its golden rows again
"""

from lastmile.exporting.bundle.check import Check, check_bundle, holds_another_model
from lastmile.exporting.bundle.manifest import About
from lastmile.exporting.bundle.write import Bundle, write_bundle

__all__ = ["About", "Bundle", "Check", "check_bundle", "holds_another_model", "write_bundle"]
