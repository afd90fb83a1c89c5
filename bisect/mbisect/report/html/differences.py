"""What differs between the two ends of a run, from its journal alone: the rows of `mbisect env-diff`. Asks nobody."""

from __future__ import annotations

from collections.abc import Sequence

from mbisect.comparison.result import Comparison
from mbisect.comparison.suspicion import rank
from mbisect.environments.diff import Move, ReleaseFacts, compare_locks
from mbisect.journal import Record
from mbisect.terms import Axis, Change, Key, package


def comparison_of(record: Record) -> Comparison:
    """Both ends compared; dates and releases in between are those of the timeline."""
    good, bad = record.good, record.bad
    steps: dict[Key, list[Change]] = {}
    for change in record.timeline.changes:
        steps.setdefault(change.key, []).append(change)
    facts = {
        (c.key.name, c.after): ReleaseFacts(c.date)
        for c in record.timeline.changes
        if c.key.axis is Axis.PACKAGE and c.after is not None
    }
    differing = good.values.differing(bad.values)
    locked = compare_locks(
        good.lock, bad.lock, facts=facts, steps={key.name: len(changes) for key, changes in steps.items()}
    )
    packages = [p for p in locked if package(p.name) in differing or p.move is Move.FILES]
    changes: dict[Key, Sequence[Change]] = {}
    for one in packages:
        changes[package(one.name)] = steps.get(package(one.name)) or (Change(package(one.name), one.before, one.after),)
    for key in differing:
        if key not in changes:
            changes[key] = steps.get(key) or (Change(key, good.values.get(key), bad.values.get(key)),)
    names = {pin.name for end in (good, bad) for pin in end.lock.pins}
    ranked = rank(changes, packages, good.values, bad.values)
    return Comparison(good.name, bad.name, ranked, len(names) - len(packages), traced=True)
