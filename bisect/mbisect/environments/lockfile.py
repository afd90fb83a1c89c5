"""Reads and writes requirement-style locks: exact pins, hashed or not. Knows nothing of resolving and installing."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote

from packaging.markers import default_environment
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from mbisect.environments.pins import LONG, SHORT, Collection, applies, shown
from mbisect.environments.sources import SIZE, read_text
from mbisect.errors import ConfigError
from mbisect.terms import Interpreter, Lock, Pin

HASH = re.compile(r"--hash[= ](\S+)")
IGNORED = ("--index-url", "-i", "--extra-index-url", "--find-links", "-f", "--trusted-host", "--prefer-binary",
           "--require-hashes", "--pre", "--use-feature")  # fmt: skip
"""Options that say where packages come from, which the user's settings decide, and not which ones."""
INCLUDE = re.compile(r"^(?:-r|--requirement)[= ]?\s*(?P<path>.+)$")
LINES = 200_000
"""Lines of a lock, and of all that it includes; a hashed one of 500 packages has 50,000."""
INCLUDED = 1000
"""Characters that a file counts for at least, so that few lines cannot open millions of files."""
DEPTH = 20
"""Files that may include one another."""
FREEZE_LINE = re.compile(
    r"(?P<pin>[A-Za-z0-9][\w.-]*)===?[^\s;,*]+"
    r"|(?P<named>[A-Za-z0-9][\w.-]*) @ (?:\w+\+\S+@[0-9a-f]{40}(?:#\S*)?|(?:https?|file)://\S+)"
    r"|-e \w+\+\S+@[0-9a-f]{40}#egg=(?P<egg>[\w.-]+)(?:&\S*)?"
)
FREEZE_REMARK = re.compile(r"# Editable .*\((?P<name>[A-Za-z0-9][\w.-]*)(?:==[^()\s]*)?\)")
WHEEL = re.compile(r"/[\w.]+-(?P<version>[^-/\s]+)(?:-[^-/\s]+){3,4}\.whl(?:#|$)")
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

    What `pip freeze` wrote may hold repositories, files and editable installs: they become fixed entries. In any other
    file they are errors, as people can mend what they write by hand. Raises ConfigError, one line with file and line
    number, for anything that cannot be honoured.
    """
    return lock_of(path, read_text(path), environment)


def lock_of(path: Path, text: str, environment: Mapping[str, str]) -> Lock:
    """The same for a file that is read already."""
    found = Collection()
    freeze = is_freeze(text)
    for place, line in _lines(path, text, (), _Budget()):
        _collect(place, line, environment, found, freeze=freeze)
    return found.lock(path, example="; it should hold lines such as `requests==2.32.3`")


def collect(path: Path, lines: Iterable[str], environment: Mapping[str, str], found: Collection) -> None:
    """Add the lines of a requirements file that stand inside of another one."""
    listed = [line.strip() for line in lines]
    freeze = is_freeze("\n".join(listed))
    for number, line in enumerate(listed, 1):
        _collect(f"{path}: line {number} for pip", line, environment, found, freeze=freeze)


def is_freeze(text: str) -> bool:
    """Whether a file is what `pip freeze` writes: pins without hash or marker and what is no release, all by name.

    A repository has a full commit and a name, a named address a scheme, and an editable folder the remark that pip
    puts above it. Options that say where packages come from may stand between.
    """
    names: list[str] = []
    remark = None
    for line in io.StringIO(text):
        if line.startswith("#"):
            match = FREEZE_REMARK.match(line)
            remark = match["name"] if match is not None else None
            continue
        if _ignored(line):
            continue
        match = FREEZE_LINE.fullmatch(line.strip())
        name = (match["pin"] or match["named"] or match["egg"]) if match is not None else None
        if name is None and remark is not None and line.startswith("-e "):
            name = remark
        if line.strip() and name is None:
            return False
        remark = None
        names += [canonicalize_name(name)] if name is not None else []
    return bool(names) and names == sorted(names)


def _ignored(line: str) -> bool:
    return re.split(r"[\s=]", line, maxsplit=1)[0] in IGNORED


def left_out(lock: Lock) -> str:
    """What of a lock cannot be installed, in a line."""
    names = [f"{one.name} ({one.why})" for one in lock.fixed[:4]]
    more = [f"and {len(lock.fixed) - 4} more"] if len(lock.fixed) > 4 else []
    return f"left out, for no package index has it: {', '.join([*names, *more])}"


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


class _Budget:
    """What a file may cost together with all that it includes, and they in turn."""

    def __init__(self) -> None:
        self._characters, self._lines = SIZE["text"] + INCLUDED, LINES

    def spend(self, path: Path, text: str) -> None:
        """Count one more file."""
        self._characters -= len(text) + INCLUDED
        self._lines -= text.count("\n")
        if min(self._characters, self._lines) < 0:
            raise ConfigError(f"{path}: it is too long for a lock, with what it includes; is it the right file?")


def _lines(path: Path, text: str, above: tuple[Path, ...], budget: _Budget) -> Iterator[tuple[str, str]]:
    """Logical lines with their place, "file:line"; comments and continuations resolved, `-r` followed."""
    if path.resolve() in above:
        raise ConfigError(f"{path}: it includes itself; take one `-r` line out")
    if len(above) >= DEPTH:
        raise ConfigError(f"{path}: {DEPTH} files include one another; put their lines into one")
    budget.spend(path, text)
    start = 0
    held: list[str] = []
    for number, raw in enumerate(io.StringIO(text + "\n\n", newline="\n"), 1):
        line = re.sub(r"(?:^|(?<=\s))#.*$", "", raw.replace("\ufeff", "")).rstrip()
        start = start if held else number
        if line.endswith("\\"):
            held.append(line[:-1])
            continue
        whole = " ".join((*held, line)).strip()
        held.clear()
        if not whole:
            continue
        include = INCLUDE.match(whole)
        if include is None:
            yield f"{path}:{start}", whole
        else:
            more = path.parent / include["path"].strip()
            yield from _lines(more, read_text(more), (*above, path.resolve()), budget)


def _collect(place: str, line: str, environment: Mapping[str, str], found: Collection, *, freeze: bool) -> None:
    """One line; those that pin nothing here are passed over."""
    if not line or line.startswith("#") or _ignored(line):
        return
    address = VCS.search(line) is not None
    editable = line.startswith(("-e", "--editable"))
    if freeze and (editable or address):
        _leave(line, found, editable=editable)
        return
    if editable:
        raise ConfigError(f"{place}: `{shown(line)}` is an editable install; pin a release instead, `name==version`")
    if address:
        raise ConfigError(
            f"{place}: `{shown(line)}` is a repository or file address; pin a release instead, `name==version`"
        )
    if line.startswith("-"):
        raise ConfigError(f"{place}: the option `{shown(line)}` cannot be honoured in a lock; take it out")
    text = HASH.sub("", line).strip()
    try:
        if len(text) > LONG:
            raise InvalidRequirement(text[:SHORT])
        requirement = Requirement(text)
    except (ValueError, RecursionError):
        raise ConfigError(f"{place}: `{shown(line)}` is not a pin such as `requests==2.32.3`") from None
    if requirement.marker is not None and not applies(str(requirement.marker), environment, place):
        return
    specifiers = list(requirement.specifier)
    if len(specifiers) != 1 or specifiers[0].operator not in ("==", "===") or specifiers[0].version.endswith(".*"):
        raise ConfigError(
            f"{place}: `{shown(line)}` is not pinned to one version; write `{shown(requirement.name)}==…`, "
            "or have the whole lock written by `pip freeze` or `uv pip compile`"
        )
    found.pin(place, requirement.name, specifiers[0].version, HASH.findall(line), requirement.extras)


def _leave(line: str, found: Collection, *, editable: bool) -> None:
    """A line of a freeze that is no release; its address is not kept, it may hold a password."""
    match = FREEZE_LINE.fullmatch(line)
    name = (match["named"] or match["egg"]) if match is not None else None
    wheel = WHEEL.search(line)
    version = unquote(wheel["version"]) if wheel is not None else ""
    if editable:
        found.leave(name or Path(line.split(maxsplit=1)[-1]).name, version, "an editable install")
    else:
        repository = re.search(r"@\s*(?:git|hg|svn|bzr)\+", line) is not None
        found.leave(name or "?", version, f"installed from a {'repository' if repository else 'file address'}")
