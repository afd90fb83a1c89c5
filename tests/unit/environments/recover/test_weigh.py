"""Evidence is believed as far as it fits together, the stronger first; the rest is set aside and shown."""

from datetime import UTC, datetime, timedelta

from mbisect.environments.recover.evidence import Dated, Evidence, Strength, present
from mbisect.environments.recover.weigh import dates, weigh

DAY = datetime(2025, 1, 1, tzinfo=UTC)
RELEASES = {"peft": [(f"0.{minor}.0", DAY + timedelta(days=30 * minor)) for minor in range(5, 12)]}


def said(specifier: str, strength: Strength = Strength.RECORDED, file: str = "a.json") -> Evidence:
    return present(file, "key", specifier, "peft", specifier, strength)


def weighed(*evidence: Evidence):
    [one], conflicts = weigh(evidence, lambda name: RELEASES.get(name, []))
    return one, conflicts


def test_bounds_from_several_places_leave_what_all_admit():
    one, conflicts = weighed(said(">=0.7"), said("<0.10", Strength.INFERRED), said("!=0.8.0"))
    assert ([version for version, _ in one.releases], one.exact) == (["0.7.0", "0.9.0"], None)
    assert conflicts == ()


def test_a_named_release_is_exact_and_what_bounds_it_agrees():
    one, conflicts = weighed(said(">=0.7", Strength.INFERRED), said("==0.9.0"))
    assert (one.exact, [version for version, _ in one.releases], conflicts) == ("0.9.0", ["0.9.0"], ())


def test_the_weaker_of_two_that_exclude_each_other_is_set_aside_and_shown_with_the_stronger():
    one, [conflict] = weighed(said("==0.6.0", Strength.STATED, "requirements.txt"), said("==0.9.0", file="README.md"))
    assert one.exact == "0.9.0"
    assert (conflict.aside.file, conflict.why.file) == ("requirements.txt", "README.md")


def test_of_equally_strong_ones_what_more_places_say_is_believed():
    one, conflicts = weighed(said("==0.6.0", file="a"), said("==0.9.0", file="b"), said("==0.9.0", file="c"))
    assert (one.exact, [conflict.aside.file for conflict in conflicts]) == ("0.9.0", ["a"])


def test_a_release_that_no_index_has_is_set_aside():
    one, [conflict] = weighed(said("==0.9.9"))
    assert (one.exact, one.bounded, conflict.aside) == (None, False, conflict.why)


def test_of_a_package_of_no_index_the_named_release_is_kept():
    [one], conflicts = weigh([present("a", "b", "c", "ours", "==1.0", Strength.RECORDED)], lambda _: [])
    assert (one.exact, one.releases, conflicts) == ("1.0", (), ())


def at(days: int, strength: Strength, relation: str = "not after") -> Evidence:
    return Evidence("f", "modified", "", Dated(relation, DAY + timedelta(days=days)), strength)  # type: ignore[arg-type]


def test_a_written_date_counts_more_than_that_of_a_file_and_the_earliest_of_equals_is_taken():
    found = dates([at(50, Strength.HINT), at(40, Strength.RECORDED, "at"), at(39, Strength.RECORDED, "at")])
    assert (found.at, found.strength, found.not_after) == (DAY + timedelta(days=39), Strength.RECORDED, None)


def test_a_limit_from_the_command_line_is_no_date_of_the_run():
    found = dates([at(50, Strength.GIVEN), at(20, Strength.HINT)])
    assert (found.at, found.not_after) == (DAY + timedelta(days=20), DAY + timedelta(days=50))
