"""Candidates that cannot be tested: is the culprit named, or within the interval that is left?

    python tests/bench/gaps.py [--searches 300] [--processes N] [--markdown FILE]

Each candidate is untestable by a fixed chance of its own, whatever the seed of the trial; the ends are not.
git-bayesect counts what cannot be tested as a failure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from statistics import mean, median

import peers
from measure import Bench, Ended, interval, middle, noise_name, percent

from mbisect.simulate import Exits, Metrics, Noise, Result, Scenario


@dataclass(frozen=True, slots=True)
class Cell:
    """A row of the table."""

    scenario: Scenario
    target: str = ""

    @property
    def name(self) -> str:
        """What is planted, in a few words."""
        scenario = self.scenario
        words = [str(scenario.changes), noise_name(scenario)]
        words += [f"{scenario.culprits} {'each' if scenario.each else 'together'}"] if scenario.culprits > 1 else []
        words += [f"{100 * scenario.untestable:g} % untestable"] if scenario.untestable else []
        words += [f"{100 * scenario.third:g} % of a third kind"] if scenario.third else []
        return ", ".join(words)


def cells() -> list[Cell]:
    """20 % untestable throughout; noise-free must be right always."""
    clean, always = Exits(), "100 %"
    noisy: tuple[Noise, ...] = (Exits(0, 0.7), Exits(0.1, 0.7), Metrics(2))
    return [
        *(Cell(Scenario(size, noise=clean, untestable=0.2), always) for size in (64, 256)),
        *(Cell(Scenario(64, culprits=n, noise=clean, untestable=0.2), always) for n in (2, 3)),
        Cell(Scenario(64, culprits=2, each=True, noise=clean, untestable=0.2), always),
        Cell(Scenario(256, noise=clean, untestable=0.5), always),
        Cell(Scenario(256, noise=clean, third=0.2), always),
        *(Cell(Scenario(256, noise=noise, untestable=0.2)) for noise in noisy),
    ]


def main() -> None:
    """Print the table."""
    bench = Bench(__doc__ or "", searches=300)
    if bench.peers:
        peers.need("git_bayesect", "git-bayesect")
    rows = []
    for cell in cells():
        if not bench.wants(cell.name):
            continue
        ours = bench.ours(cell.name, cell.scenario)
        rows.append([f"{cell.name}; mbisect", cell.target, *figures(ours), *widths(ours), falsely_confirmed(ours)])
        if bench.peers and cell.scenario.culprits == 1:
            theirs = bench.each(f"{cell.name}: git-bayesect", partial(peers.bayesect, cell.scenario))
            rows.append([f"{cell.name}; git-bayesect", "", *figures(theirs), "", "", ""])
    head = (
        *(
            "changes, noise, gaps; tool",
            "target",
            "right",
            "95 % interval",
            "wrong",
            "undecided",
            "runs",
            "environments",
        ),
        *("named exactly", "releases in the answer", "wrong though confirmed"),
    )
    note = (
        "Right: the culprit is named, or within the interval that is left. Runs and environments: median / mean. "
        "Releases in the answer: median / mean / most; as many as there are culprits is exact."
    )
    bench.table(f"Gaps: {bench.options.searches} searches per row", head, rows, note)
    bench.end()


def figures(results: Sequence[Ended]) -> list[str]:
    """How often it was right, and what it took."""
    judged = [one.judgement for one in results]
    right, total = judged.count("right"), len(judged)
    return [
        percent(right, total),
        interval(right, total),
        percent(judged.count("wrong"), total),
        percent(judged.count("undecided"), total),
        middle([one.runs for one in results]),
        middle([one.environments for one in results]),
    ]


def widths(results: Sequence[Ended]) -> list[str]:
    """The share of exact answers among the right ones, and how wide these are."""
    right = [one for one in results if isinstance(one, Result) and one.judgement == "right"]
    if not right:
        return ["-", "-"]
    wide = [one.width for one in right]
    return [percent(sum(one.exact for one in right), len(right)), f"{median(wide):g} / {mean(wide):.1f} / {max(wide)}"]


def falsely_confirmed(results: Sequence[Ended]) -> str:
    """The share that is wrong and was said to be shown in both directions."""
    false = sum(isinstance(one, Result) and one.judgement == "wrong" and one.confirmed for one in results)
    return percent(false, len(results))


if __name__ == "__main__":
    main()
