"""`make faults`: kill -9 of random processes of a backfill, again and again.

Afterwards every slot has exactly one good run, no run is open, every publication is whole and
known to the run log, and no process is left.
"""

import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

from lastmile.store import RunLog
from lastmile.values import State

NOTEBOOK = ["import time; time.sleep(0.1); print(x)"]


def runs_of(root):
    with RunLog(f"sqlite:///{root}/.lastmile/store.db") as log:
        return log.history(limit=10_000)


def start(root, *words):
    return subprocess.Popen(
        [sys.executable, "-m", "lastmile", "report", "backfill", "plain", "--from", "2014-01",
         "--to", "2014-12", "--jobs", "2", *words],
        cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def storm(root, *, kills, seed):
    """Start backfills again and again and kill random processes of them; the number of kills."""
    chance = random.Random(seed)
    done = 0
    while done < kills:
        process = start(root)
        time.sleep(chance.uniform(0.5, 4))
        try:
            family = [psutil.Process(process.pid)]
            family += family[0].children(recursive=True)
            victim = family[0] if chance.random() < 0.4 else chance.choice(family)
            victim.kill()
            done += 1
        except psutil.NoSuchProcess:
            break
        if victim.pid != process.pid:
            time.sleep(chance.uniform(0, 2))
            process.kill()
        process.communicate()
        wait_until_gone(family)
        if all_filled(root):
            break
    last = start(root)
    out, err = last.communicate(timeout=600)
    assert last.returncode == 0, out + err
    return done


def wait_until_gone(family):
    _, left = psutil.wait_procs(family, timeout=15)
    assert left == [], [process.cmdline() for process in left]


def all_filled(root):
    return len([run for run in runs_of(root) if run.state is State.SUCCEEDED]) == 12


def check_whole(root):
    runs = runs_of(root)
    good = [run for run in runs if run.state is State.SUCCEEDED]
    folders = {path.name for path in (root / "reports/_built/plain").iterdir()} - {"latest"}

    assert {f"{run.logical_date:%Y-%m}" for run in good} == {f"2014-{n:02d}" for n in range(1, 13)}
    assert len(good) == 12
    assert all(run.state.ended for run in runs)
    assert folders == {run.key for run in runs if run.folder}
    assert all((run.folder / "index.html").exists() for run in good)
    assert (root / "reports/_built/plain/latest").readlink().name == max(run.key for run in good)


def main(kills: int) -> None:
    """Storm fresh workspaces until so many kills have been made; print what was found."""
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook

    done, rounds, states = 0, 0, Counter()
    while done < kills:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "pyproject.toml").write_text("[tool.lastmile]\n")
            for name in ("reports", "notebooks", "src"):
                (root / name).mkdir()
            above = new_code_cell("base = 1")
            parameters = new_code_cell("x: int = 3", metadata={"tags": ["parameters"]})
            cells = [above, parameters, *map(new_code_cell, NOTEBOOK)]
            notebook = new_notebook(cells=cells)
            nbformat.write(notebook, root / "notebooks/plain.ipynb")
            (root / "reports/plain.toml").write_text(
                'title = "Plain"\nnotebook = "notebooks/plain.ipynb"\nformats = ["html"]\n'
                f"share_prefix = {'true' if rounds % 2 else 'false'}\n"
            )
            done += storm(root, kills=min(8, kills - done), seed=rounds)
            check_whole(root)
            rounds += 1
            states.update(
                (run.state.value, run.cause.kind.value if run.cause else "")
                for run in runs_of(root)
            )
            print(f"{done} kills, {rounds} backfills whole", flush=True)
    for (state, cause), count in sorted(states.items()):
        print(f"{count:5} {state} {cause}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
