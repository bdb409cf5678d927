"""Forked kernels know nothing of each other or of their server, and are kernels like any other."""

import os
import signal
import threading
from contextlib import ExitStack

import psutil
import pytest

# What a run changes, how the next one looks, and what it must see.
CHANGES = {
    "globals": ("x = 1", "'x' in globals()", "False"),
    "environment": (
        "import os; os.environ['LEAK'] = '1'", "__import__('os').environ.get('LEAK')", "None",
    ),
    "pandas options": (
        "import pandas; pandas.options.display.max_rows = 7",
        "__import__('pandas').options.display.max_rows", "60",
    ),
    "attributes of modules": ("import math; math.tau = 0", "__import__('math').tau > 6", "True"),
    "settings of matplotlib": (
        "import matplotlib; matplotlib.rcParams['lines.linewidth'] = 9",
        "__import__('matplotlib').rcParams['lines.linewidth']", "1.5",
    ),
    "path of modules": (
        "import sys; sys.path.insert(0, '/leak')", "'/leak' in __import__('sys').path", "False",
    ),
    "warnings": (
        "import warnings; warnings.filterwarnings('ignore', 'leak')",
        "'leak' in str(__import__('warnings').filters)", "False",
    ),
    "recursion": (
        "import sys; sys.setrecursionlimit(200_000)",
        "__import__('sys').getrecursionlimit() < 200_000", "True",
    ),
    "folder": (
        "import os; os.mkdir('d'); os.chdir('d')",
        "__import__('os').path.basename(__import__('os').getcwd()) == 'd'", "False",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def later(server, kernel, tmp_path_factory):
    """A kernel that began beside one that changed everything, and another that began after."""
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("runs")
        first = stack.enter_context(kernel(folder))
        beside = stack.enter_context(kernel(folder))
        for change, _, _ in CHANGES.values():
            first.run(change)
        yield beside, stack.enter_context(kernel(folder))


@pytest.mark.parametrize("name", CHANGES)
def test_what_one_run_changes_no_other_sees(later, name):
    _, look, clean = CHANGES[name]
    assert [talk.say(f"print({look})") for talk in later] == [clean, clean]


def test_no_two_runs_draw_the_same(server, kernel, tmp_path):
    draw = """
import random, uuid, secrets, numpy as np, tempfile
print([random.random(), np.random.rand(), np.random.default_rng().random(), uuid.uuid4().hex,
       uuid.uuid1().hex, secrets.token_hex(8)])
"""
    drawn = []
    for _ in range(2):
        with kernel(tmp_path) as talk:
            drawn += eval(talk.say(draw))
    assert len(set(drawn)) == 12


def settled(talk, look):
    """What a kernel says once its connections stand, some of which come after its first answer."""
    said = [talk.say(look)]
    for _ in range(20):
        said.append(talk.say(f"import time; time.sleep(0.05)\n{look}"))
        if said[-1] == said[-2]:
            break
    return said[-1].splitlines()


def test_a_forked_kernel_has_the_handles_and_threads_of_an_ordinary_one(forked, kernel, tmp_path):
    look = """
import os, threading
found = []
for name in os.listdir('/proc/self/fd'):
    try: found.append(os.readlink(f'/proc/self/fd/{name}').partition(':')[0])
    except OSError: pass
print(found.count('socket'), found.count('anon_inode'), found.count('pipe'))
print(*sorted({type(t).__name__ for t in threading.enumerate()} - {'ParentPollerUnix'}))
"""
    with kernel(tmp_path, PYTHONHASHSEED="5") as ordinary:
        assert "PYTHONHASHSEED" in ordinary.why_fresh
        usual = settled(ordinary, look)
    found = settled(forked, look)
    assert found[1] == usual[1]
    assert found[0].split()[:2] == usual[0].split()[:2]
    assert int(found[0].split()[2]) <= int(usual[0].split()[2])


def test_the_kernel_has_a_session_a_folder_and_an_input_of_its_own(forked, tmp_path):
    said = forked.say("""
import os, sys
print(os.getsid(0) == os.getpid() == os.getpgid(0))
print(os.readlink('/proc/self/fd/0'))
print(os.path.basename(sys.argv[0]), __name__)
""")
    assert said.splitlines() == ["True", "/dev/null", "ipykernel_launcher.py __main__"]
    assert forked.say("import os; print(os.getcwd())") == str(tmp_path)


def test_the_environment_is_the_one_asked_for(server, kernel, tmp_path):
    with kernel(tmp_path, TOKEN="abc", TZ="Asia/Tokyo", OMP_NUM_THREADS="2") as talk:
        assert talk.why_fresh == ""
        assert talk.say("import os; print(os.environ['TOKEN'], os.environ['OMP_NUM_THREADS'])") == (
            "abc 2"
        )
        assert talk.say("import time; print(time.tzname[0])") == "JST"
        assert talk.say("!echo $TOKEN") == "abc"
        assert talk.say("import os; print(os.environ.get('OPENBLAS_NUM_THREADS'))") == str(
            os.environ.get("OPENBLAS_NUM_THREADS")
        )


@pytest.mark.parametrize("threads", ["1", "2"])
def test_native_pools_have_the_size_asked_for_and_work(server, kernel, tmp_path, threads):
    with kernel(tmp_path, OMP_NUM_THREADS=threads, OPENBLAS_NUM_THREADS=threads) as talk:
        assert talk.why_fresh == ""
        said = talk.say("""
import numpy as np, threadpoolctl
from sklearn.ensemble import HistGradientBoostingRegressor
x = np.random.default_rng(0).random((2000, 3))
print(round(HistGradientBoostingRegressor(max_iter=5).fit(x, x[:, 0]).score(x, x[:, 0]), 1) > 0.3)
print((x.T @ x).shape)
print({lib['num_threads'] for lib in threadpoolctl.threadpool_info()})
""")
    assert said.splitlines() == ["True", "(3, 3)", f"{{{threads}}}"]


def test_raw_writes_are_heard(server, kernel, tmp_path, monkeypatch):
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # with it ipykernel leaves descriptors alone
    with kernel(tmp_path) as talk:
        assert talk.say("import os, time; os.write(1, b'raw\\n'); time.sleep(0.5)") == "raw"


def test_shells_and_subprocesses_are_heard(forked):
    assert forked.say("!echo from the shell") == "from the shell"
    assert forked.say("import subprocess; print(subprocess.check_output(['echo', 'a']))") == (
        "b'a\\n'"
    )
    assert forked.say(
        "from concurrent.futures import ThreadPoolExecutor as P\n"
        "with P(4) as pool: print(sum(pool.map(abs, range(9))))"
    ) == "36"  # fmt: skip


@pytest.mark.parametrize("magic", ["", "%matplotlib inline\n"], ids=["plain", "with the magic"])
def test_figures_are_shown_inline(server, kernel, tmp_path, magic):
    with kernel(tmp_path) as talk:
        outputs = talk.run(f"{magic}import matplotlib.pyplot as plt; plt.plot([1, 2]);")
        assert [m for o in outputs for m in o.get("data", {}) if "image" in m] == ["image/png"]
        assert talk.run("plt.figure(); plt.gcf().number") != []


def test_an_interrupt_stops_the_cell_and_the_kernel_goes_on(forked):
    timer = threading.Timer(0.5, os.kill, [forked.pid, signal.SIGINT])
    timer.start()
    said = forked.say(
        "import time\ntry: time.sleep(30)\nexcept KeyboardInterrupt: print('interrupted')"
    )
    assert said == "interrupted"
    assert forked.say("print('on')") == "on"


def test_signals_have_their_usual_meaning(forked):
    assert forked.say("""
import signal
print(signal.getsignal(signal.SIGTERM) == signal.SIG_DFL)
print(signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL)
print(signal.set_wakeup_fd(-1) == -1)
""").split() == ["True", "True", "True"]  # fmt: skip


def test_multiprocessing_works_in_a_forked_kernel(forked):
    assert forked.say(
        "import multiprocessing as m\nwith m.get_context('fork').Pool(2) as p: "
        "print(p.map(abs, [-1, -2]))"
    ) == "[1, 2]"  # fmt: skip


def test_hooks_at_exit_run(server, kernel, tmp_path):
    with kernel(tmp_path) as talk:
        talk.run("import atexit, pathlib; atexit.register(pathlib.Path('left').write_text, 'x')")
    assert (tmp_path / "left").read_text() == "x"


def test_the_server_has_one_thread_and_no_zombie(server, kernel, tmp_path):
    pids = set()
    for _ in range(2):
        with kernel(tmp_path) as talk:
            pids.add(talk.pid)
    process = psutil.Process(server.pid)
    assert process.num_threads() == 1
    assert pids.isdisjoint(child.pid for child in process.children())
