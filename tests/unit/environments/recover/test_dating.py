"""The day on which an environment was made is found from what was newest then, in worlds with a planted day."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from packaging.specifiers import SpecifierSet

from mbisect.environments.recover.dating import Window, find_window, later_than
from mbisect.environments.recover.weigh import Admitted

START = datetime(2024, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=1000)
Releases = dict[str, list[tuple[str, datetime]]]


def world(seed: int, packages: int = 6) -> Releases:
    """Packages with a release every ten to forty days."""
    chance = random.Random(seed)
    found: Releases = {}
    for number in range(packages):
        day, rows = START + timedelta(days=chance.uniform(0, 20)), []
        while day < NOW:
            rows.append((f"1.{len(rows)}", day))
            day += timedelta(days=chance.uniform(10, 40))
        found[f"p{number}"] = rows
    return found


def newest(releases: Releases, day: datetime) -> dict[str, str]:
    there = {name: [version for version, upload in rows if upload <= day] for name, rows in releases.items()}
    return {name: versions[-1] for name, versions in there.items() if versions}


def admitted(releases: Releases, versions: dict[str, str]) -> list[Admitted]:
    return [
        Admitted(name, SpecifierSet(f"=={v}"), tuple(r for r in releases[name] if r[0] == v), v, True, ())
        for name, v in versions.items()
    ]


def window(releases: Releases, versions: dict[str, str], satisfiable=lambda day: True, **more) -> Window:
    found = find_window(
        admitted(releases, versions), releases, lambda day: newest(releases, day), satisfiable, now=NOW, **more
    )
    assert found is not None
    return found


@pytest.mark.parametrize("seed", range(8))
def test_the_planted_day_is_within_the_window_without_any_date(seed):
    made = START + timedelta(days=random.Random(seed).uniform(100, 900))
    releases = world(seed)
    found = window(releases, newest(releases, made))
    assert found.first - timedelta(days=1) <= made <= found.last + timedelta(days=1)
    assert found.last - found.first < timedelta(days=20), "six packages leave a few days"
    assert set(found.agreeing) == set(releases)


@pytest.mark.parametrize("seed", range(8))
def test_one_package_that_is_held_back_and_one_that_was_added_later_do_not_mislead(seed):
    made = START + timedelta(days=random.Random(seed).uniform(200, 800))
    releases = world(seed)
    versions = {**newest(releases, made), "p0": releases["p0"][1][0], "p1": releases["p1"][-1][0]}
    found = window(releases, versions)
    assert found.first - timedelta(days=1) <= made <= found.last + timedelta(days=1)
    assert found.held_back == ("p0",)
    assert later_than(found.best, admitted(releases, versions)) == {"p1"}


def test_the_date_of_the_run_chooses_within_what_the_releases_leave():
    releases = {"p0": [("1.0", START), ("1.1", START + timedelta(days=600))]}
    ran = START + timedelta(days=300)
    found = window(releases, {"p0": "1.0"}, ran=ran)
    assert abs(found.best - ran) <= timedelta(days=1)


@pytest.mark.parametrize("hour", range(0, 24, 5))
def test_the_very_time_of_the_run_is_found_at_whatever_hour_it_is_searched(hour):
    releases = {"p0": [("1.0", START), ("1.1", START + timedelta(days=600))]}
    ran = START + timedelta(days=300, hours=9, minutes=17)
    found = find_window(
        admitted(releases, {"p0": "1.0"}), releases, lambda day: newest(releases, day), lambda day: True,
        now=NOW + timedelta(hours=hour), ran=ran,
    )  # fmt: skip
    assert found is not None
    assert found.best == ran


def test_a_date_that_may_be_astray_gives_way_to_what_the_releases_say():
    releases = world(3)
    made = START + timedelta(days=300)
    found = window(releases, newest(releases, made), ran=NOW, astray=0.5)
    assert abs(found.best - made) < timedelta(days=20)


def test_days_on_which_the_evidence_has_no_solution_are_too_early():
    releases = {"p0": [("1.0", START), ("1.1", START + timedelta(days=600))]}
    possible = START + timedelta(days=400)
    found = window(releases, {"p0": "1.0"}, lambda day: day >= possible, ran=START + timedelta(days=390))
    assert found.too_early is not None
    assert found.too_early < possible <= found.first <= found.best
    assert found.first - found.too_early <= timedelta(days=1)


def test_evidence_that_has_no_solution_on_any_day_leaves_no_window():
    releases = world(2)
    versions = newest(releases, START + timedelta(days=500))
    assert find_window(admitted(releases, versions), releases, lambda day: None, lambda day: False, now=NOW) is None


def test_nothing_after_the_limit_is_thought_of():
    releases = world(5)
    limit = START + timedelta(days=200)
    found = window(releases, newest(releases, START + timedelta(days=400)), not_after=limit)
    assert found.last <= limit


def test_without_evidence_of_a_version_and_without_a_date_there_is_no_window():
    releases = world(1)
    bare = [Admitted("p0", SpecifierSet(), tuple(releases["p0"]), None, True, ())]
    assert find_window(bare, releases, lambda day: None, lambda day: True, now=NOW) is None
