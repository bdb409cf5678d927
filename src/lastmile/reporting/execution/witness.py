"""A witness inside the kernel: it notices failures that Jupyter lets pass as success.

This module's source is sent to Python kernels and run there, so it imports nothing of lastmile. It
changes no name of the notebook. What it sees is shown as a display of its own type at the end of
the cell, from where the session takes it out again:

- a command behind `!` that ends with another exit code than 0
- an exception that ends a thread
- a figure without anything in it
"""

import threading
from functools import wraps
from typing import Any

MIME = "application/vnd.lastmile.defect+json"


class Witness:
    """Collects defects as pairs of (how many cells had begun, what happened)."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._begun = 0
        self._defects: list[tuple[int, str]] = []
        shell.system = self._watch_commands(shell.system)
        formatter = shell.display_formatter
        formatter.format = self._watch_figures(formatter.format)
        threading.excepthook = self._watch_threads(threading.excepthook)
        shell.events.register("pre_run_cell", self._begin)
        shell.events.register("post_run_cell", self._show)

    def take(self) -> list[tuple[int, str]]:
        """What was seen since the last time."""
        seen, self._defects = self._defects, []
        return seen

    def _note(self, text: str) -> None:
        self._defects.append((self._begun, text))

    def _begin(self, _info: Any) -> None:
        self._begun += 1

    def _show(self, _result: Any) -> None:
        seen = self.take()
        if seen:
            self._shell.display_pub.publish({MIME: seen})

    def _watch_commands(self, system: Any) -> Any:
        @wraps(system)
        def watched(command: str) -> Any:
            answer = system(command)
            code = self._shell.user_ns.get("_exit_code")
            if code:
                self._note(f"the command `!{command}` ended with exit code {code}")
            return answer

        return watched

    def _watch_threads(self, hook: Any) -> Any:
        def watched(failure: Any) -> None:
            name = failure.thread.name if failure.thread else "a thread"
            error = failure.exc_type.__name__
            if not issubclass(failure.exc_type, SystemExit):
                self._note(f"{name} ended with {error}: {failure.exc_value}")
            hook(failure)

        return watched

    def _watch_figures(self, show: Any) -> Any:
        @wraps(show)
        def watched(thing: Any, *arguments: Any, **options: Any) -> Any:
            kind = type(thing)
            if kind.__module__ == "matplotlib.figure" and _is_empty(thing):
                self._note("a figure has nothing in it")
            return show(thing, *arguments, **options)

        return watched


def _is_empty(figure: Any) -> bool:
    drawn = figure.texts or figure.images or figure.lines or figure.patches or figure.artists
    return not drawn and not any(axes.has_data() or axes.texts for axes in figure.axes)
