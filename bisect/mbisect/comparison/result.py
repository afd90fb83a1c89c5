"""What a comparison of two snapshots found: frozen values, which all its reports are made from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mbisect.comparison.dataset import DatasetDiff
from mbisect.environments.diff import PackageDiff
from mbisect.priors import Factor
from mbisect.terms import Axis, Key


@dataclass(frozen=True, slots=True)
class Difference:
    """One key that does not hold the same in both snapshots."""

    key: Key
    before: str | None
    """None: absent."""
    after: str | None
    suspicion: float = 0.0
    """Its share, from 0 to 1, of what is thought of all differences before anything was run."""
    factors: tuple[Factor, ...] = ()
    """The reasons, the weightiest first."""
    package: PackageDiff | None = None


@dataclass(frozen=True, slots=True)
class Commit:
    """One line of a shortlog."""

    revision: str
    """Full hash."""
    date: datetime
    author: str
    subject: str


@dataclass(frozen=True, slots=True)
class Shortlog:
    """The commits between two revisions of one repository, the newest first."""

    applied: tuple[Commit, ...] = ()
    """What the second has and the first has not."""
    undone: tuple[Commit, ...] = ()
    """What the first has and the second has not."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two snapshots."""

    first: str
    """As the user named them."""
    second: str
    differences: tuple[Difference, ...]
    """The most suspicious first."""
    same: int
    """Packages that are the same in both."""
    dataset: DatasetDiff | None = None
    commits: Shortlog | None = None
    revisions: Shortlog | None = None
    """The dataset's commits."""
    traced: bool = False
    """It is known what the workload loads."""
    unknown: tuple[str, ...] = ()
    """What could not be looked up, and why."""

    def on(self, axis: Axis) -> tuple[Difference, ...]:
        """The differences on one axis."""
        return tuple(difference for difference in self.differences if difference.key.axis is axis)
