"""Finds the Pythons that are installed on this machine; never downloads one."""

from __future__ import annotations

import os
import re
import shutil
import sys
from functools import cache as remembered
from pathlib import Path

from packaging.version import Version

from mbisect import shell
from mbisect.errors import CommandError, ConfigError
from mbisect.terms import Interpreter

ASK = "import sys; print('.'.join(map(str, sys.version_info[:3])))"


def find_interpreter(request: str) -> Interpreter:
    """The newest installed Python of a line ("3.10"), an exact one ("3.11.7"), or the one at a path.

    Raises ConfigError that names those that were found.
    """
    if "/" in request:
        path = Path(request).expanduser()
        path = path / "python" if path.is_dir() and (path / "python").exists() else path
        path = path / "bin" / "python" if path.is_dir() else path
        version = _version(str(path)) if path.exists() else None
        if version is None:
            raise ConfigError(f"there is no Python at {request}")
        return Interpreter(version, str(path.absolute()))
    if not re.fullmatch(r"\d+(\.\d+){0,2}", request):
        raise ConfigError(f"--python {request}: give a version such as 3.11, or a path")
    wanted = tuple(int(part) for part in request.split("."))
    found = available()
    fitting = [i for i in found if Version(i.version).release[: len(wanted)] == wanted]
    if not fitting:
        known = ", ".join(i.version for i in found) or "none"
        raise ConfigError(
            f"no Python {request} on this machine; found {known}; install it, or give a path with --python"
        )
    current = ".".join(map(str, sys.version_info[:3]))
    return max(fitting, key=lambda i: (i.version == current and len(wanted) == 1, Version(i.version)))


def available() -> tuple[Interpreter, ...]:
    """One interpreter per version, sorted."""
    found: dict[str, str] = {}
    roots = [Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"]
    for root in roots:
        for folder in root.glob("3.*") if root.is_dir() else ():
            executable = folder / "bin" / f"python{'.'.join(folder.name.split('.')[:2])}"
            if re.fullmatch(r"3\.\d+\.\d+", folder.name) and executable.exists():
                found.setdefault(folder.name, str(executable))
    for minor in range(8, 16):
        program = shutil.which(f"python3.{minor}")
        if program is not None and "shims" not in program:
            version = _version(program)
            if version is not None:
                found.setdefault(version, program)
    own = ".".join(map(str, sys.version_info[:3]))
    found.setdefault(own, str(Path(sys.base_exec_prefix) / "bin" / f"python3.{sys.version_info[1]}"))
    return tuple(Interpreter(v, found[v]) for v in sorted(found, key=Version))


@remembered
def _version(path: str) -> str | None:
    try:
        return shell.run([path, "-I", "-S", "-c", ASK]).stdout.strip()
    except (CommandError, OSError):
        return None
