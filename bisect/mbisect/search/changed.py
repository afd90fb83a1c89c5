"""Did something change between two candidates? By their runs alone, where nobody claims that it did.

The same families of noise as in a search, and another question: a search is told that both ends differ, and here they
do not on most days. Knows nothing of candidates, locks and dates.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import numpy as np

from mbisect.search.noise import MetricNoise, Noise, Runs, noise_for
from mbisect.terms import Outcome

BREAKS = 0.05
"""Prior probability that something broke since the reference was measured: about once in twenty times."""
CHANGED = 0.9
"""What changed so probably is worth a search, which measures both ends again before it believes it."""
SAME = 0.05
"""What changed with at most this probability is the same."""


def changed(reference: Sequence[Outcome], today: Sequence[Outcome]) -> float | None:
    """Probability that runs of today come from another distribution than those of the reference.

    Both hypotheses have their parameters summed out (`noise.py`), so this is a Bayes factor with a prior (Kass and
    Raftery 1995, "Bayes factors"). A metric may change in either direction, which counts half each; a pass or fail only
    for the worse. Where one side failed, a run that measured something counts as a pass. None: a side has no run that
    says anything.
    """
    before, now = Runs.of(reference), Runs.of(today)
    noise: Noise = noise_for(reference, today, ())
    if before.fails or now.fails or not isinstance(noise, MetricNoise):
        noise = noise_for((), (), ())
        before, now = (Runs(runs.fails, runs.passes + len(runs.values)) for runs in (before, now))
        ways = 1
    else:
        ways = 2
    if not len(before) or not len(now):
        return None
    good, bad = noise.likelihood(before)[0], noise.likelihood(now)[1]
    two = float(np.logaddexp.reduce(noise.prior + good + bad)) - log(ways)
    odds = two - noise.alone([before, now]) + log(BREAKS) - log(1 - BREAKS)
    return float(1 / (1 + np.exp(np.clip(-odds, -700, 700))))
