"""Answers a question: puts the real parts together, plays back what is known, runs the rest."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from filelock import FileLock, Timeout
from packaging.version import Version

from mbisect.axes import AxisModule
from mbisect.axes.git import GitAxis
from mbisect.axes.package import PackageAxis, check_installable, same
from mbisect.axes.plain import PlainAxis
from mbisect.axes.python import PythonAxis
from mbisect.bench import Bench
from mbisect.bisection import Thought, bisect, replay
from mbisect.environments.beside import Beside
from mbisect.environments.build import Builder
from mbisect.environments.bytecode import Bytecode
from mbisect.environments.complete import remark
from mbisect.environments.index import Index
from mbisect.environments.interpreters import available
from mbisect.environments.lockfile import left_out
from mbisect.environments.resolve import Policy, Resolver
from mbisect.environments.store import Store
from mbisect.environments.uv import Uv
from mbisect.environments.wheels import Records
from mbisect.errors import UsageError
from mbisect.estimate import main_line
from mbisect.events import Reporter
from mbisect.executors.local import LocalExecutor
from mbisect.journal import Effort, Head, Journal, Record, record_of
from mbisect.priors import Priors, suspected
from mbisect.question import HALVES_MISSING, Question
from mbisect.runs import find_run, numbered, remember_latest, told, workload_seconds
from mbisect.search import Ladder, Level, Search, Whole
from mbisect.search.causes import MOST_TRIALS
from mbisect.search.ladder import END_RUNS, MOST_RUNS
from mbisect.search.whole import Searching
from mbisect.shell import Groups
from mbisect.steps import ENDS, Room
from mbisect.terms import PYTHON, Ask, Axis, Candidate, Finding, Interpreter, Snapshot, Timeline, Trial, Values, public
from mbisect.timeline import TimelineWorld


@dataclass(frozen=True, slots=True)
class Options:
    """How to go about it; none of this changes what is asked."""

    jobs: int = 1
    seeds: int | None = None
    """Most runs of each end before it is said what they are; None: as many as it takes."""
    confidence: float = 0.95
    """How surely a cause must be known, from 0.5 to 0.999."""
    max_trials: int | None = None
    fresh: bool = False
    """Run everything again."""
    fidelity: bool = True
    """Search at a cheaper level of the workload where one tells good from bad; confirm at full size."""
    suspects: tuple[str, ...] = ()
    """Packages and axes that the user thinks likelier."""
    priors: bool = True
    """Go by what is thought of the changes before they are tried."""


def left_out_of(*ends: Snapshot) -> list[str]:
    """What of the ends' locks no trial can install, a line for each that has any."""
    return [f"{end.name}: {left_out(end.lock)}" for end in ends if end.lock.fixed]


class Conductor:
    """The real parts, put together for one question."""

    def __init__(
        self, question: Question, store: Store, endpoints: tuple[str, ...], find_links: tuple[str, ...]
    ) -> None:
        self.question = question
        self.groups: Callable[[], Groups] = Groups
        """What workloads run in; who measures them puts a kind of its own here."""
        self._store = store
        self._interpreters = {i.version: i for i in (question.good.interpreter, question.bad.interpreter)}
        self._index = Index(store.root, endpoints=endpoints, find_links=find_links)
        self._uv = Uv(store.root / "uv")
        self._policy = self._examine()
        self._resolver = Resolver(self._uv, self._interpreter, self._policy)
        self._world = TimelineWorld(self._axes(), self._resolver, self._missing)
        self._records = Records(store.root, self._index, question.good.interpreter)
        self._ends: tuple[Candidate, Candidate] | None = None
        self.remarks: tuple[str, ...] = ()
        """What is to be said of the ends' locks, once they have been looked at."""

    def plan(self) -> Timeline:
        """The timeline between the two ends. Raises ConfigError for a lock that lacks most of what it needs."""
        return self._world.timeline(*self._candidates())

    def priors(self, timeline: Timeline, suspects: Iterable[str], *, patience: float = 0.0) -> Priors:
        """What is thought of the changes before any trial.

        `patience`: seconds to wait for what is in their wheels; 0: without that. Raises UsageError for a suspect that
        names no change.
        """
        priors = self._priors(timeline, suspects, Bench(self._room(Groups(), fresh=False), Reporter()))
        if patience and priors.traced:
            self._records.wait(patience)
        self._records.close()
        return priors

    def earlier_seconds(self) -> list[float]:
        """Wall times of earlier trials of this command, of the most recent runs."""
        return workload_seconds(self._store.root / "runs", self.question.command)

    def sizes(self) -> dict[tuple[str, Version], int]:
        """(package, version) → bytes of the file that would be installed, for all releases of all packages."""
        sizes: dict[tuple[str, Version], int] = {}
        for name in {*self.question.good.values.packages(), *self.question.bad.values.packages()}:
            for release in self._index.releases(name, self.question.bad.interpreter):
                if release.size is not None:
                    sizes[name, same(release.version)] = release.size
        return sizes

    def answer(self, options: Options, reporter: Reporter) -> Record:
        """The record of this question: replayed when its journal is complete, else searched for."""
        began = time.monotonic()
        question = self.question
        run = question.identity()
        journal = Journal(self._store.root / "runs" / run / "journal.jsonl")
        reporter.started(question.good, question.bad, question.command, question.judge.describe())
        for line in left_out_of(question.good, question.bad):
            reporter.note(line)
        with self._alone(run, reporter):
            remember_latest(journal.path.parent.parent, question.asked.folder, run)
            return self._answer(run, journal, options, reporter, began)

    @contextmanager
    def _alone(self, run: str, reporter: Reporter) -> Iterator[None]:
        """One process at a time answers a question: who comes second waits, and finds the answer in the journal."""
        runs = self._store.root / "runs"
        runs.mkdir(parents=True, exist_ok=True)
        lock = FileLock(runs / f"{run}.lock")
        try:
            lock.acquire(blocking=False)
        except Timeout:
            reporter.note(f"run {run} is being answered by another mbisect; waiting for it")
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def _answer(self, run: str, journal: Journal, options: Options, reporter: Reporter, began: float) -> Record:
        question, rule = self.question, self.question.judge.describe()
        kept = None if options.fresh else journal.read()
        took = journal.effort()
        if kept is not None and kept[2] is not None and _settles(kept[2], took, options):
            reporter.note(f"answered from the journal of run {run}; --fresh measures again")
            head, trials, finding = kept[0], kept[1], kept[2]
            suspected(head.timeline, options.suspects)
            spent = Effort(took.seconds if took is not None else time.monotonic() - began, 0)
            return record_of(head, trials, finding, spent, journal.path, journal.steps())
        good, bad = self._candidates()
        for line in self.remarks:
            reporter.note(line)
        timeline = self._world.timeline(good, bad)
        groups = self.groups()
        bench = Bench(self._room(groups, options.fresh), reporter)
        priors = self._priors(timeline, options.suspects, bench)
        reporter.planned(timeline, main_line(len(timeline)))
        head = Head(run, question.asked, question.good, question.bad, question.command, rule, timeline)
        known = tuple(replace(trial, reused=True) for trial in kept[1]) if kept is not None and kept[2] is None else ()
        if known:
            reporter.note(f"run {run} was interrupted; it goes on after {len(known)} trials")
        else:
            journal.begin(head)
        bench.recall(known)
        executor = LocalExecutor(options.jobs, bench.trial, groups.stop)
        search = self._search(options, priors)
        try:
            finding, trials = bisect(search, executor, journal, reporter, known=known, max_trials=options.max_trials)
        finally:
            self._records.close()
        effort = Effort(time.monotonic() - began, sum(not trial.reused for trial in trials), len(trials), options.seeds)
        journal.finding(finding, effort)
        return record_of(head, trials, finding, effort, journal.path, journal.steps())

    def _search(self, options: Options, priors: Priors) -> Searching:
        """The search at full size, and those at the cheaper levels before it.

        To evaluate what was trained once is cheap already, and a cheaper level would have to be trained for.
        """
        good, bad = self._candidates()
        weigh = priors.weigh if options.priors else None

        def search(end_runs: int | None, most: int) -> Search:
            return Search(
                self._world, good, bad, confidence=options.confidence, weigh=weigh, end_runs=end_runs, most=most
            )

        half = self.question.asked.half
        levels = self.question.levels if options.fidelity and half != "evaluation" else ()
        cheap = [Level(level.name, search(END_RUNS, MOST_RUNS)) for level in levels]
        ladder = Ladder(search(options.seeds, MOST_TRIALS), cheap, weigh)
        return ladder if half is None else Whole(ladder)

    def trial(self, ask: Ask, known: Iterable[Trial] = ()) -> Trial:
        """Run one candidate once more, whatever is known of it; judged by the bad end among the `known` trials."""
        bench = Bench(replace(self._room(self.groups(), fresh=True), held=True), Reporter())
        bench.recall(known)
        return bench.trial(ask)

    def replay(self, trials: Sequence[Trial], options: Options) -> tuple[tuple[Thought, ...], Finding | None]:
        """Search again from recorded outcomes alone; see bisection.replay. Resolves candidates, runs nothing."""
        good, bad = self._candidates()
        bench = Bench(self._room(self.groups(), fresh=False), Reporter())
        priors = self._priors(self._world.timeline(good, bad), options.suspects, bench)
        try:
            return replay(self._search(options, priors), trials)
        finally:
            self._records.close()

    @contextmanager
    def cells(self, *, fresh: bool) -> Iterator[Callable[[int, int, int], Trial]]:
        """Trains at one end and evaluates at one: `cell(trained, evaluated, seed)`, 0 for the good end, 1 for the bad.

        Raises UsageError where the workload has no halves.
        """
        if self.question.halves is None:
            raise UsageError(HALVES_MISSING)
        groups, ends = self.groups(), self._candidates()
        bench = Bench(self._room(groups, fresh), Reporter())
        try:
            yield lambda trained, evaluated, seed: bench.cell(
                ends[trained], ends[evaluated], seed, ENDS[trained], ENDS[evaluated]
            )
        finally:
            groups.stop()

    @contextmanager
    def measuring(
        self, known: Iterable[Trial], reporter: Reporter, *, fresh: bool = False
    ) -> Iterator[Callable[[Ask], Trial]]:
        """Runs further trials beside those that are known, alone with this question; `fresh`: what is known as well."""
        groups = self.groups()
        bench = Bench(self._room(groups, fresh=fresh), reporter)
        bench.recall(known)
        with self._alone(self.question.identity(), reporter):
            try:
                yield bench.trial
            finally:
                groups.stop()

    def limited(self, values: Values, limits: Mapping[str, str]) -> Candidate | None:
        """What an installer makes of these packages when some are limited; see Resolver.limited."""
        self._candidates()
        return self._resolver.limited(values, limits)

    def admitted(self, name: str) -> tuple[str, ...]:
        """The releases of a package that an installer may choose from, rising."""
        held = [end.values.packages().get(name) for end in (self.question.good, self.question.bad)]
        previews = any(Version(version).is_prerelease for version in held if version is not None)
        return self._packages().admitted(name, previews=previews)

    def _priors(self, timeline: Timeline, suspects: Iterable[str], bench: Bench) -> Priors:
        """They learn what the workload loads as soon as the good end has run."""
        good, _ = self._candidates()
        return Priors(timeline, bench.loaded(Ask(good, 0, "good end")), self._records, suspected(timeline, suspects))

    def _candidates(self) -> tuple[Candidate, Candidate]:
        if self._ends is None:
            good, bad = (self._resolver.endpoint(s.values) for s in (self.question.good, self.question.bad))
            said = remark(self.question.good, good), remark(self.question.bad, bad)
            self.remarks = tuple(line for line in said if line is not None)
            self._ends = good, bad
        return self._ends

    def _room(self, groups: Groups, fresh: bool) -> Room:
        q = self.question
        return Room(
            trials=self._store.root / "trials",
            builder=Builder(
                self._store.root / "environments",
                self._uv,
                self._interpreter,
                Bytecode(self._store.root / "bytecode"),
            ),
            stager=q.stager,
            workload=q.workload,
            judge=q.judge,
            interpreter=self._interpreter,
            groups=groups,
            environ=dict(os.environ),
            hashes={
                "good end": {pin.name: pin for pin in q.good.lock.pins},
                "bad end": {pin.name: pin for pin in q.bad.lock.pins},
            },
            built=None if q.allow_builds else self._policy.built,
            fresh=fresh,
            beside=Beside(self._store.root / "environments", self._uv),
            levels={level.name: level for level in q.levels},
            halves=q.halves,
            half=q.asked.half,
            ends={end: candidate.values for end, candidate in zip(ENDS, self._candidates(), strict=True)},
        )

    def _missing(self, wanted: Values) -> str | None:
        """Why a lock cannot be installed, as far as the index tells; the ends' own packages may be built."""
        interpreter = self._interpreter(wanted[PYTHON])
        for name, version in wanted.packages().items():
            releases = {same(r.version): r for r in self._index.releases(name, interpreter)}
            release = releases.get(same(version))
            may_build = self.question.allow_builds or name in self._policy.built
            if release is None or not (release.wheel or (may_build and release.sdist)):
                return f"{name} {version} has no wheel for Python {interpreter.minor}"
        return None

    def _examine(self) -> Policy:
        """Look at every pin of both ends in the index: it must exist, and it decides what candidates may use."""
        q = self.question
        known: dict[str, set[str]] = {}
        for snapshot in (q.good, q.bad):
            for name, version in snapshot.values.packages().items():
                known.setdefault(name, set()).add(public(version))
        self._index.prefetch(known, known=known)
        newest, built = None, frozenset[str]()
        for snapshot in (q.good, q.bad):
            pins = snapshot.values.packages().items()
            date, sdists = check_installable(self._index, pins, snapshot.interpreter, snapshot.lock.source)
            newest = max((d for d in (newest, date) if d is not None), default=None)
            built |= sdists
        return Policy(
            newest,
            built,
            q.allow_builds,
            frozenset(self._yanked(known)),
            tuple({pin.name: pin.extras for s in (q.good, q.bad) for pin in s.lock.pins if pin.extras}.items()),
        )

    def _yanked(self, known: dict[str, set[str]]) -> Iterable[tuple[str, str]]:
        for name, versions in known.items():
            spelled = {same(version): version for version in versions}
            for release in self._index.releases(name, self.question.bad.interpreter):
                if release.yanked is not None and same(release.version) in spelled:
                    yield name, spelled[same(release.version)]

    def _packages(self) -> PackageAxis:
        q = self.question
        ends = tuple(self._interpreters.values())
        return PackageAxis(self._index, ends, allow_builds=q.allow_builds, newest=self._policy.newest)

    def _axes(self) -> dict[Axis, AxisModule]:
        q = self.question
        axes: dict[Axis, AxisModule] = {
            Axis.PACKAGE: self._packages(),
            Axis.PYTHON: PythonAxis(available),
            Axis.COMMIT: GitAxis(q.repository),
            Axis.SETTING: PlainAxis(),
            Axis.SEED: PlainAxis(),
            Axis.VARIABLE: PlainAxis(),
        }
        if q.dataset is not None:
            axes[Axis.DATASET] = GitAxis(q.dataset)
        return axes

    def _interpreter(self, version: str) -> Interpreter:
        if version not in self._interpreters:
            self._interpreters |= {i.version: i for i in available() if i.version not in self._interpreters}
        return self._interpreters[version]


def _settles(finding: Finding, effort: Effort | None, options: Options) -> bool:
    """It is an answer, as sure as is asked for, and no end was run less often for it than it may be run now."""
    if finding.outcome == "found":
        return all(cause.confidence >= options.confidence for cause in finding.causes)
    allowed = effort.seeds if effort is not None else None
    more = allowed is not None and (options.seeds is None or options.seeds > allowed)
    return finding.outcome != "undecided" and not more


Told = tuple[Head, tuple[Trial, ...], Finding | None]
"""What a journal holds of a run, ended or not."""


def recalled(store: Store, run: str) -> Told:
    """What the journal of a run holds. Raises UsageError for a run that is not in the cache."""
    runs = store.root / "runs"
    run = find_run(runs, run)
    return told(Journal(runs / run / "journal.jsonl"), run)


def asked_again(store: Store, run: str, which: str) -> tuple[Head, Ask, tuple[Trial, ...]]:
    """What a run was about, and what to ask once more: its last good or first bad candidate (or its ends, where it
    found none), or one of its trials by its number; and all its trials.

    Raises UsageError for a run that is not in the cache, and for a trial that it has not.
    """
    head, trials, finding = recalled(store, run)
    if which not in ("good", "bad"):
        return head, numbered(trials, which).ask, trials
    end = (head.good if which == "good" else head.bad).values
    candidate = None if finding is None else finding.last_good if which == "good" else finding.first_bad
    return head, Ask(candidate or Candidate(end, end), 0, "boundary"), trials
