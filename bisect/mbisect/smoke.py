"""Does it still work with what is the newest today? Resolves, runs, compares with the last green, and if not, searches.

Prints nothing. Everything it remembers is in `history.py`; the search is that of `mbisect run` between two locks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from mbisect.conduct import Conductor, Options
from mbisect.environments.asked import read_asked_for, resolve_asked_for
from mbisect.environments.interpreters import find_interpreter
from mbisect.environments.store import Store
from mbisect.environments.uv import Uv
from mbisect.errors import ConfigError, UsageError
from mbisect.events import Reporter
from mbisect.history import History, Light, Run, Smoke
from mbisect.journal import Record
from mbisect.judge import MetricJudge
from mbisect.light import Ends, Measure, light_of
from mbisect.project import NAME, NAMING, Project, find_project
from mbisect.question import Question, pose
from mbisect.terms import (
    Asked,
    Axis,
    Change,
    Finding,
    Measurement,
    Outcome,
    Trial,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The words of the command line."""

    against: str | None = None
    """Snapshot whose envs/NAME.toml is resolved; None: the project's only one."""
    command: tuple[str, ...] = ()
    python: str | None = None
    seeds: int = 2
    jobs: int = 1
    state: Path | None = None
    """Folder that holds a history for each snapshot; None: in the cache, one for each project."""
    fresh: bool = False
    accept: bool = False
    """Today's lock becomes the reference whatever it measures."""
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Smoked:
    """What came of it."""

    smoke: Smoke
    asked: Asked
    """The question that a search between the reference and today answers."""
    record: Record | None
    """Of that search, where there was one."""
    since: Smoke | None
    """The green smoke that it was compared with; None: the snapshot's own lock, or nothing."""


def history_of(against: str | None, state: Path | None, here: Path, cache: Path) -> History:
    """The history of a snapshot. Raises UsageError where it is not clear of which."""
    _, root = find_project(here) or (None, here)
    own = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:12]
    return History((state or cache / "smoke" / own) / _named(against, root))


def _named(against: str | None, root: Path) -> str:
    if against is None:
        asked = sorted(path.stem for path in (root / "envs").glob("*.toml"))
        if len(asked) != 1:
            raise UsageError(f"which snapshot? give one with --against ({', '.join(asked) or 'envs/ has none'})")
        return asked[0]
    if not NAME.fullmatch(against):
        raise UsageError(f"--against {against}: {NAMING}")
    return against


class Smoking:
    """One smoke. `say` takes a line of progress; `reporter` is entered only if there is something to search for."""

    def __init__(
        self,
        wanted: Wanted,
        here: Path,
        store: Store,
        indexes: tuple[tuple[str, ...], tuple[str, ...]],
        say: Callable[[str], None],
        reporter: Callable[[], AbstractContextManager[Reporter]],
    ) -> None:
        """`indexes`: endpoints and find-links."""
        self._wanted, self._here, self._store, self._indexes = wanted, here, store, indexes
        self._say, self._reporter = say, reporter
        self._project, self._root = find_project(here) or (Project(), here)
        self._name = _named(wanted.against, self._root)
        self.history = history_of(self._name, wanted.state, here, store.root)

    def smoke(self) -> Smoked:
        """From the ranges to green or a cause. Raises ConfigError where the ranges have no solution today."""
        waiting = f"another smoke of {self._name} is going on; waiting for it"
        with self.history.alone(lambda: self._say(waiting)):
            return self._smoke(datetime.now(UTC))

    def _smoke(self, now: datetime) -> Smoked:
        at = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        python, lock = self._resolve(at)
        asked = self._asked(self.history.path(lock), self.history.path(lock), python)
        question = self._pose(asked)
        metric = question.judge.metric if isinstance(question.judge, MetricJudge) else ""
        command = question.workload.command
        since = self.history.reference(command, metric)
        good = self._good(since)
        if good is not None:
            asked = replace(asked, good=good)
            question = self._pose(asked)
        smoke = Smoke(
            at, self._name, lock, question.bad.interpreter.version, command, question.judge.describe(), metric,
            _content(question, question.bad.values.digest), "unsure", "it has not ended",
            reference=(since.lock if since is not None else self._name if good is not None else ""),
            moved=_moved(question),
        )  # fmt: skip
        pins = len(question.bad.lock.pins)
        self._say(f"{pins} package{'s' * (pins != 1)}{_since(smoke, since)}")
        if since is not None and self._is_known(smoke, since):
            smoke = replace(smoke, light="green", why=since.why, runs=since.runs, remembered=True)
            return self._keep(Smoked(smoke, asked, None, since))
        smoke = self._measured(smoke, question, since)
        if self._wanted.accept and smoke.light != "untestable":
            smoke = replace(smoke, light="green", why=f"accepted as it is: {smoke.why}")
        smoked = Smoked(smoke, asked, None, since)
        return self._keep(smoked) if smoke.light != "red" else self._searched(smoked, question)

    def _resolve(self, at: str) -> tuple[str, str]:
        """Today's lock, kept; -> the Python that it is for, and its name."""
        called = Path("envs", f"{self._name}.toml")
        wanted = read_asked_for(self._root / called, called)
        wanted = wanted.model_copy(update={"exclude_newer": None, "python": self._wanted.python or wanted.python})
        self._say(f"resolving {called} as of today")
        try:
            interpreter, pins = resolve_asked_for(wanted, Uv(self._store.root / "uv"), find_interpreter)
        except ConfigError as error:
            smoke = Smoke(at, self._name, "", "", self._wanted.command, "", "", "", "untestable", str(error)[:400])
            self.history.append(smoke)
            raise
        header = f"Written by `mbisect smoke --against {self._name}` for Python {interpreter.minor}; do not edit."
        return wanted.python, self.history.keep(pins, day=at[:10], header=header)

    def _asked(self, good: Path, bad: Path, python: str) -> Asked:
        like = self._name if self._name in self._project.snapshots else ""
        return Asked(
            _written(good, self._here), _written(bad, self._here), self._wanted.command, python, python,
            timeout=self._wanted.timeout, folder=str(self._here), like=like,
        )  # fmt: skip

    def _pose(self, asked: Asked) -> Question:
        datasets = self._store.root / "datasets"
        return pose(asked, find_interpreter, datasets, alike=True)

    def _good(self, since: Smoke | None) -> str | None:
        """What today is compared with, as `--good` takes it: the last green lock, or the snapshot's own."""
        if since is not None:
            return _written(self.history.path(since.lock), self._here)
        table = self._project.snapshots.get(self._name)
        own = table is not None and (self._root / (table.lock or f"lockfiles/{self._name}.txt")).is_file()
        return self._name if own else None

    def _is_known(self, smoke: Smoke, since: Smoke) -> bool:
        enough = len(since.runs) >= self._wanted.seeds
        return smoke.content == since.content and smoke.judge == since.judge and enough and not self._wanted.fresh

    def _measured(self, smoke: Smoke, question: Question, since: Smoke | None) -> Smoke:
        """Run today's lock, and the reference where that is needed to say what it means."""
        moves = question.good.values != question.bad.values
        remembered: Sequence[Outcome] = ()
        if since is not None and (not moves or since.content == _content(question, question.good.values.digest)):
            remembered = [question.judge.judge(run.measurement, None, consistent=True) for run in since.runs]
        today = self._pose(replace(question.asked, good=question.asked.bad))
        with ExitStack() as stack, self._noting(smoke):
            ends = Ends(
                (today.good.values, lambda: stack.enter_context(self._measuring(today))),
                (question.good.values, lambda: stack.enter_context(self._measuring(question))) if moves else None,
                remembered,
                self._wanted.jobs,
                self._say,
            )
            light, why = light_of(ends, self._wanted.seeds, question.judge)
        return replace(smoke, light=light, why=why, runs=tuple(_run(trial) for trial in ends.today))

    @contextmanager
    def _noting(self, smoke: Smoke) -> Iterator[None]:
        """What keeps today's lock from being measured at all is for the user to mend; the history tells of it."""
        try:
            yield
        except (ConfigError, UsageError) as error:
            why = str(error).removeprefix("good end: ")
            self.history.append(replace(smoke, light="untestable", why=why[:400]))
            raise type(error)(why) from error

    def _measuring(self, question: Question) -> AbstractContextManager[Measure]:
        conductor = Conductor(question, self._store, *self._indexes)
        return conductor.measuring((), Reporter(), fresh=self._wanted.fresh)

    def _searched(self, smoked: Smoked, question: Question) -> Smoked:
        """Red: look for the cause at once, where anything moved. What is known so far is kept first."""
        smoke = smoked.smoke
        finding: Finding | None = None
        if not smoke.reference:
            finding = Finding("undecided", why="there is no earlier green to search from")
        elif question.good.values == question.bad.values:
            why = "no package has moved since it was green: it is the source, the data or the machine"
            finding = Finding("good-endpoint-fails", why=why)
        if finding is not None:
            return self._keep(replace(smoked, smoke=replace(smoke, finding=finding)))
        self._keep(smoked)
        self._say(f"red: {smoke.why}; searching among what has moved")
        conductor = Conductor(question, self._store, *self._indexes)
        with self._reporter() as reporter:
            record = conductor.answer(Options(self._wanted.jobs, fresh=self._wanted.fresh), reporter)
        light: Light = "unsure" if record.finding.outcome == "not-reproduced" else "red"
        finding = replace(record.finding, last_good=None, first_bad=None, untestable=())
        smoke = replace(smoke, light=light, run=record.run, finding=finding)
        return self._keep(replace(smoked, smoke=smoke, record=record))

    def _keep(self, smoked: Smoked) -> Smoked:
        self.history.append(smoked.smoke)
        return smoked


def _run(trial: Trial) -> Run:
    measured: Measurement = replace(trial.measurement, notes=(), tail="", output=None)
    return Run(trial.ask.seed, measured, trial.outcome.verdict, trial.outcome.reason)


def _moved(question: Question) -> tuple[Change, ...]:
    """The packages that differ between both ends."""
    good, bad = question.good.values, question.bad.values
    keys = [key for key in good.differing(bad) if key.axis is Axis.PACKAGE]
    return tuple(Change(key, good.get(key), bad.get(key)) for key in keys)


def _since(smoke: Smoke, since: Smoke | None) -> str:
    """`; 31 moved since 2026-11-25`; empty where there is nothing to compare with."""
    if not smoke.reference:
        return ""
    return f"; {len(smoke.moved) or 'none'} moved since {since.at[:10] if since is not None else smoke.reference}"


def _content(question: Question, values: str) -> str:
    parts = [
        values,
        question.workload.identity(),
        question.stager.identity(question.bad.values) if question.stager else "",
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def _written(path: Path, here: Path) -> str:
    """A path as it would be typed here."""
    whole = path.absolute()
    return str(whole.relative_to(here)) if whole.is_relative_to(here) else str(whole)
