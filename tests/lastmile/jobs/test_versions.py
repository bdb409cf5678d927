"""What a notebook uses is read, not run."""

import hashlib
from importlib.metadata import version

import pytest

from lastmile.jobs.versions import used_by, version_of


@pytest.fixture
def root(tmp_path):
    files = {
        "src/shop/__init__.py": "from . import prices\nimport os\n",
        "src/shop/prices.py": "import pandas as pd\nfrom .tax.rates import VAT\n",
        "src/shop/tax/__init__.py": "",
        "src/shop/tax/rates.py": "from ..prices import x\nimport numpy\nVAT = 0.2\n",
        "src/shop/unused.py": "import sklearn\n",
        "src/alone.py": "1 / 0\n",
        "src/broken.py": "def (\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def used(root, *cells):
    return used_by(cells, root, [root / "notebooks", root / "src"])


def test_modules_are_followed_and_only_those_imported(root):
    found = used(root, "import shop")

    assert list(found.modules) == [
        "src/shop/__init__.py", "src/shop/prices.py", "src/shop/tax/__init__.py",
        "src/shop/tax/rates.py",
    ]  # fmt: skip
    assert (
        found.modules["src/shop/prices.py"]
        == hashlib.sha256((root / "src/shop/prices.py").read_bytes()).hexdigest()
    )
    assert found.packages == {"numpy": version("numpy"), "pandas": version("pandas")}


CELLS = {
    "a module in a package": ("from shop import unused", "src/shop/unused.py"),
    "a module by its whole name": ("import shop.unused as u", "src/shop/unused.py"),
    "inside of a function": ("def f():\n    import alone", "src/alone.py"),
    "beside a magic": ("%matplotlib inline\n!ls\nimport alone", "src/alone.py"),
    "below a cell magic in Python": ("%%time\nimport alone", "src/alone.py"),
    "a function of a module": ("from alone import thing", "src/alone.py"),
    "a module that is no Python": ("import broken", "src/broken.py"),
}


@pytest.mark.parametrize(("cell", "file"), CELLS.values(), ids=CELLS)
def test_ways_to_import(root, cell, file):
    assert file in used(root, cell).modules


NOTHING = {
    "another language": "%%bash\nimport alone",
    "no Python": "import alone (",
    "the standard library": "import os.path, json",
    "what is not there": "import nowhere_to_be_found",
    "beyond the top": "from ..... import x",
    "a computed name": "__import__('alone')",
}


@pytest.mark.parametrize("cell", NOTHING.values(), ids=NOTHING)
def test_what_is_not_seen(root, cell):
    found = used(root, cell)

    assert (found.modules, found.packages) == ({}, {})


def test_packages_are_named_as_they_are_installed(root):
    found = used(root, "import sklearn.linear_model, PIL.Image, matplotlib_inline, IPython")

    assert found.packages == {
        name: version(name) for name in ("scikit-learn", "pillow", "matplotlib-inline", "ipython")
    }


def test_a_module_that_leads_out_of_the_workspace_is_not_read(root, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "private.py"
    outside.write_text("import numpy")
    (root / "src/private.py").symlink_to(outside)

    assert used(root, "import private").modules == {}


def test_the_version_of_what_is_not_installed_is_none():
    assert version_of("nowhere-to-be-found") is None
