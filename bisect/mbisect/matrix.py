"""Train at one end, evaluate at the other: which half of the workload broke? Knows nothing of commands and files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from mbisect.search.whole import middle
from mbisect.terms import Asked, Half, Outcome, Trial, Verdict

Answer = Literal["training", "evaluation", "each", "together", "not-reproduced", "good-endpoint-fails", "undecided"]
"""Which half broke; `each`: both, and each is enough; `together`: bad only where both are the bad end's."""
Side = Literal["good", "bad"]
SIDES: tuple[Side, Side] = ("good", "bad")
NEAR = 0.25
"""A metric without thresholds is as good as that of an end when no more than this part of the gap lies between."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Trained at one end and evaluated at one: its trials, one for each seed, and what they show."""

    trained: Side
    evaluated: Side
    trials: tuple[Trial, ...]
    outcome: Outcome

    @property
    def value(self) -> float | None:
        """The judged metric, as a number where the judge compares it."""
        return middle(trial.outcome for trial in self.trials)


@dataclass(frozen=True, slots=True)
class Matrix:
    """The cells that were run, and the answer."""

    asked: Asked
    judge: str
    """The judge's rule in words."""
    cells: tuple[Cell, ...]
    answer: Answer
    why: str = ""
    """For `undecided`: the reason."""

    @property
    def guilty(self) -> Half | None:
        """The one half that broke, where it is one."""
        return self.answer if self.answer in ("training", "evaluation") else None

    def cell(self, trained: Side, evaluated: Side) -> Cell | None:
        """One cell; None where it was not run."""
        return next((cell for cell in self.cells if (cell.trained, cell.evaluated) == (trained, evaluated)), None)


def measure(
    asked: Asked,
    judge: str,
    trial: Callable[[int, int, int], Trial],
    seeds: int,
    tell: Callable[[Cell], None] = lambda cell: None,
) -> Matrix:
    """Run the cells and say which half broke.

    `trial(trained, evaluated, seed)`, where 0 is the good end and 1 the bad. The two ends come first: where they
    are not what they should be, nothing else is run. `tell` hears of each cell.
    """
    cells: list[Cell] = []

    def run(trained: int, evaluated: int) -> Cell:
        trials = tuple(trial(trained, evaluated, seed) for seed in range(seeds))
        ends = [cell.trials for cell in cells[:2]] if len(cells) >= 2 else None
        cell = Cell(SIDES[trained], SIDES[evaluated], trials, outcome_of(trials, ends))
        cells.append(cell)
        tell(cell)
        return cell

    good_end, bad_end = run(0, 0), run(1, 1)
    if good_end.value is not None and bad_end.value is not None:
        differ = _apart(good_end.trials, bad_end.trials)
        ends: tuple[Answer, str] | None = None if differ else ("not-reproduced", "both ends measure the same")
    else:
        ends = _ends(good_end, bad_end)
    answer, why = ends if ends is not None else _answer(run(0, 1), run(1, 0))
    return Matrix(asked, judge, tuple(cells), answer, why)


def outcome_of(trials: Sequence[Trial], ends: Sequence[Sequence[Trial]] | None) -> Outcome:
    """What the runs of one cell show together; `ends` are those of the two ends, where they are known.

    One that fails in another way than the bad end says nothing of it, as one that could not be run.
    """
    outcomes = [trial.outcome for trial in trials]
    mute = next((one for one in outcomes if one.verdict is Verdict.UNTESTABLE or not one.alike), None)
    if mute is not None:
        return Outcome(Verdict.UNTESTABLE, mute.reason)
    verdicts = {outcome.verdict for outcome in outcomes}
    if (value := middle(outcomes)) is not None:
        middles = (middle(trial.outcome for trial in end) for end in ends or ())
        verdict = _nearer(value, *middles) if ends else Verdict.UNSURE
        return Outcome(verdict, outcomes[0].reason, value=value)
    if len(verdicts) == 1:
        return outcomes[0]
    bad = sum(outcome.verdict is Verdict.BAD for outcome in outcomes)
    return Outcome(Verdict.UNSURE, f"{bad} of {len(outcomes)} runs are bad")


def _ends(good: Cell, bad: Cell) -> tuple[Answer, str] | None:
    """What is to be said where the ends are not what they should be."""
    for name, cell, opposite, answer in (
        ("good", good, Verdict.BAD, "good-endpoint-fails"), ("bad", bad, Verdict.GOOD, "not-reproduced"),
    ):  # fmt: skip
        if cell.outcome.verdict is opposite:
            return answer, f"the {name} end is {opposite}: {cell.outcome.reason}"  # type: ignore[return-value]  # these
    for name, cell in (("good", good), ("bad", bad)):
        if cell.value is None and cell.outcome.verdict in (Verdict.UNTESTABLE, Verdict.UNSURE):
            return "undecided", f"the {name} end is {cell.outcome.verdict}: {cell.outcome.reason}"
    return None


def _answer(evaluated: Cell, trained: Cell) -> tuple[Answer, str]:
    """From what the bad end evaluates of the good one's, and what it trains for the good one."""
    for cell in (evaluated, trained):
        if cell.outcome.verdict not in (Verdict.GOOD, Verdict.BAD):
            where = f"trained at the {cell.trained} end and evaluated at the {cell.evaluated} one"
            return "undecided", f"{where} it is {cell.outcome.verdict}: {cell.outcome.reason}"
    return {
        (True, False): "evaluation", (False, True): "training", (True, True): "each", (False, False): "together",
    }[evaluated.outcome.verdict is Verdict.BAD, trained.outcome.verdict is Verdict.BAD], ""  # type: ignore[return-value]  # fmt: skip  # these


def _nearer(value: float, good: float | None, bad: float | None) -> Verdict:
    if bad is None:
        return Verdict.GOOD  # it measures something, where the bad end fails
    if good is None or good == bad:
        return Verdict.UNSURE
    place = (value - good) / (bad - good)
    return Verdict.GOOD if place <= NEAR else Verdict.BAD if place >= 1 - NEAR else Verdict.UNSURE


def _apart(good: Sequence[Trial], bad: Sequence[Trial]) -> bool:
    """No run of one end measures as much as one of the other."""
    one, other = ([t.outcome.value for t in trials if t.outcome.value is not None] for trials in (good, bad))
    return max(one) < min(other) or max(other) < min(one)
