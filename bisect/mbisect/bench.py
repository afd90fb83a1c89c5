"""One trial: from what is asked to the steps that measure it, and to the outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

from mbisect.environments.loaded import Loaded, read_loaded
from mbisect.environments.store import LOADED
from mbisect.events import Reporter
from mbisect.judge import pointing
from mbisect.steps import ENDS, Room, Runner, Step
from mbisect.terms import BOTH, OTHER, Ask, Candidate, Measurement, Purpose, Trial, Values, Verdict


class Bench:
    """Runs trials; may be called from several threads."""

    def __init__(self, room: Room, reporter: Reporter) -> None:
        self._room = room
        self._reference: dict[str, Measurement] = {}
        self._runner = Runner(room, reporter)

    def recall(self, trials: Iterable[Trial]) -> None:
        """Take note of finished trials: the first run of the bad end that is not good shows how it is bad."""
        for trial in trials:
            if trial.ask.purpose == "bad end" and trial.outcome.verdict is not Verdict.GOOD:
                self._reference.setdefault(trial.ask.level, trial.measurement)

    def trial(self, ask: Ask) -> Trial:
        """Measure one candidate with one seed, or find that measurement, and judge it.

        Raises ConfigError or UsageError when an end cannot be measured at all for a reason that the user must mend.
        """
        return self._tried(ask, self._step(ask))

    def cell(self, trained: Candidate, evaluated: Candidate, seed: int, *ends: Purpose) -> Trial:
        """Train at one candidate and evaluate at another; `ends` are those that they are. Judged as `trial` does."""
        ask = Ask(evaluated, seed, ends[0] if ends[0] == ends[1] else "boundary")
        sides = [_Side(at.values, seed, end) for at, end in zip((trained, evaluated), ends, strict=True)]
        return self._tried(ask, self._halves(*sides))

    def _tried(self, ask: Ask, step: Step) -> Trial:
        measured, reused, spent = self._runner.measure(ask, step)
        reference = None if ask.purpose in ENDS else self._reference.get(ask.level)
        judge = self._room.judge.at_level() if ask.level in self._room.levels else self._room.judge
        outcome = pointing(judge.judge(measured, reference, consistent=not ask.candidate.exact), measured)
        trial = Trial(ask, measured, outcome, tuple(spent.items()), reused)
        self.recall([trial])
        return trial

    def loaded(self, ask: Ask) -> Callable[[], Loaded | None]:
        """Says what the workload loaded in a trial; None before it has run, and where that was not traced."""
        step = self._step(ask)
        if self._room.half == "training" and step.training is not None:
            step = step.training
        return partial(read_loaded, self._room.trials / self._runner.key(step) / LOADED)

    def key(self, ask: Ask) -> str:
        """A trial's content: everything that may change its measurement."""
        return self._runner.key(self._step(ask))

    def _step(self, ask: Ask) -> Step:
        """What is really run: at a cheaper level some settings are others, and one half may be held at an end.

        An evaluation alone is about one training: other seeds are those of the evaluation.
        """
        room = self._room
        level = room.levels.get(ask.level)
        values = level.apply(ask.candidate.values) if level else ask.candidate.values
        end: Purpose | None = ask.purpose if ask.purpose in ENDS else None
        if room.half is None:
            return Step(room.workload, values, ask.seed, end)
        held_end = ENDS[1] if ask.level == OTHER else ENDS[0]
        held = level.apply(room.ends[held_end]) if level else room.ends[held_end]
        moving = _Side(values, ask.seed, end)
        if ask.level == BOTH:
            return self._halves(moving, moving)
        if room.half == "training":
            return self._halves(moving, _Side(held, ask.seed, held_end))
        return self._halves(_Side(held, 0, held_end), moving)

    def _halves(self, trained: _Side, evaluated: _Side) -> Step:
        halves = self._room.halves
        assert halves is not None, "who asks about halves has been told where there are none"
        return Step(halves.evaluation, *evaluated, Step(halves.training, *trained))


class _Side(NamedTuple):
    """Where one half of the workload runs; see Step."""

    values: Values
    seed: int
    end: Purpose | None
