"""Culprits that only fail together: are exactly these named, and in how many tests beside ddmin (picire)?

    python tests/bench/combinations.py [--searches 300] [--processes N] [--markdown FILE]

Also, ours alone: culprits that are each enough, and a culprit behind a break that was mended.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import inf
from statistics import mean

import peers
from measure import Bench, Ended, interval, middle, noise_name, percent

from mbisect.simulate import Exits, Result, Scenario

CLEAN, NOISY = Exits(), Exits(0.1, 0.9)
TOGETHER = [
    (Scenario(size, culprits=count, noise=noise), target)
    for noise, target in ((CLEAN, "100 % at ≤ 60 %"), (NOISY, "≥ 90 %"))
    for count in (2, 3)
    for size in (64, 256)
]
OTHERS = [
    *(Scenario(size, culprits=count, each=True) for count in (2, 3) for size in (64, 256)),
    *(Scenario(256, mended=count) for count in (1, 2)),
]


def main() -> None:
    """Print both tables."""
    bench = Bench(__doc__ or "", searches=300)
    if bench.peers:
        peers.need("picire", "picire")
    together(bench)
    others(bench)
    bench.end()


def together(bench: Bench) -> None:
    """Beside ddmin."""
    rows = []
    for scenario, target in TOGETHER:
        name = f"{scenario.culprits} of {scenario.changes}, {noise_name(scenario)}"
        if not bench.wants(name):
            continue
        ours = bench.ours(name, scenario)
        theirs = bench.each(f"{name}: picire", partial(peers.ddmin, scenario)) if bench.peers else []
        tests = mean(one.runs for one in theirs) if theirs else inf
        sets, runs = (mean(of) / tests for of in ([one.environments for one in ours], [one.runs for one in ours]))
        ratio = f"{100 * sets:.0f} % / {100 * runs:.0f} %" if theirs else ""
        rows.append([f"{name}; mbisect", target, *figures(ours), ratio])
        rows += [[f"{name}; ddmin", "", *figures(theirs), ""]] if theirs else []
    head = ("culprits, noise; tool", "target", "exact", "95 % interval", "runs", "environments", "of ddmin's tests")
    note = (
        "Runs and environments: median / mean; of ddmin, the distinct sets that it tests. Of ddmin's tests: our "
        "distinct sets / all our runs. Ours include both ends, the confirmation in both directions, and what is run "
        "twice because noise may look like none. With noise ddmin ends early and wrong: that is why its tests are few."
    )
    bench.table(f"Culprits that only fail together: {bench.options.searches} searches per row", head, rows, note)


def others(bench: Bench) -> None:
    """Ours alone."""
    rows = []
    for scenario in OTHERS:
        name = f"{scenario.culprits} of {scenario.changes}, " + (
            f"{scenario.mended} mended" if scenario.mended else "each"
        )
        if bench.wants(name):
            rows.append([name, "100 %", *figures(bench.ours(name, scenario))])
    head = ("culprits", "target", "exact", "95 % interval", "runs", "environments")
    bench.table(
        f"Each alone enough, and mended breaks, no noise: {bench.options.searches} searches per row", head, rows
    )


def figures(results: Sequence[Ended]) -> list[str]:
    """How often exactly the planted ones were named, and what it took."""
    exact = sum(one.judgement == "right" and (not isinstance(one, Result) or one.exact) for one in results)
    return [
        percent(exact, len(results)),
        interval(exact, len(results)),
        middle([one.runs for one in results]),
        middle([one.environments for one in results]),
    ]


if __name__ == "__main__":
    main()
