"""The search on simulated worlds: plant the culprits, then they are found and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, log2

from hypothesis import given, settings
from hypothesis import strategies as st

from mbisect.search import Search
from mbisect.simulate import NumberedWorld
from mbisect.terms import Candidate, Change, Finding, Key, Outcome, Values, Verdict, package

BAD, GOOD, UNTESTABLE = (Outcome(v, v) for v in (Verdict.BAD, Verdict.GOOD, Verdict.UNTESTABLE))


def drive(
    world: NumberedWorld,
    oracle: Callable[[dict[str, int]], Outcome],
    slots: int = 1,
    weigh: Callable[[Change], float] | None = None,
) -> tuple[Finding, int]:
    """Run a search to its end; -> its finding and the number of trials."""
    search, trials = Search(world, world.good, world.bad, weigh=weigh), 0
    while not isinstance(asks := search.select(slots), Finding):
        assert asks, "the search neither asks nor ends"
        for ask in asks:
            versions = {name: int(version) for name, version in ask.candidate.values.packages().items()}
            search.record(ask, oracle(versions))
            trials += 1
        assert trials < 400, "the search does not end"
    return asks, trials


def named(finding: Finding) -> set[tuple[str, str | None]]:
    """The guilty releases."""
    return {(cause.change.key.name, cause.change.after) for cause in finding.causes}


settings.register_profile("unhurried", deadline=None, derandomize=True)
settings.load_profile("unhurried")

sizes = st.tuples(st.integers(1, 12), st.integers(1, 9))


@given(sizes, st.data(), st.integers(1, 4))
def test_one_planted_culprit_is_found_and_confirmed_both_ways(
    size: tuple[int, int], data: st.DataObject, slots: int
) -> None:
    world = NumberedWorld(*size)
    guilty, version = data.draw(st.integers(0, size[0] - 1)), data.draw(st.integers(1, size[1]))
    finding, trials = drive(world, lambda v: BAD if v[f"p{guilty}"] >= version else GOOD, slots)
    assert (finding.outcome, finding.relation) == ("found", "single")
    assert named(finding) == {(f"p{guilty}", str(version))}
    assert (finding.sufficient, finding.necessary) == (True, True)
    if slots == 1:
        assert trials <= ceil(log2(size[0] * size[1] + 1)) + 4


@given(st.integers(2, 12), st.integers(1, 8), st.data())
def test_a_pair_that_only_fails_together_is_found_as_a_pair(packages: int, releases: int, data: st.DataObject) -> None:
    world = NumberedWorld(packages, releases)
    a, b = data.draw(st.permutations(range(packages)))[:2]
    at, bt = data.draw(st.integers(1, releases)), data.draw(st.integers(1, releases))
    finding, _ = drive(world, lambda v: BAD if v[f"p{a}"] >= at and v[f"p{b}"] >= bt else GOOD)
    assert (finding.outcome, finding.relation) == ("found", "together")
    assert named(finding) == {(f"p{a}", str(at)), (f"p{b}", str(bt))}
    assert (finding.sufficient, finding.necessary) == (True, True)


@given(st.integers(2, 64), st.sampled_from(["alone", "boundary"]))
@settings(max_examples=20)
def test_a_bad_candidate_that_happens_to_pass_once_makes_no_combination_of_one_culprit(k: int, passes: str) -> None:
    """It is the good end with the culprit alone, or the first bad one of the timeline."""
    world = NumberedWorld(8, 8)
    timeline = world.timeline(world.good, world.bad)
    change = timeline.changes[k - 1]
    guilty, version = change.key.name, change.after or ""
    lucky = world.good.values.put({change.key: version}) if passes == "alone" else timeline.prefix(k)
    luck = [GOOD]

    def oracle(versions: dict[str, int]) -> Outcome:
        bad = versions[guilty] >= int(version)
        happens = {key.name: int(of) for key, of in lucky.items()} == versions and lucky != world.bad.values
        return luck.pop() if bad and happens and luck else BAD if bad else GOOD

    finding, _ = drive(world, oracle)
    assert (finding.relation, named(finding)) == ("single", {(guilty, version)})


@given(st.integers(3, 10), st.integers(1, 6), st.data())
def test_three_changes_that_only_fail_together_are_all_named(packages: int, releases: int, data: st.DataObject) -> None:
    world = NumberedWorld(packages, releases)
    guilty = {f"p{i}": data.draw(st.integers(1, releases)) for i in data.draw(st.permutations(range(packages)))[:3]}
    finding, _ = drive(world, lambda v: BAD if all(v[p] >= at for p, at in guilty.items()) else GOOD)
    assert finding.relation == "together"
    assert named(finding) == {(p, str(at)) for p, at in guilty.items()}


@given(st.integers(2, 10), st.integers(1, 6), st.integers(2, 4), st.data())
def test_independent_causes_are_all_named_each_alone_enough(
    packages: int, releases: int, count: int, data: st.DataObject
) -> None:
    world = NumberedWorld(packages, releases)
    chosen = data.draw(st.permutations(range(packages)))[: min(count, packages)]
    guilty = {f"p{i}": data.draw(st.integers(1, releases)) for i in chosen}
    finding, _ = drive(world, lambda v: BAD if any(v[p] >= at for p, at in guilty.items()) else GOOD)
    assert finding.relation == "each"
    assert named(finding) == {(p, str(at)) for p, at in guilty.items()}
    assert (finding.sufficient, finding.necessary) == (True, True)


@given(st.integers(1, 8), st.integers(2, 8), st.data())
def test_untestable_candidates_never_give_a_wrong_answer(packages: int, releases: int, data: st.DataObject) -> None:
    world = NumberedWorld(packages, releases)
    guilty, version = data.draw(st.integers(0, packages - 1)), data.draw(st.integers(1, releases))
    rng = data.draw(st.randoms(use_true_random=False))
    holes: dict[tuple[tuple[str, int], ...], bool] = {}
    ends = ({f"p{i}": 0 for i in range(packages)}, {f"p{i}": releases for i in range(packages)})

    def oracle(v: dict[str, int]) -> Outcome:
        if v not in ends and holes.setdefault(tuple(sorted(v.items())), rng.random() < 0.2):
            return UNTESTABLE
        return BAD if v[f"p{guilty}"] >= version else GOOD

    finding, _ = drive(world, oracle)
    assert finding.outcome == "found"
    cause = finding.causes[0]
    everything = {cause.change.key.name: set(cause.candidates)}
    for moved in cause.moved_with:
        everything.setdefault(moved.key.name, set()).update(
            str(v) for v in range(int(moved.before or 0) + 1, int(moved.after or 0) + 1)
        )
    assert str(version) in everything.get(f"p{guilty}", set())


class LockstepWorld(NumberedWorld):
    """The first packages pin one another: a consistent candidate holds all at the earliest that one is wanted at."""

    def __init__(self, packages: int, releases: int, family: int) -> None:
        super().__init__(packages, releases)
        self._family = [package(f"p{i}") for i in range(family)]

    def realise(
        self, wanted: Values, good: Candidate, bad: Candidate, *, held: frozenset[Key] = frozenset()
    ) -> Candidate | None:
        at = min(wanted[key] for key in self._family)
        values = wanted.put(dict.fromkeys(self._family, at))
        return None if any(values[key] != wanted[key] for key in held) else Candidate(wanted, values)


@settings(max_examples=300)
@given(st.integers(2, 9), st.integers(0, 4), st.integers(1, 6), st.data())
def test_one_of_a_family_that_moves_in_lockstep_is_found(
    family: int, others: int, releases: int, data: st.DataObject
) -> None:
    world = LockstepWorld(family + others, releases, family)
    guilty, version = data.draw(st.integers(0, family - 1)), data.draw(st.integers(1, releases))
    likely = data.draw(st.sampled_from(sorted(world.releases)))
    finding, _ = drive(
        world,
        lambda v: BAD if v[f"p{guilty}"] >= version else GOOD,
        weigh=lambda change: 1000.0 if change.key == likely else 1.0,
    )
    assert named(finding) == {(f"p{guilty}", str(version))}
    assert (finding.sufficient, finding.necessary) == (True, True)


@given(st.integers(2, 8), st.integers(4, 8), st.data())
def test_a_break_that_was_healed_in_passing_is_no_cause(packages: int, releases: int, data: st.DataObject) -> None:
    world = NumberedWorld(packages, releases)
    passing, guilty = data.draw(st.permutations(range(packages)))[:2]
    broke = data.draw(st.integers(1, releases - 1))
    healed = data.draw(st.integers(broke + 1, releases))
    version = data.draw(st.integers(1, releases))
    finding, _ = drive(
        world, lambda v: BAD if broke <= v[f"p{passing}"] < healed or v[f"p{guilty}"] >= version else GOOD
    )
    assert named(finding) == {(f"p{guilty}", str(version))}
    for mended in finding.healed:
        assert (mended.change.after, mended.mended and mended.mended.after) == (str(broke), str(healed))
    assert finding.necessary is True


def test_a_bad_end_that_passes_is_not_reproduced_and_a_failing_good_end_is_said_to_fail() -> None:
    world = NumberedWorld(3, 3)
    finding, trials = drive(world, lambda v: GOOD)
    assert finding.outcome == "not-reproduced"
    assert trials <= 14
    finding, trials = drive(world, lambda v: BAD)
    assert finding.outcome == "good-endpoint-fails"
    assert "wrong way round" not in finding.why
    assert trials <= 5
    swapped = drive(world, lambda v: GOOD if v["p0"] else BAD)[0]
    assert swapped.outcome == "good-endpoint-fails"
    assert swapped.why.endswith("the bad end is good: are they the wrong way round?")
    assert drive(world, lambda v: UNTESTABLE)[0].outcome == "undecided"


@given(st.integers(2, 8), st.integers(2, 8), st.data())
def test_where_the_bad_end_fails_and_measures_nothing_whatever_measures_something_is_good(
    packages: int, releases: int, data: st.DataObject
) -> None:
    """A metric is the evidence, and the bad end crashes."""
    world = NumberedWorld(packages, releases)
    guilty, version = data.draw(st.integers(0, packages - 1)), data.draw(st.integers(1, releases))
    value = data.draw(st.floats(-1, 1))

    def oracle(v: dict[str, int]) -> Outcome:
        if v[f"p{guilty}"] >= version:
            return Outcome(Verdict.BAD, "exit status 1")
        return Outcome(Verdict.UNSURE, "f1", value=value)

    finding, trials = drive(world, oracle)
    assert named(finding) == {(f"p{guilty}", str(version))}
    assert trials <= ceil(log2(packages * releases + 1)) + 4
    failing = drive(world, lambda v: oracle({name: releases - version for name, version in v.items()}))[0]
    assert failing.outcome == "good-endpoint-fails"


def test_an_end_between_the_thresholds_is_not_run_for_ever() -> None:
    world = NumberedWorld(3, 3)
    unsure = Outcome(Verdict.UNSURE, "f1 0.5 lies between 0.3 and 0.8")
    finding, trials = drive(world, lambda v: unsure if v["p1"] == 3 else GOOD)
    assert (finding.outcome, trials) == ("undecided", 6)
    assert finding.why.startswith("the bad end is neither good nor bad in 5 of 5 runs: f1 0.5 lies between")


def test_a_third_way_of_failing_is_searched_around() -> None:
    world = NumberedWorld(4, 8)

    def oracle(v: dict[str, int]) -> Outcome:
        if 3 <= v["p1"] <= 5:
            return Outcome(Verdict.BAD, "another error", alike=False)
        return BAD if v["p2"] >= 7 else GOOD

    finding, trials = drive(world, oracle)
    assert named(finding) == {("p2", "7")}
    assert trials <= 14


@given(st.integers(2, 8), st.integers(2, 8), st.data())
def test_a_cause_that_another_one_hides_at_the_bad_end_is_named_too(
    packages: int, releases: int, data: st.DataObject
) -> None:
    """It fails in its own way, and the bad end fails in the way of the other, which comes first in the program."""
    world = NumberedWorld(packages, releases)
    hidden, seen = data.draw(st.permutations(range(packages)))[:2]
    since, after = data.draw(st.integers(1, releases)), data.draw(st.integers(1, releases))

    def oracle(v: dict[str, int]) -> Outcome:
        if v[f"p{seen}"] >= after:
            return BAD
        return Outcome(Verdict.BAD, "another error", alike=False) if v[f"p{hidden}"] >= since else GOOD

    finding, _ = drive(world, oracle)
    assert finding.relation == "each"
    assert named(finding) == {(f"p{hidden}", str(since)), (f"p{seen}", str(after))}


def test_many_failures_of_a_third_kind_are_not_searched_around_one_by_one() -> None:
    world = NumberedWorld(4, 60)

    def oracle(v: dict[str, int]) -> Outcome:
        if v["p2"] >= 60:
            return BAD
        return Outcome(Verdict.BAD, "another error", alike=False) if v["p1"] >= 9 else GOOD

    finding, trials = drive(world, oracle)
    assert named(finding) == {("p1", "9"), ("p2", "60")}
    assert trials <= 2 * (ceil(log2(240)) + 3) + 16
