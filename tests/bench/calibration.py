"""When the search says 95 %, is it right 95 % of the time? One planted culprit, all kinds of noise.

    python tests/bench/calibration.py [--searches 300] [--processes N] [--markdown FILE]

Of all searches that named a cause: the share that named the right one, with its 95 % (Wilson) interval. The claim holds
where that interval reaches 95 %. git-bayesect searches the same worlds, until it is 95 % sure, in the same run.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from statistics import mean

import peers
from measure import Bench, Ended, interval, middle, noise_name, percent, right_of_found, wilson

from mbisect.simulate import Exits, Metrics, Noise, Scenario

SIZES = 64, 256
NOISES: tuple[Noise, ...] = (
    Exits(0, 1),
    Exits(0, 0.7),
    Exits(0.1, 0.7),
    Exits(0.2, 0.5),
    Exits(0.3, 0.5),
    *(Metrics(gap) for gap in (1, 1.5, 2, 3)),
)
HEAD = (
    *("noise, N; tool", "named a cause", "says", "right of these", "95 % interval", "holds", "wrong otherwise"),
    *("runs", "environments"),
)
NOTE = """\
Noise: how often good and bad candidates fail, or the gap of a metric in standard deviations. Says: the mean of the
confidence that comes with the answers. Wrong otherwise: named no cause, and said that an end is not what it is. Runs
and environments: median / mean. git-bayesect gets the best verdict of a metric, by the threshold halfway between. A new
environment costs as much as three runs, and as one where a metric is measured."""


def main() -> None:
    """Print the table."""
    bench = Bench(__doc__ or "", searches=300)
    if bench.peers:
        peers.need("git_bayesect", "git-bayesect")
    rows = []
    for scenario in (Scenario(size, noise=noise) for size in SIZES for noise in NOISES):
        name = f"{noise_name(scenario)}, {scenario.changes}"
        if not bench.wants(name):
            continue
        rows.append(row(f"{name}; mbisect", bench.ours(name, scenario)))
        if bench.peers:
            theirs = bench.each(f"{name}: git-bayesect", partial(peers.bayesect, scenario))
            rows.append(row(f"{name}; git-bayesect", theirs))
    bench.table(f"Calibration: {bench.options.searches} searches per cell", HEAD, rows, NOTE)
    bench.end()


def row(name: str, results: Sequence[Ended]) -> list[str]:
    """A line of the table."""
    found, right = right_of_found(results)
    said = [one.confidence for one in results if one.confidence is not None]
    otherwise = sum(one.judgement == "wrong" and one.outcome != "found" for one in results)
    return [
        name,
        percent(found, len(results)),
        f"{100 * mean(said):.1f} %" if said else "-",
        percent(right, found),
        interval(right, found),
        "" if not found else "yes" if wilson(right, found)[1] >= 0.95 else "no",
        percent(otherwise, len(results)),
        middle([one.runs for one in results]),
        middle([one.environments for one in results]),
    ]


if __name__ == "__main__":
    main()
