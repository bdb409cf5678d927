"""Whatever is shown passes one place, where no text is markup and none controls the terminal."""

import ast
from pathlib import Path

import pytest

SRC = Path(__file__).parent.parent.parent / "src/lastmile"
KNOW_RICH = {"cli/output.py", "cli/progress.py"}
IN_KERNELS = {"reporting/execution/forkserver", "reporting/execution/witness.py", "template"}
"""What runs inside of a kernel, or is a file of the user's."""
MODULES = sorted(
    path
    for path in SRC.rglob("*.py")
    if not any(str(path.relative_to(SRC)).startswith(part) for part in IN_KERNELS)
)


def shown(path):
    return str(path.relative_to(SRC))


def imports_of(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def calls_of(tree):
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def guarded(tree):
    """The tree without what only type checkers read."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    return tree


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_only_the_output_knows_rich_and_nothing_prints_past_it(path):
    tree = guarded(ast.parse(path.read_text()))
    rich = {name for name in imports_of(tree) if name.partition(".")[0] == "rich"}
    printing = {"print", "click.echo", "click.secho", "sys.stderr.write", "sys.stdout.write"}

    assert not rich or shown(path) in KNOW_RICH
    spoken = calls_of(tree) & printing
    assert not spoken or shown(path) in ("__main__.py", "jobs/there.py"), spoken


@pytest.mark.parametrize("name", sorted(KNOW_RICH))
def test_no_text_is_read_as_markup(name):
    tree = ast.parse((SRC / name).read_text())
    columns = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "TextColumn"
    ]

    assert all("markup=False" in ast.unparse(column) for column in columns)
    assert not {call for call in calls_of(tree) if "markup" in call}
    assert "render_markup" not in (SRC / name).read_text()
