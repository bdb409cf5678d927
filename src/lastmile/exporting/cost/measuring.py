"""What a graph takes on this machine: time for one row, memory at most, with the machine's name."""

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from lastmile.errors import RowsRefused
from lastmile.exporting.onnx.graph import Graph
from lastmile.exporting.onnx.sessions import open_session

_WARM, _TIMED, _ENOUGH = 20, 200, 1.0


@dataclass(frozen=True, slots=True)
class Machine:
    """Where something was measured."""

    processor: str
    cores: int
    system: str

    @classmethod
    def here(cls) -> "Machine":
        """This one."""
        system = f"{platform.system()} {platform.machine()}"
        return cls(_processor(), os.cpu_count() or 1, system)

    def __str__(self) -> str:
        return f"{self.processor}, {self.cores} cores, {self.system}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(
            line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")
        )
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Seconds for one row (the median and the 95th percentile), bytes at most, and where.

    One thread of ONNX Runtime answers. `memory` is what a fresh process takes more for loading the
    graph and answering rows one by one; None where it was not measured.
    """

    machine: Machine
    onnxruntime: str
    latency: float
    latency_95: float
    memory: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def measure(graph: Graph, rows: pd.DataFrame, *, memory: bool = False) -> Measured:
    """Time single rows of `rows` on this machine, for a second at most."""
    import onnxruntime

    session = open_session(graph.proto)
    places = np.linspace(0, len(rows) - 1, min(_WARM, len(rows))).round().astype(int)
    feeds = [graph.signature.feeds(rows.iloc[[place]]) for place in places]
    for one in feeds:
        session.run(None, one)
    taken: list[float] = []
    began = time.perf_counter()
    while len(taken) < _TIMED and time.perf_counter() - began < _ENOUGH:
        started = time.perf_counter()
        session.run(None, feeds[len(taken) % len(feeds)])
        taken.append(time.perf_counter() - started)
    return Measured(
        machine=Machine.here(),
        onnxruntime=onnxruntime.__version__,
        latency=statistics.median(taken),
        latency_95=float(np.quantile(taken, 0.95)),
        memory=measure_memory(graph, feeds[0]) if memory else None,
    )


_CHILD = """
import json, resource, sys
import numpy, onnxruntime
def peak():
    try:
        lines = open("/proc/self/status").read().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
row = json.load(open(sys.argv[2]))
feeds = {name: numpy.array(values, dtype=dtype) for name, (dtype, values) in row.items()}
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
try:
    open("/proc/self/clear_refs", "w").write("5")  # what was used to start does not count
except OSError:
    pass
before = peak()
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
for _ in range(20):
    session.run(None, feeds)
print(max(0, peak() - before))
"""


def measure_memory(graph: Graph, feeds: dict[str, np.ndarray]) -> int:
    """Bytes that a fresh process takes more at its peak, for loading the graph and one row.

    Raises:
        RowsRefused: no such process could be run.
    """
    with TemporaryDirectory(prefix="lastmile-memory-") as folder:
        model, row = Path(folder) / "graph.onnx", Path(folder) / "row"
        graph.save(model)
        plain = {name: (values.dtype.str, values.tolist()) for name, values in feeds.items()}
        row.write_text(json.dumps(plain), encoding="utf-8")
        words = [sys.executable, "-c", _CHILD, str(model), str(row)]
        try:
            done = subprocess.run(  # noqa: S603 - this very Python, with our own words
                words, capture_output=True, text=True, check=True, timeout=300
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise RowsRefused(f"memory could not be measured: {error}") from error
        return int(done.stdout.strip())
