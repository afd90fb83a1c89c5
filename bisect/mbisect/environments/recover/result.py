"""An environment that was rebuilt from evidence: each package with where its version comes from. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from mbisect.environments.recover.chosen import Setting
from mbisect.environments.recover.dating import Window
from mbisect.environments.recover.evidence import Chosen, Evidence, Present
from mbisect.environments.recover.gather import Gathered
from mbisect.environments.recover.weigh import Conflict, Dates
from mbisect.terms import Interpreter, Pin


class How(StrEnum):
    """Where a version comes from, the surest first."""

    EXACT = "exact"
    """Evidence names the release."""
    RANGE = "range"
    """Evidence leaves several; the date chose among them."""
    DATE = "date"
    """No evidence of its own: the newest of that day that fits the others."""
    ASSUMED = "assumed"
    """Neither: nothing dates it."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """One package of the recovered lock."""

    package: str
    version: str
    how: How
    evidence: tuple[Evidence, ...]
    alternatives: tuple[str, ...]
    """What it would be on other days of the window, ascending."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A setting, or the seed, under the name that the project has for it."""

    name: str
    value: object
    """What evidence says."""
    setting: Setting
    kept: object = None
    """What mbisect.toml already said of it, which stays; None: nothing."""

    @property
    def contradicted(self) -> bool:
        """The project says another value than the evidence."""
        return self.kept is not None and self.kept != self.value


@dataclass(frozen=True, slots=True)
class Recovered:
    """An environment, rebuilt as far as it can be."""

    name: str
    interpreter: Interpreter
    python: Provenance
    window: Window | None
    dates: Dates
    day: datetime
    """The cut-off: nothing younger is in the lock but `later`."""
    requirements: tuple[str, ...]
    """What the evidence asks for."""
    pins: tuple[Pin, ...]
    packages: tuple[Provenance, ...]
    later: tuple[str, ...]
    """Packages younger than the day, and what these need: the cut-off does not apply to them."""
    left_out: tuple[str, ...]
    """Packages that were there and are on no index."""
    conflicts: tuple[Conflict, ...]
    gathered: Gathered
    settings: tuple[Setting, ...] = ()
    """The seed and the settings that evidence tells."""
    applied: tuple[Applied, ...] = ()
    """What of these went into the snapshot, and what had been there."""
    files: tuple[Path, ...] = ()
    """What was written, relative to the project."""


def as_plain(recovered: Recovered) -> dict[str, Any]:
    """Schema `mbisect.recovered/1`: what is in envs/NAME.evidence.json."""
    window = recovered.window
    return {
        "schema": "mbisect.recovered/1",
        "name": recovered.name,
        "made": None
        if window is None
        else {
            "best": _time(window.best),
            "first": _time(window.first),
            "last": _time(window.last),
            "too_early": _time(window.too_early),
            "newest_then": list(window.agreeing),
            "held_back": list(window.held_back),
        },
        "ran": {"at": _time(recovered.dates.at), "not_after": _time(recovered.dates.not_after)},
        "python": _package(recovered.python),
        "packages": [_package(one) for one in recovered.packages],
        "younger": list(recovered.later),
        "left_out": list(recovered.left_out),
        "settings": [_setting(one, recovered.applied) for one in recovered.settings],
        "conflicts": [{"set_aside": _evidence(one.aside), "for": _evidence(one.why)} for one in recovered.conflicts],
        "files_read": recovered.gathered.files,
        "unread": list(recovered.gathered.unread),
    }


def distinct(evidence: Iterable[Evidence]) -> list[Evidence]:
    """The strongest first, and of those that say the same from the same kind of file only the first."""
    found: dict[tuple[str, str, str], Evidence] = {}
    for one in sorted(evidence, key=lambda one: -one.strength):
        found.setdefault((str(one.says), one.raw, Path(one.file).name), one)
    return list(found.values())


def _time(when: datetime | None) -> str | None:
    return when.isoformat(timespec="seconds") if when is not None else None


def _package(one: Provenance) -> dict[str, Any]:
    return {
        "name": one.package,
        "version": one.version,
        "how": str(one.how),
        "alternatives": list(one.alternatives),
        "evidence": [_evidence(piece) for piece in distinct(one.evidence)],
    }


def _setting(one: Setting, applied: Iterable[Applied]) -> dict[str, Any]:
    used = next((use for use in applied if use.setting == one), None)
    return {
        "name": one.name,
        "value": one.value,
        "project": used.name if used else None,
        "kept": used.kept if used else None,
        "evidence": [_evidence(piece) for piece in distinct(one.believed)],
    }


def _evidence(one: Evidence) -> dict[str, Any]:
    says = one.says
    said: dict[str, Any]
    if isinstance(says, Present):
        said = {"package": says.package, "specifier": str(says.specifier)}
    elif isinstance(says, Chosen):
        said = {"setting": says.name, "value": json.loads(says.value)}
    else:
        said = {"ran": says.relation, "when": _time(says.when)}
    return {"file": one.file, "place": one.place, "text": one.raw, "strength": one.strength.name.lower(), "says": said}
