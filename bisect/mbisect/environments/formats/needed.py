"""Which packages of a lock are installed, for locks of older tools that do not write each package's marker down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from packaging.utils import canonicalize_name


def needed(here: Mapping[str, Iterable[str]], anywhere: Mapping[str, Iterable[str]]) -> set[str]:
    """Package → what it needs in this environment, and in any → the packages that are installed in this one.

    What nothing needs in any environment was asked for by the project. The project may also have asked for something
    that a package needs elsewhere only, which cannot be seen and is left out.
    """
    edges = {canonicalize_name(name): [canonicalize_name(n) for n in names] for name, names in here.items()}
    targets = {canonicalize_name(n) for names in anywhere.values() for n in names}
    waiting = [name for name in edges if name not in targets]
    kept: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in kept and name in edges:
            kept.add(name)
            waiting += edges[name]
    return {name for name in here if canonicalize_name(name) in kept}
