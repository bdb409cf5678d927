"""The shape of the house: budgets that would not hold if nobody measured them."""

import ast
import importlib
import inspect
from pathlib import Path

import pytest

from lastmile.errors import LastmileError

SRC = Path(__file__).parent.parent.parent / "src"
MODULES = sorted(
    path for path in SRC.rglob("*.py") if not {"template", "versions"} & set(path.parts)
)
MODULE_LINES = 350
FUNCTION_LINES = 45
BANNED = {"utils", "helpers", "common", "core", "base", "misc", "models"}


def shown(path: Path) -> str:
    return str(path.relative_to(SRC))


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_a_module_is_about_one_thing(path):
    text = path.read_text()

    assert len(text.splitlines()) <= MODULE_LINES
    assert path.stem not in BANNED
    assert path.parent.name not in BANNED
    assert ast.get_docstring(ast.parse(text)), "a module says what it is for"


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_a_function_fits_a_screen(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            decorated = bool(node.decorator_list)  # a command's options are a table
            assert lines <= FUNCTION_LINES or decorated, f"{node.name} has {lines} lines"


def errors() -> list[type[LastmileError]]:
    module = importlib.import_module("lastmile.errors")
    return [
        thing
        for thing in vars(module).values()
        if inspect.isclass(thing) and issubclass(thing, LastmileError)
    ]


def test_each_error_has_a_code_of_its_own_a_docstring_and_a_place_in_the_map():
    codes = [error.code for error in errors()]
    map_ = importlib.import_module("lastmile.errors").__doc__ or ""

    assert len(codes) == len(set(codes))
    assert all(error.__doc__ for error in errors())
    assert [error.__name__ for error in errors() if error.__name__ not in map_] == []


def test_no_error_is_dead():
    users = [path for path in MODULES if path.parent.name != "errors"]
    text = "".join(path.read_text() for path in [*users, SRC / "lastmile/errors/shape.py"])

    assert [error.__name__ for error in errors() if error.__name__ not in text] == []
