"""A search that is told what another one saw comes to the same finding, and thinks the same on the way."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mbisect.bisection import agree, replay
from mbisect.search import Ladder, Search
from mbisect.simulate import NumberedWorld
from mbisect.simulate.planted import Break, Exits, Plan, Planted
from mbisect.terms import Ask, Finding, Measurement, Trial

MOST = 600


def searched(planted: Planted, slots: int) -> tuple[list[Trial], Finding]:
    """Run a search to its end; -> its trials in the order in which they ended, and its finding."""
    world = planted.world
    search, trials = Search(world, world.good, world.bad), list[Trial]()
    running: list[Ask] = []
    while not isinstance(asks := search.select(slots, running), Finding):
        running += asks
        ask = running.pop(0)  # the others go on: outcomes come while more are running
        outcome = planted.outcome(ask)
        trials.append(Trial(ask, Measurement(0, 1.0), outcome))
        search.record(ask, outcome)
        assert len(trials) < MOST, "the search does not end"
    return trials, asks


@settings(deadline=None, derandomize=True, max_examples=40)
@given(st.integers(2, 8), st.integers(2, 6), st.integers(1, 3), st.sampled_from([0.0, 0.1]), st.data())
def test_the_replay_of_a_runs_trials_comes_to_the_same_finding(
    packages: int, releases: int, slots: int, noise: float, data: st.DataObject
) -> None:
    breaks = [
        Break(f"p{name}", data.draw(st.integers(1, releases)))
        for name in data.draw(st.permutations(range(packages)))[:2]
    ]
    plan = data.draw(st.sampled_from([((breaks[0],),), (tuple(breaks),), ((breaks[0],), (breaks[1],)), ()]))
    seed = data.draw(st.integers(0, 999))
    planted = Planted(NumberedWorld(packages, releases), Plan(plan), Exits(noise), 0.1, 0.1, seed)
    trials, finding = searched(planted, slots)
    world = planted.world
    thoughts, again = replay(Ladder(Search(world, world.good, world.bad), []), trials)
    assert again is not None
    assert agree(finding, again)
    assert finding == again
    assert len(thoughts) == len(trials)
    assert thoughts[0].progress is None


@settings(deadline=None, derandomize=True, max_examples=15)
@given(st.integers(3, 8), st.data())
def test_of_half_of_the_trials_there_is_no_finding_yet(packages: int, data: st.DataObject) -> None:
    guilty = Break(f"p{data.draw(st.integers(0, packages - 1))}", data.draw(st.integers(1, 4)))
    planted = Planted(NumberedWorld(packages, 4), Plan(((guilty,),)), Exits(), 0.0, 0.0, 0)
    trials, _ = searched(planted, 1)
    world = planted.world
    thoughts, again = replay(Search(world, world.good, world.bad), trials[: len(trials) // 2])
    assert again is None
    assert thoughts[-1].progress is not None
    left = [t.progress.high - t.progress.low for t in thoughts if t.progress is not None]
    assert left == sorted(left, reverse=True), "each outcome narrows the range"
