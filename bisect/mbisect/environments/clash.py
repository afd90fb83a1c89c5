"""Which installed packages a failure points at, by its traceback and the files of the environment. No opinion on it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from packaging.utils import canonicalize_name

BEGIN = "Traceback (most recent call last)"
FRAME = re.compile(r'^\s*File "(?P<path>[^"]+)", line \d+')
BELOW = re.compile(r"(?:^|/)(?:site|dist)-packages/(?P<path>.+)$")
MODULE = re.compile(r"(?:\bfrom|[Mm]odule|named) '(?P<module>[\w.]+)'")
"""cannot import name 'x' from 'a.b' · module 'a' has no attribute 'x' · No module named 'a.b'."""
NUMPY = re.compile(r"numpy\.dtype size changed|compiled using NumPy 1\.x|numpy\.core\.multiarray failed to import")
"""A module was compiled against another numpy than the one that is there."""
MOST = 3
"""More packages than that are no hint."""


def clash_in(tail: str, environment: Path) -> tuple[str, ...]:
    """The packages that do not seem to work together: first the one that failed, then those that it was using.

    `numpy` alone: something that was compiled against another numpy, which left no trace. Nothing, where the workload
    itself failed, or no second package is in sight. `environment` is the folder of the one that the workload ran in.
    """
    installed = _Installed(environment)
    lines = _last_traceback(tail)
    frames = [i for i, line in enumerate(lines) if FRAME.match(line)]
    owners = [installed.owner_of_file(_path(lines[i])) for i in frames]
    while owners and owners[-1] is None and _path(lines[frames[-1]]).endswith((".pyx", ".pxd")):
        frames, owners = frames[:-1], owners[:-1]
    compiled = bool(NUMPY.search(tail)) and installed.owner_of_module("numpy") is not None
    if not owners or owners[-1] is None:
        return ("numpy",) if compiled else ()
    raiser = owners[-1]
    said = "\n".join(lines[frames[-1] + 1 :])
    named = [installed.owner_of_module(match["module"]) for match in MODULE.finditer(said)]
    words = set(re.findall(r"[A-Za-z_]\w*", said))
    source = installed.folder / _path(lines[frames[-1]])
    named += [installed.owner_of_module(module) for bound, module in _imports(source) if bound in words]
    others = [*(["numpy"] if compiled else []), *named]
    if not any(other not in (None, raiser) for other in others):
        others = list(reversed(owners[:-1]))
    found = tuple(dict.fromkeys(name for name in (raiser, *others) if name is not None))
    return found[:MOST] if len(found) > 1 or (found == ("numpy",) and compiled) else ()


class _Installed:
    """Whose files stand where in an environment."""

    def __init__(self, environment: Path) -> None:
        self.folder = next(iter(sorted(environment.glob("lib/python3.*/site-packages"))), environment)
        self._records: dict[str, str] | None = None

    def owner_of_file(self, path: str) -> str | None:
        """The package that installed a file; of one that is known by its source alone (a .pyx), that of its folder."""
        return self._owner(f"{path},") or (self.owner_of_module(path.split("/")[0]) if "/" in path else None)

    def owner_of_module(self, module: str) -> str | None:
        """The package that a module belongs to, whether there is such a module or only the package above it."""
        parts = module.split(".")
        for end in range(len(parts), 0, -1):
            path = "/".join(parts[:end])
            owner = self._owner(f"{path}.py,") or self._owner(f"{path}/__init__.py,") or self._owner(f"{path}/")
            if owner is not None:
                return owner
        return None

    def _owner(self, beginning: str) -> str | None:
        if self._records is None:
            self._records = {
                canonicalize_name(path.parent.name.removesuffix(".dist-info").rpartition("-")[0]): "\n"
                + path.read_text(encoding="utf-8", errors="replace")
                for path in self.folder.glob("*.dist-info/RECORD")
            }
        return next((name for name, text in self._records.items() if f"\n{beginning}" in text), None)


def _last_traceback(tail: str) -> list[str]:
    """The lines of the last traceback, whose beginning may be cut off; where that was only passed on, of its cause."""
    parts = tail.split(BEGIN)
    last = len(parts) - 1
    while last > 0 and "direct cause of the following exception" in parts[last - 1]:
        last -= 1
    return parts[last].splitlines()


def _path(line: str) -> str:
    """The file of a frame, as a path below site-packages where it lies there, or relative to its source."""
    match = FRAME.match(line)
    path = match["path"] if match is not None else ""
    below = BELOW.search(path)
    return below["path"] if below is not None else path.lstrip("/") if not path.startswith("/") else ""


def _imports(source: Path) -> Iterator[tuple[str, str]]:
    """Name → module, for all that a file imports or takes from what it imported; nothing where it cannot be read."""
    try:
        tree = ast.parse(source.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    modules: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            modules |= {name.asname or name.name: node.module for name in node.names}
        elif isinstance(node, ast.Import):
            modules |= {name.asname or name.name.split(".")[0]: name.name for name in node.names}
    yield from modules.items()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            yield node.attr, modules[node.value.id]
