"""What Jupyter lets pass as success: in real kernels, forked and not, and nothing else."""

import pytest

from lastmile.reporting.execution.forkserver import ForkServer
from lastmile.values import CauseKind, State

RUN = "get_ipython().run_cell"
BROKEN = "class Broken:\n    def _repr_html_(self):\n        raise RuntimeError('no HTML')\n"
HANDLER = (
    "get_ipython().set_custom_exc((ZeroDivisionError,), lambda self, kind, error, tb, **_: None)"
)


@pytest.fixture(params=["fresh", "forked"])
def kernels(request):
    """Kernels as they are started, and as a fork server forks them."""
    if request.param == "fresh":
        yield
        return
    with ForkServer([]):
        yield


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        pytest.param("%%capture kept\n1 / 0", "raised ZeroDivisionError", id="captured"),
        pytest.param("%%capture\n%no_such_magic", "raised UsageError", id="captured usage"),
        pytest.param("%%capture\nraise ExceptionGroup('g', [OSError()])", "raised ExceptionGroup",
                     id="captured group"),
        pytest.param(f"{RUN}('1 / 0')", "raised ZeroDivisionError", id="run_cell"),
        pytest.param(f"{RUN}('1 / 0', silent=True);", "raised ZeroDivisionError", id="silent"),
        pytest.param(f"made = {RUN}('1 +')", "raised SyntaxError", id="syntax"),
        pytest.param("code = '1 / 0'\nawait get_ipython().run_cell_async(code, transformed_cell="
                     "code);", "raised ZeroDivisionError", id="run_cell_async"),
        pytest.param("%%time\n1 / 0", "raised ZeroDivisionError", id="time"),
        pytest.param("open('s.py', 'w').write('1 / 0');\n%run s.py", "raised ZeroDivisionError",
                     id="run"),
        pytest.param(f"{BROKEN}Broken()", "raised RuntimeError: no HTML", id="result"),
        pytest.param(f"{BROKEN}display(Broken())", "raised RuntimeError: no HTML", id="display"),
        pytest.param("def hook(_):\n    raise OSError('hook')\n"
                     "get_ipython().events.register('post_run_cell', hook)",
                     "raised OSError: hook", id="hook"),
        pytest.param(f"{HANDLER}\n{RUN}('1 / 0');", "raised ZeroDivisionError", id="own handler"),
        pytest.param("%%no_such_program_8650\n1", "raised UsageError", id="unknown magic"),
        pytest.param("%%script no-such-program-8650\n1",
                     "was not run: there is no program `no-such-program-8650`", id="no program"),
        pytest.param("import matplotlib.pyplot as plt\nplt.plot([1])\n"
                     "plt.title('$\\\\frac$');", r"raised ValueError: \frac", id="figure"),
        pytest.param("%%capture\nimport sys; sys.exit(3)", "raised SystemExit: 3", id="exit 3"),
        pytest.param("exit(3)", "called `exit(3)`", id="exit of IPython"),
    ],
)  # fmt: skip
def test_an_error_that_ipython_shows_or_keeps_to_itself_fails_the_run(execute_cells, cell, what):
    executed = execute_cells(cell, "print('later')")

    assert executed.state is State.FAILED
    assert (executed.cause.kind, executed.cause.cell) == (CauseKind.CELL_ERROR, 1)
    assert executed.cause.message.startswith(f"cell 2 {what}")
    assert states(executed) == ["completed", "failed", "not-run"]


@pytest.mark.usefixtures("kernels")
def test_it_does_so_in_kernels_of_both_kinds(execute_cells):
    executed = execute_cells("%%capture\n1 / 0")

    assert executed.cause.message == "cell 2 raised ZeroDivisionError: division by zero"


@pytest.mark.parametrize(
    "cell",
    ["%%capture\n1 / 0", f"{RUN}('1 / 0');", f"{BROKEN}display(Broken())",
     "%%script no-such-program-8650\n1", "1 / 0"],
    ids=["captured", "run_cell", "display", "no program", "plain"],
)  # fmt: skip
def test_a_cell_that_is_tagged_to_raise_may_do_so_in_every_way(execute_tagged, cell):
    executed = execute_tagged((cell, ["raises-exception"]), ("print('later')", ()))

    assert (executed.state, executed.cause) == (State.SUCCEEDED, None)
    assert executed.notebook.cells[-1].outputs[0].text == "later\n"


ASYNC = "import asyncio\nasync def boom():\n    raise ValueError('lost')\n"
LATER = "import asyncio\nawait asyncio.sleep(0.3)"
TASK = "a task of `boom` ended with ValueError: lost, and nothing asked for its result"


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        pytest.param("x = !exit 3", "the command `!exit 3` ended with exit code 3", id="assigned"),
        pytest.param("%sx exit 3", "the command `!exit 3` ended with exit code 3", id="sx"),
        pytest.param("!!exit 3", "the command `!exit 3` ended with exit code 3", id="two marks"),
        pytest.param("%%capture\n!exit 3", "the command `!exit 3` ended with exit code 3",
                     id="captured"),
        pytest.param("%%bash --no-raise-error\nexit 3",
                     "the script of `%%bash` ended with exit code 3", id="no raise"),
        pytest.param(f"{ASYNC}task = asyncio.create_task(boom())", TASK, id="task"),
        pytest.param(f"{ASYNC}asyncio.create_task(boom());", TASK, id="task that nobody holds"),
        pytest.param("import asyncio\nloop = asyncio.get_running_loop()\n"
                     "made = loop.run_in_executor(None, lambda: 1 / 0)\n"
                     "while not made.done():\n    await asyncio.sleep(0.01)",
                     "a future ended with ZeroDivisionError: division by zero", id="executor"),
        pytest.param(f"{ASYNC}made = asyncio.gather(boom(), boom())",
                     "a future ended with ValueError: lost", id="gathered"),
        pytest.param(f"get_ipython = None\n{ASYNC}task = asyncio.create_task(boom())", TASK,
                     id="a name of IPython taken"),
        pytest.param("import asyncio\nasyncio.get_running_loop().call_later(0.1, lambda: 1 / 0);",
                     "a callback of the event loop raised ZeroDivisionError", id="callback"),
        pytest.param("from tornado.ioloop import IOLoop\n"
                     "IOLoop.current().add_callback(lambda: 1 / 0)",
                     "a callback of the event loop raised ZeroDivisionError", id="tornado"),
        pytest.param("class Held:\n    def __del__(self):\n        raise OSError('closed')\n"
                     "held = Held()\ndel held", "`Held.__del__` raised OSError: closed",
                     id="finalizer"),
    ],
)  # fmt: skip
def test_what_fails_beside_a_cell_is_a_defect_of_the_cell_that_began_it(execute_cells, cell, what):
    executed = execute_cells(cell, LATER)

    assert executed.state is State.DEGRADED, executed.cause
    assert (executed.cause.kind, executed.cause.cell) == (CauseKind.DEFECT, 1)
    assert what in executed.cause.message
    assert states(executed) == ["completed", "degraded", "completed"]


def test_a_script_in_the_background_is_a_defect_of_its_cell(execute_cells):
    wait = "import time\nwhile script.returncode is None:\n    time.sleep(0.02)"
    executed = execute_cells("%%bash --bg --proc script\nexit 3", wait)

    assert executed.cause.message == "cell 2: the script of `%%bash` ended with exit code 3"


@pytest.mark.usefixtures("kernels")
def test_a_task_of_the_last_cell_is_seen_in_kernels_of_both_kinds(execute_cells):
    executed = execute_cells(f"{ASYNC}task = asyncio.create_task(boom())", strict=True)

    assert executed.state is State.FAILED
    assert executed.cause.message == f"cell 2: {TASK}"


def test_cells_within_cells_do_not_move_a_defect_to_another_cell(execute_cells):
    executed = execute_cells("%%capture\n1", "%%capture\n2", "!exit 3", "print('later')")

    assert executed.cause.cell == 3
    assert states(executed) == ["completed"] * 3 + ["degraded", "completed"]


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param(["try:\n    1 / 0\nexcept ZeroDivisionError:\n    pass"], id="caught"),
        pytest.param([f"{ASYNC}task = asyncio.create_task(boom())", LATER,
                      "assert 'lost' in str(task.exception())"], id="asked for later"),
        pytest.param([f"{ASYNC}task = asyncio.create_task(boom())",
                      "try:\n    await task\nexcept ValueError:\n    pass"], id="awaited"),
        pytest.param(["import asyncio\ntask = asyncio.create_task(asyncio.sleep(9))",
                      "task.cancel();", LATER], id="cancelled"),
        pytest.param(["import asyncio\nloop = asyncio.get_running_loop()\n"
                      "loop.set_exception_handler(lambda loop, context: None)\n"
                      "loop.call_soon(lambda: 1 / 0);", LATER], id="own handler of the loop"),
        pytest.param(["x = !echo a", "%%bash --out said\necho b", "%sx true", "!exit 0"],
                     id="commands"),
        pytest.param(["%%capture kept\nprint('kept')", "kept.show()"], id="captured"),
    ],
)  # fmt: skip
def test_what_its_author_has_dealt_with_is_no_defect(execute_cells, cells):
    executed = execute_cells(*cells)

    assert (executed.state, executed.cause) == (State.SUCCEEDED, None)


def test_a_command_still_finds_the_variables_of_its_function(execute_cells):
    cell = (
        "def say(word):\n    !echo {word}\n    [back] = !echo $word\n    print(back)\nsay('here')"
    )
    executed = execute_cells(cell)

    assert executed.notebook.cells[-1].outputs[0].text.split() == ["here", "here"]


@pytest.mark.parametrize("cell", ["exit()", "%%capture\nimport sys; sys.exit()", f"{RUN}('exit')"])
def test_a_notebook_that_ends_itself_is_not_run_on(execute_cells, cell):
    executed = execute_cells(cell, "1 / 0")

    assert executed.state is State.SUCCEEDED
    assert states(executed) == ["completed", "completed", "not-run"]


def test_what_a_task_says_behind_its_cell_stands_in_that_cell(execute_cells):
    talks = (
        "import asyncio\nasync def talk():\n    for number in range(3):\n"
        "        await asyncio.sleep(0.05)\n        print('said', number)\n"
        "task = asyncio.create_task(talk())\nprint('begun')"
    )
    executed = execute_cells(talks, "await task\nprint('over')")
    first, second = (cell.outputs for cell in executed.notebook.cells[1:])

    assert [output.text for output in first] == ["begun\nsaid 0\nsaid 1\nsaid 2\n"]
    assert [output.text for output in second] == ["over\n"]


def test_what_fails_before_the_first_cell_is_told_without_a_cell(
    execute_cells, tmp_path, monkeypatch
):
    profile = tmp_path / "ipython/profile_default"
    profile.mkdir(parents=True)
    lines = ["import no_such_module_8650", "x = 1"]
    (profile / "ipython_config.py").write_text(f"c.InteractiveShellApp.exec_lines = {lines}\n")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    executed = execute_cells("print('ran')")

    assert executed.state is State.DEGRADED
    assert executed.cause.cell is None
    assert executed.cause.message.startswith("the start of IPython showed ModuleNotFoundError")
    assert states(executed) == ["completed", "completed"]


def test_an_error_of_another_language_fails_the_run_whatever_its_kernel_answers(execute_raw):
    error = {"ename": "Oops", "evalue": "wrong", "traceback": ["Oops: wrong"]}
    executed = execute_raw(f"send('error', {error})", "send('stream', {})")

    assert executed.cause.message == "cell 1 raised Oops: wrong"
    assert states(executed) == ["failed", "not-run"]


def test_papermill_itself_hears_of_an_error_that_left_no_trace(tmp_path, make_notebook):
    import papermill
    from papermill.exceptions import PapermillException

    source = make_notebook(tmp_path / "a.ipynb", ["%%script no-such-program-8650\n1"], "x = 1")
    with pytest.raises(PapermillException, match="there is no program"):
        papermill.execute_notebook(
            source, tmp_path / "out.ipynb", engine_name="lastmile", progress_bar=False
        )


def states(executed) -> list[str]:
    return [cell.metadata["lastmile"]["state"] for cell in executed.notebook.cells]
