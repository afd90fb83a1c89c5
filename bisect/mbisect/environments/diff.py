"""Which packages two locks hold otherwise, and what is known of each. Pure: the facts are handed in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from packaging.version import Version

from mbisect.terms import Lock, Pin


class Move(StrEnum):
    """What happened to a package."""

    ADDED = "added"
    REMOVED = "removed"
    RAISED = "raised"
    LOWERED = "lowered"
    BUILD = "other build"
    """The same release with another local tag: 2.13.0+cpu and 2.13.0+cu124."""
    FILES = "other files"
    """The same version, and no file that both locks would accept."""


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """What the package index says of a release."""

    date: datetime | None = None
    """First upload."""
    yanked: str | None = None
    """The reason, "" without one; None: not yanked."""


@dataclass(frozen=True, slots=True)
class Requirers:
    """Who asked for the packages of one lock."""

    direct: frozenset[str] = frozenset()
    """Packages that were asked for by name."""
    required_by: Mapping[str, tuple[str, ...]] | None = None
    """Package → packages that require it, by their metadata; None: not known."""

    def asked_by_name(self, name: str) -> bool | None:
        """Whether a package is a direct requirement; None: not known.

        Where nobody wrote down what was asked for, it is what nothing else requires.
        """
        if self.direct:
            return name in self.direct
        return None if self.required_by is None else not self.required_by.get(name)


@dataclass(frozen=True, slots=True)
class PackageDiff:
    """One package that is not the same in both locks."""

    name: str
    before: str | None
    """Version; None: absent."""
    after: str | None
    move: Move
    direct: bool | None
    """Asked for by name, in the later lock where it is in both; None: not known."""
    required_by: tuple[str, ...] = ()
    before_facts: ReleaseFacts = ReleaseFacts()
    after_facts: ReleaseFacts = ReleaseFacts()
    steps: int | None = None
    """Releases from one version to the other: 1 for neighbours. None: not known, or only one lock has the package."""


def compare_locks(
    before: Lock,
    after: Lock,
    *,
    requirers: tuple[Requirers, Requirers] = (Requirers(), Requirers()),
    facts: Mapping[tuple[str, str], ReleaseFacts] | None = None,
    steps: Mapping[str, int] | None = None,
) -> tuple[PackageDiff, ...]:
    """The packages that differ, sorted by name; `facts` by name and version, `steps` by name."""
    old, new = ({pin.name: pin for pin in lock.pins} for lock in (before, after))
    found = []
    for name in sorted({*old, *new}):
        first, second = old.get(name), new.get(name)
        move = moved(first, second)
        if move is None:
            continue
        who = requirers[0] if second is None else requirers[1]
        found.append(
            PackageDiff(
                name,
                first.version if first else None,
                second.version if second else None,
                move,
                who.asked_by_name(name),
                tuple((who.required_by or {}).get(name, ())),
                _facts(first, facts or {}),
                _facts(second, facts or {}),
                (steps or {}).get(name) if move in (Move.RAISED, Move.LOWERED) else None,
            )
        )
    return tuple(found)


def moved(before: Pin | None, after: Pin | None) -> Move | None:
    """How two pins of one package differ; None: an environment that takes one may hold just what the other gives."""
    if before is None or after is None:
        return None if before is after else Move.ADDED if before is None else Move.REMOVED
    old, new = Version(before.version), Version(after.version)
    if Version(old.public) != Version(new.public):
        return Move.RAISED if old < new else Move.LOWERED
    if old.local != new.local:
        return Move.BUILD
    return Move.FILES if _nothing_shared(before.hashes, after.hashes) else None


def _nothing_shared(before: Collection[str], after: Collection[str]) -> bool:
    """A lock without hashes accepts any file; hashes of different algorithms cannot be compared."""
    algorithms = {value.partition(":")[0] for value in before} & {value.partition(":")[0] for value in after}
    return bool(algorithms) and not set(before) & set(after)


def _facts(pin: Pin | None, facts: Mapping[tuple[str, str], ReleaseFacts]) -> ReleaseFacts:
    return facts.get((pin.name, pin.version), ReleaseFacts()) if pin else ReleaseFacts()
