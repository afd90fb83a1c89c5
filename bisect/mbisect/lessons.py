"""What broken mixtures teach: releases that do not work together although their metadata admits it.

Pure: it knows the timeline between both ends and the outcomes, and nothing of how candidates are resolved. A lesson is
a requirement that somebody forgot to declare, "from transformers 4.46 on, accelerate must be newer than 0.33", and is
treated like one: later candidates obey it by moving the companion, within what the ends hold. It is a guess, so it is
given up as soon as something contradicts it, and after a few candidates that it did not mend.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from packaging.version import Version

from mbisect.terms import Axis, Candidate, Key, Outcome, Timeline, Values, Verdict, package

PATIENCE = 2
"""So many more candidates that a pair's lessons did not mend than those that they did, and the pair is given up."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """`newer` from `since` on does not work with `older` up to `until`; both along their way from good to bad."""

    newer: str
    since: str
    older: str
    until: str
    works: str
    """The last release of `newer` before `since` that was seen to work with `older` up to `until`."""
    mends: str
    """The first release of `older` after `until` that was seen to work with `newer` from `since` on."""

    @property
    def pair(self) -> frozenset[str]:
        """The two packages."""
        return frozenset((self.newer, self.older))

    def __str__(self) -> str:
        return f"{self.newer} from {self.since} on does not work with {self.older} up to {self.until}"


@dataclass(frozen=True, slots=True, order=True)
class Limit:
    """What a lesson demands of a candidate that would break it."""

    name: str
    relation: str
    """`>=` or `<=`."""
    version: str


class Lessons:
    """All that was learnt in one run. The same outcomes in the same order give the same lessons."""

    def __init__(self, timeline: Timeline) -> None:
        self._ends = timeline.good, timeline.bad
        self._paths: dict[str, list[str]] = {}
        self._ranks: dict[str, list[int]] = {}
        one_sided = set()
        for rank, change in enumerate(timeline.changes, 1):
            if change.key.axis is not Axis.PACKAGE:
                continue
            name = change.key.name
            if change.before is None or change.after is None:
                one_sided.add(name)
                continue
            self._paths.setdefault(name, [change.before]).append(change.after)
            self._ranks.setdefault(name, [0]).append(rank)
        for name in one_sided:
            self._paths.pop(name, None)
        self._lessons: list[Lesson] = []
        self._working = list(self._ends)
        self._balance: dict[frozenset[str], int] = {}
        self._mended: set[frozenset[str]] = set()
        self._broken: dict[frozenset[str], list[Values]] = {}

    def learn(self, candidate: Candidate, outcome: Outcome) -> None:
        """Take note of an outcome. The ends teach nothing beyond that each works in its way."""
        if candidate.values in self._ends:
            return
        mute = outcome.verdict is Verdict.UNTESTABLE or not outcome.alike
        obeyed = {
            lesson.pair
            for lesson in self._lessons
            if self._breaks(lesson, candidate.wanted) and not self._breaks(lesson, candidate.values)
        }
        for pair in obeyed:
            self._balance[pair] = self._balance.get(pair, 0) + (-1 if mute else 1)
        if not mute:
            self._mended |= obeyed
            self._working.append(candidate.values)
            self._lessons = [lesson for lesson in self._lessons if not self._breaks(lesson, candidate.values)]
        elif not candidate.exact:
            taught = (self._lesson(candidate.values, *pair) for pair in self._pairs(candidate, outcome))
            new = next((lesson for lesson in taught if lesson is not None), None)
            if new is not None:
                self._lessons = [*(lesson for lesson in self._lessons if lesson.pair != new.pair), new]

    def in_force(self) -> tuple[Lesson, ...]:
        """The lessons in force."""
        return tuple(lesson for lesson in self._lessons if self._balance.get(lesson.pair, 0) > -PATIENCE)

    def learnt(self) -> tuple[str, ...]:
        """The lessons in force that mended a candidate, in words."""
        return tuple(str(lesson) for lesson in self.in_force() if lesson.pair in self._mended)

    def concern(self, candidate: Candidate) -> bool:
        """A lesson in force says that this candidate's releases do not work together."""
        return not candidate.exact and any(self._breaks(lesson, candidate.values) for lesson in self.in_force())

    def limits(self, candidate: Candidate, held: Collection[Key]) -> frozenset[Limit]:
        """What must be demanded so that a candidate obeys the lessons; keys in `held` stay.

        The older one is brought to its release of the time when the newer one's came out, where the candidate's place
        on the timeline has that already; else the newer one goes back to a release that was seen to work. Where that
        one is held, the older one goes beyond its place.
        """
        limits = set()
        for lesson in self.in_force():
            if not self._breaks(lesson, candidate.values):
                continue
            newer, older = lesson.newer, lesson.older
            raised = self._as_of(older, self._ranks[newer][self._at(newer, candidate.values)])
            late = raised <= self._paths[older].index(lesson.until)
            beyond = late or raised > self._at(older, candidate.wanted)
            if package(older) not in held and (not beyond or package(newer) in held):
                version = lesson.mends if late else self._paths[older][raised]
                limits.add(self._limit(older, version, least=True))
            elif package(newer) not in held:
                limits.add(self._limit(newer, lesson.works, least=False))
        return frozenset(limits)

    def _pairs(self, candidate: Candidate, outcome: Outcome) -> list[tuple[str, str]]:
        """The two packages that may not work together, likeliest first: both must move on the timeline."""
        if not outcome.clash or outcome.clash[0] not in self._paths:
            return []
        first, *others = outcome.clash
        if not others:
            others = [name for name in dict(candidate.requires).get(first, ()) if name in self._paths]
            others = others if len(others) == 1 else []
        return [(first, other) for other in others if other in self._paths]

    def _lesson(self, values: Values, one: str, other: str) -> Lesson | None:
        """What these values teach together with all that were broken likewise; by themselves where that has no sense.

        The release that came out later is taken for too new, unless what was seen contradicts it.
        """
        broken = self._broken.setdefault(frozenset((one, other)), [])
        broken.append(values)
        if min(self._at(one, values), self._at(other, values)) < 0:
            broken.pop()
            return None
        places = (self._ranks[name][self._at(name, values)] for name in (one, other))
        order = [(one, other), (other, one)] if next(places) >= next(places) else [(other, one), (one, other)]
        for points in (broken, [values]):
            for newer, older in order:
                since = min(self._at(newer, point) for point in points)
                until = max(self._at(older, point) for point in points)
                seen = [(self._at(newer, of), self._at(older, of)) for of in self._working]
                seen = [(a, b) for a, b in seen if min(a, b) >= 0]
                if not any(a >= since and b <= until for a, b in seen):
                    return Lesson(
                        newer,
                        self._paths[newer][since],
                        older,
                        self._paths[older][until],
                        self._paths[newer][max(a for a, b in seen if b <= until)],
                        self._paths[older][min(b for a, b in seen if a >= since)],
                    )
        return None

    def _breaks(self, lesson: Lesson, values: Values) -> bool:
        newer, older = self._at(lesson.newer, values), self._at(lesson.older, values)
        if min(newer, older) < 0:
            return False
        since = self._paths[lesson.newer].index(lesson.since)
        return newer >= since and older <= self._paths[lesson.older].index(lesson.until)

    def _at(self, name: str, values: Values) -> int:
        """How far a package has come on its way, 0 at the good end; -1 where it is not on its way at all."""
        version = values.get(package(name))
        return self._paths[name].index(version) if version in self._paths[name] else -1

    def _as_of(self, name: str, rank: int) -> int:
        """How far a package had come after the first `rank` changes of the timeline."""
        return max(i for i, own in enumerate(self._ranks[name]) if own <= rank)

    def _limit(self, name: str, version: str, *, least: bool) -> Limit:
        path = self._paths[name]
        rises = Version(path[0]) <= Version(path[-1])
        return Limit(name, ">=" if least == rises else "<=", version)
