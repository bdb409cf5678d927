"""The whole matrix, side by side: `python -m tests.matrix [--write] [WORDS]`.

Every case alone, on rows far from zero and behind a ColumnTransformer, for ONNX and Core ML.
`--write` writes the table of exports/COVERAGE.md. `differs` means that the evidence does not hold:
an export then ends with exit code 3 and writes nothing. No case may do so on its own rows.
Ends with 1 if one does, if anything fails without an error of ours, if a refusal is in no table,
and, asked without words, if too few classes are exported or the docs tell it otherwise.
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

from lastmile.exporting.onnx.converters import CONVERTERS
from lastmile.exporting.onnx.refused import REFUSED

COVERAGE = Path(__file__).parents[2] / "exports" / "COVERAGE.md"
AT_LEAST = 175
"""Classes, of 191, that must be exported."""

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


def boosted() -> set[str]:
    """The classes of the libraries of boosted trees that we convert."""
    return {key.split(".")[1] for key in CONVERTERS if not key.startswith("sklearn.")}


def counted(lines: Iterable[str]) -> int:
    """How many classes of scikit-learn a table says are exported, some of them in part."""
    rows = [[part.strip() for part in line.split("|")] for line in lines if line.startswith("| ")]
    return len({row[1] for row in rows if row[2] in ("yes", "partly")} - boosted())


def faults(one: Answered) -> list[str]:
    """What is wrong: a refusal must be one of the table, a failure by itself is none.

    Where scikit-learn itself gives up while fitting (its search for a temperature may), nothing
    was asked; a class of which no case was asked would be missing from the table.
    """
    known = {name for refusal in REFUSED for name in refusal.names}
    wrong = [
        f"{one.name}, {target}: {outcome.verdict}, {outcome.why}"
        for target, outcome in (("ONNX", one.onnx), ("Core ML", one.coreml))
        if outcome.verdict not in ("agrees", "refused", "unfit")
    ]
    if one.onnx.verdict == "refused" and one.kind not in known:
        wrong.append(f"{one.name}: {one.onnx.why}")
    return wrong


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
    wrong = list(_wrong(found, whole=not words))
    for fault in wrong:
        console.print(f"wrong: {fault}", markup=False)
    return int(bool(wrong))


def _wrong(found: list[Answered], *, whole: bool) -> Iterator[str]:
    for one in found:
        if one.arrangement == ALONE:
            yield from faults(one)
        elif "broken" in (one.onnx.verdict, one.coreml.verdict):
            yield f"{one.name}, {one.arrangement}: broken"
    if whole:
        lines = table(found).splitlines()
        if counted(lines) < AT_LEAST:
            yield f"{counted(lines)} classes are exported, not {AT_LEAST}"
        told = COVERAGE.read_text(encoding="utf-8").splitlines()
        for line in (line for line in lines if line not in told):
            yield f"the docs do not say so (python -m tests.matrix --write): {line}"


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
