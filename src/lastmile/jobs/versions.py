"""Which modules and packages a notebook uses, read from import statements without running any.

The notebook's cells are read, then the workspace's own modules that they import, and so on; what is
imported from elsewhere is named with the version that is installed beside lastmile. An import that
only happens inside of another package, or by a computed name, is not seen.
"""

import ast
import hashlib
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

MOST_FILES = 500
_ALIASES = {"sklearn": "scikit-learn", "PIL": "pillow", "yaml": "pyyaml", "bs4": "beautifulsoup4",
            "dateutil": "python-dateutil", "cv2": "opencv-python"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Used:
    """What was imported: SHA-256 by path of the workspace's modules, versions by package."""

    modules: dict[str, str]
    packages: dict[str, str]


def used_by(cells: Iterable[str], root: Path, folders: Sequence[Path]) -> Used:
    """What the code `cells` import; modules of the workspace lie below one of `folders`."""
    waiting = sorted({name for cell in cells for name in _imported(_without_magics(cell), "")})
    seen, modules, outside = set(waiting), dict[str, str](), set[str]()
    while waiting:
        name = waiting.pop()
        file = _file_of(name, folders)
        if file is None or not file.is_relative_to(root):
            outside.add(name)
            continue
        shown = file.relative_to(root).as_posix()
        if shown in modules or len(modules) >= MOST_FILES:
            continue
        content = file.read_bytes()
        modules[shown] = hashlib.sha256(content).hexdigest()
        package = name if file.name == "__init__.py" else name.rpartition(".")[0]
        new = _imported(content.decode("utf-8", "replace"), package) - seen
        seen.update(new)
        waiting.extend(sorted(new))
    tops = {name.partition(".")[0] for name in outside} - set(sys.stdlib_module_names)
    tops = {top for top in tops if _file_of(top, folders) is None}
    return Used(dict(sorted(modules.items())), dict(sorted(_versions(tops))))


def _without_magics(cell: str) -> str:
    """A cell as Python: IPython's own lines become `pass`, a cell in another language is empty."""
    if re.match(r"\s*%%(?!time|timeit|capture|prun)", cell):
        return ""
    return re.sub(r"(?m)^([ \t]*)[%!?].*$", r"\1pass", cell)


@lru_cache(maxsize=MOST_FILES)
def _imported(text: str, package: str) -> frozenset[str]:
    """Dotted names of all modules that a text may import, their parents among them."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return frozenset()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(node, package)
            found.update(f"{module}.{alias.name}" for alias in node.names if module)
    return frozenset(parent for name in found for parent in _parents(name))


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    above = ".".join(parts[: len(parts) - node.level + 1])
    return f"{above}.{node.module}" if above and node.module else above


def _parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[: count + 1]) for count in range(len(parts)))


def _file_of(name: str, folders: Sequence[Path]) -> Path | None:
    path = Path(*name.split("."))
    for folder in folders:
        for file in (folder / path / "__init__.py", (folder / path).with_suffix(".py")):
            if file.is_file():
                return file.resolve()
    return None


def version_of(package: str) -> str | None:
    """The installed version of a package, or None."""
    return _version(package, _installed())


def _versions(tops: Iterable[str]) -> Iterator[tuple[str, str]]:
    stamp = _installed()
    for top in tops:
        for name in _packages_with(top, stamp):
            if version := _version(name, stamp):
                yield name, version


Stamp = tuple[int, ...]


def _installed() -> Stamp:
    """Another one whenever something was installed: a process may live longer than a package."""
    folders = (Path(folder or ".") for folder in sys.path)
    return tuple(folder.stat().st_mtime_ns for folder in folders if folder.is_dir())


@lru_cache(maxsize=1024)
def _version(package: str, _stamp: Stamp) -> str | None:
    try:
        return distribution(package).version
    except (PackageNotFoundError, ValueError):
        return None


@lru_cache(maxsize=1024)
def _packages_with(top: str, stamp: Stamp) -> tuple[str, ...]:
    """The packages that bring a module; that of its name first: asking all of them takes long."""
    try:
        found = distribution(_ALIASES.get(top, top))
    except (PackageNotFoundError, ValueError):
        return _everything(stamp).get(top, ())
    files = found.read_text("RECORD") or ""
    if re.search(rf"(?m)^{re.escape(top)}(/|\.)", files):
        return (found.name,)
    return _everything(stamp).get(top, (found.name,))  # an editable one lists no modules


@lru_cache(maxsize=1)
def _everything(_stamp: Stamp) -> Mapping[str, tuple[str, ...]]:
    return {module: tuple(sorted(set(names))) for module, names in packages_distributions().items()}
