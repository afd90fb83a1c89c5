"""What a run costs without noise and gaps can be counted by hand."""

import pytest
from packaging.version import Version

from mbisect.estimate import Estimate, estimate, main_line
from mbisect.terms import PYTHON, Change, Timeline, Values, package

A, B = package("a"), package("b")


def timeline(releases: int) -> Timeline:
    moves = tuple(Change(A, str(k), str(k + 1)) for k in range(releases))
    return Timeline(
        Values({PYTHON: "3.11.7", A: "0", B: "1+cpu"}), Values({PYTHON: "3.11.7", A: str(releases), B: "1+cpu"}), moves
    )


@pytest.mark.parametrize(("changes", "trials"), [(1, 4), (2, 5), (256, 12), (257, 13), (554, 14)])
def test_the_main_line_takes_both_ends_the_boundary_and_both_confirmations(changes: int, trials: int) -> None:
    assert main_line(changes) == trials


def test_it_is_said_to_be_about_so_many_since_noise_and_gaps_take_more() -> None:
    assert estimate(timeline(2), {}, []).words()["trials"] == "about 5 for one cause, without noise and gaps"


def test_every_release_of_a_short_timeline_and_what_both_ends_share_is_downloaded_once() -> None:
    sizes = {("a", Version(str(k))): 10**k for k in range(3)}
    sizes |= {("b", Version("1")): 5000, ("c", Version("1")): 99999}
    assert estimate(timeline(2), sizes, []) == Estimate(5, 5111, 15333, None)


def test_of_a_long_timeline_only_as_many_releases_as_there_are_trials_are_new() -> None:
    sizes = {("a", Version(str(k))): 1 for k in range(200)}
    assert estimate(timeline(199), sizes, []).download == main_line(199)


def test_time_goes_by_the_median_of_earlier_trials() -> None:
    assert estimate(timeline(2), {}, [1.0, 58.0, 3000.0]).seconds == 5 * 60.0
    assert estimate(timeline(2), {}, [58.0]).words()["time"] == "about 5 min, going by earlier trials"
    assert "the workload's own, 5 times" in estimate(timeline(2), {}, []).words()["time"]
