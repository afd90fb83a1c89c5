"""When the search says 95 %, is it right 95 % of the time? One planted culprit, all kinds of noise.

    python tests/bench/calibration.py [--searches 300] [--processes N] [--markdown FILE]

Of all searches that named a cause: the share that named the right one, with its 95 % (Wilson) interval. The claim holds
where that interval reaches 95 %. git-bayesect searches the same worlds, until it is 95 % sure, in the same run.
"""

from __future__ import annotations

from functools import partial

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
HEAD = ("noise, N; tool", "named a cause", "right of these", "95 % interval", "holds", "runs", "environments")


def main() -> None:
    """Print the table."""
    bench = Bench(__doc__ or "", searches=300)
    if bench.peers:
        peers.need("git_bayesect", "git-bayesect")
    rows = []
    for size in SIZES:
        for scenario in (Scenario(size, noise=noise) for noise in NOISES):
            name = f"{noise_name(scenario)}, {size}"
            if not bench.wants(name):
                continue
            rows.append(row(f"{name}; mbisect", bench.ours(name, scenario)))
            if bench.peers:
                rows.append(
                    row(f"{name}; git-bayesect", bench.each(f"{name}: git-bayesect", partial(peers.bayesect, scenario)))
                )
    note = (
        "Noise: how often good and bad candidates fail, or the gap of a metric in standard deviations. Runs and "
        "environments: median / mean. git-bayesect gets the best verdict of a metric, by the threshold halfway between."
    )
    bench.table(f"Calibration: {bench.options.searches} searches per cell", HEAD, rows, note)
    bench.end()


def row(name: str, results: list[Ended]) -> list[str]:
    """A line of the table."""
    found, right = right_of_found(results)
    holds = "" if not found else "yes" if wilson(right, found)[1] >= 0.95 else "no"
    return [
        name,
        percent(found, len(results)),
        percent(right, found),
        interval(right, found),
        holds,
        middle([result.runs for result in results]),
        middle([result.environments for result in results]),
    ]


if __name__ == "__main__":
    main()
