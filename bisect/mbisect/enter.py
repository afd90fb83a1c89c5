"""`mbisect build` and `mbisect exec`: a snapshot's environment on disk, and a command in it. Prints nothing."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from mbisect import shell
from mbisect.environments.build import COMPLETE, Builder, Environment, Unbuildable, environment_key
from mbisect.environments.bytecode import Bytecode
from mbisect.environments.interpreters import find_interpreter
from mbisect.environments.store import Store
from mbisect.environments.uv import Uv
from mbisect.errors import ConfigError
from mbisect.question import environment_of
from mbisect.terms import Axis, Snapshot
from mbisect.workload import DROPPED


def built(
    name: str, python: str | None, here: Path, store: Store, begun: Callable[[str], None]
) -> tuple[Snapshot, Environment]:
    """The environment of a snapshot or lock file, built when it does not stand ready; `begun` is told so.

    Packages without a wheel are built from source, as at the ends of a run. Raises ConfigError where that fails.
    """
    snapshot = environment_of(name, python, here, find_interpreter)
    folder = store.root / "environments"
    if not (folder / environment_key(snapshot.values, snapshot.interpreter) / COMPLETE).exists():
        count = len(snapshot.lock.pins)
        begun(f"building {name}: {count} package{'s' * (count != 1)} for Python {snapshot.interpreter.version}")
    builder = Builder(
        folder,
        Uv(store.root / "uv"),
        lambda _: snapshot.interpreter,
        Bytecode(store.root / "bytecode"),
    )
    outcome = builder.build(snapshot.values, hashes={pin.name: pin for pin in snapshot.lock.pins})
    if isinstance(outcome, Unbuildable):
        raise ConfigError(f"{snapshot.lock.source} cannot be built for Python {snapshot.interpreter.version}: "
                          f"{outcome.reason}")  # fmt: skip
    return snapshot, outcome


def enter(
    snapshot: Snapshot, environment: Environment, command: Sequence[str], store: Store, environ: Mapping[str, str]
) -> NoReturn:
    """Become a command in an environment: its exit status and its signals are its own. Raises NotStartedError."""
    _occupy(store, environment)
    shell.become(command, variables_in(snapshot, environment, environ))


def variables_in(snapshot: Snapshot, environment: Environment, environ: Mapping[str, str]) -> dict[str, str]:
    """The caller's variables with the environment first on PATH and the snapshot's own set."""
    return {
        **{name: value for name, value in environ.items() if name not in DROPPED},
        "PATH": f"{environment.bin}{os.pathsep}{environ.get('PATH', os.defpath)}",
        "VIRTUAL_ENV": str(environment.folder),
        "PYTHONNOUSERSITE": "1",
        **{key.name: value for key, value in snapshot.values.items() if key.axis is Axis.VARIABLE},
    }


def _occupy(store: Store, environment: Environment) -> None:
    """Until the command ends, keep `mbisect cache --prune` from taking its environment away.

    A shared lock beside those of the trials, held by a file that the command inherits: it goes when the last process
    that has it open goes, however that ends.
    """
    folder = store.root / "trials"
    folder.mkdir(parents=True, exist_ok=True)
    held = os.open(folder / f"exec-{environment.key}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    fcntl.flock(held, fcntl.LOCK_SH)
    os.set_inheritable(held, True)
