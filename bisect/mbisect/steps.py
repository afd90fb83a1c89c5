"""One process of a trial: found among those that were kept, or build → stage → run → keep. Knows nothing of verdicts.

What is kept is named by its content, so no run measures the same twice; a training is kept like a trial.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from filelock import FileLock, Timeout

from mbisect.environments.beside import Beside
from mbisect.environments.build import Builder, Environment, Unbuildable, platform_key
from mbisect.environments.clash import clash_in
from mbisect.environments.loaded import gather, hooked
from mbisect.environments.store import LOADED
from mbisect.errors import ConfigError, NotStartedError, UsageError
from mbisect.events import Reporter
from mbisect.judge import Judge, MetricJudge
from mbisect.measurements import load_measurement, save_measurement
from mbisect.pytests import as_traceback, unusable
from mbisect.shell import Groups
from mbisect.staging import Stager
from mbisect.terms import PYTHON, Ask, Half, Interpreter, Measurement, Pin, Purpose, Stage, Values
from mbisect.workload import Fidelity, Halves, Workload, environ_for, measurement_of, settings_of

KEPT = "trial.json"
"""Written last; a trial's folder without it counts as never run."""
OUT = "out"
"""What the workload writes, within a trial's folder."""
DATA = "dataset"
"""The dataset that the workload gets, while it runs."""
TRAINED = "trained"
"""What an evaluation alone gets of a training, while it runs."""
PATIENCE = 0.5
"""Seconds after which a wait for another process's trial looks whether it was interrupted."""
ENDS: tuple[Purpose, ...] = ("good end", "bad end")


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
    held: bool = False
    """Even so, a training that an evaluation alone is about is taken from before."""
    beside: Beside | None = None
    """Lays pytest beside an environment that lacks it; needed where that is the workload."""
    levels: Mapping[str, Fidelity] = field(default_factory=dict)
    """Cheaper ways to run the workload, by name."""
    halves: Halves | None = None
    """The workload in two parts, where it has them."""
    half: Half | None = None
    """The half that a trial runs at its candidate; the other one runs at the good end. None: the whole workload."""
    ends: Mapping[str, Values] = field(default_factory=dict)
    """Purpose of an end → what it holds."""


@dataclass(frozen=True, slots=True)
class Step:
    """One process of a trial: a workload at a point."""

    workload: Workload
    values: Values
    seed: int
    end: Purpose | None = None
    """The end that this is, if it is one."""
    training: Step | None = None
    """What has to run before it, for an evaluation alone."""


class Runner:
    """Measures steps; may be called from several threads."""

    def __init__(self, room: Room, reporter: Reporter) -> None:
        self._room = room
        self._reporter = reporter
        self._done: set[str] = set()

    def key(self, step: Step) -> str:
        """Its content: everything that may change its measurement."""
        room, values = self._room, step.values
        interpreter = room.interpreter(values[PYTHON])
        parts = [values.digest, str(step.seed), step.workload.identity(), interpreter.path, platform_key()]
        parts.append(room.stager.identity(values) if room.stager is not None else "")
        parts += [self.key(step.training)] if step.training is not None else []
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]

    def measure(self, ask: Ask, step: Step) -> tuple[Measurement, bool, dict[Stage, float]]:
        """-> its measurement, whether that was known, and the seconds that each stage but the run took.

        Raises ConfigError or UsageError when an end cannot be measured at all for a reason that the user must mend.
        """
        key = self.key(step)
        with self._alone(key):
            kept = self._kept(key, step, fresh=self._room.fresh)
            if kept is not None:
                return kept, True, {}
            spent: dict[Stage, float] = {}
            return self._run_into(key, ask, step, spent), False, spent

    @contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        """One at a time measures a step. Raises InterruptError when the run is stopped meanwhile."""
        self._room.trials.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._room.trials / f"{key}.lock")
        while not lock.is_locked:
            self._room.groups.check()
            with suppress(Timeout):
                lock.acquire(timeout=PATIENCE)
        try:
            yield
        finally:
            lock.release()

    def _kept(self, key: str, step: Step, *, fresh: bool) -> Measurement | None:
        """What is known of a step, unless it has to be measured again."""
        if fresh and key not in self._done:
            return None
        kept = load_measurement(self._room.trials / key / KEPT)
        if kept is None:
            return None
        # A trial that timed out says nothing about a longer limit; one whose program was missing may have it now.
        limit = step.workload.timeout
        late = kept.timed_out and (limit is None or limit > kept.seconds + 1)
        return None if late else kept

    def _run_into(self, key: str, ask: Ask, step: Step, spent: dict[Stage, float]) -> Measurement:
        """Run a step and keep what comes of it, under the lock of its key."""
        folder = self._room.trials / key
        # What a killed run left going may still write into its own folder, never into this one.
        scratch = Path(tempfile.mkdtemp(prefix=f".{key}-", dir=self._room.trials))
        try:
            measured = self._run(ask, step, scratch, spent)
            if measured.stopped_at in (None, "run"):
                measured = replace(measured, output=str(folder / OUT))
                save_measurement(scratch / KEPT, measured)
                shutil.rmtree(folder, ignore_errors=True)
                scratch.rename(folder)
                self._done.add(key)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        return measured

    def _train(self, ask: Ask, step: Step, target: Path, spent: dict[Stage, float]) -> Measurement:
        """Have what a training left in the folder `target`; of one that was run before the seconds are 0.

        The files are links to those that are kept: pruning the cache meanwhile takes nothing away.
        """
        key = self.key(step)
        with self._alone(key):
            fresh = self._room.fresh and not (self._room.held and self._room.half == "evaluation")
            kept, out = self._kept(key, step, fresh=fresh), self._room.trials / key / OUT
            known = kept is not None and (kept.exit_status != 0 or out.is_dir())
            measured = replace(kept, seconds=0.0) if kept and known else self._run_into(key, ask, step, spent)
            if measured.exit_status == 0 and measured.stopped_at is None:
                shutil.copytree(out, target, copy_function=os.link)
        return measured

    def _run(self, ask: Ask, step: Step, folder: Path, spent: dict[Stage, float]) -> Measurement:
        room, values = self._room, step.values
        trained, seconds = None, 0.0
        if step.training is not None:
            training = self._train(ask, step.training, folder / TRAINED, spent)
            if training.exit_status != 0 or training.stopped_at is not None:
                (folder / OUT).mkdir()
                return training
            trained, seconds = folder / TRAINED, training.seconds
        self._reporter.stage(ask, "build")
        began = time.monotonic()
        hashes = room.hashes.get(step.end) if step.end is not None else None
        built = room.builder.build(values, hashes=hashes, built=None if step.end is not None else room.built)
        spent["build"] = spent.get("build", 0.0) + time.monotonic() - began
        if isinstance(built, Unbuildable):
            return Measurement(None, 0.0, failure=built.reason, stopped_at="build", tail=built.output[-4000:])
        beside: Path | None = None
        if room.beside is not None and step.workload.tests:
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
        work = step.workload.folder or folder / "work"
        dataset = None
        try:
            if room.stager is not None:
                dataset = room.stager.dataset(values, folder / DATA)
                if step.workload.folder is None:
                    room.stager.source(values, work)
        except ConfigError as error:
            return self._hopeless(ask, str(error), stage="stage")
        spent["stage"] = spent.get("stage", 0.0) + time.monotonic() - began
        try:
            measured = self._contained(ask, step, built, work, out, dataset, trained, beside)
            return replace(measured, seconds=seconds + measured.seconds)
        finally:
            if step.workload.folder is None:
                shutil.rmtree(work, ignore_errors=True)
            for given in (folder / TRAINED, folder / DATA):
                shutil.rmtree(given, ignore_errors=True)

    def _contained(
        self,
        ask: Ask,
        step: Step,
        built: Environment,
        work: Path,
        out: Path,
        dataset: Path | None,
        trained: Path | None,
        beside: Path | None,
    ) -> Measurement:
        room, log, trace = self._room, out.parent / "output.log", out.parent / "trace"
        traced = step.end == "good end" and not ask.level
        self._reporter.stage(ask, "run")
        with tempfile.TemporaryDirectory(prefix="mbisect-home-", ignore_cleanup_errors=True) as home:
            env = environ_for(
                step.values,
                step.seed,
                inherited=room.environ,
                bin_folder=built.bin,
                home=Path(home),
                out=out,
                dataset=dataset,
                trained=trained,
            )
            if beside is not None:
                env["PYTHONPATH"] = str(beside)
            word = step.workload.command[0]
            program = shutil.which(str(work / word) if os.sep in word else word, path=env["PATH"])
            if program is None:
                where = "beside its source, or it is not executable" if os.sep in word else "in its environment"
                hint = "; leave the quotes around the whole command out" if " " in word else ""
                return self._hopeless(ask, f"there is no program `{word}` {where}{hint}")
            argv = (program, *step.workload.arguments(out))
            if traced:
                env = hooked(env, trace)
            try:
                done = room.groups.run(argv, env=env, cwd=work, output=log, timeout=step.workload.timeout)
            except NotStartedError as error:
                return self._hopeless(ask, str(error).replace(program, word))
        room.builder.used(built, step.values)
        if traced:
            gather(trace, built.folder, out.parent / LOADED)
            shutil.rmtree(trace, ignore_errors=True)
        try:
            measured = measurement_of(step.workload, done.status, done.seconds, done.timed_out, log, out)
        except ConfigError as error:
            return self._hopeless(ask, str(error))
        if step.workload.tests and (why := unusable(measured)) is not None:
            return self._hopeless(ask, why, measured)
        if done.status != 0 and ask.purpose not in ENDS:
            said = as_traceback(measured.tail) if step.workload.tests else measured.tail
            measured = replace(measured, clash=clash_in(said, built.folder))
        judge, file = room.judge, step.workload.metrics
        if (
            isinstance(judge, MetricJudge)
            and file
            and done.status == 0
            and measured.metric(judge.metric) is None
            and measured.odd(judge.metric) is None
        ):
            there = ", ".join(name for name, _ in measured.metrics) or "no numbers"
            return self._hopeless(ask, f"{file} holds no `{judge.metric}`; it holds {there}", measured)
        return measured

    def _hopeless(
        self, ask: Ask, why: str, measured: Measurement | None = None, *, stage: Stage = "run"
    ) -> Measurement:
        """At an end this is for the user to mend; in between such a candidate cannot be tested."""
        if ask.purpose in ENDS and not ask.level:
            kind = UsageError if "no program" in why else ConfigError
            raise kind(f"{ask.purpose}: {why}")
        return replace(measured or Measurement(None, 0.0), failure=why, stopped_at=stage)
