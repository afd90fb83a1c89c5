"""When was an environment made? A posterior over time, from the releases that it held. Pure: resolving is passed in.

An environment is mostly made of what was newest on one day. So for a day, resolve the packages by name alone as of
then, and compare with the evidence: each package whose release is another than that day's is held back by somebody,
which is so for HELD_BACK of them. A package that was released after that day cannot have been there, unless it was
added later: LATER. Days before the run are likelier the nearer they are (BEFORE), days after it only as far as its date
is unsure (AFTER). All that is counted in log odds, with the days on a grid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log

import numpy as np
from numpy.typing import NDArray
from packaging.version import Version

from mbisect.environments.recover.weigh import Admitted

HELD_BACK = 0.1
"""Share of the packages that evidence names which are not the newest of the day: pinned, or not upgraded."""
LATER = 0.05
"""Share that was added after the day on which the rest was made."""
BEFORE = 20.0
"""Days from the making of an environment to a run in it, on average."""
AFTER = 2.0
"""Days by which the date of a run may be too early, on average: time zones, clocks, copied files."""
LEAST = 0.01
"""Any date may be astray."""
STEP = timedelta(hours=6)
MOST_RESOLVED = 32
"""Days on which all packages are resolved; the others are too unlikely by what the index says alone."""
LIKELY = 0.9
"""Share of the posterior that the window holds."""
RARE = 1e-4
"""Days with less of the likeliest one's probability are not worth a thought."""
ALIKE = 0.9
"""Days that have this much of the likeliest one's probability are as likely as it."""

Resolved = Mapping[str, str]
ByName = Callable[[datetime], Resolved | None]
"""Package → release that a resolution by name alone takes, with nothing younger than a time; None: no solution."""
Satisfiable = Callable[[datetime], bool]
"""Whether all evidence can be met with nothing younger than a time but the packages that were added later."""


@dataclass(frozen=True, slots=True)
class Window:
    """The time at which the environment was made, as far as that can be told."""

    best: datetime
    first: datetime
    last: datetime
    too_early: datetime | None
    """The latest day on which the evidence has no solution; None: none was tried."""
    agreeing: tuple[str, ...]
    """Packages whose evidenced release was the newest at `best`."""
    held_back: tuple[str, ...]
    """Those that had a newer one."""


def later_than(day: datetime, admitted: Sequence[Admitted]) -> frozenset[str]:
    """Packages of which no admitted release was there on that day."""
    return frozenset(one.package for one in admitted if one.bounded and _first(one) is not None and _first(one) > day)  # type: ignore[operator]  # None is excluded


def _first(one: Admitted) -> datetime | None:
    """When the first of the admitted releases was uploaded; None: not known."""
    uploads = [date for _, date in one.releases if date is not None]
    return min(uploads, default=None)


def find_window(
    admitted: Sequence[Admitted],
    newest: Mapping[str, Sequence[tuple[str, datetime]]],
    by_name: ByName,
    satisfiable: Satisfiable,
    *,
    now: datetime,
    ran: datetime | None = None,
    astray: float = 0.0,
    not_after: datetime | None = None,
) -> Window | None:
    """The likeliest day, and the densest LIKELY of the posterior. None: nothing dates the environment.

    `newest`: package → all its final releases with their uploads, in order of upload. `astray`: how probably the date
    of the run is none, as that of a copied file.
    """
    telling = [one for one in admitted if one.bounded and one.releases and one.package in newest]
    uploads = [first for one in telling if (first := _first(one)) is not None]
    if not uploads and ran is None:
        return None
    end = min(now, not_after or now)
    earliest = min([*uploads, *([ran - 3 * timedelta(days=BEFORE)] if ran is not None else [])])
    days = _grid(min(earliest, end - STEP), end, ran)
    odds = _prior(days, ran, astray)
    stretches = _stretches(days, telling, newest)
    raw = odds + np.array([_log_odds(telling, _newest_on(day, newest), day) for day in stretches.starts])[stretches.of]
    best = [int(at) for at in _by_mass(raw, stretches)[:MOST_RESOLVED]]
    at_start = {at: by_name(stretches.starts[at]) for at in best}
    exact = np.full(len(stretches.starts), -np.inf)
    for at, resolved in at_start.items():
        taken = {**_newest_on(stretches.starts[at], newest), **(resolved or {})}
        exact[at] = _log_odds(telling, taken, stretches.starts[at])
    posterior, too_early = _without_the_impossible(odds + exact[stretches.of], days, satisfiable)
    if not np.isfinite(posterior).any():
        return None
    low, middle, high = _narrowest(posterior, days, ran)
    taken = {**_newest_on(days[middle], newest), **(at_start.get(int(stretches.of[middle])) or {})}
    then = [one for one in telling if one.package not in later_than(days[middle], telling)]
    agreeing = [one.package for one in then if _agrees(one, taken)]
    return Window(
        best=days[middle],
        first=days[low],
        last=days[high],
        too_early=too_early,
        agreeing=tuple(agreeing),
        held_back=tuple(one.package for one in then if one.package not in agreeing),
    )


@dataclass(frozen=True, slots=True)
class _Stretches:
    """The grid, cut where a package that tells something has a new release."""

    starts: tuple[datetime, ...]
    """The first day of each."""
    of: NDArray[np.intp]
    """Day → its stretch."""


def _grid(start: datetime, end: datetime, ran: datetime | None) -> list[datetime]:
    """Every STEP up to the end, and the very time of the run: what is found must not hang on the hour of the search."""
    count = max(int((end - start) / STEP), 1)
    days = [end - STEP * back for back in range(count, -1, -1)]
    return sorted({*days, ran}) if ran is not None and days[0] < ran < end else days


def _prior(days: Sequence[datetime], ran: datetime | None, astray: float) -> NDArray[np.float64]:
    """Log odds of each day by the date of the run alone; all are alike without one, or as far as it is astray."""
    if ran is None:
        return np.zeros(len(days))
    ahead = np.array([(ran - day) / timedelta(days=1) for day in days])
    near = np.exp(np.where(ahead >= 0, -ahead / BEFORE, ahead / AFTER))
    found: NDArray[np.float64] = np.log((1 - astray) * near / near.sum() + max(astray, LEAST) / len(days))
    return found


def _stretches(
    days: Sequence[datetime], telling: Sequence[Admitted], newest: Mapping[str, Sequence[tuple[str, datetime]]]
) -> _Stretches:
    cuts = sorted(upload for one in telling for _, upload in newest[one.package] if upload <= days[-1])
    at = np.searchsorted(np.array([cut.timestamp() for cut in cuts]), [day.timestamp() for day in days], side="right")
    _, firsts, of = np.unique(at, return_index=True, return_inverse=True)
    return _Stretches(tuple(days[int(first)] for first in firsts), of)


def _newest_on(day: datetime, newest: Mapping[str, Sequence[tuple[str, datetime]]]) -> dict[str, str]:
    """Package → its highest release that was there, whatever others require of it."""
    there = {name: [version for version, upload in rows if upload <= day] for name, rows in newest.items()}
    return {name: max(versions, key=Version) for name, versions in there.items() if versions}


def _agrees(one: Admitted, taken: Resolved) -> bool:
    version = taken.get(one.package)
    return version is not None and one.specifier.contains(Version(version).public, prereleases=True)


def _log_odds(telling: Sequence[Admitted], taken: Resolved, day: datetime) -> float:
    later = later_than(day, telling)
    total = 0.0
    for one in telling:
        if one.package in later:
            total += log(LATER)
        else:
            total += log(1 - HELD_BACK) if _agrees(one, taken) else log(HELD_BACK)
    return total


def _by_mass(odds: NDArray[np.float64], stretches: _Stretches) -> NDArray[np.intp]:
    """The stretches, the likeliest first."""
    mass = np.bincount(stretches.of, weights=np.exp(odds - odds.max()))
    return np.argsort(-mass, kind="stable")


def _without_the_impossible(
    odds: NDArray[np.float64], days: Sequence[datetime], satisfiable: Satisfiable
) -> tuple[NDArray[np.float64], datetime | None]:
    """Take out the days on which the evidence has no solution. What has one on a day has one later, as releases stay.

    So the first day with a solution is found by halving, where the first day that is worth a thought has none.
    """
    low, high = int(np.flatnonzero(odds > odds.max() + log(RARE))[0]), len(days) - 1
    if satisfiable(days[low]):
        return odds, None
    if not satisfiable(days[high]):
        return np.full(len(days), -np.inf), days[high]
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if satisfiable(days[middle]) else (middle, high)
    return np.where(np.arange(len(days)) <= low, -np.inf, odds), days[low]


def _narrowest(posterior: NDArray[np.float64], days: Sequence[datetime], ran: datetime | None) -> tuple[int, int, int]:
    """First, best and last day of the densest LIKELY of the posterior. Best: of the likeliest that nearest to the run,
    and their middle where the run was at another time."""
    mass = np.exp(posterior - posterior.max())
    alike = np.flatnonzero(mass >= ALIKE)
    mass /= mass.sum()
    order = np.argsort(-mass, kind="stable")
    inside = order[: int(np.searchsorted(np.cumsum(mass[order]), LIKELY)) + 1]
    low, high = int(inside.min()), int(inside.max())
    best = int(alike[len(alike) // 2])
    if ran is not None and days[low] <= ran <= days[high] + STEP:
        best = int(min(alike, key=lambda at: abs(days[int(at)] - ran)))
    return low, best, high
