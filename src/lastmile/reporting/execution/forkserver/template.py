"""A process that has run the beginning of a notebook, to be forked for each of its runs.

The cells run in a shell of IPython, as they would in a kernel, and what they show is kept. Not
everything survives a fork: native threads are gone in the child, and a connection, or a file that
is written to, would be one and the same in all children. Where the cells leave such things behind,
or something in them went wrong, the beginning is not shared, and the reason is told.
"""

import fcntl
import gc
import os
import random
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lastmile.reporting.execution.prefix import Prefix, Shared, SharedCell
from lastmile.reporting.execution.witness import MIME, Witness

_STREAMS = "stdout", "stderr"


@dataclass(slots=True)
class Template:
    """What a beginning has left in this process: its names, its outputs, and what else it set.

    `seeded` are states of random generators, `variables` changes of the environment (None where
    one was removed), `cwd` the folder that it went to, if it did.
    """

    namespace: dict[str, Any]
    shared: Shared
    seeded: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, str | None] = field(default_factory=dict)
    cwd: str = ""
    files: tuple[tuple[int, str], ...] = ()

    @property
    def count(self) -> int:
        """The execution count of the next cell."""
        return 1 + max((cell.count for cell in self.shared.cells.values()), default=0)

    def adopt(self) -> None:
        """In a child: go on with what the beginning has set."""
        for name, value in self.variables.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        if self.cwd:
            os.chdir(self.cwd)
        for number, target in self.files:
            _reopen(number, target)
        if "random" in self.seeded:
            random.setstate(self.seeded["random"])
        if "numpy" in self.seeded:
            sys.modules["numpy"].random.set_state(self.seeded["numpy"])


def run_prefix(prefix: Prefix) -> Template:
    """Run the cells in this process; `shared.refused` says why the result may not be forked."""
    before, environ = _descriptors(), dict(os.environ)
    shell, witness, shown = _shell()
    os.chdir(prefix.cwd)
    sys.path.insert(0, "")
    cells: dict[int, SharedCell] = {}
    refused = ""
    with _watching_seeds() as seeded:
        for index, source in prefix.cells.items():
            cells[index], refused = _run_cell(shell, shown, source, index)
            if refused:
                break
    if "" in sys.path:
        sys.path.remove("")
    gc.collect()  # what nobody holds any more need not be left behind
    if seen := witness.finish():
        refused = refused or f"it leaves something behind that failed: {seen[0]['what']}"
    _forget(shell, witness)
    return Template(
        shell.user_ns,
        Shared(cells=cells, refused=refused or _left_behind(before)),
        seeded=_states(seeded),
        variables=_changed(environ),
        cwd=str(Path.cwd()) if Path.cwd() != prefix.cwd.resolve() else "",
        files=tuple(_opened(before)),
    )


def _changed(before: dict[str, str]) -> dict[str, str | None]:
    now = dict(os.environ)
    return {
        name: now.get(name) for name in before.keys() | now if now.get(name) != before.get(name)
    }


def _run_cell(shell: Any, shown: "_Shown", source: str, index: int) -> tuple[SharedCell, str]:
    started, count = datetime.now(UTC), shell.execution_count
    shown.outputs = []
    with redirect_stdout(shown.stream("stdout")), redirect_stderr(shown.stream("stderr")):
        result = shell.run_cell(source, store_history=True)
    outputs = [output for output in shown.outputs if MIME not in output.get("data", {})]
    notes = [output["data"][MIME] for output in shown.outputs if MIME in output.get("data", {})]
    refused = ""
    if not result.success:
        error = result.error_before_exec or result.error_in_exec
        refused = f"cell {index + 1} raised {type(error).__name__}"
    elif notes:
        refused = f"cell {index + 1}: {notes[0][0]['what']}"
    ended = datetime.now(UTC)
    cell = SharedCell(
        source=source, started=started, ended=ended, count=count, outputs=tuple(outputs)
    )
    return cell, refused


class _Shown:
    """What cells show, in order, as outputs of nbformat."""

    def __init__(self) -> None:
        self.outputs: list[dict[str, Any]] = []

    def stream(self, name: str) -> Any:
        """A text file that collects what is written to `stdout` or `stderr`."""
        return _Stream(self, name)

    def add_text(self, name: str, text: str) -> None:
        """Text of a stream; what follows on itself is one output."""
        last = self.outputs[-1] if self.outputs else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            last["text"] += text
        else:
            self.outputs.append({"output_type": "stream", "name": name, "text": text})

    def add_data(self, kind: str, data: Any, metadata: Any, **more: Any) -> None:
        """A display or a result."""
        plain = {"data": _plain(data), "metadata": _plain(metadata or {})}
        self.outputs.append({"output_type": kind, **plain, **more})


class _Stream:
    encoding, errors = "utf-8", "strict"

    def __init__(self, shown: _Shown, name: str) -> None:
        self._shown, self._name = shown, name

    def write(self, text: str) -> int:
        self._shown.add_text(self._name, text)
        return len(text)

    def flush(self) -> None:
        """Everything is written already."""

    def isatty(self) -> bool:
        return False


def _shell() -> tuple[Any, Witness, _Shown]:
    """A shell that keeps what it shows, with the witness that kernels have."""
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    shown = _Shown()

    class Publisher(DisplayPublisher):
        def publish(self, data: Any, metadata: Any = None, *_more: Any, **_named: Any) -> None:
            shown.add_data("display_data", data, metadata)

    class Hook(DisplayHook):
        def write_output_prompt(self) -> None: ...

        def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
            count = {"execution_count": self.prompt_count}
            shown.add_data("execute_result", format_dict, md_dict, **count)

        def finish_displayhook(self) -> None: ...

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    shell: Any = InteractiveShell.instance(
        config=config, displayhook_class=Hook, display_pub_class=Publisher
    )
    witness = Witness(shell)
    if "matplotlib" in sys.modules:
        from matplotlib_inline import backend_inline

        backend_inline._enable_matplotlib_integration()  # type: ignore[no-untyped-call]
    return shell, witness, shown


def _forget(shell: Any, witness: Witness) -> None:
    """Let a kernel in a child have a shell of its own; the names stay."""
    import atexit

    atexit.unregister(shell.atexit_operations)
    type(shell).clear_instance()
    witness.leave()


def _plain(value: Any) -> Any:
    """Data of displays as JSON has it; pictures as base64, what JSON cannot hold as text."""
    from base64 import b64encode

    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return value if value is None or isinstance(value, str | int | float) else str(value)


# --- what does not survive a fork ----------------------------------------------------------------


def _descriptors() -> dict[int, str]:
    """What is open: descriptor -> target."""
    found = {}
    for link in Path("/proc/self/fd").iterdir():
        try:
            found[int(link.name)] = str(link.readlink())
        except OSError:  # the descriptor of this very listing
            continue
    return found


def _left_behind(before: dict[int, str]) -> str:
    """Why this process may not be forked, in words; empty if it may."""
    native = len(list(Path("/proc/self/task").iterdir()))
    if native > 1 or threading.active_count() > 1:
        return f"it leaves {max(native, threading.active_count()) - 1} threads behind"
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    if children.exists() and children.read_text().split():
        return "it leaves processes running"
    for number, target in _opened(before):
        if not _is_only_read(number, target):
            return f"it leaves {_described(target)} open"
    return ""


def _opened(before: dict[int, str]) -> Iterator[tuple[int, str]]:
    """What was opened since, but for devices."""
    for number, target in _descriptors().items():
        if before.get(number) != target and not target.startswith("/dev/"):
            yield number, target


def _is_only_read(number: int, target: str) -> bool:
    """Whether a descriptor is a file open for reading that can be opened once more."""
    try:
        same = os.path.samestat(os.fstat(number), Path(target).stat())
    except OSError:
        return False
    flags = fcntl.fcntl(number, fcntl.F_GETFL)
    return same and Path(target).is_file() and flags & os.O_ACCMODE == os.O_RDONLY


def _reopen(number: int, target: str) -> None:
    """Read on from the same place without moving it for anybody else."""
    try:
        place = os.lseek(number, 0, os.SEEK_CUR)
    except OSError:  # it was closed since
        return
    own = os.open(target, os.O_RDONLY)
    os.lseek(own, place, os.SEEK_SET)
    os.dup2(own, number, inheritable=False)
    os.close(own)


def _described(target: str) -> str:
    kind = target.partition(":")[0]
    words = {"socket": "a connection", "pipe": "a pipe", "anon_inode": "an event loop"}
    return words.get(kind, f"the file {Path(target).name}")


# --- randomness ----------------------------------------------------------------------------------


@contextmanager
def _watching_seeds() -> Iterator[set[str]]:
    """Notice who seeds: what is seeded goes on in each run as it would in an ordinary one."""
    seeded: set[str] = set()
    places = [("random", random)]
    if "numpy.random" in sys.modules:
        places.append(("numpy", sys.modules["numpy.random"]))
    originals = [(name, module, module.seed) for name, module in places]

    def noticing(name: str, original: Any) -> Any:
        def seed(*arguments: Any, **options: Any) -> Any:
            seeded.add(name)
            return original(*arguments, **options)

        return seed

    for name, module, original in originals:
        module.seed = noticing(name, original)  # type: ignore[attr-defined]
    try:
        yield seeded
    finally:
        for _, module, original in originals:
            module.seed = original  # type: ignore[attr-defined]


def _states(seeded: set[str]) -> dict[str, Any]:
    states: dict[str, Any] = {}
    if "random" in seeded:
        states["random"] = random.getstate()
    if "numpy" in seeded:
        states["numpy"] = sys.modules["numpy"].random.get_state()
    return states
