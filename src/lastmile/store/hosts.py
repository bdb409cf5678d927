"""Where a process lives: process ids mean the same only within one space.

A host's name is no identity: two containers may have the same. A space is one PID namespace of one
boot of a kernel, so `/proc/sys/kernel/random/boot_id` (random(4)) with the number of
`/proc/self/ns/pid` (pid_namespaces(7)) name it. Where there are none, on macOS, the name of the
host stands for it.
"""

import hashlib
import socket
from contextlib import suppress
from pathlib import Path

import psutil

_OUTERMOST = "pid:[4026531836]"
"""The PID namespace of a machine itself: PROC_PID_INIT_INO of the kernel."""

_NONE = "-"


def space() -> str:
    """The space of this process: of at most 80 characters, the machine, its boot, the namespace.

    The machine is only told outside of containers: what an image says of it is true for many.
    """
    name, machine = socket.gethostname(), _NONE
    boot = _read(Path("/proc/sys/kernel/random/boot_id")) or _digest(name)
    namespace = _NONE
    with suppress(OSError):
        namespace = str(Path("/proc/self/ns/pid").readlink())
    if namespace == _OUTERMOST and (known := _read(Path("/etc/machine-id"))):
        machine = _digest(f"{name} {known}")
    return f"{machine} {boot} {namespace.removeprefix('pid:')}"


def over(there: str, here: str) -> bool:
    """Whether the space `there` is no more: an earlier boot of the machine of `here`."""
    was, now = there.split(), here.split()
    same = len(was) == len(now) == 3 and was[0] == now[0] != _NONE
    return same and was[1] != now[1]


def alive(pid: int, started: float) -> bool:
    """Whether the process of this space with that id is the one that was started then."""
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - started) < 1
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _read(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(encoding="ascii", errors="replace").strip()
    return ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
