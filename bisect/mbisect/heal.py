"""From a finished run to a remedy that trials have shown to heal its bad end. Knows nothing of files and forms."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mbisect.conduct import Conductor, recalled
from mbisect.environments.store import Store
from mbisect.errors import UsageError
from mbisect.events import Reporter
from mbisect.journal import Head, Journal
from mbisect.remedy import Remedy, seek, without_trials
from mbisect.search.whole import middle
from mbisect.terms import BOTH, PYTHON, Ask, Axis, Candidate, Change, Finding, Outcome, Trial, Verdict

MOST_TRIED = 12
"""Remedies; those beyond are not tried any more."""
LUCK = 0.05
"""How likely as many good runs may be if the candidate fails as often as bad ones do."""
FEWEST, MOST_RUNS = 3, 12
"""Runs of a candidate where runs of this command were seen to differ."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A remedy, and what its trials showed."""

    remedy: Remedy
    candidate: Candidate | None
    """The bad end under it; None where there is none."""
    trials: tuple[Trial, ...]
    heals: bool
    why: str
    """In a few words: what was measured, or why nothing was."""

    def moved(self, bad: Candidate) -> tuple[Change, ...]:
        """What it changes at the bad end."""
        if self.candidate is None:
            return ()
        here, there = bad.values, self.candidate.values
        return tuple(Change(key, here.get(key), there.get(key)) for key in here.differing(there))


@dataclass(frozen=True, slots=True)
class Pinned:
    """What heals the bad end of a run, and how that is known."""

    run: str
    bad: str
    """The name of the bad end."""
    end: Candidate
    """The bad end itself."""
    finding: Finding
    remedy: Remedy | None
    """None: nothing that was tried heals."""
    tried: tuple[Tried, ...] = ()
    """In the order in which they were tried; empty: nothing was."""

    @property
    def verified(self) -> Tried | None:
        """The trials behind the remedy."""
        return next((one for one in self.tried if one.heals and self.remedy == one.remedy), None)


@dataclass(frozen=True, slots=True)
class Answered:
    """A run that found a cause."""

    head: Head
    trials: tuple[Trial, ...]
    finding: Finding

    @property
    def end(self) -> Candidate:
        """The bad end, as it was tried."""
        tried = (trial.ask.candidate for trial in self.trials if trial.ask.purpose == "bad end")
        return next(tried, Candidate(self.head.bad.values, self.head.bad.values))


def answered(store: Store, run: str) -> Answered:
    """A run by its id, its beginning or `latest`. Raises UsageError where there is none, or it found no cause."""
    head, trials, finding = recalled(store, run)
    if finding is None:
        raise UsageError(f"run {head.run} was interrupted; the same `mbisect run` goes on with it")
    if finding.outcome != "found":
        raise UsageError(f"run {head.run} found no cause ({finding.outcome}): there is nothing to pin")
    return Answered(head, trials, finding)


def unverified(of: Answered) -> Pinned:
    """The remedy that the search itself speaks for; runs nothing."""
    releases: dict[str, list[str]] = {}
    for change in of.head.timeline.changes:
        if change.key.axis is Axis.PACKAGE:
            releases.setdefault(change.key.name, []).extend(v for v in (change.before, change.after) if v is not None)
    remedy = without_trials(of.finding, of.head.bad.values, releases)
    return Pinned(of.head.run, of.head.bad.name, of.end, of.finding, remedy)


def heal(of: Answered, conductor: Conductor, store: Store, reporter: Reporter) -> Pinned:
    """Try remedies on the bad end, the one that excludes least first, until one heals.

    Raises UsageError when what the run asked about has changed since.
    """
    if conductor.question.identity() != of.head.run:
        raise UsageError(
            f"what run {of.head.run} was about has changed since (a lock, the source, settings, the judge or an "
            f"interpreter); search again with `{of.head.asked.line()}`"
        )
    journal = Journal(store.root / "runs" / of.head.run / "pin.jsonl")
    kept = journal.read()
    if kept is None:
        journal.begin(of.head)
    known = (*of.trials, *(kept[1] if kept is not None else ()))
    packages = {cause.change.key.name for cause in of.finding.causes if cause.change.key.axis is Axis.PACKAGE}
    releases = {name: conductor.admitted(name) for name in sorted(packages)}
    tried: list[Tried] = []
    with conductor.measuring(known, reporter) as measure:
        ward = _Ward(of, conductor, known, measure, journal, reporter)
        seeking, answer = seek(of.finding, of.head.bad.values, releases), None
        while True:
            try:
                remedy = seeking.send(answer)  # type: ignore[arg-type]  # the first answer is none, as it must be
            except StopIteration as stop:
                return Pinned(of.head.run, of.head.bad.name, of.end, of.finding, stop.value, tuple(tried))
            answer = False
            if len(tried) < MOST_TRIED:
                tried.append(ward.tried(remedy))
                answer = tried[-1].heals


@dataclass(frozen=True, slots=True)
class _Ward:
    """Where remedies are tried on the bad end."""

    of: Answered
    conductor: Conductor
    known: Sequence[Trial]
    measure: Callable[[Ask], Trial]
    journal: Journal
    reporter: Reporter

    def tried(self, remedy: Remedy) -> Tried:
        """As many runs as it takes to tell."""
        candidate, why = self._candidate(remedy)
        if candidate is None:
            return Tried(remedy, None, (), False, why)
        self.reporter.note(f"trying {remedy} on {self.of.head.bad.name}")
        good, bad = ends_of(self.known)
        trials: list[Trial] = []
        for seed in range(runs_needed(self.known)):
            trials.append(self._trial(Ask(candidate, seed, "remedy", BOTH if self.of.head.asked.half else "")))
            if trials[-1].outcome.verdict is Verdict.UNTESTABLE:
                break
        outcomes = [trial.outcome for trial in trials]
        healed = heals(outcomes, good, bad)
        self.reporter.note(f"{remedy}: {'heals' if healed else 'does not heal'}, {outcomes[-1].reason}")
        return Tried(remedy, candidate, tuple(trials), healed, outcomes[-1].reason)

    def _candidate(self, remedy: Remedy) -> tuple[Candidate | None, str]:
        """The bad end under a remedy; else why there is none."""
        base, gone = self.of.end.values, {part.key for part in remedy.parts if part.kind == "leave out"}
        put = {part.key: part.value for part in remedy.parts if part.kind == "set" or part.key == PYTHON}
        values = base.put({**put, **dict.fromkeys(gone)})
        limits: dict[str, str] = {}
        for part in remedy.parts:
            if part.kind in ("limit", "add") and part.key != PYTHON:
                both = (limits.get(part.key.name, ""), part.specifier)
                limits[part.key.name] = ",".join(dict.fromkeys(text for text in both if text))
        if all(part.kind == "set" for part in remedy.parts):
            return Candidate(values, values), ""
        candidate = self.conductor.limited(values, limits)
        if candidate is None:
            return None, "no releases of its packages fit together so"
        back = [key.name for key in gone if key in candidate.values]
        if back:
            needed = ", ".join(dict(candidate.requires).get(back[0], ())) or "its packages"
            return None, f"{needed} needs {back[0]}"
        return candidate, ""

    def _trial(self, ask: Ask) -> Trial:
        """What is known of this candidate with this seed at full size; else a new trial."""
        for trial in self.known:
            same = trial.ask.candidate.values == ask.candidate.values and trial.ask.seed == ask.seed
            if same and trial.ask.level == ask.level:
                return trial
        trial = self.measure(ask)
        self.journal.trial(trial)
        return trial


def ends_of(trials: Sequence[Trial]) -> tuple[list[Outcome], list[Outcome]]:
    """What the good and the bad end showed at full size."""
    whole = [trial for trial in trials if not trial.ask.level]
    good = [trial.outcome for trial in whole if trial.ask.purpose == "good end"]
    return good, [trial.outcome for trial in whole if trial.ask.purpose == "bad end"]


def runs_needed(trials: Sequence[Trial]) -> int:
    """1 where runs of a candidate never differed; else so many that good ones are no luck.

    How often a bad candidate fails is taken from all that ever failed.
    """
    shown: dict[str, list[Outcome]] = {}
    for trial in trials:
        if not trial.ask.level and trial.outcome.verdict is not Verdict.UNTESTABLE:
            shown.setdefault(trial.ask.candidate.values.digest, []).append(trial.outcome)
    if any(middle(outcomes) is not None for outcomes in shown.values()):
        return FEWEST
    fails = _share([outcome for outcomes in shown.values() if _share(outcomes) for outcome in outcomes])
    return min(MOST_RUNS, max(FEWEST, math.ceil(math.log(LUCK) / math.log(1 - fails)))) if 0 < fails < 1 else 1


def heals(outcomes: Sequence[Outcome], good: Sequence[Outcome], bad: Sequence[Outcome]) -> bool:
    """They are rather like those of the good end than like those of the bad one."""
    if any(outcome.verdict is Verdict.UNTESTABLE for outcome in outcomes):
        return False
    one, two, three = (middle(some) for some in (outcomes, good, bad))
    if one is not None and two is not None and three is not None:
        return abs(one - two) < abs(one - three)
    return abs(_share(outcomes) - _share(good)) < abs(_share(outcomes) - _share(bad))


def _share(outcomes: Sequence[Outcome]) -> float:
    """How many of them are not good, from 0 to 1; beside those that fail, one that measured something is."""
    bad = [outcome for outcome in outcomes if outcome.verdict is not Verdict.GOOD and outcome.value is None]
    return len(bad) / max(1, len(outcomes))
