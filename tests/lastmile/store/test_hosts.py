"""Spaces: where process ids mean the same."""

import shutil
import subprocess
import sys

import pytest

from lastmile.store.hosts import over, space

CODE = "from lastmile.store.hosts import space; print(space())"


def printed(*before: str) -> str:
    done = subprocess.run([*before, sys.executable, "-c", CODE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_processes_of_one_system_live_in_one_space_that_the_store_can_keep():
    assert printed() == space()
    assert len(space()) <= 80
    assert not over(space(), space())


def test_a_container_of_the_same_name_is_another_space(needs_namespaces):
    inside = printed("unshare", "--pid", "--fork", "--mount-proc")

    assert inside != space()
    assert inside.startswith("- ")
    assert not over(inside, space())
    assert not over(space(), inside)


@pytest.fixture
def needs_namespaces():
    if not shutil.which("unshare"):
        pytest.skip("no unshare")
    tried = subprocess.run(["unshare", "--pid", "--fork", "true"], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"no PID namespaces here: {tried.stderr.strip()}")
