"""Lays a tool beside an environment that lacks it, without moving a package there. Knows nothing of what it is for.

What the tool requires and the environment has is taken from there, at its version; the rest goes into a folder of its
own, which holds no package of the environment, so that it does not matter which of both is looked at first.
Environments that lack the same share that folder, and what is compiled in it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from pathlib import Path

from filelock import FileLock

from mbisect import shell
from mbisect.environments.build import COMPLETE, Environment, Unbuildable, platform_key
from mbisect.environments.resolve import parse_compiled
from mbisect.environments.uv import Uv, check_machine
from mbisect.terms import Interpreter, Values


class Beside:
    """Folders of tools among the environments of a cache, safe to make side by side."""

    def __init__(self, folder: Path, uv: Uv) -> None:
        self._folder = folder
        self._uv = uv

    def lay(
        self, tool: str, environment: Environment, values: Values, interpreter: Interpreter
    ) -> Path | Unbuildable | None:
        """The folder to put on the path of modules; None where the environment has the tool itself.

        Raises NetworkError, which is no verdict on the environment.
        """
        there = values.packages()
        if tool in there:
            return None
        kept = environment.folder / f"beside-{tool}.json"
        with FileLock(f"{kept}.lock"):
            wanted = self._wanted(tool, there, interpreter, kept)
        if isinstance(wanted, Unbuildable):
            return wanted
        what = json.dumps([wanted, interpreter.version, interpreter.path, platform_key()], sort_keys=True)
        folder = self._folder / hashlib.sha256(what.encode()).hexdigest()[:20]
        with FileLock(f"{folder}.lock"):
            if (folder / COMPLETE).exists():
                os.utime(folder / COMPLETE)
                return folder
            shutil.rmtree(folder, ignore_errors=True)
            return self._install(tool, folder, wanted, interpreter) or folder

    def _wanted(
        self, tool: str, there: dict[str, str], interpreter: Interpreter, kept: Path
    ) -> dict[str, str] | Unbuildable:
        """Name → version of the tool and of what it requires, as far as it is not there."""
        if kept.exists():
            return dict(json.loads(kept.read_text()))
        with tempfile.TemporaryDirectory(prefix="mbisect-") as folder:
            asked, pins = Path(folder, "asked.in"), Path(folder, "pins.txt")
            asked.write_text(f"{tool}\n")
            pins.write_text("".join(f"{name}=={version}\n" for name, version in there.items()))
            argv = ["pip", "compile", "--quiet", "--no-header", "--annotation-style", "line", "--no-build", str(asked)]
            done = self._uv.run([*argv, "--constraint", str(pins), "--python", interpreter.path], check=False)
        if done.status != 0:
            return _problem(tool, done)
        wanted = {name: version for name, version in parse_compiled(done.stdout)[0].items() if name not in there}
        temporary = kept.with_name(f".{kept.name}.{os.getpid()}")
        temporary.write_text(json.dumps(wanted))
        temporary.replace(kept)
        return wanted

    def _install(self, tool: str, folder: Path, wanted: dict[str, str], interpreter: Interpreter) -> Unbuildable | None:
        lines = [f"{name}=={version}" for name, version in wanted.items()]
        argv = ["pip", "install", "--quiet", "--no-deps", "--no-build", "--link-mode", "hardlink", *lines]
        done = self._uv.run([*argv, "--python", interpreter.path, "--target", str(folder)], check=False)
        if done.status != 0:
            shutil.rmtree(folder, ignore_errors=True)
            return _problem(tool, done)
        temporary = folder / f".{COMPLETE}.{os.getpid()}"
        temporary.write_text(json.dumps({"packages": wanted, "python": interpreter.version, "built": time.time()}))
        temporary.replace(folder / COMPLETE)
        return None


def _problem(tool: str, done: shell.Completed) -> Unbuildable:
    check_machine(done)
    return Unbuildable(f"{tool} does not fit beside its packages; add it to both locks", done.stderr)
