"""What a notebook, a file or a stranger writes is shown as it is, and controls no terminal."""

import json
import os
import pty
import re
import subprocess
import sys
from datetime import UTC, datetime

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from lastmile.store import RunLog
from lastmile.values import Delivery, DeliveryState

LINE = (
    "[/srv/data] [bold]b[/] [link=http://e]l :smile: \x1b]0;pwned\x07 \x1b]52;c;aGk=\x07 "
    "\x1b]8;;http://e\x1b\\h \x1b[31mred \x9b32m \u202egnp\u202c \x7f\x08 \u4e16\u754c " + "w" * 50
)
EVIL = LINE + "\r\nforged\trow"
SHOWN = r"[/srv/data] [bold]b[/] [link=http://e]l :smile: \x1b]0;pwned\x07 \x1b]52;c;aGk=\x07"
LASTMILE = ("-m", "lastmile")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
OURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
"""What rich itself says to a terminal: colours, and where the cursor goes."""


def toml(text):
    return json.dumps(text)  # JSON escapes are TOML's


def notebook(path, *cells):
    made = new_notebook(cells=list(cells))
    made.metadata["kernelspec"] = {
        "name": "python3", "display_name": "Python 3", "language": "python",
    }  # fmt: skip
    path.parent.mkdir(exist_ok=True)
    nbformat.write(made, path)


def run(root, *words):
    return subprocess.run(
        [sys.executable, *LASTMILE, *words],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(name="root", scope="module")
def _root(tmp_path_factory):
    """A workspace in which nothing is harmless: names of folders, titles, values, causes."""
    root = tmp_path_factory.mktemp("x") / "ws [bold] \x1b]0;x\x07\u202e"
    for folder in ("reports", "exports", "schedule"):
        (root / folder).mkdir(parents=True)
    (root / "pyproject.toml").write_text("[tool.lastmile]\n")
    parameters = new_code_cell(
        f"label: str = {LINE!r}  # {LINE}\nnames = ['a']", metadata={"tags": ["parameters"]}
    )
    heading = new_markdown_cell(f"# {LINE}")
    notebook(root / "notebooks/bad.ipynb", parameters, heading, new_code_cell(
        f"import time\ntime.sleep(1.1)\nraise ValueError({EVIL!r} + label)"))  # fmt: skip
    notebook(root / "notebooks/good.ipynb", parameters, heading, new_code_cell(
        "import lastmile\nlastmile.record('label', label)\nprint(label)"))  # fmt: skip
    notebook(root / "notebooks/raw.ipynb", new_code_cell(
        f"import os\nfor fd in (1, 2):\n    os.write(fd, {EVIL!r}.encode())\n"
        f"os.system('echo \"\\\\033]0;pwned\\\\007\" >&2')\n"
        "import sys\nsys.__stderr__.write('\\x1b]0;pwned\\x07')\nsys.__stderr__.flush()\n"
        "print([fd for fd in range(50) if os.path.exists(f'/proc/self/fd/{fd}') "
        "and os.isatty(fd)])"))  # fmt: skip
    notebook(root / "notebooks/shared.ipynb", new_code_cell(
        "import os\nos.write(2, b'\\x1b]0;pwned\\x07 before\\n')\nfor fd in range(50):\n"
        "    if os.path.exists(f'/proc/self/fd/{fd}'):\n        assert not os.isatty(fd), fd"),
        new_code_cell("x = 1", metadata={"tags": ["parameters"]}), new_code_cell("x"))  # fmt: skip
    for name in ("bad", "good", "raw", "shared"):
        (root / f"reports/{name}.toml").write_text(
            f"title = {toml(EVIL)}\ndescription = {toml(EVIL)}\n"
            f'notebook = "notebooks/{name}.ipynb"\nformats = ["html"]\n'
        )
    (root / "schedule/evil.toml").write_text(
        'report = "bad"\ncron = "0 6 * * *"\ntimezone = "UTC"\n'
        f"paused = {toml(EVIL)}\n[parameters]\nlabel = {toml(EVIL)}\n"
    )
    (root / "schedule/nightly.toml").write_text(
        'report = "bad"\ncron = "0 6 * * *"\ntimezone = "UTC"\n'
    )
    (root / "exports/evil.toml").write_text(f"title = {toml(EVIL)}\n")
    assert run(root, "report", "run", "bad", "-p", f"label={EVIL}").returncode == 1
    assert run(root, "schedule", "now", "nightly").returncode == 1
    for label in (EVIL, "b" + EVIL):
        assert run(root, "report", "run", "good", "-p", f"label={label}").returncode == 0
    _queue(root)
    return root


def _queue(root):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    with RunLog(f"sqlite:///{root}/.lastmile/store.db") as log:
        [run_, *_] = log.history("good")
        log.outbox.add([
            Delivery(key="k", run=run_.key, report="good", kind="folder", address=EVIL, order={},
                     state=DeliveryState.DEAD, queued=at, due=at, reason=EVIL),
        ])  # fmt: skip


COMMANDS = {
    "history": (("report", "history"), 0, SHOWN),
    "history of one": (("report", "history", "bad"), 0, SHOWN),
    "show": (("report", "show", "bad"), 0, SHOWN),
    "plan": (("report", "plan", "bad", "-p", f"label={EVIL}"), 0, SHOWN),
    "help": (("report", "run", "bad", "--help"), 0, "[/srv/data]"),
    "compare": (("report", "compare", "good"), 1, "[/srv/data]"),
    "prune": (("report", "prune", "--dry-run"), 0, "everything is kept"),
    "schedule status": (("schedule", "status"), 0, SHOWN),
    "status of one": (("schedule", "status", "nightly"), 0, SHOWN),
    "schedule next": (("schedule", "next"), 0, SHOWN),
    "schedule check": (("schedule", "check"), 0, "schedules are right"),
    "deliver status": (("deliver", "status"), 1, SHOWN),
    "list": (("list",), 2, SHOWN),
    "doctor": (("doctor",), 0, r"ws [bold] \x1b]0;x\x07\u202e"),
    "unknown report": (("report", "show", EVIL), 2, SHOWN),
    "unknown option": (("report", "run", "bad", f"--{EVIL}"), 2, "[bold]b[/]"),
    "unknown parameter": (
        ("report", "run", "bad", "-p", EVIL.replace("=", "") + "=1"),
        2,
        r"\x1b[31mred",
    ),
    "bad value": (("report", "run", "bad", "-p", f"names=[{EVIL}"), 2, "[/srv/data]"),
    "unknown export": (("export", "run", EVIL), 2, SHOWN),
    "no bundle": (("export", "check", EVIL), 3, "[bold]b[/]"),
    "candidates": (("export", "candidates", EVIL), 2, SHOWN),
    "cost": (("export", "cost", EVIL), 2, SHOWN),
    "coreml": (("coreml", "check", EVIL), 2, SHOWN),
    "emit": (("schedule", "emit", "cron", EVIL), 2, SHOWN),
    "deliver preview": (("deliver", "preview", EVIL), 2, SHOWN),
    "reproduce": (("report", "reproduce", EVIL), 2, SHOWN),
}
LISTING = ["history", "show", "plan", "schedule status", "schedule next", "deliver status", "list"]
CASES = pytest.mark.parametrize(("words", "code", "shown"), COMMANDS.values(), ids=COMMANDS)
ALL = """
import os, sys
from lastmile.cli.main import main
commands = eval(sys.stdin.readline())
for name, words in commands.items():
    os.write(1, f"\\0{name}\\0".encode())
    try:
        main([*words])
    except SystemExit as ended:
        os.write(1, f"\\0{ended.code}".encode())
"""


def on_a_terminal(root, *arguments, columns=100, typed=""):
    """What a program writes to a real terminal, and its exit code."""
    ours, theirs = pty.openpty()
    env = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=theirs,
        stderr=theirs,
        text=True,
        env={**env, "TERM": "xterm-256color", "COLUMNS": str(columns)},
    )
    os.close(theirs)
    process.stdin.write(typed)
    process.stdin.close()
    written = b""
    try:
        while part := os.read(ours, 65536):
            written += part
    except OSError:  # Linux says so when the other end is closed
        pass
    os.close(ours)
    return written.decode(), process.wait(60)


def all_on_a_terminal(root, columns):
    """What each command writes to a terminal that is so wide, and its exit code."""
    asked = {name: words for name, (words, _, _) in COMMANDS.items()}
    written, code = on_a_terminal(root, "-c", ALL, columns=columns, typed=ascii(asked) + "\n")
    assert code == 0, written
    _, *parts = written.split("\0")
    return {
        name: (text, int(ended))
        for name, text, ended in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    }


@pytest.fixture(name="wide", scope="module")
def _wide(root):
    return all_on_a_terminal(root, 1000)


@pytest.fixture(name="narrow", scope="module")
def _narrow(root):
    return all_on_a_terminal(root, 40)


def joined(text):
    """A text without the breaks and paddings of a table's columns."""
    return "".join(text.split())


def controls(written):
    """The control signs that are not rich's own; a terminal ends a line with both."""
    return CONTROL.findall(OURS.sub("", written))


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_lets_a_text_control_the_terminal(wide, name):
    _, code, shown = COMMANDS[name]
    written, ended = wide[name]

    assert ended == code, written
    assert controls(written) == []
    assert "\x1b[31mred" not in written
    assert "\x1b]" not in written
    assert "Traceback" not in written
    assert joined(shown) in joined(OURS.sub("", written))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_narrow_terminal_shows_all_of_it(narrow, name):
    _, code, shown = COMMANDS[name]
    written, ended = narrow[name]
    lines = OURS.sub("", written).replace("\r", "").splitlines()
    widths = "".join("1" if len(line.strip()) == 1 else "." for line in lines)

    assert ended == code
    assert controls(written) == []
    assert joined(shown) in joined(OURS.sub("", written))
    assert "1111" not in widths, "no column is a sign wide"


@CASES
def test_no_text_forges_a_line_of_what_programs_read(lastmile, root, words, code, shown):
    answer = lastmile(*words, cwd=root)

    assert answer.code == code, answer.err
    for text in (answer.out, answer.err):
        assert CONTROL.findall(text) == []
        assert "\r" not in text
        assert not re.search(r"^forged", text, re.MULTILINE)
    assert joined(shown) in joined(answer.out + answer.err)


@pytest.mark.parametrize("name", LISTING)
def test_rows_stay_rows(lastmile, root, name):
    words, code, _ = COMMANDS[name]
    answer = lastmile(*words, cwd=root)
    told = [line for line in answer.out.splitlines() if "forged" in line]

    assert answer.code == code
    assert told
    assert all("\\nforged\\trow" in line or line.startswith("    ") for line in told)


@pytest.mark.parametrize("name", [*LISTING, "doctor", "history of one", "status of one", "compare"])
def test_json_says_the_same_in_escapes(lastmile, root, name):
    words, code, _ = COMMANDS[name]
    answer = lastmile(*words, "--json", cwd=root)

    assert answer.code == code
    assert CONTROL.findall(answer.out) == []
    assert json.loads(answer.out)
    if name in ("history", "deliver status"):
        assert EVIL in set(_texts(json.loads(answer.out)))


def _texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


def test_the_progress_of_a_run_shows_the_heading_of_a_cell_as_it_is(root):
    written, code = on_a_terminal(root, *LASTMILE, "report", "run", "bad", columns=300)

    assert code == 1
    assert controls(written) == []
    assert SHOWN in written


def test_the_grid_of_a_backfill_shows_values_as_they_are(root):
    words = ("report", "backfill", "good", "--from", "2024-01", "--to", "2024-01")
    written, code = on_a_terminal(
        root, *LASTMILE, *words, "-p", f'label=b,"{json.dumps(EVIL)[1:-1]}"'
    )
    piped = run(root, *words, "-p", f'label=b,"{json.dumps(EVIL)[1:-1]}"')

    assert (code, piped.returncode) == (0, 0)
    for text in (written, piped.stdout, piped.stderr):
        assert controls(text) == []
    assert "[/srv/data] [bold]b[/]" in written
    assert "1 run" in written or "2 run" in written


@pytest.mark.parametrize(
    "words",
    [("report", "run", "raw"),
     ("report", "backfill", "raw", "--from", "2024-01", "--to", "2024-01")],
    ids=["fresh", "forked"],
)  # fmt: skip
def test_what_a_kernel_writes_past_its_outputs_is_in_them_and_nowhere_else(root, words):
    written, code = on_a_terminal(root, *LASTMILE, *words)
    made = max(root.glob("reports/_built/raw/*-*/notebook.ipynb"))
    outputs = nbformat.read(made, 4).cells[-1].outputs
    told = "".join(output.get("text", "") for output in outputs)

    assert code == 0
    assert "pwned" not in written
    assert controls(written) == []
    assert told.count("\x1b]0;pwned\x07") == 4
    assert "[]" in told, "no file of the kernel is the terminal"


def test_the_shared_beginning_of_a_backfill_does_not_control_the_terminal_either(root):
    with (root / "reports/shared.toml").open("a") as file:
        file.write("share_prefix = true\n")
    words = ("report", "backfill", "shared", "--from", "2024-01", "--to", "2024-01")
    written, code = on_a_terminal(root, *LASTMILE, *words)

    assert code == 0, written
    assert controls(written) == []
    assert r"\x1b]0;pwned\x07 before" in written


def test_a_kernel_that_does_not_start_says_why(root, tmp_path):
    folder = tmp_path / "kernels/broken"
    folder.mkdir(parents=True)
    code = "import sys; sys.stderr.write('\\x1b]0;pwned\\x07 no such thing\\n'); sys.exit(1)"
    spec = {"argv": [sys.executable, "-c", code], "display_name": "b", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    path = root / "reports/broken.toml"
    path.write_text('title = "b"\nnotebook = "notebooks/raw.ipynb"\nkernel = "broken"\n')
    done = subprocess.run(
        [sys.executable, "-m", "lastmile", "report", "run", "broken", "--format", "html"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "JUPYTER_PATH": str(tmp_path)},
    )
    path.unlink()

    assert done.returncode == 1
    assert "\\x1b]0;pwned\\x07 no such thing\n" in done.stderr
    assert CONTROL.findall(done.stderr) == []


def test_a_name_of_a_file_that_is_no_text_is_shown(lastmile, root):
    answer = lastmile("report", "show", "\udcff", cwd=root)

    assert answer.code == 2
    assert "there is no report `\\udcff`" in answer.err


def test_what_an_encoding_cannot_hold_is_shown_as_an_escape(root):
    done = subprocess.run(
        [sys.executable, "-m", "lastmile", "report", "history"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "\\u4e16\\u754c" in done.stdout


def test_rows_answered_by_a_model_are_its_file_to_the_letter_where_no_terminal_is(capsys):
    from lastmile.cli.output import say_file

    say_file(EVIL)

    assert capsys.readouterr().out == EVIL
