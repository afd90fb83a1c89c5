"""Turns measurements into outcomes. Pure: facts in, opinion out."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Protocol

from mbisect.terms import Measurement, Outcome, Verdict

BROKEN = re.compile(
    r"numpy\.dtype size changed|compiled using NumPy 1\.x|numpy\.core\.multiarray failed to import|undefined symbol"
    r"|DistributionNotFound|ContextualVersionConflict|VersionConflict"
)
"""Failures of an environment that does not fit together, whatever the workload does."""
MISSING = re.compile(r"ModuleNotFoundError: No module named '([^'.]+)'")
"""A module that is missing as a whole; a missing part of a package that is there may well be the change looked for."""
PATH = re.compile(r"(?:/[^\s/'\"():]+)+/(?=[^\s/'\"():])")
"""The folders of an absolute path."""
LAST = 100
"""Characters of a last line that are told."""
DIAGNOSIS = "diagnosis"
"""The note in which a workload names the kind of failure, where it is a clear one: `hallucination: reciting`."""


class Judge(Protocol):
    """Good, bad, untestable or unsure?"""

    def judge(self, measured: Measurement, reference: Measurement | None, *, consistent: bool) -> Outcome:
        """The outcome of one trial.

        `reference` is the bad end's measurement once it is known (None for the ends themselves); `consistent` is
        False where the environment was put together without regard to its metadata.
        """

    def describe(self) -> str:
        """The rule in words."""

    def at_level(self) -> Judge:
        """The judge for a cheaper level of the workload, where thresholds made for full size say nothing."""


@dataclass(frozen=True, slots=True)
class ExitStatusJudge:
    """As `git bisect run` does: 0 good, 125 untestable, anything else from 1 to 127 bad."""

    def judge(self, measured: Measurement, reference: Measurement | None, *, consistent: bool) -> Outcome:
        """A failure that says that the environment is broken counts only if the bad end fails in the same way."""
        untestable = never_ran(measured)
        if untestable is not None:
            return untestable
        status = measured.exit_status
        if status == 0:
            return Outcome(Verdict.GOOD, "exit status 0")
        if status == 125:
            return Outcome(Verdict.UNTESTABLE, "exit status 125: it asks to be skipped")
        said = ended(measured)
        if reference is None:
            return Outcome(Verdict.BAD, said)
        same = alike(measured, reference)
        if not same and (status is None or not 1 <= status <= 127):
            return Outcome(Verdict.UNTESTABLE, f"{said}; the bad end does not end so")
        if not same and is_broken(measured, reference):
            return Outcome(Verdict.UNTESTABLE, f"{said}: the environment does not fit together")
        if not same and not consistent:
            return Outcome(Verdict.UNTESTABLE, f"{said}; its packages contradict each other's metadata")
        return Outcome(Verdict.BAD, said, alike=same)

    def describe(self) -> str:
        """The rule in words."""
        return "exit status: 0 good, 125 untestable, 1 to 127 bad"

    def at_level(self) -> Judge:
        """An exit status means the same at every level."""
        return self


@dataclass(frozen=True, slots=True)
class MetricJudge:
    """Thresholds on one metric; what lies between them is unsure. Higher is better where good > bad.

    Without thresholds the metric itself is the evidence, and the search compares it with what both ends measure.
    """

    metric: str
    good: float | None = None
    bad: float | None = None

    def judge(self, measured: Measurement, reference: Measurement | None, *, consistent: bool) -> Outcome:
        """A crash, or a metric that is no number, is bad only when the bad end does the same; a metric that is missing
        cannot be judged.

        A bad one is of a third kind where the workload's own diagnosis is another than that of the bad end.
        """
        untestable = never_ran(measured)
        if untestable is not None:
            return untestable
        if measured.exit_status != 0:
            said = ended(measured)
            crash = reference is None or (reference.exit_status != 0 and alike(measured, reference))
            return Outcome(Verdict.BAD if crash else Verdict.UNTESTABLE, said)
        value = measured.metric(self.metric)
        if value is None and (odd := measured.odd(self.metric)) is not None:
            same = reference is None or reference.odd(self.metric) is not None
            return Outcome(Verdict.BAD if same else Verdict.UNTESTABLE, f"{self.metric} is {odd}")
        if value is None:
            return Outcome(Verdict.UNTESTABLE, f"it measured no {self.metric}")
        said = f"{self.metric} {value:.4g}"
        if self.good is None or self.bad is None:
            return Outcome(Verdict.UNSURE, said, value=value)
        sign = 1 if self.good > self.bad else -1
        if sign * value >= sign * self.good:
            return Outcome(Verdict.GOOD, said)
        if sign * value <= sign * self.bad:
            ours, theirs = diagnosis_of(measured), diagnosis_of(reference) if reference is not None else ""
            if ours and theirs and ours != theirs:
                return Outcome(Verdict.BAD, f"{said}; {ours}, where the bad end shows {theirs}", alike=False)
            return Outcome(Verdict.BAD, said)
        return Outcome(Verdict.UNSURE, f"{said} lies between {self.bad:g} and {self.good:g}")

    def describe(self) -> str:
        """The rule in words."""
        if self.good is None or self.bad is None:
            return f"{self.metric}: as both ends measure it"
        above, below = ("≥", "≤") if self.good > self.bad else ("≤", "≥")
        return f"{self.metric}: good {above} {self.good:g}, bad {below} {self.bad:g}, between: unsure"

    def at_level(self) -> Judge:
        """Both ends say what the metric is there."""
        return MetricJudge(self.metric)


@dataclass(frozen=True, slots=True)
class PytestJudge:
    """Good when the tests pass, bad when one of them fails as it does at the bad end.

    What pytest said of each test stands in the notes: `passed`, `skipped: why`, `call: TypeError: …`, and likewise for
    the phases setup, teardown and collect.
    """

    def judge(self, measured: Measurement, reference: Measurement | None, *, consistent: bool) -> Outcome:
        """Another test, another phase or another exception is a third way to fail; a module that can be imported at
        the bad end and not here says nothing, and nor does a test that is skipped."""
        untestable = never_ran(measured)
        if untestable is not None:
            return untestable
        if not measured.notes:
            return self._without_results(measured, reference, consistent=consistent)
        failing, wanted = failures(measured), failures(reference)
        if not failing:
            return self._none_fails(measured, wanted)
        said = measured.failure or "a test failed"
        if reference is None:
            return Outcome(Verdict.BAD, said)
        same = bool(failing & wanted)
        if not same and all(phase == "collect" for _, phase, _ in failing):
            return Outcome(Verdict.UNTESTABLE, f"could not be collected: {said}")
        if not same and is_broken(measured, reference):
            return Outcome(Verdict.UNTESTABLE, f"{said}: the environment does not fit together")
        if not same and not consistent:
            return Outcome(Verdict.UNTESTABLE, f"{said}; its packages contradict each other's metadata")
        return Outcome(Verdict.BAD, said, alike=same)

    def _none_fails(self, measured: Measurement, wanted: frozenset[tuple[str, str, str]]) -> Outcome:
        ended = {test: note.partition(":")[0] for test, note in measured.notes}
        there = [test for test, _, _ in wanted if test in ended]
        skipped = [test for test in there or ended if ended[test] == "skipped"]
        if skipped and len(skipped) == len(there or ended):
            return Outcome(Verdict.UNTESTABLE, f"{skipped[0]} was {dict(measured.notes)[skipped[0]]}")
        if measured.exit_status != 0:
            return Outcome(Verdict.UNTESTABLE, f"no test failed, but pytest ended with status {measured.exit_status}")
        passed = sum(how == "passed" for how in ended.values())
        return Outcome(Verdict.GOOD, "1 test passed" if passed == 1 else f"{passed} tests passed")

    def _without_results(self, measured: Measurement, reference: Measurement | None, *, consistent: bool) -> Outcome:
        """Pytest did not come so far as to write them: it crashed, or was kept from starting."""
        if measured.exit_status == 0:
            return Outcome(Verdict.UNTESTABLE, "pytest left no results")
        outcome = ExitStatusJudge().judge(measured, reference, consistent=consistent)
        if outcome.verdict is Verdict.BAD and not outcome.alike:
            return replace(outcome, verdict=Verdict.UNTESTABLE, alike=True)
        return outcome

    def describe(self) -> str:
        """The rule in words."""
        return "pytest: good when the tests pass, bad when one fails as it does at the bad end"

    def at_level(self) -> Judge:
        """A test means the same at every level."""
        return self


def failures(measured: Measurement | None) -> frozenset[tuple[str, str, str]]:
    """(test, phase, kind of exception) of what failed in a run of pytest; for a missing module, its name too."""
    found = set()
    for test, note in measured.notes if measured is not None else ():
        phase, _, said = note.partition(": ")
        if phase not in ("passed", "skipped"):
            found.add((test, phase, said if said.startswith("ModuleNotFoundError") else said.partition(":")[0]))
    return frozenset(found)


def pointing(outcome: Outcome, measured: Measurement) -> Outcome:
    """An outcome that says nothing of the change looked for, with the packages that the failure points at."""
    mute = outcome.verdict is Verdict.UNTESTABLE or not outcome.alike
    return replace(outcome, clash=measured.clash) if mute and measured.clash else outcome


def ended(measured: Measurement) -> str:
    """How a workload failed: its status and the exception, or else the last line that it printed, without its paths."""
    lines = [line.strip() for line in measured.tail.splitlines() if line.strip()]
    said = measured.failure or (PATH.sub("…/", lines[-1])[:LAST] if lines else "")
    return f"exit status {measured.exit_status}" + (f": {said}" if said else "")


def never_ran(measured: Measurement) -> Outcome | None:
    """The outcome of a trial whose workload did not run to its end, else None."""
    if measured.timed_out:
        return Outcome(Verdict.UNTESTABLE, f"timed out after {measured.seconds:.0f} s")
    if measured.stopped_at is not None:
        return Outcome(Verdict.UNTESTABLE, f"could not {measured.stopped_at}: {measured.failure or 'no reason given'}")
    return None


def alike(measured: Measurement, reference: Measurement) -> bool:
    """Two failures are alike when exit status and kind of exception are the same; for a missing module, its name."""
    if measured.exit_status != reference.exit_status:
        return False
    ours, theirs = measured.failure or "", reference.failure or ""
    if ours.startswith("ModuleNotFoundError"):
        return ours == theirs
    return ours.partition(":")[0] == theirs.partition(":")[0]


def diagnosis_of(measured: Measurement) -> str:
    """The kind of failure that the workload itself names, on one line; empty where it names none.

    What follows a colon tells kinds apart that may change from seed to seed, and is not compared: as the message of an
    exception is not.
    """
    said = dict(measured.notes).get(DIAGNOSIS, "").partition(":")[0]
    return " ".join(said.split())[:60].casefold()


def is_broken(measured: Measurement, reference: Measurement) -> bool:
    """The failure says that the environment does not fit together, and the bad end says no such thing."""
    text = f"{measured.failure}\n{measured.tail}"
    if MISSING.match(measured.failure or ""):
        return True
    return bool(BROKEN.search(text)) and not BROKEN.search(f"{reference.failure}\n{reference.tail}")
