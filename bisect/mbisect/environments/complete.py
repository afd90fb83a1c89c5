"""Does a lock hold what its own packages need? Knows nothing of how a lock is written or installed."""

from __future__ import annotations

from collections.abc import Mapping

from mbisect.environments.resolve import PLATFORM_ONLY
from mbisect.errors import ConfigError
from mbisect.terms import Candidate, Snapshot, package

FEW = 2
"""So many packages may always be missing: an environment is what it is, and some work without all that they ask for."""
SHARE = 0.1
"""Where more than this share of all that is needed is missing, the file is a list of wishes and no lock."""


def lacking(end: Candidate) -> Mapping[str, tuple[str, ...]]:
    """Packages that others of an end need and that it does not hold, each with those that need it.

    Nothing where its metadata does not fit together. What only some platforms install does not count.
    """
    return {
        name: requirers
        for name, requirers in end.requires
        if package(name) not in end.values and not PLATFORM_ONLY.match(name)
    }


def remark(snapshot: Snapshot, end: Candidate) -> str | None:
    """What is to be said of a lock that lacks something, in one line. Raises ConfigError where it lacks too much.

    Where entries of the lock were left out, since no index has them, they may be what is missing.
    """
    missing = lacking(end)
    if not missing:
        return None
    names = sorted(missing)
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    requirer = next((name for name in missing[names[0]] if package(name) in end.values), missing[names[0]][0])
    said = f"{snapshot.name} holds no {shown}; {names[0]} is needed by {requirer}"
    if len(names) > max(FEW, SHARE * (len(names) + len(end.values.packages()))) and not snapshot.lock.fixed:
        source = snapshot.lock.source
        raise ConfigError(
            f"{said}: it is no complete lock; write one with `pip freeze` in its environment, "
            f"or with `uv pip compile {source} -o FILE`"
        )
    return f"{said}: its environment is built without"
