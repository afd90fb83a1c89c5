"""environment.yml, as `conda env export` writes it: what conda installed, and what pip did."""

from __future__ import annotations

import re
from collections.abc import Mapping

import yaml
from pydantic import BaseModel

from mbisect.environments.formats.conda_names import pypi_name
from mbisect.environments.lockfile import collect, render
from mbisect.environments.pins import Collection, is_version, shown
from mbisect.environments.sources import Source
from mbisect.errors import ConfigError
from mbisect.terms import Lock

TITLE = "environment.yml"
TOOL = "`conda env export`"
SPEC = re.compile(r"(?:[^\s:]+::)?(?P<name>[\w.-]+)\s*(?:==?\s*(?P<version>[^\s=<>!,|*]+)(?:=(?P<build>[^\s=]+))?)?")


class Document(BaseModel):
    """The file."""

    dependencies: tuple[str | dict[str, tuple[str, ...]], ...]


def recognises(source: Source) -> bool:
    """A list of dependencies."""
    return source.syntax == "yaml" and source.has("dependencies")


def python(source: Source) -> str:
    """The version of conda's own package."""
    for entry in source.as_(Document, TOOL).dependencies:
        match = SPEC.fullmatch(entry.strip()) if isinstance(entry, str) else None
        if match is not None and match["name"].lower() == "python":
            return match["version"] or ""
    return ""


def read(source: Source, environment: Mapping[str, str]) -> Lock:
    """pip's part is read as a requirements file is; of conda's, what PyPI has too is pinned."""
    document, place, found = source.as_(Document, TOOL), str(source.path), Collection()
    for entry in document.dependencies:
        if isinstance(entry, dict):
            for lines in entry.values():
                if any(line.strip().startswith(("-r", "--requirement")) for line in lines):
                    raise ConfigError(f"{place}: its pip part includes another file; write it again with {TOOL}")
                collect(source.path, lines, environment, found)
            continue
        match = SPEC.fullmatch(entry.strip())
        if match is None:
            raise ConfigError(f"{place}: `{shown(entry)}` is not pinned to one version; write it again with {TOOL}")
        name, version, build = match["name"], match["version"], match["build"]
        pypi = pypi_name(name, build)
        if pypi is None:
            if name not in ("python", "pip"):
                found.leave(name, version, "a conda package")
        elif version is None:
            raise ConfigError(f"{place}: `{shown(entry)}` is not pinned to one version; write it again with {TOOL}")
        elif is_version(version):
            found.pin(place, pypi, version)
        else:
            found.leave(name, version, "a conda package")
    return found.lock(source.path, python=python(source))


def write(lock: Lock, name: str) -> str:
    """An environment of Python and pip alone, in which pip installs every pin."""
    pins = render(lock.pins, hashes=False).splitlines()
    python = f"python={lock.python}" if lock.python else "python"
    document = {"name": name, "channels": ["conda-forge"], "dependencies": [python, "pip", {"pip": pins}]}
    return yaml.safe_dump(document, sort_keys=False)
