"""What a kernel is asked to be, and what of it only a fresh process can be.

Some variables are read once, by the interpreter, the loader or a library while it is imported. A
forked kernel has the values that its server had, so a request for others gets a fresh process.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

POOLS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
"""Sizes of native thread pools: one in the server, set anew in every kernel."""

INLINE = "module://matplotlib_inline.backend_inline"

_PREFIXES = (
    "PYTHON", "LD_", "DYLD_", "MALLOC_", "GLIBC_", "LC_", "LANG", "HOME", "XDG_", "IPYTHON",
    "OMP_", "GOMP_", "KMP_", "OPENBLAS_", "MKL_", "BLIS_", "NUMEXPR_", "NUMBA_", "NPY_", "NUMPY_",
    "SCIPY_", "SKLEARN_", "JOBLIB_", "PANDAS_", "ARROW_", "MPL", "MATPLOTLIBRC",
)  # fmt: skip
_LAUNCHER = ["-m", "ipykernel_launcher"]
_HARMLESS = "-Xfrozen_modules=off"  # newer kernel specs ask for it, for the debugger's sake
_KNOWN_OPTIONS = {"cwd", "env"}


def read_at_import(env: Mapping[str, str]) -> dict[str, str]:
    """The variables of `env` that are read while a process starts or imports its libraries."""
    found = {
        name: value
        for name, value in env.items()
        if name.startswith(_PREFIXES) and name not in POOLS
    }
    path = [part for part in found.pop("PYTHONPATH", "").split(":") if part]
    if path:
        found["PYTHONPATH"] = ":".join(path)
    if found.get("MPLBACKEND") == INLINE:
        del found["MPLBACKEND"]
    return found


def why_fresh(
    command: Sequence[str], options: Mapping[str, object], *, python: str = sys.executable
) -> str:
    """Why only a fresh process can be the kernel of `command`, whoever the server; "" if none.

    `options` are the arguments that jupyter_client would give to `subprocess.Popen`.
    """
    rest = [word for word in command[1:] if word != _HARMLESS]
    if not command or command[0] != python:
        return "it has another interpreter"
    if rest[:2] != _LAUNCHER:
        return "it is not an ordinary IPython kernel"
    unknown = sorted(options.keys() - _KNOWN_OPTIONS)
    return f"it is started with {', '.join(unknown)}" if unknown else ""


def why_different(
    env: Mapping[str, str], cwd: Path, *, served: Mapping[str, str], modules: Iterable[str]
) -> str:
    """Why a server with the environment `served` and `modules` imported cannot fork for `env`."""
    wanted = read_at_import(env)
    different = sorted(
        name for name in wanted.keys() | served.keys() if wanted.get(name) != served.get(name)
    )
    if different:
        return f"its environment differs in {', '.join(different)}"
    if (cwd / "matplotlibrc").exists():
        return "its folder has a matplotlibrc"
    for name in sorted({module.partition(".")[0] for module in modules}):
        if (cwd / f"{name}.py").exists() or (cwd / name).is_dir():
            return f"its folder has a module `{name}` of its own"
    return ""
