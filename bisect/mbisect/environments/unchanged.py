"""Does a release run the same code as the one before, for one workload? From RECORDs and a trace alone; pure.

A file of Python source matters where the workload loaded it. All other files (data, shared libraries, entry points) may
be read without a trace, so they always matter. What the workload loads is only known of the release that was traced;
where the two releases differ in a file that this one did not have yet, it counts as loaded.
"""

from __future__ import annotations

from collections.abc import Collection, Set

from mbisect.environments.wheels import Record

SOURCE = (".py", ".pyi")


def differing(traced: Record, before: Record, after: Record, loaded: Collection[str]) -> Set[str]:
    """The files that tell two releases of a package apart for a workload; empty: they are the same to it.

    `traced` is the RECORD of the release of which the workload loaded the files `loaded`.
    """
    unseen = {path for path in traced if path.endswith(SOURCE) and path not in loaded}
    changed = {path for path in before if before[path] != after.get(path) or not before[path]} - unseen
    names = {_module(path) for path in loaded if path in before}
    new = after.keys() - before.keys()
    return changed | {path for path in new if not path.endswith(SOURCE) or _module(path) in names}


def _module(path: str) -> str:
    """What a file of Python source is imported as: a new one of the same name would hide the other."""
    return path.rpartition(".")[0].removesuffix("/__init__")
