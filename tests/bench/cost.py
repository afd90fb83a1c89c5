"""How many runs in how many environments does it take at 256 changes? Beside the targets, and git-bayesect.

    python tests/bench/cost.py [--searches 300] [--processes N] [--markdown FILE]

One planted culprit; and nothing planted at all, where the search must end by itself and name no cause. Targets are of
the means; a search that is not right is not cheap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from math import inf
from statistics import mean

import peers
from measure import Bench, Ended, interval, middle, noise_name, percent, right_of_found, wilson

from mbisect.simulate import Exits, Metrics, Scenario

N = 256
TARGETS = (
    (Exits(0, 1), 12, inf),
    (Exits(0.1, 0.7), 62, 16),
    (Exits(0.2, 0.5), 275, 32),
    (Metrics(2), 39, inf),
)
"""Noise, most runs, most environments. 12 is log2(256), both ends and both confirmations."""
NOTHING = Exits(0), Exits(0.1), Exits(0.3), Exits(1), Metrics(0)
ENDS = "found", "not-reproduced", "good-endpoint-fails", "undecided", "stopped"


def main() -> None:
    """Print both tables."""
    bench = Bench(__doc__ or "", searches=300)
    if bench.peers:
        peers.need("git_bayesect", "git-bayesect")
    planted(bench)
    prices(bench)
    nothing(bench)
    bench.end()


def planted(bench: Bench) -> None:
    """One culprit."""
    rows = []
    for noise, runs, environments in TARGETS:
        scenario = Scenario(N, noise=noise)
        name = noise_name(scenario)
        if not bench.wants(name):
            continue
        target = f"≤ {runs} in ≤ {environments}" if environments < inf else f"≤ {runs}"
        ours = bench.ours(name, scenario)
        cheap = mean(one.runs for one in ours) <= runs and mean(one.environments for one in ours) <= environments
        met = cheap and mostly_right(ours)
        rows.append([f"{name}; mbisect", target, "yes" if met else "no", *figures(ours)])
        if bench.peers:
            theirs = bench.each(f"{name}: git-bayesect", partial(peers.bayesect, scenario))
            rows.append([f"{name}; git-bayesect", "", "", *figures(theirs)])
    head = ("noise; tool", "target", "met", "runs", "environments", "named a cause", "right of these", "95 % interval")
    note = (
        "Runs and environments: median / mean. A target is met if also 95 % of all searches may be right. A new\n"
        "environment costs as much as three runs, and as one where a metric is measured: what trains takes longer."
    )
    bench.table(f"Cost at {N} changes: {bench.options.searches} searches per row", head, rows, note)


def prices(bench: Bench) -> None:
    """What a new environment costs, in runs, decides between runs and environments; the most that counts is 4."""
    rows = []
    for noise in (Exits(0.1, 0.7), Metrics(2)):
        for price in (1.0, 2.0, 3.0, 4.0):
            scenario = Scenario(N, noise=noise, build_cost=price)
            name = f"{noise_name(scenario)}, an environment costs {price:g}"
            if bench.wants(name):
                rows.append([name, *figures(bench.ours(name, scenario))])
    head = ("noise, price in runs", "runs", "environments", "named a cause", "right of these", "95 % interval")
    bench.table(f"By the price of an environment: {bench.options.searches} searches per row", head, rows)


def nothing(bench: Bench) -> None:
    """Nothing changed: the good and the bad end fail alike."""
    rows = []
    for noise in NOTHING:
        scenario = Scenario(N, culprits=0, noise=noise)
        name = "metric" if isinstance(noise, Metrics) else f"both ends fail {100 * noise.good_fails:g} %"
        if bench.wants(name):
            ours = bench.ours(f"nothing changed, {name}", scenario)
            counts = Counter(one.outcome for one in ours)
            shares = [percent(counts[end], len(ours)) for end in ENDS]
            rows.append([name, *shares, interval(counts["found"], len(ours)), str(max(one.runs for one in ours))])
    head = ("noise", *ENDS, "95 % interval of found", "most runs")
    note = (
        "`found` is a false alarm (target: ≤ 5 %). git-bayesect has no such verdict: it runs until it names a commit."
    )
    bench.table(f"Nothing changed, {N} changes: {bench.options.searches} searches per row", head, rows, note)


def mostly_right(results: Sequence[Ended]) -> bool:
    """Whether 95 % of all searches may well be right, those that named no cause included."""
    return wilson(sum(one.judgement == "right" for one in results), len(results))[1] >= 0.95


def figures(results: Sequence[Ended]) -> list[str]:
    """Runs, environments, and how often it was right."""
    found, right = right_of_found(results)
    return [
        middle([one.runs for one in results]),
        middle([one.environments for one in results]),
        percent(found, len(results)),
        percent(right, found),
        interval(right, found),
    ]


if __name__ == "__main__":
    main()
