"""A witness inside the kernel: it notices failures that Jupyter lets pass as success.

This module's source is sent to Python kernels and run there, so it imports nothing of lastmile. It
changes no name of the notebook. What it sees is shown as a display of its own type at the end of
the cell, from where the session takes it out again:

- an error that IPython shows or keeps to itself, also where the cell's output is captured; a
  program of `%%script` that does not exist; `exit()`
- a defect: a command behind `!`, `!!`, `x = !` or `%%script --no-raise-error` that fails, an
  exception that ends a thread, a task or a callback of an event loop, or a finalizer of the
  notebook's own, and a figure without anything in it

What runs in threads of a pool keeps its exception in a future, which nobody outside can see.
"""

import gc
import logging
import shlex
import shutil
import sys
import threading
from asyncio import Future
from asyncio.base_events import BaseEventLoop
from contextlib import suppress
from contextvars import ContextVar
from functools import wraps
from typing import Any

MIME = "application/vnd.lastmile.defect+json"

_LONGEST = 300
_TORNADO = "Exception in callback %r"


class Witness:
    """Collects notes: `request` (the message that asked for the cell), `kind` and `what`.

    `kind` is `error`, `defect` or, where the notebook ended itself, `exit`. A `request` of None
    says that it happened before the first cell, or that nobody knows where.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._publisher = shell.display_pub  # the one that captures has another put in its place
        self._notes: list[dict[str, Any]] = []
        self._current = ""
        self._request: ContextVar[str] = ContextVar("lastmile_request", default="")
        self._process: Any = None
        self._scripts: list[tuple[Any, str, str]] = []
        self._replaced: list[tuple[Any, str, Any]] = []
        if getattr(sys, "last_value", None) is not None:
            self._note("defect", f"the start of IPython showed {_said(sys.last_value)}", None)
        self._watch_errors()
        self._watch_commands()
        self._watch_scripts()
        self._watch_loops()
        self._watch_hooks()
        formatter = shell.display_formatter
        formatter.format = self._watched_figures(formatter.format)
        shell.events.register("pre_run_cell", self._begin)
        shell.events.register("post_run_cell", self._end)

    def take(self) -> list[dict[str, Any]]:
        """What was noticed since the last time."""
        notes, self._notes = self._notes, []
        return notes

    def finish(self) -> list[dict[str, Any]]:
        """What can only be known at the end, and what was noticed since the last time."""
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        for future in _forgotten_futures():
            self._note_future(future, future.exception(), None)
        for process, name, request in self._scripts:
            if process.returncode:
                what = f"the script of `%%{name}` ended with exit code {process.returncode}"
                self._note("defect", what, request)
        return self.take()

    def leave(self) -> None:
        """Put back everything that was replaced outside of the shell."""
        for holder, name, original in reversed(self._replaced):
            setattr(holder, name, original)
        logging.getLogger("tornado.application").removeFilter(self._see_callback)

    def _note(self, kind: str, what: str, request: str | None = "") -> None:
        at = self._request.get() or self._current if request == "" else request
        text = what[:_LONGEST].encode("utf-8", "replace").decode()
        self._notes.append({"request": at, "kind": kind, "what": text})

    def _begin(self, _info: Any) -> None:
        parent: Any = getattr(self._shell, "get_parent", dict)()
        with suppress(AttributeError, TypeError):
            self._current = str(parent.get("header", parent).get("msg_id", ""))
        self._request.set(self._current)

    def _end(self, result: Any) -> None:
        """At the end of a cell, and of one that a cell has run, captured or not."""
        error = result and (result.error_before_exec or result.error_in_exec)
        if error:
            self._note_error(error)
        notes = self.take()
        if notes:
            self._publisher.publish({MIME: notes})

    def _replace(self, holder: Any, name: str, changed: Any) -> None:
        self._replaced.append((holder, name, getattr(holder, name)))
        setattr(holder, name, changed)

    # --- errors ----------------------------------------------------------------------------------

    def _watch_errors(self) -> None:
        shell = self._shell
        shell.showtraceback = self._seeing_error(shell.showtraceback)
        shell.showsyntaxerror = self._seeing_error(shell.showsyntaxerror)
        if hasattr(shell, "keepkernel_on_exit"):
            shell.ask_exit = self._see_exit

    def _seeing_error(self, show: Any) -> Any:
        @wraps(show)
        def watched(*arguments: Any, **options: Any) -> Any:
            given = arguments[0] if arguments else options.get("exc_tuple")
            error = given[1] if isinstance(given, tuple) else sys.exc_info()[1]
            if error is None:
                error = getattr(sys, "last_value", None)
            if error is not None:
                self._note_error(error)
            return show(*arguments, **options)

        return watched

    def _note_error(self, error: BaseException) -> None:
        if isinstance(error, SystemExit) and not error.code:
            self._note("exit", "ended the notebook")
        else:
            self._note("error", f"raised {_said(error)}")

    def _see_exit(self) -> None:
        """`exit()`: ipykernel would end the kernel while the next cell runs."""
        code = self._shell.keepkernel_on_exit  # what IPython takes a number or text for
        if isinstance(code, bool) or not code:
            self._note("exit", "ended the notebook")
        else:
            self._note("error", f"called `exit({code!r})`")

    # --- commands --------------------------------------------------------------------------------

    def _watch_commands(self) -> None:
        """The functions behind `shell.system` and `shell.getoutput`.

        Those themselves must not be wrapped: they look for variables in the frame that called them.
        """
        from IPython.core import interactiveshell
        from IPython.utils import _process_common

        shells: list[Any] = [interactiveshell, sys.modules.get("ipykernel.zmqshell")]
        handler = _process_common.process_handler

        @wraps(handler)
        def handled(command: Any, callback: Any, *more: Any, **options: Any) -> Any:
            def seeing(process: Any) -> Any:
                self._process = process
                return callback(process)

            return handler(command, seeing, *more, **options)

        self._replace(_process_common, "process_handler", handled)
        for module in shells:
            for name in ("system", "getoutput"):
                if hasattr(module, name):
                    self._replace(module, name, self._watched(getattr(module, name)))

    def _watched(self, run: Any) -> Any:
        @wraps(run)
        def watched(command: Any) -> Any:
            self._process = None
            answer = run(command)
            code = answer if isinstance(answer, int) else getattr(self._process, "returncode", 0)
            if code:
                written = sys._getframe(1).f_locals.get("cmd", command)  # with names, not values
                what = f"the command `!{str(written).strip()}` ended with exit code {code}"
                self._note("defect", what)
            return answer

        return watched

    def _watch_scripts(self) -> None:
        from IPython.core.magics.script import ScriptMagics

        original = ScriptMagics.shebang

        @wraps(original)
        def shebang(magics: Any, line: str, cell: str) -> Any:
            return self._run_script(original, magics, line, cell)

        self._replace(ScriptMagics, "shebang", shebang)
        magics = self._shell.magics_manager.registry.get("ScriptMagics")
        if magics:  # it was made already, and holds the original
            magics.magics["cell"]["script"] = magics.shebang
            self._shell.magics_manager.magics["cell"]["script"] = magics.shebang

    def _run_script(self, original: Any, magics: Any, line: str, cell: str) -> Any:
        words = shlex.split(line)
        options, command = original.parser.parse_known_args(words)
        name = command[0] if command else "script"
        if command and not shutil.which(name):
            self._note("error", f"was not run: there is no program `{name}`")
        if options.raise_error or options.bg:
            before = list(magics.bg_processes)
            original(magics, line, cell)
            new = [process for process in magics.bg_processes if process not in before]
            self._scripts += [(process, name, self._request.get()) for process in new]
            return
        from subprocess import CalledProcessError

        kept = (word for word in words if not _is_option(word, "--no-raise-error"))
        try:
            original(magics, shlex.join(kept), cell)
        except CalledProcessError as error:
            what = f"the script of `%%{name}` ended with exit code {error.returncode}"
            self._note("defect", what)

    # --- what runs beside the cells --------------------------------------------------------------

    def _watch_loops(self) -> None:
        report = BaseEventLoop.default_exception_handler

        @wraps(report)
        def default_exception_handler(loop: Any, context: dict[str, Any]) -> Any:
            with suppress(Exception):
                self._see_context(context)
            return report(loop, context)

        for name in ("create_task", "create_future"):
            self._replace(BaseEventLoop, name, self._marking(getattr(BaseEventLoop, name)))
        self._replace(BaseEventLoop, "default_exception_handler", default_exception_handler)
        logging.getLogger("tornado.application").addFilter(self._see_callback)

    def _marking(self, create: Any) -> Any:
        """A way to make futures that writes on them which cell has made them."""

        @wraps(create)
        def marking(*arguments: Any, **options: Any) -> Any:
            future = create(*arguments, **options)
            with suppress(AttributeError):
                future._lastmile_request = self._request.get()
            return future

        return marking

    def _see_context(self, context: dict[str, Any]) -> None:
        error, handle = context.get("exception"), context.get("handle")
        future = context.get("future") or context.get("task")
        if error is None:
            return
        if future is not None:
            self._note_future(future, error, "")
        elif handle is not None:
            variables = getattr(handle, "_context", {})
            what = f"a callback of the event loop raised {_said(error)}"
            self._note("defect", what, variables.get(self._request) or "")

    def _note_future(self, future: Any, error: BaseException | None, unmarked: str | None) -> None:
        name = "a future"
        with suppress(AttributeError):
            name = f"a task of `{future.get_coro().__qualname__}`"
        what = f"{name} ended with {_said(error)}, and nothing asked for its result"
        of_gather = getattr(future, "_children", ())
        marks = (getattr(one, "_lastmile_request", "") for one in (future, *of_gather))
        self._note("defect", what, next(filter(None, marks), unmarked))

    def _see_callback(self, record: Any) -> bool:
        if record.msg == _TORNADO and record.exc_info:
            self._note("defect", f"a callback of the event loop raised {_said(record.exc_info[1])}")
        return True

    def _watch_hooks(self) -> None:
        in_thread, ignored = threading.excepthook, sys.unraisablehook

        def excepthook(failure: Any) -> None:
            name = failure.thread.name if failure.thread else "a thread"
            if not issubclass(failure.exc_type, SystemExit):
                self._note("defect", f"{name} ended with {_said(failure.exc_value)}")
            in_thread(failure)

        def unraisablehook(failure: Any) -> None:
            traceback = failure.exc_traceback
            if traceback and traceback.tb_frame.f_globals is self._shell.user_ns:
                name = getattr(failure.object, "__qualname__", "a finalizer")
                self._note("defect", f"`{name}` raised {_said(failure.exc_value)}")
            ignored(failure)

        self._replace(threading, "excepthook", excepthook)
        self._replace(sys, "unraisablehook", unraisablehook)

    def _watched_figures(self, show: Any) -> Any:
        @wraps(show)
        def watched(thing: Any, *arguments: Any, **options: Any) -> Any:
            if type(thing).__module__ == "matplotlib.figure" and _is_empty(thing):
                self._note("defect", "a figure has nothing in it")
            return show(thing, *arguments, **options)

        return watched


def _said(error: BaseException | None) -> str:
    name = type(error).__name__
    with suppress(Exception):
        return f"{name}: {error}" if str(error) else name
    return name


def _is_option(word: str, option: str) -> bool:
    """Whether a word means an option; argparse takes the beginning for the whole."""
    return len(word) > 2 and option.startswith(word)


def _forgotten_futures() -> list[Any]:
    """Tasks and futures that hold an exception that nobody has asked for."""
    # `isinstance` would ask every object for its class, and objects may answer what they like.
    futures = [thing for thing in gc.get_objects() if issubclass(type(thing), Future)]
    return [future for future in futures if future._log_traceback]


def _is_empty(figure: Any) -> bool:
    drawn = figure.texts or figure.images or figure.lines or figure.patches or figure.artists
    return not drawn and not any(axes.has_data() or axes.texts for axes in figure.axes)
