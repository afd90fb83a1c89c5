"""CycloneDX, a software bill of materials as JSON: its components of PyPI are pinned, all others cannot be moved."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from mbisect.environments.pins import Collection
from mbisect.environments.sources import Source
from mbisect.terms import Lock

TITLE = "CycloneDX"
TOOL = "`cyclonedx-py environment --of JSON`"
HASH, PYTHON = "mbisect:hash", "mbisect:python"
"""Our properties: the format has one hash of one file per component, a lock the hashes of all files of a release."""
DIRECT = ("vcs_url=", "download_url=", "file_name=")
"""Qualifiers of a purl that did not come from the index as a release."""


class Property(BaseModel):
    """A name and a value that the standard leaves to the tool."""

    name: str
    value: str = ""


class Component(BaseModel):
    """Something that is in there, perhaps with parts."""

    type: str = "library"
    name: str
    version: str = ""
    purl: str = ""
    properties: tuple[Property, ...] = ()
    components: tuple[Component, ...] = ()


class Metadata(BaseModel):
    """What the whole is."""

    properties: tuple[Property, ...] = ()


class Document(BaseModel):
    """The bill."""

    components: tuple[Component, ...] = ()
    metadata: Metadata = Metadata()


def recognises(source: Source) -> bool:
    """The standard's own mark."""
    return source.has("bomFormat")


def python(source: Source) -> str:
    """The Python that `write` noted; the standard has no place for it."""
    properties = source.as_(Document, TOOL).metadata.properties
    return next((each.value for each in properties if each.name == PYTHON), "")


def read(source: Source, environment: Mapping[str, str]) -> Lock:
    """Every component, also those inside others. pip itself is left out, as `pip freeze` does."""
    document, found = source.as_(Document, TOOL), Collection()
    for one in _flat(document.components):
        if one.purl.startswith("pkg:pypi/") and not any(mark in one.purl for mark in DIRECT):
            if one.name != "pip":
                hashes = (each.value for each in one.properties if each.name == HASH)
                found.pin(str(source.path), one.name, one.version, hashes)
        elif one.type in ("library", "framework", "application"):
            found.leave(one.name, one.version, "not a release on PyPI")
    return found.lock(source.path, python=python(source))


def write(lock: Lock, name: str) -> str:
    """A bill of a lock: the same text for the same lock, so neither date nor serial number."""
    components = [
        {
            "type": "library",
            "bom-ref": f"{pin.name}=={pin.version}",
            "name": pin.name,
            "version": pin.version,
            "purl": f"pkg:pypi/{pin.name}@{pin.version.replace('+', '%2B')}",
            "properties": [{"name": HASH, "value": one} for one in pin.hashes],
        }
        for pin in lock.pins
    ]
    about = {
        "component": {"type": "application", "bom-ref": name, "name": name},
        "properties": [{"name": PYTHON, "value": lock.python}],
    }
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": about,
        "components": components,
    }
    return json.dumps(document, indent=2) + "\n"


def _flat(components: tuple[Component, ...]) -> Iterator[Component]:
    for one in components:
        yield one
        yield from _flat(one.components)
