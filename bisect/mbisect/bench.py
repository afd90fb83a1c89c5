"""One trial: from what is asked to the steps that measure it, and to the outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from mbisect.environments.loaded import Loaded, read_loaded
from mbisect.environments.store import LOADED
from mbisect.events import Reporter
from mbisect.judge import pointing
from mbisect.steps import ENDS, Room, Runner, Step
from mbisect.terms import BOTH, Ask, Candidate, Measurement, Purpose, Trial, Values, Verdict


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
        return self._tried(ask, self._halves(trained.values, evaluated.values, seed, *ends))

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
        """What is really run: at a cheaper level some settings are others, and one half may be held at the good end."""
        room = self._room
        level = room.levels.get(ask.level)
        values, held = (level.apply(v) if level else v for v in (ask.candidate.values, room.good))
        end: Purpose | None = ask.purpose if ask.purpose in ENDS else None
        if room.half is None:
            return Step(room.workload, values, ask.seed, end)
        if ask.level == BOTH:
            return self._halves(values, values, ask.seed, end, end)
        if room.half == "training":
            return self._halves(values, held, ask.seed, end, "good end")
        return self._halves(held, values, ask.seed, "good end", end)

    def _halves(self, trained: Values, evaluated: Values, seed: int, *ends: Purpose | None) -> Step:
        halves = self._room.halves
        assert halves is not None, "who asks about halves has been told where there are none"
        training = Step(halves.training, trained, seed, ends[0])
        return Step(halves.evaluation, evaluated, seed, ends[1], training)
