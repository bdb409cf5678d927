"""A backfill whose runs share their beginning, against one whose runs do not."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from nbformat import v4, write

ROWS = 500_000
ABOVE = [
    "import pandas as pd",
    "sales = pd.read_csv('sales.csv', parse_dates=['day'])\nlen(sales)",
]
BELOW = [
    "chosen = sales[sales.day.dt.to_period('M') == month]\nprint(round(chosen.amount.sum(), 2))",
]


def rows() -> Iterator[tuple[str, float, float, str, str]]:
    with TemporaryDirectory(prefix="bench-") as folder:
        root = Path(folder)
        _workspace(root)
        shared, apart = _seconds(root, shares=True), _seconds(root, shares=False)
        assert shared[1] == apart[1], "the reports differ"
    yield "24 months, 500k rows above", shared[0], apart[0], "s", "lastmile, not shared"


def _workspace(root: Path) -> None:
    for name in ("reports", "notebooks", "src"):
        (root / name).mkdir()
    (root / "pyproject.toml").write_text("[tool.lastmile]\n")
    _sales().to_csv(root / "notebooks/sales.csv", index=False)
    parameters = v4.new_code_cell("month: str = '2014-01'", metadata={"tags": ["parameters"]})
    above, below = (map(v4.new_code_cell, cells) for cells in (ABOVE, BELOW))
    notebook = v4.new_notebook(cells=[*above, parameters, *below])
    write(notebook, root / "notebooks/sales.ipynb")


def _sales() -> pd.DataFrame:
    """A table as shops have them: a day, texts, and numbers, twelve columns in all."""
    chance = np.random.default_rng(1)
    days = pd.Timestamp("2014-01-01") + pd.to_timedelta(chance.integers(0, 730, ROWS), unit="D")
    sales = pd.DataFrame({"day": days, "amount": chance.gamma(2, 20, ROWS).round(2)})
    for name, count in (("shop", 40), ("product", 900), ("customer", 50_000)):
        sales[name] = [f"{name} {number}" for number in chance.integers(0, count, ROWS)]
    numbers = ("price", "discount", "weight", "width", "height", "latitude", "longitude")
    return sales.assign(**{name: chance.normal(size=ROWS).round(4) for name in numbers})


def _seconds(root: Path, *, shares: bool) -> tuple[float, list[str]]:
    """How long the backfill takes, and what the reports say."""
    shutil.rmtree(root / ".lastmile", ignore_errors=True)
    shutil.rmtree(root / "reports/_built", ignore_errors=True)
    (root / "reports/sales.toml").write_text(
        'title = "Sales"\nnotebook = "notebooks/sales.ipynb"\nformats = ["html"]\n'
        f"share_prefix = {str(shares).lower()}\n"
    )
    words = ("backfill", "sales", "--from", "2014-01", "--to", "2015-12", "-p", "month=this_month")
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "lastmile", "report", *words],
        cwd=root, check=True, capture_output=True,
    )  # fmt: skip
    return time.perf_counter() - started, _answers(root)


def _answers(root: Path) -> list[str]:
    import nbformat

    found = []
    for path in sorted((root / "reports/_built/sales").glob("*/notebook.ipynb")):
        if not path.parent.is_symlink():
            cells = nbformat.read(path, as_version=4).cells
            found.append(cells[-1].outputs[0].text)
    return sorted(found)
