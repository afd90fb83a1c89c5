"""A run told as a log in the manner of `git bisect log`: each line is a comment or a command that asks again. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from mbisect.bisection import Thought
from mbisect.journal import Head
from mbisect.report.trials import run_facts
from mbisect.report.untrusted import one_line
from mbisect.report.whereabouts import place_of
from mbisect.report.words import outcome_word, progress_words, purpose_words, spent_on
from mbisect.terms import Finding, Trial


def as_log(
    head: Head, trials: Sequence[Trial], finding: Finding | None, thoughts: Sequence[Thought] | None = None
) -> str:
    """The log, which a shell can run; ends with a newline. `thoughts`: what the search thought before each trial."""
    return "\n".join(_lines(head, trials, finding, thoughts)) + "\n"


def _lines(
    head: Head, trials: Sequence[Trial], finding: Finding | None, thoughts: Sequence[Thought] | None
) -> Iterator[str]:
    facts = dict(run_facts(head, trials, finding))
    yield f"# mbisect log {head.run}"
    yield from (f"# {name}: {one_line(facts[name])}" for name in ("good", "bad", "judged by", "timeline"))
    yield f"cd {shlex.quote(head.asked.folder)}"
    yield head.asked.line()
    before = ""
    for number, trial in enumerate(trials, 1):
        said = _thought(thoughts[number - 1]) if thoughts is not None else ""
        if said and said != before:
            yield f"# {said}"
        before = said
        outcome = f"{outcome_word(trial.outcome)}, {one_line(trial.outcome.reason, 200)}, {spent_on(trial)}"
        yield f"# trial {number}, {purpose_words(trial.ask)}, {place_of(trial.ask, head.timeline)}: {outcome}"
        yield f"mbisect reproduce {head.run} {number}"
    yield f"# {one_line(facts['found'], 800)}"


def _thought(thought: Thought) -> str:
    progress = thought.progress
    if progress is None:
        return thought.phase
    return progress_words(thought.phase, progress.low, progress.high, progress.size, progress.remaining)
