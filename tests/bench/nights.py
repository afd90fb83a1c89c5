"""How often a smoke calls a night red or green on which the metric did or did not move (docs/smoke.md).

python tests/bench/nights.py --nights 300
"""

from __future__ import annotations

import argparse
import random
from collections import Counter

from mbisect.judge import MetricJudge
from mbisect.light import Ends, light_of
from mbisect.terms import Ask, Measurement, Trial, Values, package

TODAY, BEFORE = (Values({package("it"): version}) for version in ("2", "1"))
JUDGE = MetricJudge("score")


def light(gap: float, seeds: int) -> tuple[str, int]:
    """One night: the reference is normal with spread 1, today's mean is `gap` away; -> the light, and runs of today."""
    ran = Counter[Values]()

    def trial(ask: Ask) -> Trial:
        values = ask.candidate.values
        ran[values] += 1
        score = random.gauss(gap if values == TODAY else 0.0, 1.0)
        measured = Measurement(0, 1.0, (("score", score),))
        return Trial(ask, measured, JUDGE.judge(measured, None, consistent=True))

    ends = Ends((TODAY, lambda: trial), (BEFORE, lambda: trial), (), 1, lambda _: None)
    return light_of(ends, seeds, JUDGE)[0], ran[TODAY]


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--nights", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random.seed(options.seed)
    print("| seeds | gap in standard deviations | red | unsure | green | runs of today |\n|---|---|---|---|---|---|")
    for seeds in (2, 3, 5):
        for gap in (0.0, 1.0, 2.0, 4.0, 8.0):
            nights = [light(gap, seeds) for _ in range(options.nights)]
            lights = Counter(night[0] for night in nights)
            mean = sum(night[1] for night in nights) / len(nights)
            print(f"| {seeds} | {gap:g} | {lights['red']} | {lights['unsure']} | {lights['green']} | {mean:.1f} |")


if __name__ == "__main__":
    main()
