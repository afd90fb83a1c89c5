"""What is learnt from a broken mixture, what is demanded then, and when it is given up."""

from __future__ import annotations

from mbisect.lessons import Lessons, Limit
from mbisect.terms import Candidate, Change, Key, Outcome, Timeline, Values, Verdict, package

NUMPY, H5PY, RICH = package("numpy"), package("h5py"), package("rich")
GOOD, BAD = Outcome(Verdict.GOOD, ""), Outcome(Verdict.BAD, "")
MIXED = Outcome(Verdict.UNTESTABLE, "", clash=("h5py", "numpy"))
STEPS = [(NUMPY, "1.25"), (H5PY, "3.10"), (NUMPY, "1.26"), (H5PY, "3.11"), (NUMPY, "2.0"), (NUMPY, "2.1")]


def timeline_of(good: dict[Key, str], steps: list[tuple[Key, str]]) -> Timeline:
    held, changes = dict(good), []
    for key, after in steps:
        changes.append(Change(key, held[key], after))
        held[key] = after
    return Timeline(Values(good), Values(held), tuple(changes))


TIMELINE = timeline_of({NUMPY: "1.24", H5PY: "3.9", RICH: "13"}, STEPS)


def at(wanted: tuple[str, str], real: tuple[str, str] | None = None, **more: object) -> Candidate:
    """A candidate by its releases of numpy and h5py."""
    made = [Values({NUMPY: numpy, H5PY: h5py, RICH: "13"}) for numpy, h5py in (wanted, real or wanted)]
    return Candidate(*made, **more)  # type: ignore[arg-type]


def test_a_release_that_came_later_is_too_new_for_the_other_one() -> None:
    lessons = Lessons(TIMELINE)
    lessons.learn(at(("1.25", "3.9")), GOOD)
    lessons.learn(at(("2.0", "3.9")), MIXED)
    assert [str(lesson) for lesson in lessons.in_force()] == ["numpy from 2.0 on does not work with h5py up to 3.9"]
    assert lessons.concern(at(("2.1", "3.9")))
    assert not lessons.concern(at(("1.26", "3.9")))
    assert not lessons.concern(at(("2.1", "3.10")))


def test_the_companion_is_brought_to_what_was_there_when_the_newer_one_came_out() -> None:
    lessons = Lessons(TIMELINE)
    lessons.learn(at(("2.0", "3.9")), MIXED)
    raised = {Limit("h5py", ">=", "3.11")}
    assert lessons.limits(at(("2.0", "3.11"), ("2.0", "3.9")), ()) == raised
    assert lessons.limits(at(("2.0", "3.9")), {NUMPY}) == raised


def test_beyond_its_place_it_is_not_moved_and_the_newer_one_goes_back_to_what_worked() -> None:
    lessons = Lessons(TIMELINE)
    lessons.learn(at(("1.25", "3.9")), GOOD)
    lessons.learn(at(("2.0", "3.9")), MIXED)
    back = {Limit("numpy", "<=", "1.25")}
    assert lessons.limits(at(("2.0", "3.9")), ()) == back
    assert lessons.limits(at(("2.0", "3.9")), {H5PY}) == back
    assert lessons.limits(at(("2.0", "3.9")), {H5PY, NUMPY}) == frozenset()


def test_a_falling_package_is_limited_the_other_way_round() -> None:
    fall = timeline_of({NUMPY: "2.1", H5PY: "3.9"}, [(H5PY, "3.10"), (NUMPY, "1.26"), (NUMPY, "1.25"), (H5PY, "3.11")])
    lessons = Lessons(fall)
    lessons.learn(Candidate(*[Values({NUMPY: "1.26", H5PY: "3.9"})] * 2), MIXED)
    assert lessons.limits(Candidate(*[Values({NUMPY: "1.25", H5PY: "3.9"})] * 2), ()) == {Limit("numpy", ">=", "2.1")}


def test_the_ends_an_environment_without_regard_to_metadata_and_what_does_not_move_teach_nothing() -> None:
    lessons = Lessons(TIMELINE)
    lessons.learn(Candidate(TIMELINE.good, TIMELINE.good), MIXED)
    lessons.learn(Candidate(TIMELINE.bad, TIMELINE.bad), MIXED)
    lessons.learn(at(("2.0", "3.9"), exact=True), MIXED)
    lessons.learn(at(("2.0", "3.9")), Outcome(Verdict.UNTESTABLE, "", clash=("rich", "numpy")))
    lessons.learn(at(("2.0", "3.9")), Outcome(Verdict.BAD, "as the bad end"))
    assert lessons.in_force() == ()


def test_numpy_alone_is_for_the_only_one_that_requires_it() -> None:
    lessons, alone = Lessons(TIMELINE), Outcome(Verdict.UNTESTABLE, "", clash=("numpy",))
    lessons.learn(at(("2.0", "3.9")), alone)
    assert lessons.in_force() == ()
    lessons.learn(at(("2.0", "3.9"), requires=(("numpy", ("h5py", "rich")),)), alone)
    assert len(lessons.in_force()) == 1


def test_what_works_refutes_a_lesson() -> None:
    lessons = Lessons(TIMELINE)
    lessons.learn(at(("2.0", "3.9")), MIXED)
    lessons.learn(at(("2.1", "3.9")), BAD)
    assert lessons.in_force() == ()
    lessons.learn(at(("2.0", "3.9")), MIXED)
    assert lessons.in_force() == ()


def test_a_pair_is_given_up_when_it_mends_nothing_and_told_of_when_it_does() -> None:
    lessons = Lessons(TIMELINE)
    lessons.learn(at(("2.0", "3.9")), MIXED)
    assert lessons.learnt() == ()
    other = Outcome(Verdict.UNTESTABLE, "another reason")
    lessons.learn(at(("2.0", "3.9"), ("1.25", "3.9")), other)
    assert len(lessons.in_force()) == 1
    lessons.learn(at(("2.1", "3.9"), ("1.26", "3.9")), GOOD)
    assert lessons.learnt() == ("numpy from 2.0 on does not work with h5py up to 3.9",)
    lessons.learn(at(("2.0", "3.9"), ("1.25", "3.9")), other)
    assert len(lessons.in_force()) == 1
    lessons.learn(at(("2.0", "3.9"), ("1.25", "3.9")), other)
    assert lessons.in_force() == ()
