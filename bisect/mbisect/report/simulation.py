"""What simulated searches come to, for people and for programs. Pure."""

from __future__ import annotations

from dataclasses import asdict

from mbisect.simulate.many import Summary
from mbisect.simulate.planted import Exits, Metrics
from mbisect.simulate.scenario import Scenario

COUNTS = {0: "nothing changed", 1: "one culprit", 2: "two culprits", 3: "three culprits"}


def as_text(scenario: Scenario, summary: Summary, jobs: int) -> str:
    """A few lines: the question in words, what it takes, how often it is right."""
    rows = [("runs", summary.runs), ("environments", summary.environments)]
    rows += [(f"rounds of {jobs} jobs", summary.rounds)] if jobs > 1 else []
    lines = [in_words(scenario), "", f"{'':<20}{'median':>8}{'90 % need at most':>20}"]
    lines += [f"{name:<20}{row.median:>8g}{row.most:>20g}" for name, row in rows]
    shares = (
        f"right {_percent(summary.right)}, undecided {_percent(summary.undecided)}, wrong {_percent(summary.wrong)}"
    )
    lines += ["", f"{shares} of {summary.searches} searches"]
    if summary.stopped:
        lines.append(f"{_percent(summary.stopped)} wanted more runs than --max-runs allows, and count as undecided")
    return "\n".join(lines)


def as_plain(scenario: Scenario, summary: Summary, jobs: int, seed: int) -> dict[str, object]:
    """The same as plain JSON values; `median` and `most` (90 % stay within it) are counts."""
    return {
        "scenario": {**asdict(scenario), "build_cost": scenario.price, "jobs": jobs, "seed": seed},
        **asdict(summary),
    }


def in_words(scenario: Scenario) -> str:
    """The scenario in one line."""
    breaks = COUNTS.get(scenario.culprits, f"{scenario.culprits} culprits")
    if scenario.culprits > 1:
        breaks += ", each alone enough" if scenario.each else " that only fail together"
    words = [f"{scenario.changes} changes", breaks]
    noise = scenario.noise
    if isinstance(noise, Metrics):
        words.append(f"a metric {noise.gap:g} standard deviations apart")
    elif isinstance(noise, Exits):
        words.append(f"good candidates fail {_percent(noise.good_fails)}")
        words += [f"bad ones {_percent(noise.bad_fails)}"] if scenario.culprits else []
    if scenario.untestable:
        words.append(f"{_percent(scenario.untestable)} untestable")
    if scenario.build_cost is not None:
        words.append(f"a new environment costs {scenario.build_cost:g} run{'' if scenario.build_cost == 1 else 's'}")
    return ", ".join(words)


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
