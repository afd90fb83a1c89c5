"""Builds exact versions into a virtual environment on disk, once for all runs. Knows nothing of why it is wanted."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from mbisect.environments.bytecode import Bytecode
from mbisect.environments.uv import Uv, check_machine
from mbisect.terms import PYTHON, Interpreter, Pin, Values

COMPLETE = "complete.json"
"""Written last; a folder without it counts as not built."""
VAGUE = ("No solution found when resolving", "error: No solution found when resolving")
"""uv says this before it says why."""
LOCAL = re.compile(r"there is no version of (?P<name>[\w.-]+)==(?P<public>[^\s+]+)(?P<local>\+\w+(?:\.\w+)*)")
"""A release with a local version that no index has; uv's words."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A lock built on disk."""

    folder: Path
    key: str
    seconds: float
    """What building took; 0 when it stood ready."""

    @property
    def bin(self) -> Path:
        """Where its programs are."""
        return self.folder / "bin"


@dataclass(frozen=True, slots=True)
class Unbuildable:
    """Why a lock could not be built, in one line and in full."""

    reason: str
    output: str


class Builder:
    """uv virtual environments, hard-linked from uv's cache, shared between runs and safe to build side by side."""

    def __init__(self, folder: Path, uv: Uv, interpreter: Callable[[str], Interpreter], bytecode: Bytecode) -> None:
        self._folder = folder
        self._bytecode = bytecode
        self._uv = uv
        self._interpreter = interpreter

    def build(
        self, values: Values, *, hashes: Mapping[str, Pin] | None = None, built: frozenset[str] | None = None
    ) -> Environment | Unbuildable:
        """The environment for these values; built when it does not stand ready.

        `hashes`: pins whose files are checked; `built`: the only packages that may be built from source (None: all).
        Raises NetworkError, which is no verdict on the lock.
        """
        interpreter = self._interpreter(values[PYTHON])
        key = environment_key(values, interpreter)
        folder = self._folder / key
        began = time.monotonic()
        self._folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self._folder / f"{key}.lock"):
            if _is_complete(folder, values):
                os.utime(folder / COMPLETE)
                return Environment(folder, key, 0.0)
            if folder.exists():
                shutil.rmtree(folder)
            problem = self._install(folder, values, interpreter, hashes or {}, built)
            if problem is not None:
                shutil.rmtree(folder, ignore_errors=True)
                return problem
            self._bytecode.lend(folder, interpreter.version)
            marker = {"packages": values.packages(), "python": interpreter.version, "built": time.time()}
            temporary = folder / f".{COMPLETE}.{os.getpid()}"
            temporary.write_text(json.dumps(marker, indent=1))
            temporary.rename(folder / COMPLETE)
        return Environment(folder, key, time.monotonic() - began)

    def used(self, environment: Environment, values: Values) -> None:
        """Say that a workload has run in an environment: what it compiled is kept for others."""
        self._bytecode.collect(environment.folder, values[PYTHON])

    def _install(
        self,
        folder: Path,
        values: Values,
        interpreter: Interpreter,
        hashes: Mapping[str, Pin],
        built: frozenset[str] | None,
    ) -> Unbuildable | None:
        self._uv.run(["venv", "--quiet", "--no-project", "--python", interpreter.path, str(folder)])
        packages = values.packages()
        if not packages:
            return None
        lines = [_line(name, version, hashes.get(name)) for name, version in packages.items()]
        wanted = folder / "lock.txt"
        wanted.write_text("\n".join(lines) + "\n")
        argv = ["pip", "install", "--quiet", "--no-deps", "--link-mode", "hardlink", "--requirements", str(wanted)]
        argv += ["--python", str(folder / "bin" / "python"), "--verify-hashes"]
        if built is not None:
            argv += [f"--only-binary={name}" for name in packages if name not in built] if built else ["--no-build"]
        done = self._uv.run(argv, check=False)
        if done.status != 0 and "no version of" in done.stderr:
            done = self._uv.run([*argv, "--refresh"], check=False)
        if done.status == 0:
            return None
        check_machine(done)
        return Unbuildable(_reason(done.stderr), done.stderr)


def environment_key(values: Values, interpreter: Interpreter) -> str:
    """20 hexadecimal digits for packages, interpreter (version and path) and platform."""
    parts = {
        "packages": values.packages(),
        "python": [interpreter.version, interpreter.path],
        "platform": platform_key(),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:20]


def platform_key() -> str:
    """Operating system, machine and C library, as far as they decide which files are installed."""
    return "-".join((sys.platform, platform.machine(), *platform.libc_ver()))


def _line(name: str, version: str, pin: Pin | None) -> str:
    hashes = pin.hashes if pin is not None and pin.version == version else ()
    return " ".join([f"{name}=={version}", *(f"--hash={value}" for value in hashes)])


def _is_complete(folder: Path, values: Values) -> bool:
    """Its marker says that it holds these packages; a damaged one says nothing."""
    try:
        marker = json.loads((folder / COMPLETE).read_text())
    except (OSError, ValueError):
        return False
    return isinstance(marker, dict) and marker.get("packages") == values.packages()


def _reason(stderr: str) -> str:
    """The most telling line of uv's complaint, or what to do about it."""
    if local := LOCAL.search(stderr):
        name, public = local["name"], local["public"]
        return (
            f"no index here has {name} {public}{local['local']}, which was built for one kind of machine: name the "
            f"index that has it (UV_INDEX), or pin {name}=={public}"
        )
    lines = [line.strip(" ×│├└▶─╰").strip() for line in stderr.splitlines()]
    lines = [line for line in lines if line and not line.startswith(("hint:", "warning:", *VAGUE))]
    return lines[0].removeprefix("cause: ") if lines else "uv could not install it"
