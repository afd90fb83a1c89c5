"""`pip inspect`: what an environment holds, with where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from mbisect.environments.pins import Collection
from mbisect.environments.sources import Source
from mbisect.terms import Lock

TITLE = "pip inspect"
TOOL = "`pip inspect`"


class Metadata(BaseModel):
    """A distribution's own words."""

    name: str
    version: str


class Origin(BaseModel):
    """PEP 610: what it was installed from, if not from an index."""

    vcs_info: dict[str, Any] | None = None
    dir_info: dict[str, Any] | None = None

    def words(self) -> str:
        """Why it cannot be moved; no address, which may hold a password."""
        if self.vcs_info is not None:
            return "installed from a repository"
        if self.dir_info is not None:
            return "an editable install" if self.dir_info.get("editable") else "installed from a folder"
        return "installed from a file address"


class Installed(BaseModel):
    """One distribution."""

    metadata: Metadata
    direct_url: Origin | None = None


class Environment(BaseModel):
    """The values of environment markers."""

    python_full_version: str = ""


class Document(BaseModel):
    """The report."""

    installed: tuple[Installed, ...]
    environment: Environment = Environment()


def recognises(source: Source) -> bool:
    """A report with a list of what is installed."""
    return source.has("installed", "pip_version")


def python(source: Source) -> str:
    """The interpreter that was inspected."""
    return source.as_(Document, TOOL).environment.python_full_version


def read(source: Source, environment: Mapping[str, str]) -> Lock:
    """Everything installed but pip itself, as `pip freeze` has it; the markers were decided on that machine."""
    document, found = source.as_(Document, TOOL), Collection()
    for one in document.installed:
        if one.metadata.name == "pip":
            continue
        if one.direct_url is None:
            found.pin(str(source.path), one.metadata.name, one.metadata.version)
        else:
            found.leave(one.metadata.name, one.metadata.version, one.direct_url.words())
    return found.lock(source.path, python=python(source))
