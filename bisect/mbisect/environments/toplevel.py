"""Which distributions of an environment somebody asked for: those that no other one requires. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from mbisect.environments.observed import Installed


def required_by(installed: Iterable[Installed], markers: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Distribution → the installed ones that require it, both sorted; extras, which leave no trace, do not count."""
    found: dict[str, set[str]] = {one.name: set() for one in installed}
    for one in installed:
        for text in one.requires:
            name = _required(text, markers)
            if name in found and name != one.name:
                found[name].add(one.name)
    return {name: tuple(sorted(found[name])) for name in sorted(found)}


def top_level(installed: Iterable[Installed], markers: Mapping[str, str]) -> tuple[str, ...]:
    """The fewest names from which all are reached by requirements: of a ring that nothing else requires, the first."""
    requirers = required_by(installed, markers)
    requires: dict[str, list[str]] = {name: [] for name in requirers}
    for name, above in requirers.items():
        for one in above:
            requires[one].append(name)
    roots = [name for name, above in requirers.items() if not above]
    reached = _reach(roots, requires)
    for name in requirers:
        if name not in reached:
            roots.append(name)
            reached |= _reach([name], requires)
    return tuple(sorted(roots))


def _reach(start: Iterable[str], requires: Mapping[str, Iterable[str]]) -> set[str]:
    waiting, reached = list(start), set(start)
    while waiting:
        new = set(requires[waiting.pop()]) - reached
        reached |= new
        waiting += new
    return reached


def _required(text: str, markers: Mapping[str, str]) -> str | None:
    """What a requirement names, where it holds without any extra."""
    try:
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate({**markers, "extra": ""}):
            return None
    except (InvalidRequirement, UndefinedComparison, UndefinedEnvironmentName):
        return None
    return canonicalize_name(requirement.name)
