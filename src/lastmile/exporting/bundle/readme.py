"""The page that comes with a bundle, for the engineer who builds it into an app."""

import re
from typing import Any

from lastmile.exporting.bundle.manifest import GOLDEN, Manifest
from lastmile.exporting.bundle.readme_code import kotlin, swift
from lastmile.exporting.bundle.readme_forms import forms
from lastmile.exporting.cost import show_time
from lastmile.exporting.evidence import Evidence
from lastmile.exporting.signature import Column, Kind, Signature
from lastmile.values import show_size

TYPES = {
    Kind.FLOAT: "32-bit float",
    Kind.INT: "64-bit integer",
    Kind.STRING: "text",
    Kind.BOOL: "true or false",
}
MISSING = {"NaN": "NaN", "": 'empty text `""`'}

_KNOWN_SHOWN = 30


def readme(manifest: Manifest, signature: Signature, evidence: Evidence, name: str) -> str:
    """The page as Markdown; `name` is the class that Xcode makes from the package."""
    row, file = _example(evidence), manifest.android.rsplit("/", 1)[-1]
    parts = [
        f"# {_line(manifest.title or manifest.name)}",
        _line(manifest.description),
        _facts(manifest),
        "## What goes in",
        "One raw row, as it is: scaling, filling of gaps and encoding are inside the model.",
        _inputs(signature),
        _limits(signature),
        "## What comes out",
        _outputs(signature),
        "## Android",
        f"Put `{manifest.android}` into `src/main/assets/`, and in `build.gradle.kts`: "
        f'`implementation("com.microsoft.onnxruntime:onnxruntime-android:{_ADVISED}")`. '
        + " ".join(f"Never {v}: {why}." for v, why in manifest.onnxruntime.excluded.items()),
        f"```kotlin\n{kotlin(signature, row, file, maps=manifest.zipmap)}\n```",
        *forms(manifest, evidence),
    ]
    if manifest.ios:
        vector = manifest.ios_inputs == "vector"
        program = float(manifest.minimum_ios or 0) >= _PROGRAMS_SINCE
        parts += [
            "## iOS",
            f"Drag `{manifest.ios}` into the Xcode project (iOS {manifest.minimum_ios} or later; "
            "`MLModelConfiguration` needs iOS 12); "
            f"Xcode makes the class `{name}` from it.",
            f"```swift\n{swift(signature, row, name, program=program, vector=vector)}\n```",
            _open_questions(evidence),
        ]
    parts += _proof(manifest, evidence)
    return "\n\n".join(part for part in parts if part) + "\n"


def _open_questions(evidence: Evidence) -> str:
    """What a first run on a device should look at."""
    if not evidence.open_questions:
        return ""
    rows = [
        [one.name, ", ".join(map(str, one.golden)) or ("every" if one.rows else "none"),
         _line(one.question)]
        for one in evidence.open_questions
    ]  # fmt: skip
    return (
        f"Only a device can tell these of this model; `{GOLDEN}` puts them in its first rows "
        "(counted from 0), so ask those first:\n\n" + _table(["question", "rows", ""], rows)
    )


_ADVISED = "1.28.0"
_PROGRAMS_SINCE = 15


def _facts(manifest: Manifest) -> str:
    facts = [
        f"{_line(manifest.name)} {manifest.version}",
        f"made {manifest.made:%Y-%m-%d %H:%M} UTC",
        f"scikit-learn {manifest.made_with.get('scikit-learn', '?')}",
    ]
    facts += [f"by {_line(manifest.author)}"] if manifest.author else []
    facts += [f"licence {_line(manifest.license)}"] if manifest.license else []
    return " · ".join(facts)


def _inputs(signature: Signature) -> str:
    head = ["name", "column", "type", "unit", "if missing", "known values", "meaning"]
    return _table(head, [_input(column) for column in signature.columns])


def _limits(signature: Signature) -> str:
    """What the app must not leave out or send, as the estimator would have refused it."""
    required = [column for column in signature.columns if column.missing is None]
    refused = [column for column in required if column.kind in (Kind.FLOAT, Kind.STRING)]
    sentences = []
    if required:
        sentences.append("A **required** column must be sent with every row.")
    if refused:
        named = ", ".join(f"`{column.identifier}`" for column in refused)
        sentences.append(
            f"scikit-learn refuses a row without {named}; the model answers one all the same, and "
            "that answer means nothing."
        )
    if any(column.closed for column in signature.columns):
        sentences.append(
            "Where **only** known values are allowed scikit-learn refuses any other; the model "
            "answers one, and that answer means nothing."
        )
    return " ".join(sentences)


def _input(column: Column) -> list[str]:
    known = [_line(str(value)) for value in column.known[:_KNOWN_SHOWN]]
    if len(column.known) > _KNOWN_SHOWN:
        known.append(f"… ({len(column.known)} in all, see signature.json)")
    if column.closed:
        known = ["**only:**", *known] if known else ["**only those of the training rows**"]
    missing = "**required**" if column.missing is None else str(column.missing)
    return [
        f"`{column.identifier}`",
        _line(column.name),
        TYPES[column.kind],
        _line(column.unit),
        MISSING.get(missing, missing),
        ", ".join(known).replace(":**,", ":**"),
        _line(column.help),
    ]


def _outputs(signature: Signature) -> str:
    rows = []
    for output in signature.outputs:
        classes = ", ".join(_line(str(value)) for value in output.classes)
        meaning = {
            "label": f"the class: one of {classes}",
            "probabilities": f"one number per class, in this order: {classes}",
        }.get(output.name, f"{output.width} number{'s' if output.width > 1 else ''}")
        rows.append([f"`{output.name}`", TYPES[output.kind], meaning])
    return _table(["name", "type", "meaning"], rows)


def _proof(manifest: Manifest, evidence: Evidence) -> list[str]:
    figures = _table(
        ["asked", "compared with", "rows", "other label", "of these ties", "largest difference"],
        [
            [
                pair.got,
                pair.expected,
                f"{pair.rows:,}",
                f"{pair.label_mismatches + pair.ties:,}",
                f"{pair.ties:,}",
                f"{pair.largest_absolute:.2g}",
            ]
            for pair in evidence.comparisons
        ],
    )
    files = _table(
        ["file", "size", "SHA-256"],
        [[f"`{p}`", show_size(e.size), f"`{e.sha256}`"] for p, e in manifest.files.items()],
    )
    return [
        "## What was proven",
        f"`{GOLDEN}` holds {len(evidence.golden)} rows with scikit-learn's answers. Ask them on "
        "the device in a test of yours: nothing proves more. `lastmile export check FOLDER` asks "
        "them again without one.",
        figures,
        *_accepted(evidence),
        *_cost(evidence),
        "## What was not proven",
        "\n".join(f"- {' '.join(sentence.split())}" for sentence in evidence.not_proven),
        "## Files",
        files,
    ]


def _accepted(evidence: Evidence) -> list[str]:
    """What differs and was let out all the same, and why."""
    if not evidence.accepted:
        return []
    step = evidence.first_step
    told = [_line(reason) for reason in evidence.reasons]
    if step:
        told.append(f"The difference first appears at {_line(step.path)}.")
    return [
        "## Accepted although it differs",
        f"**{_line(evidence.accepted)}**",
        "\n".join(f"- {sentence}" for sentence in told),
        "The golden rows are those that agree; the rows furthest apart stand in `evidence.json`.",
    ]


def _cost(evidence: Evidence) -> list[str]:
    """What one row took where the bundle was made."""
    took = evidence.measured
    if took is None:
        return []
    memory = f" It takes {show_size(took.memory)} of memory." if took.memory else ""
    return [
        "## What it costs",
        f"One row took {show_time(took.latency)} (95 of 100 below {show_time(took.latency_95)}) "
        f"with ONNX Runtime {took.onnxruntime}, one thread, on {_line(str(took.machine))}.{memory} "
        "A phone takes another time.",
    ]


def _example(evidence: Evidence) -> dict[str, Any]:
    """The first golden row without gaps, or the first."""
    rows = [golden.inputs for golden in evidence.golden]
    whole = (row for row in rows if all(value not in (None, "") for value in row.values()))
    return next(whole, rows[0])


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _line(text: str) -> str:
    """Somebody's words as one line of Markdown that means only itself."""
    flat = re.sub(r"\s+", " ", text).strip()
    return re.sub(r"([\\`*_|<>\[\]#])", r"\\\1", flat)
