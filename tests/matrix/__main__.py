"""The whole matrix, side by side: `python -m tests.matrix [--write] [WORDS]`.

Every case alone, on rows far from zero and behind a ColumnTransformer, for ONNX and Core ML.
`--write` writes the table of exports/COVERAGE.md. `differs` means that the evidence does not hold:
an export then ends with exit code 3 and writes nothing. No case may do so on its own rows.
Ends with 1 if one does, or if anything fails without an error of ours.
"""

import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.progress import track
from tests.matrix.ask import ALONE, Outcome, arrangements, ask_coreml, ask_onnx, fitted
from tests.matrix.cases import CASES, Case

COVERAGE = Path(__file__).parents[2] / "exports" / "COVERAGE.md"
_MARKS = ("<!-- table -->", "<!-- end of table -->")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came of one case in one arrangement, for both targets."""

    kind: str
    name: str
    arrangement: str
    onnx: Outcome
    coreml: Outcome
    seconds: float = 0.0


def answered(case: Case, arrangement: str) -> Answered:
    """Ask one question; whatever fails without an error of ours is `broken`."""
    started = time.perf_counter()
    kind = type(case.estimator).__name__
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        onnx, coreml = _both(case, arrangement)
    seconds = time.perf_counter() - started
    return Answered(
        kind=kind,
        name=case.name,
        arrangement=arrangement,
        onnx=onnx,
        coreml=coreml,
        seconds=seconds,
    )


def _both(case: Case, arrangement: str) -> tuple[Outcome, Outcome]:
    try:
        estimator, rows = fitted(case, arrangement)
    except Exception as error:  # scikit-learn itself cannot learn from such rows
        unfit = Outcome(verdict="unfit", why=repr(error))
        return unfit, unfit
    graph = None
    try:
        onnx, graph = ask_onnx(estimator, rows)
    except Exception as error:  # the matrix is there to find these
        onnx = Outcome(verdict="broken", why=repr(error))
    if graph is None:
        return onnx, Outcome(verdict="refused", why="there is no graph")
    try:
        return onnx, ask_coreml(estimator, rows, graph)
    except Exception as error:
        return onnx, Outcome(verdict="broken", why=repr(error))


def table(found: Iterable[Answered]) -> str:
    """The support table: one line for each class, by its cases alone."""
    alone = sorted((one for one in found if one.arrangement == ALONE), key=lambda one: one.kind)
    lines = ["| estimator | ONNX | Core ML | remark |", "| --- | --- | --- | --- |"]
    for kind, group in groupby(alone, key=lambda one: one.kind):
        lines.append(_line(kind, list(group)))
    return "\n".join(lines)


def _line(kind: str, group: list[Answered]) -> str:
    onnx, coreml = (_verdict([getattr(one, side) for one in group]) for side in ("onnx", "coreml"))
    whys = dict.fromkeys(_remarks(group))
    return f"| {kind} | {onnx} | {coreml} | {'; '.join(whys)} |"


def _verdict(outcomes: list[Outcome]) -> str:
    verdicts = {outcome.verdict for outcome in outcomes if outcome.verdict != "unfit"}
    if verdicts == {"agrees"}:
        return "yes"
    return "no" if "agrees" not in verdicts else "partly"


def _remarks(group: list[Answered]) -> Iterator[str]:
    for one in group:
        about = one.name.removeprefix(one.kind).strip()
        for outcome, side in ((one.onnx, ""), (one.coreml, "Core ML: ")):
            if outcome.verdict == "refused" and outcome.why != "there is no graph":
                yield f"{about}{': ' if about else ''}{side}{_short(outcome.why)}"


def _short(why: str) -> str:
    return why.split(": ", 1)[-1].splitlines()[0].replace("|", "/")


def _ask(question: tuple[int, str]) -> Answered:
    return answered(CASES[question[0]], question[1])


def main() -> int:
    """Ask everything, tell what is not as it should be, and count."""
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    questions = [
        (number, arrangement)
        for number, case in enumerate(CASES)
        for arrangement in arrangements(case)
        if all(word.lower() in f"{case.name} {arrangement}".lower() for word in words)
    ]
    console = Console()
    with ProcessPoolExecutor(2) as pool:
        answers = pool.map(_ask, questions, chunksize=4)
        found = list(track(answers, "asking", total=len(questions), console=console))
    for one in found:
        for target, outcome in (("ONNX", one.onnx), ("Core ML", one.coreml)):
            if outcome.verdict in ("differs", "broken"):
                console.print(f"{outcome.verdict}: {one.name}, {one.arrangement}, {target}")
                console.print(f"    {outcome.why}", markup=False)
    _count(console, found)
    if "--write" in sys.argv:
        write(found)
    return int(
        any(_is_bad(one.arrangement, side) for one in found for side in (one.onnx, one.coreml))
    )


def _is_bad(arrangement: str, outcome: Outcome) -> bool:
    differs = outcome.verdict == "differs" and arrangement == ALONE
    return differs or outcome.verdict == "broken"


def _count(console: Console, found: list[Answered]) -> None:
    for target in ("onnx", "coreml"):
        verdicts = Counter(getattr(one, target).verdict for one in found)
        classes = {one.kind for one in found if getattr(one, target).verdict == "agrees"}
        console.print(f"{target}: {dict(verdicts)}; {len(classes)} classes agree")


def write(found: list[Answered]) -> None:
    """Put the table into the docs, between its marks."""
    before, _, rest = COVERAGE.read_text(encoding="utf-8").partition(_MARKS[0])
    _, _, after = rest.partition(_MARKS[1])
    COVERAGE.write_text(f"{before}{_MARKS[0]}\n{table(found)}\n{_MARKS[1]}{after}", "utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
