"""A conda package with its version, `pytorch::pytorch=2.5` → evidence. Knows neither environment.yml nor shells."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mbisect.environments.formats.conda_names import pypi_name
from mbisect.environments.recover.checked import within
from mbisect.environments.recover.evidence import PYTHON, Evidence, Strength

SPEC = re.compile(
    r"\s*(?:[\w.-]{1,100}::)?(?P<name>[\w.-]{1,200})\s*"
    r"(?:(?P<exact>==?)\s*(?P<version>[^\s=<>!,|]{1,100})(?P<build>=\S{1,100})?|(?P<range>[<>!~][^|\s]{0,200}))?\s*"
)


def conda_required(file: str, place: str, text: str, strength: Strength, *, root: bool) -> Iterator[Evidence]:
    """Nothing where it is no Python package. conda's `=` admits all that begins so; with a build behind it, one."""
    match = SPEC.fullmatch(text)
    if match is None:
        return
    python = match["name"].lower() == PYTHON
    package = PYTHON if python else pypi_name(match["name"], (match["build"] or "").lstrip("=") or None)
    if package is not None:
        yield from within(file, place, text, package, _range(match), strength, root=root and not python)


def has_build(text: object) -> bool:
    """Whether it names one build of one release, as an export does."""
    match = SPEC.fullmatch(text) if isinstance(text, str) else None
    return match is not None and match["build"] is not None


def _range(match: re.Match[str]) -> str:
    version = match["version"]
    if version is None:
        return match["range"] or ""
    exact = match["exact"] == "==" or match["build"] or version.endswith(".*")
    return f"=={version}" if exact else f"=={version}.*"
