"""One trial: build → stage → run → read → judge. Trials are kept by content, so no run measures the same twice."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from filelock import FileLock

from mbisect.environments.beside import Beside
from mbisect.environments.build import Builder, Environment, Unbuildable, platform_key
from mbisect.environments.clash import clash_in
from mbisect.environments.loaded import Loaded, gather, hooked, read_loaded
from mbisect.environments.store import LOADED
from mbisect.errors import ConfigError, UsageError
from mbisect.events import Reporter
from mbisect.journal import load_measurement, save_measurement
from mbisect.judge import Judge, MetricJudge, pointing
from mbisect.pytests import as_traceback, unusable
from mbisect.shell import Groups
from mbisect.staging import Stager
from mbisect.terms import PYTHON, Ask, Interpreter, Measurement, Pin, Stage, Trial, Values, Verdict
from mbisect.workload import Fidelity, Workload, environ_for, measurement_of, settings_of

KEPT = "trial.json"
"""Written last; a trial's folder without it counts as never run."""
OUT = "out"
"""What the workload writes, within a trial's folder."""
ENDS = ("good end", "bad end")


@dataclass(frozen=True, slots=True)
class Room:
    """What all trials of a run share."""

    trials: Path
    """Folder of the trials, one each, named by content."""
    builder: Builder
    stager: Stager | None
    """None: a command given on the command line, which runs in the current folder."""
    workload: Workload
    judge: Judge
    interpreter: Callable[[str], Interpreter]
    groups: Groups
    environ: Mapping[str, str]
    hashes: Mapping[str, Mapping[str, Pin]]
    """Purpose of an end → name → its lock's pins, whose hashes are checked."""
    built: frozenset[str] | None
    """Packages that may be built from source; None: all. An end may build anything."""
    fresh: bool = False
    """Measure again what was measured before."""
    beside: Beside | None = None
    """Lays pytest beside an environment that lacks it; needed where that is the workload."""
    levels: Mapping[str, Fidelity] = field(default_factory=dict)
    """Cheaper ways to run the workload, by name."""


class Bench:
    """Runs trials; may be called from several threads."""

    def __init__(self, room: Room, reporter: Reporter) -> None:
        self._room = room
        self._reporter = reporter
        self._reference: dict[str, Measurement] = {}
        self._done: set[str] = set()

    def recall(self, trials: Iterable[Trial]) -> None:
        """Take note of finished trials: the first run of the bad end that is not good shows how it is bad."""
        for trial in trials:
            if trial.ask.purpose == "bad end" and trial.outcome.verdict is not Verdict.GOOD:
                self._reference.setdefault(trial.ask.level, trial.measurement)

    def trial(self, ask: Ask) -> Trial:
        """Measure one candidate with one seed, or find that measurement, and judge it.

        Raises ConfigError or UsageError when an end cannot be measured at all for a reason that the user must mend.
        """
        measured, reused, spent = self._measured(ask)
        reference = None if ask.purpose in ENDS else self._reference.get(ask.level)
        judge = self._room.judge.at_level() if ask.level else self._room.judge
        outcome = pointing(judge.judge(measured, reference, consistent=not ask.candidate.exact), measured)
        trial = Trial(ask, measured, outcome, tuple(spent.items()), reused)
        self.recall([trial])
        return trial

    def loaded(self, ask: Ask) -> Callable[[], Loaded | None]:
        """Says what the workload loaded in a trial; None before it has run, and where that was not traced."""
        return partial(read_loaded, self._room.trials / self.key(ask) / LOADED)

    def key(self, ask: Ask) -> str:
        """A trial's content: everything that may change its measurement."""
        room, values = self._room, self._values(ask)
        interpreter = room.interpreter(values[PYTHON])
        parts = [values.digest, str(ask.seed), room.workload.identity(), interpreter.path, platform_key()]
        parts.append(room.stager.identity(values) if room.stager is not None else "")
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]

    def _values(self, ask: Ask) -> Values:
        """What is really run: at a cheaper level some settings are others."""
        values = ask.candidate.values
        return self._room.levels[ask.level].apply(values) if ask.level else values

    def _measured(self, ask: Ask) -> tuple[Measurement, bool, dict[Stage, float]]:
        key = self.key(ask)
        folder = self._room.trials / key
        self._room.trials.mkdir(parents=True, exist_ok=True)
        with FileLock(self._room.trials / f"{key}.lock"):
            if not self._room.fresh or key in self._done:
                kept = load_measurement(folder / KEPT)
                if kept is not None and not self._worth_repeating(kept):
                    return kept, True, {}
            # What a killed run left going may still write into its own folder, never into this one.
            scratch = Path(tempfile.mkdtemp(prefix=f".{key}-", dir=self._room.trials))
            spent: dict[Stage, float] = {}
            try:
                measured = self._run(ask, scratch, spent)
                if measured.stopped_at in (None, "run"):
                    measured = replace(measured, output=str(folder / OUT))
                    save_measurement(scratch / KEPT, measured)
                    shutil.rmtree(folder, ignore_errors=True)
                    scratch.rename(folder)
                    self._done.add(key)
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
            return measured, False, spent

    def _worth_repeating(self, kept: Measurement) -> bool:
        """A trial that timed out says nothing about a longer limit; one whose program was missing may have it now."""
        limit = self._room.workload.timeout
        return kept.timed_out and (limit is None or limit > kept.seconds + 1)

    def _run(self, ask: Ask, folder: Path, spent: dict[Stage, float]) -> Measurement:
        room, values = self._room, self._values(ask)
        self._reporter.stage(ask, "build")
        began = time.monotonic()
        end = ask.purpose in ENDS
        built = room.builder.build(values, hashes=room.hashes.get(ask.purpose), built=None if end else room.built)
        spent["build"] = time.monotonic() - began
        if isinstance(built, Unbuildable):
            return Measurement(None, 0.0, failure=built.reason, stopped_at="build", tail=built.output[-4000:])
        beside: Path | None = None
        if room.beside is not None and room.workload.tests:
            laid = room.beside.lay("pytest", built, values, room.interpreter(values[PYTHON]))
            spent["build"] = time.monotonic() - began
            if isinstance(laid, Unbuildable):
                return self._hopeless(ask, laid.reason, stage="build")
            beside = laid
        self._reporter.stage(ask, "stage")
        began = time.monotonic()
        out = folder / OUT
        out.mkdir()
        (out / "settings.json").write_text(json.dumps(settings_of(values), indent=1))
        work = room.workload.folder or folder / "work"
        dataset = None
        try:
            if room.stager is not None:
                dataset = room.stager.dataset(values)
                if room.workload.folder is None:
                    room.stager.source(values, work)
        except ConfigError as error:
            return self._hopeless(ask, str(error), stage="stage")
        spent["stage"] = time.monotonic() - began
        try:
            return self._contained(ask, built, work, out, dataset, beside)
        finally:
            if room.workload.folder is None:
                shutil.rmtree(work, ignore_errors=True)

    def _contained(
        self, ask: Ask, built: Environment, work: Path, out: Path, dataset: Path | None, beside: Path | None
    ) -> Measurement:
        room, log, trace = self._room, out.parent / "output.log", out.parent / "trace"
        self._reporter.stage(ask, "run")
        with tempfile.TemporaryDirectory(prefix="mbisect-home-", ignore_cleanup_errors=True) as home:
            env = environ_for(
                self._values(ask),
                ask.seed,
                inherited=room.environ,
                bin_folder=built.bin,
                home=Path(home),
                out=out,
                dataset=dataset,
            )
            if beside is not None:
                env["PYTHONPATH"] = str(beside)
            program = shutil.which(room.workload.command[0], path=env["PATH"])
            if program is None:
                return self._hopeless(ask, f"there is no program `{room.workload.command[0]}` in its environment")
            argv = (program, *room.workload.arguments(out))
            if ask.purpose == "good end" and not ask.level:
                env = hooked(env, trace)
            done = room.groups.run(argv, env=env, cwd=work, output=log, timeout=room.workload.timeout)
        room.builder.used(built, ask.candidate.values)
        if ask.purpose == "good end" and not ask.level:
            gather(trace, built.folder, out.parent / LOADED)
            shutil.rmtree(trace, ignore_errors=True)
        try:
            measured = measurement_of(room.workload, done.status, done.seconds, done.timed_out, log, out)
        except ConfigError as error:
            return self._hopeless(ask, str(error))
        if room.workload.tests and (why := unusable(measured)) is not None:
            return self._hopeless(ask, why, measured)
        if done.status != 0 and ask.purpose not in ENDS:
            said = as_traceback(measured.tail) if room.workload.tests else measured.tail
            measured = replace(measured, clash=clash_in(said, built.folder))
        judge = room.judge
        if isinstance(judge, MetricJudge) and done.status == 0 and measured.metric(judge.metric) is None:
            there = ", ".join(name for name, _ in measured.metrics) or "no numbers"
            return self._hopeless(ask, f"{room.workload.metrics} holds no `{judge.metric}`; it holds {there}", measured)
        return measured

    def _hopeless(
        self, ask: Ask, why: str, measured: Measurement | None = None, *, stage: Stage = "run"
    ) -> Measurement:
        """At an end this is for the user to mend; in between such a candidate cannot be tested."""
        if ask.purpose in ENDS and not ask.level:
            kind = UsageError if "no program" in why else ConfigError
            raise kind(f"{ask.purpose}: {why}")
        return replace(measured or Measurement(None, 0.0), failure=why, stopped_at=stage)
