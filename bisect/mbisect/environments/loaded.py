"""Which installed files a workload loads: a hook in its interpreters, and what they wrote. Knows nothing of trials."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mbisect.environments.wheels import installed_records

HOOK = Path(__file__).with_name("hook") / "sitecustomize.py"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the workload loaded, by package. Only Python modules: other files that were read left no trace."""

    files: Mapping[str, frozenset[str]]
    """Package (normalised) → its loaded files, as paths below site-packages."""


def hooked(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """These variables, changed so that every Python that is started with them says in `folder` what it loaded."""
    folder.mkdir()
    shutil.copyfile(HOOK, folder / HOOK.name)
    inherited = environ.get("PYTHONPATH")
    return {**environ, "PYTHONPATH": f"{folder}{os.pathsep}{inherited}" if inherited else str(folder)}


def gather(folder: Path, environment: Path, kept: Path) -> None:
    """Merge what all processes wrote in `folder` into the file `kept`, by the packages of an environment.

    Where none wrote anything, nothing is kept: that is no trace, and not a trace of nothing. Nor is it where something
    cannot be read: a trial does not fail for its trace.
    """
    with contextlib.suppress(OSError, ValueError):
        said = [path.read_text(encoding="utf-8") for path in folder.glob("*.txt")]
        seen = {line for text in said for line in text.splitlines()}
        files = {name: sorted(seen & record.keys()) for name, record in installed_records(environment).items()}
        if said:
            kept.write_text(json.dumps({name: found for name, found in sorted(files.items()) if found}, indent=0))


def read_loaded(path: Path) -> Loaded | None:
    """What was gathered; None when nothing was, or it is damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Loaded({str(name): frozenset(map(str, files)) for name, files in found.items()})
    except (OSError, ValueError, TypeError, AttributeError):
        return None
