"""From a finding to the remedies that are tried, in which order, and which one is taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from mbisect.remedy import Remedy, excluding, seek, without_trials
from mbisect.terms import DATASET, PYTHON, Axis, Cause, Change, Finding, Key, Relation, Values, package

RELEASES = {"tool": ("4.48.0", "4.49.0", "4.50.0", "4.50.1", "4.50.2", "4.51.0", "4.52.0"), "lib": ("1.0", "2.0")}


def cause(key: Key, before: str | None, after: str | None, *between: str, moved: Sequence[Change] = ()) -> Cause:
    candidates = (*between, after) if after is not None else between
    return Cause(Change(key, before, after), candidates, tuple(moved))


def found(*causes: Cause, relation: Relation = "single") -> Finding:
    return Finding("found", relation, causes, sufficient=True, necessary=True)


def tried(
    finding: Finding,
    bad: Mapping[Key, str],
    heals: Callable[[str], bool] = lambda remedy: False,
    releases: Mapping[str, Sequence[str]] = RELEASES,
) -> tuple[list[str], str | None]:
    """What is tried, in its order, and what is taken in the end."""
    seeking = seek(finding, Values(bad), releases)
    told = []
    try:
        remedy: Remedy = next(seeking)
        while True:
            told.append(str(remedy))
            remedy = seeking.send(heals(str(remedy)))
    except StopIteration as stop:
        return told, None if stop.value is None else str(stop.value)


TOOL = cause(package("tool"), "4.49.0", "4.50.0")


def test_the_releases_that_are_known_bad_are_left_out_alone_if_later_ones_exist() -> None:
    order, taken = tried(found(TOOL), {package("tool"): "4.50.2"}, lambda remedy: "!=" in remedy)
    assert (order, taken) == (["tool!=4.50.*"], "tool!=4.50.*")


def test_what_excludes_less_is_tried_first_and_nothing_is_taken_that_does_not_heal() -> None:
    order, taken = tried(found(TOOL), {package("tool"): "4.50.1"})
    assert order == ["tool!=4.50.0,!=4.50.1", "tool<4.50.0", "tool==4.49.0"]
    assert taken is None


def test_at_the_latest_release_nothing_is_left_but_to_stay_below_the_break() -> None:
    order, taken = tried(found(TOOL), {package("tool"): "4.52.0"}, lambda remedy: True)
    assert (order, taken) == (["tool<4.50.0"], "tool<4.50.0")


def test_a_band_that_could_not_be_tested_is_left_out_whole() -> None:
    band = cause(package("tool"), "4.49.0", "4.50.2", "4.50.0", "4.50.1")
    assert tried(found(band), {package("tool"): "4.52.0"}, lambda _: True)[1] == "tool<4.50.0"


def test_the_first_pre_release_of_a_version_is_kept_out_with_all_others() -> None:
    preview = cause(package("tool"), "1.4.46", "2.0.0b1")
    assert tried(found(preview), {package("tool"): "2.0.0b1"}, lambda _: True, {})[1] == "tool<2.0.0"
    second = cause(package("tool"), "2.0.0b1", "2.0.0b2")
    assert tried(found(second), {package("tool"): "2.0.0b2"}, lambda _: True, {})[1] == "tool<2.0.0b2"


def test_a_local_version_is_no_part_of_a_constraint() -> None:
    torch = cause(package("torch"), "2.12.0+cpu", "2.13.0+cpu")
    assert tried(found(torch), {package("torch"): "2.13.0+cpu"}, releases={})[0] == ["torch<2.13.0", "torch==2.12.0"]


def test_a_package_that_fell_is_kept_above_where_it_broke() -> None:
    falling = cause(package("tool"), "4.50.0", "4.49.0")
    order, _ = tried(found(falling), {package("tool"): "4.49.0"})
    assert order == ["tool>4.49.0", "tool>4.49.0,<=4.50.0", "tool==4.50.0"]


def test_a_package_that_went_is_asked_for_and_one_that_came_is_left_out() -> None:
    assert tried(found(cause(package("lib"), "1.0", None)), {})[0] == ["adding lib", "adding lib==1.0"]
    assert tried(found(cause(package("lib"), None, "2.0")), {package("lib"): "2.0"})[0] == ["leaving out lib"]


def test_what_its_step_moved_with_it_is_taken_back_last_of_all() -> None:
    lockstep = cause(package("tool"), "4.49.0", "4.50.0", moved=[Change(package("lib"), "1.0", "2.0")])
    order, _ = tried(found(lockstep), {package("tool"): "4.52.0", package("lib"): "2.0"})
    assert order == ["tool<4.50.0", "tool==4.49.0", "tool==4.49.0, lib==1.0"]


PLAIN = [
    (cause(PYTHON, "3.11.7", "3.12.1"), "python<3.12"),
    (cause(PYTHON, "3.12.1", "3.11.7"), "python>=3.12"),
    (cause(PYTHON, "3.11.3", "3.11.7"), "python<3.11.7"),
    (cause(DATASET, "aa11", "bb22"), "dataset = aa11"),
    (cause(Key(Axis.SETTING, "epochs"), "3", "30"), "setting epochs = 3"),
]


@pytest.mark.parametrize(("one", "remedy"), PLAIN)
def test_other_axes_have_one_remedy_each(one: Cause, remedy: str) -> None:
    assert tried(found(one), {one.change.key: str(one.change.after)})[0] == [remedy]


LIB = cause(package("lib"), "1.0", "2.0")
BOTH = {package("tool"): "4.52.0", package("lib"): "2.0"}


def test_of_causes_that_break_together_the_one_whose_remedy_excludes_least_is_enough() -> None:
    epochs = cause(Key(Axis.SETTING, "epochs"), "3", "30")
    order, taken = tried(found(epochs, TOOL, LIB, relation="together"), BOTH, lambda _: True)
    assert (order, taken) == (["lib<2.0"], "lib<2.0")
    order, _ = tried(found(epochs, TOOL, LIB, relation="together"), BOTH)
    assert order[-1] == "setting epochs = 3"
    assert order.index("lib<2.0") < order.index("tool<4.50.0")


def test_a_constraint_comes_before_leaving_a_package_out() -> None:
    extra = cause(package("extra"), None, "1.0")
    assert tried(found(extra, TOOL, relation="together"), BOTH, lambda _: True)[1] == "tool<4.50.0"


def test_of_causes_that_are_each_enough_all_are_healed_and_none_more_strictly_than_needed() -> None:
    bad = {package("tool"): "4.50.2", package("lib"): "1.1"}
    lib = cause(package("lib"), "1.0", "1.1")
    finding = found(TOOL, lib, relation="each")
    order, taken = tried(finding, bad, lambda remedy: "lib!=" not in remedy)
    assert order == ["tool<4.50.0, lib<1.1", "tool!=4.50.*, lib<1.1", "tool!=4.50.*, lib!=1.1"]
    assert taken == "tool!=4.50.*, lib<1.1"


def test_without_trials_it_is_what_the_search_has_seen_to_heal() -> None:
    bad = Values({package("tool"): "4.50.2", package("lib"): "2.0"})
    assert str(without_trials(found(TOOL), bad, RELEASES)) == "tool<4.50.0"
    assert str(without_trials(found(TOOL, LIB, relation="each"), bad, RELEASES)) == "tool<4.50.0, lib<2.0"
    assert str(without_trials(found(TOOL, LIB, relation="together"), bad, RELEASES)) == "lib<2.0"


def test_a_series_that_is_left_out_whole_is_one_term_and_a_long_list_is_a_bound() -> None:
    releases = ["1.0", "2.0.0", "2.0.1", "2.1.0", "3.0", "3.1.0", "3.1.1", "3.2"]
    assert excluding({"2.0.0", "2.0.1", "2.1.0"}, releases) == "!=2.*"
    assert excluding({"2.1.0", "3.0"}, releases) == "!=2.1.0,!=3.0"
    assert excluding({"3.0", "3.1.0", "3.1.1"}, releases) == "!=3.0,!=3.1.*"
    many = [f"1.{minor}" for minor in range(12)]
    assert excluding(set(many[2:10]), many) == ">1.9"
