"""Reads and writes requirement-style locks: exact pins, hashed or not. Knows nothing of resolving and installing."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from mbisect.errors import ConfigError
from mbisect.terms import Interpreter, Lock, Pin

HASH = re.compile(r"--hash[= ](\S+)")
IGNORED = ("--index-url", "-i", "--extra-index-url", "--find-links", "-f", "--trusted-host", "--prefer-binary",
           "--require-hashes", "--pre", "--use-feature")  # fmt: skip
"""Options that say where packages come from, which the user's settings decide, and not which ones."""
INCLUDE = re.compile(r"^(?:-r|--requirement)[= ]?\s*(?P<path>.+)$")
VCS = re.compile(r"^(?:git|hg|svn|bzr)\+|^(?:https?|file|ftp)://|@\s*(?:\w+\+)?\w+://")


def marker_environment(interpreter: Interpreter) -> dict[str, str]:
    """The values that environment markers are compared with, for an interpreter on this platform."""
    return {
        **{name: str(value) for name, value in default_environment().items()},
        "python_version": interpreter.minor,
        "python_full_version": interpreter.version,
        "implementation_version": interpreter.version,
    }


def read_lock(path: Path, *, environment: Mapping[str, str]) -> Lock:
    """Read a lock for one interpreter; lines whose marker is false there are left out.

    Raises ConfigError, one line with file and line number, for anything that cannot be honoured.
    """
    pins: dict[str, Pin] = {}
    for place, line in _lines(path, ()):
        pin = _pin(place, line, environment)
        if pin is None:
            continue
        known = pins.get(pin.name)
        if known is not None and known.version != pin.version:
            raise ConfigError(f"{place}: {pin.name} is pinned twice, to {known.version} and to {pin.version}; keep one")
        if known is not None:
            pin = Pin(
                pin.name,
                pin.version,
                tuple(dict.fromkeys((*known.hashes, *pin.hashes))),
                tuple(sorted({*known.extras, *pin.extras})),
            )
        pins[pin.name] = pin
    if not pins:
        raise ConfigError(f"{path}: the lock is empty; it should hold lines such as `requests==2.32.3`")
    return Lock(tuple(pins[name] for name in sorted(pins)), str(path))


def write_lock(path: Path, pins: Iterable[Pin], *, header: str) -> None:
    """Write a lock, sorted, without any address; it is there whole or not at all."""
    text = render_lock(pins, header=header)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def render_lock(pins: Iterable[Pin], *, header: str) -> str:
    """A whole lock file."""
    return "".join(f"# {line}\n" for line in header.splitlines()) + render(pins)


def render(pins: Iterable[Pin], *, hashes: bool = True) -> str:
    """Pins as lines of a requirements file."""
    lines = []
    for pin in sorted(pins, key=lambda pin: pin.name):
        extras = f"[{','.join(pin.extras)}]" if pin.extras else ""
        parts = [f"{pin.name}{extras}=={pin.version}", *(f"--hash={h}" for h in (pin.hashes if hashes else ()))]
        lines.append(" \\\n    ".join(parts))
    return "".join(f"{line}\n" for line in lines)


def _lines(path: Path, above: tuple[Path, ...]) -> Iterator[tuple[str, str]]:
    """Logical lines with their place, "file:line"; comments and continuations resolved, `-r` followed."""
    if path.resolve() in above:
        raise ConfigError(f"{path}: it includes itself; take one `-r` line out")
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist; give a lock file or the name of a snapshot") from None
    except IsADirectoryError:
        raise ConfigError(f"{path} is a folder; give a lock file") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not a text file in UTF-8") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None
    start, held = 0, ""
    for number, raw in enumerate([*text.replace("\ufeff", "").split("\n"), ""], 1):
        line = re.sub(r"(^|\s)#.*$", "", raw).rstrip()
        start = start if held else number
        if line.endswith("\\"):
            held += line[:-1] + " "
            continue
        whole, held = (held + line).strip(), ""
        if not whole:
            continue
        include = INCLUDE.match(whole)
        if include is None:
            yield f"{path}:{start}", whole
        else:
            yield from _lines(path.parent / include["path"].strip(), (*above, path.resolve()))


def _pin(place: str, line: str, environment: Mapping[str, str]) -> Pin | None:
    """One line as a pin; None for lines that pin nothing here."""
    shown = line if len(line) <= 80 else line[:77] + "…"
    if line.split("=")[0].split()[0] in IGNORED:
        return None
    if line.startswith(("-e", "--editable")):
        raise ConfigError(f"{place}: `{shown}` is an editable install; pin a release instead, `name==version`")
    if VCS.search(line):
        raise ConfigError(f"{place}: `{shown}` is a repository or file address; pin a release instead, `name==version`")
    if line.startswith("-"):
        raise ConfigError(f"{place}: the option `{shown}` cannot be honoured in a lock; take it out")
    hashes = tuple(HASH.findall(line))
    try:
        requirement = Requirement(HASH.sub("", line).strip())
    except InvalidRequirement:
        raise ConfigError(f"{place}: `{shown}` is not a pin such as `requests==2.32.3`") from None
    if requirement.marker is not None and not requirement.marker.evaluate(dict(environment)):
        return None
    specifiers = list(requirement.specifier)
    if len(specifiers) != 1 or specifiers[0].operator not in ("==", "===") or specifiers[0].version.endswith(".*"):
        raise ConfigError(f"{place}: `{shown}` is not pinned to one version; write `{requirement.name}==…`")
    try:
        version = str(Version(specifiers[0].version))
    except InvalidVersion:
        raise ConfigError(f"{place}: `{specifiers[0].version}` is not a version (PEP 440)") from None
    return Pin(canonicalize_name(requirement.name), version, hashes, tuple(sorted(requirement.extras)))
