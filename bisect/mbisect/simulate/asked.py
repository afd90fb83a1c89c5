"""From the words of the command line to a scenario."""

from __future__ import annotations

from mbisect.errors import UsageError
from mbisect.simulate.planted import Exits, Metrics, Noise
from mbisect.simulate.scenario import Scenario


def asked_for(
    changes: int,
    good_fails: float | None,
    bad_fails: float | None,
    gap_sigma: float | None,
    untestable: float,
    culprits: int | None,
    each: bool,
    nothing: bool,
    build_cost: float | None,
) -> Scenario:
    """The scenario; None is what was not given. Raises UsageError."""
    if nothing and (culprits is not None or each):
        raise UsageError("--nothing: there is no culprit; leave --culprits and --each out")
    noise = _noise(good_fails, bad_fails, gap_sigma, nothing=nothing)
    count = 0 if nothing else culprits or 1
    try:
        return Scenario(changes, count, each, noise=noise, untestable=untestable, build_cost=build_cost)
    except ValueError as error:
        raise UsageError(f"--changes {changes} --culprits {count}: {error}") from error


def _noise(good_fails: float | None, bad_fails: float | None, gap_sigma: float | None, *, nothing: bool) -> Noise:
    if gap_sigma is not None:
        if good_fails is not None or bad_fails is not None:
            raise UsageError("--gap-sigma is of a metric, --good-fails and --bad-fails of an exit status: give either")
        if nothing and gap_sigma > 0:
            raise UsageError("--nothing: no candidate is bad, so there is no gap; give --gap-sigma 0")
        if not nothing and gap_sigma == 0:
            raise UsageError("--gap-sigma 0: both sides are the same; give more than 0, or --nothing as well")
        return Metrics(gap_sigma)
    if nothing:
        if bad_fails is not None:
            raise UsageError("--nothing: no candidate is bad, so --bad-fails says nothing; give --good-fails alone")
        return Exits(good_fails or 0.0)
    noise = Exits(good_fails or 0.0, 1.0 if bad_fails is None else bad_fails)
    if noise.good_fails >= noise.bad_fails:
        raise UsageError(
            f"--good-fails {noise.good_fails:g} --bad-fails {noise.bad_fails:g}: "
            "bad candidates must fail more often than good ones; for no difference at all give --nothing"
        )
    return noise
