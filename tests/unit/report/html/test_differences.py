"""The two ends of a run are compared as `mbisect env-diff` compares them, from the journal alone."""

from __future__ import annotations

from dataclasses import replace

from mbisect.report.env_diff.words import headline, row
from mbisect.report.html.differences import comparison_of
from mbisect.terms import Axis, Key, Lock, Pin, package


def compared(world, **locks):
    record = world.found((package("httpx"), "0.28.0"))
    good = replace(record.good, lock=Lock(locks.get("good", pins(record.good.values))))
    bad = replace(record.bad, lock=Lock(locks.get("bad", pins(record.bad.values))))
    return comparison_of(replace(record, good=good, bad=bad))


def pins(values):
    return (*(Pin(name, version) for name, version in values.packages().items()), Pin("same", "1.0", ("sha256:00",)))


def test_packages_revisions_settings_and_interpreter_are_rows_with_what_the_timeline_knows(world):
    found = compared(world)
    rows = {difference.key: row(difference) for difference in found.differences}
    assert set(rows) == {change.key for change in world.timeline.changes}
    httpx = rows[package("httpx")]
    assert (httpx.before, httpx.after, httpx.released) == ("0.20.0", "0.28.0", "2024-01-08")
    assert "8 releases later" in httpx.facts
    assert rows[Key(Axis.SETTING, "epochs")].after == "5"
    assert headline(found).startswith("v1 and v4 differ in 3 of 4 packages")


def test_the_same_version_with_other_files_is_a_difference(world):
    other = tuple(
        replace(pin, hashes=("sha256:11",)) if pin.name == "same" else pin for pin in pins(world.timeline.bad)
    )
    [same] = [d for d in compared(world, bad=other).differences if d.key.name == "same"]
    assert row(same).facts == ("the same version, other files",)


def test_what_was_not_searched_does_not_differ(world):
    record = world.found((package("httpx"), "0.28.0"))
    good = replace(record.good, values=record.bad.values, lock=Lock(pins(world.timeline.good)))
    bad = replace(record.bad, lock=Lock(pins(world.timeline.bad)))
    assert comparison_of(replace(record, good=good, bad=bad)).differences == ()
