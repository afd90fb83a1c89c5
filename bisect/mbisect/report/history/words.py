"""What smokes saw, in words and numbers that all their reports share. Knows nothing of terminals and pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from mbisect.history import Light, Run, Smoke
from mbisect.report.untrusted import one_line
from mbisect.report.words import counted, found_sentence, listed, move, number
from mbisect.terms import Verdict

MARKS: dict[Light, str] = {"green": "✓", "red": "✗", "unsure": "?", "untestable": "∅"}
COLOURS: dict[Light, str] = {"green": "green", "red": "red", "unsure": "yellow", "untestable": "dim"}
PASSED = "passed"
"""What is drawn where no metric is judged: 1 for a run that passed, 0 for one that did not."""
STATUS = {"found": 1, "not-reproduced": 3, "good-endpoint-fails": 4, "undecided": 5}
"""Outcome of the search → exit status of a smoke that is not green."""


@dataclass(frozen=True, slots=True)
class Night:
    """One smoke, as it is drawn."""

    smoke: Smoke
    values: tuple[float, ...]
    """The drawn metric of each run that measured it."""

    @property
    def middle(self) -> float | None:
        """The median of its runs."""
        return median(self.values) if self.values else None


def status(smoke: Smoke) -> int:
    """The exit status that says how a smoke ended."""
    if smoke.light == "green":
        return 0
    return STATUS[smoke.finding.outcome if smoke.finding is not None else "undecided"]


def metric_of(smokes: Sequence[Smoke]) -> str:
    """What is drawn unless the user says otherwise: what is judged."""
    return next((smoke.metric for smoke in reversed(smokes) if smoke.runs), "") or PASSED


def metrics_in(smokes: Sequence[Smoke]) -> list[str]:
    """Everything that could be drawn."""
    return sorted({PASSED, *(name for s in smokes for run in s.runs for name, _ in run.measurement.metrics)})


def nights(smokes: Sequence[Smoke], metric: str) -> tuple[Night, ...]:
    """Each smoke with its values of a metric."""
    return tuple(Night(s, tuple(v for run in s.runs if (v := _value(run, metric)) is not None)) for s in smokes)


def _value(run: Run, metric: str) -> float | None:
    if metric != PASSED:
        return run.measurement.metric(metric)
    return {Verdict.GOOD: 1.0, Verdict.BAD: 0.0}.get(run.verdict)


def headline(smoke: Smoke) -> str:
    """`green: entity_f1 0.91, entity_f1 0.89`."""
    known = "nothing has moved, and nothing was run: " if smoke.remembered else ""
    return f"{smoke.light}: {known}{one_line(smoke.why)}"


def moved(smoke: Smoke, most: int = 4) -> str:
    """`31 packages moved: numpy 2.3.4 → 2.3.5, …`; empty where nothing did."""
    if not smoke.moved:
        return ""
    return f"{counted(len(smoke.moved), 'package')} moved: {listed([move(one) for one in smoke.moved], most)}"


def since(smoke: Smoke, reference: Smoke | None) -> str:
    """What it was compared with."""
    if reference is not None:
        return f"compared with the last green of {reference.at[:10]}"
    return f"compared with {smoke.reference}'s own lock" if smoke.reference else "the first, compared with nothing"


def found(smoke: Smoke) -> str:
    """What the search found, or why nothing was searched; empty for what is green."""
    if smoke.finding is None:
        return ""
    return found_sentence(smoke.finding) if smoke.finding.outcome == "found" else one_line(smoke.finding.why)


def confirmed(smoke: Smoke) -> str:
    """How the finding was confirmed; empty where there is none."""
    if smoke.finding is None or smoke.finding.outcome != "found":
        return ""
    said = {True: "yes", False: "no", None: "could not be tested"}
    return f"sufficient: {said[smoke.finding.sufficient]}, necessary: {said[smoke.finding.necessary]}"


def measured(night: Night) -> str:
    """`0.914 0.902`, by seed."""
    return " ".join(number(value) for value in night.values) or "–"


def streak(smokes: Sequence[Smoke]) -> str:
    """`green since 2026-11-20`, `red since 2026-11-26, 3 smokes`; empty for none."""
    if not smokes:
        return ""
    last = smokes[-1].light
    same = [smokes[-1]]
    for smoke in reversed(smokes[:-1]):
        if smoke.light != last:
            break
        same.append(smoke)
    return f"{last} since {same[-1].at[:10]}, {counted(len(same), 'smoke')}"
