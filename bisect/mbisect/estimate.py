"""About what a run costs, before it starts: trials, time, download, disk. Pure: looks nothing up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log2
from statistics import median

from packaging.version import Version

from mbisect.axes.package import same
from mbisect.environments.store import human_size
from mbisect.terms import Axis, Timeline

OVERHEAD = 2.0
"""Seconds that a trial takes beside its workload, for an estimate."""


def main_line(changes: int) -> int:
    """Trials of the main line: both ends, log2(N) for the boundary, both confirmations.

    Noise, candidates that cannot be tested and further causes take more.
    """
    return 2 + ceil(log2(max(1, changes))) + 2


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the main line costs, everything new that it needs included."""

    trials: int
    download: int
    """Bytes."""
    disk: int
    """Bytes."""
    seconds: float | None
    """Wall time; None where the workload has never run, so that its own time is not known."""

    def words(self) -> dict[str, str]:
        """The same for people."""
        time_ = f"the workload's own, {self.trials} times, and some seconds to build for each"
        if self.seconds is not None:
            time_ = f"about {max(1, round(self.seconds / 60))} min, going by earlier trials"
        return {
            "trials": f"about {self.trials} for one cause, without noise and gaps",
            "time": time_,
            "download": f"at most {human_size(self.download)} for as many trials",
            "disk": f"at most {human_size(self.disk)}",
        }


def estimate(timeline: Timeline, sizes: Mapping[tuple[str, Version], int], known: Sequence[float]) -> Estimate:
    """What one cause takes without noise and gaps; the sizes are upper bounds for as many trials.

    `sizes`: (package, version) → bytes to download; `known`: wall times in seconds of earlier trials of the command.
    At most one release of each package is new in a trial, and never more than there are; a wheel takes about three
    times its size when it is unpacked. Time goes by their median.
    """
    trials = main_line(len(timeline))
    releases: dict[str, set[Version]] = {}
    for ends in (timeline.good, timeline.bad):
        for name, version in ends.packages().items():
            releases.setdefault(name, set()).add(same(version))
    for change in timeline.changes:
        if change.key.axis is Axis.PACKAGE and change.after is not None:
            releases[change.key.name].add(same(change.after))
    download = sum(
        sum(sorted((sizes.get((name, version), 0) for version in versions), reverse=True)[:trials])
        for name, versions in releases.items()
    )
    seconds = trials * (median(known) + OVERHEAD) if known else None
    return Estimate(trials, download, 3 * download, seconds)
