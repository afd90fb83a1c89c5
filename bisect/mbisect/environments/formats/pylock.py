"""pylock.toml (PEP 751), read by the library that defines it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping

from packaging.pylock import Package, Pylock, PylockValidationError

from mbisect.environments.formats.admits import check_python, says_no_python
from mbisect.environments.pins import LONG, Collection, applies, shown
from mbisect.environments.sources import Source
from mbisect.errors import ConfigError
from mbisect.terms import Lock, Pin

python = says_no_python

TITLE = "pylock.toml"
TOOL = "`uv export --format pylock.toml`"
Files = Callable[[Pin], Iterable[tuple[str, str]]]
"""Pin → file names of its release, each with its `sha256:…`."""


def recognises(source: Source) -> bool:
    """By the keys that the standard requires."""
    return source.syntax == "toml" and source.has("lock-version", "packages")


def read(source: Source, environment: Mapping[str, str]) -> Lock:
    """What an installer installs: the default groups, no extras. Whether a wheel fits here is not asked."""
    if _longest(source.document) > LONG:
        raise ConfigError(f"{source.path}: a text in it is too long for a lock; write it again with {TOOL}")
    try:
        document = Pylock.from_dict(source.document)
    except PylockValidationError as error:
        raise ConfigError(f"{source.path}: {shown(error, 160)}; write the file again with {TOOL}") from None
    except (ValueError, TypeError, AttributeError, KeyError) as error:  # the library lets some of them through
        raise ConfigError(f"{source.path}: not as PEP 751 has it: {shown(error)}; write it again with {TOOL}") from None
    check_python(source.path, str(document.requires_python or ""), environment)
    places = document.environments or ()
    if places and not any(applies(str(place), environment, str(source.path)) for place in places):
        line = environment["python_version"]
        raise ConfigError(f"{source.path} is not for Python {line} on this platform; give another one with --python")
    groups = frozenset(document.default_groups or ())
    values: dict[str, str | frozenset[str]] = {**environment, "extras": frozenset[str](), "dependency_groups": groups}
    found = Collection()
    for package in document.packages:
        try:
            here = package.marker is None or package.marker.evaluate(values, context="lock_file")
        except (ValueError, KeyError):
            raise ConfigError(f"{source.path}: {package.name}: its marker cannot be evaluated; correct it") from None
        if not here:
            continue
        if package.is_direct or package.version is None:
            found.leave(package.name, str(package.version or ""), "not a release on an index")
        else:
            found.pin(str(source.path), package.name, str(package.version), _hashes(package))
    return found.lock(source.path)


def write(lock: Lock, name: str, files: Files) -> str:
    """A pylock.toml without any address. The standard wants a place for each file: a folder `wheels` beside it."""
    minor = ".".join(lock.python.split(".")[:2])
    lines = [
        f"# {name}, written by mbisect. The files are taken from `wheels/` beside this one; fill it first:",
        f"#   mbisect export {name} --no-hashes --output {name}.txt",
        f"#   pip download --no-deps --dest wheels --requirement {name}.txt",
        'lock-version = "1.0"',
        'created-by = "mbisect"',
    ]
    lines += [f'requires-python = "=={minor}.*"'] if minor else []
    for pin in lock.pins:
        lines += ["", "[[packages]]", f'name = "{pin.name}"', f'version = "{pin.version}"']
        wheels: list[str] = []
        sdist: list[str] = []
        for file, digest in files(pin):
            algorithm, _, value = digest.partition(":")
            entry = f"{{ path = {json.dumps('wheels/' + file)}, hashes = {{ {algorithm} = {json.dumps(value)} }} }}"
            (wheels if file.endswith(".whl") else sdist).append(entry)
        if not wheels and not sdist:
            raise ConfigError(
                f"{name}: no file of {pin.name} {pin.version} is known by the hashes of its lock, and pylock.toml "
                "wants one; export another format, such as requirements"
            )
        lines += [f"sdist = {sdist[0]}"] if sdist else []
        lines += ["wheels = [", *(f"    {entry}," for entry in wheels), "]"] if wheels else []
    return "\n".join(lines) + "\n"


def _longest(document: object) -> int:
    """Characters of the longest text; the library's parsers take minutes over some long ones."""
    longest, waiting = 0, [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            longest = max(longest, len(value))
        elif isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return longest


def _hashes(package: Package) -> list[str]:
    files = (*(package.wheels or ()), *((package.sdist,) if package.sdist else ()))
    return [f"{algorithm}:{value}" for file in files for algorithm, value in file.hashes.items()]
