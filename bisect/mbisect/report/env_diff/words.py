"""Sentences and rows that all reports of a comparison share. Pure; knows nothing of terminals and HTML."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mbisect.comparison.dataset import DatasetDiff, Example, Overlap, SplitDiff
from mbisect.comparison.result import Commit, Comparison, Difference, Shortlog
from mbisect.environments.diff import Move, PackageDiff
from mbisect.report.untrusted import one_line
from mbisect.report.words import counted, listed, named, shown
from mbisect.terms import Axis

FIRST = 10
"""Packages that are shown without --all, and facts of the system."""
MANY = (Axis.PACKAGE, Axis.SYSTEM)
"""What there may be dozens of."""
REASONS = 5
WEAK = 1.3
"""A factor below it is seldom worth its words."""
ASKED, TRANSITIVE = "asked for by name", "transitive"
COMMITS = 12
"""Commits that are shown without --all."""


@dataclass(frozen=True, slots=True)
class Row:
    """A difference as all reports show it; every text is clean and on one line."""

    share: str
    """How suspicious: "12 %"."""
    part: float
    name: str
    before: str
    after: str
    released: str
    """Dates of its releases."""
    facts: tuple[str, ...]
    """What else is known of it: who asked for it, how many releases it moved, what was withdrawn."""
    reasons: tuple[str, ...]
    """Why it is suspicious, the weightiest first."""


def headline(comparison: Comparison) -> str:
    """What differs, in one sentence."""
    ends = f"{one_line(comparison.first, 80)} and {one_line(comparison.second, 80)}"
    if not comparison.differences:
        return f"{ends} are the same: {counted(comparison.same, 'package')}"
    packages = len(comparison.on(Axis.PACKAGE))
    parts = [f"{packages} of {counted(packages + comparison.same, 'package')}"] if packages else []
    parts += [named(d.key) for d in comparison.differences if d.key.axis not in MANY]
    system = comparison.on(Axis.SYSTEM)
    parts += [named(d.key) for d in system] if len(system) < 3 else [f"{len(system)} facts of the system"]
    single = packages < 2 and len(comparison.differences) == 1
    return f"{ends} differ in {listed(parts, most=8)}" if not single else f"{ends} differ in {parts[0]} alone"


def chosen(comparison: Comparison, *, everything: bool) -> tuple[tuple[Difference, ...], int]:
    """The differences to show, and how many are folded: what is neither package nor system is always shown."""
    first = [d for axis in MANY for d in comparison.on(axis)[: None if everything else FIRST]]
    kept = [d for d in comparison.differences if d.key.axis not in MANY or d in first]
    return tuple(kept), len(comparison.differences) - len(kept)


def folded(count: int) -> str:
    """What was left out; empty where nothing was."""
    return f"and {counted(count, 'less suspicious difference')}; --all shows them" if count else ""


def row(difference: Difference) -> Row:
    """One difference in words."""
    package = difference.package
    return Row(
        percent(difference.suspicion),
        difference.suspicion,
        one_line(named(difference.key), 60),
        shown(difference.before),
        shown(difference.after),
        dated(package) if package else "",
        package_facts(package) if package else (),
        _reasons(difference),
    )


def _reasons(difference: Difference) -> tuple[str, ...]:
    """The weightiest ones, without those that the facts tell already; weak ones only where there are no others."""
    told = {ASKED, TRANSITIVE, "not a release", "the old release is yanked"}
    if difference.package:
        told |= {f"{difference.package.steps} releases", moved(difference.package)}
    factors = [factor for factor in difference.factors if factor.reason not in told]
    strong = [factor for factor in factors if not 1.0 < factor.times < WEAK]
    return tuple(one_line(factor.reason, 120) for factor in strong or factors)[:REASONS]


def percent(share: float) -> str:
    """A share for people: "12 %", "0.4 %", "< 0.1 %"."""
    if share < 0.001:
        return "< 0.1 %"
    return f"{100 * share:.1f} %" if share < 0.0095 else f"{100 * share:.0f} %"


def package_facts(package: PackageDiff) -> tuple[str, ...]:
    """Who asked for a package, how many releases it moved, and what was withdrawn."""
    facts = [asked(package), moved(package)]
    for version, known in ((package.before, package.before_facts), (package.after, package.after_facts)):
        if version is not None and known.yanked is not None:
            reason = one_line(known.yanked, 160)
            facts.append(f"{shown(version)} is yanked{f': {reason}' if reason else ''}")
    return tuple(fact for fact in facts if fact)


def asked(package: PackageDiff) -> str:
    """`direct`, `required by trl and peft`, or nothing where that is not known."""
    if package.direct:
        return "direct"
    if package.required_by:
        return f"required by {listed([one_line(name, 60) for name in package.required_by], most=2)}"
    return "" if package.direct is None else "transitive"


def moved(package: PackageDiff) -> str:
    """`75 releases later`, `added`, `the same version, other files`; nothing where the versions say it all."""
    if package.move in (Move.RAISED, Move.LOWERED):
        if package.steps is None:
            return ""
        return f"{counted(package.steps, 'release')} {'later' if package.move is Move.RAISED else 'earlier'}"
    if package.move is Move.FILES:
        return "the same version, other files"
    if package.move is Move.BUILD:
        return "the same release, built otherwise"
    return str(package.move)


def dated(package: PackageDiff) -> str:
    """`2025-02-17 → 2026-11-18`; one date where only one is known; nothing for one and the same release."""
    before, after = package.before_facts.date, package.after_facts.date
    if package.move in (Move.FILES, Move.BUILD):
        return day(after)
    if before and after:
        return f"{day(before)} → {day(after)}"
    return day(after or before)


def day(date: datetime | None) -> str:
    """2025-02-17."""
    return date.strftime("%Y-%m-%d") if date else ""


def dataset_sentences(dataset: DatasetDiff) -> tuple[str, ...]:
    """The answer to "do inputs still match outputs?" and what else is worth a sentence."""
    said = []
    for split in dataset.splits:
        matched = split.same + split.changed
        if split.changed:
            text = f"{split.name}: {split.changed} of {counted(matched, 'input')} that stayed have another output"
            if split.swapped:
                text += f", {split.swapped} of them one that belonged to another input"
            said.append(text)
        before, after = split.grounded
        if before is not None and after is not None and abs(before - after) >= 0.01:
            said.append(
                f"{split.name}: {percent(before)} of the telling words of an output stood in its input, now "
                f"{percent(after)}"
            )
    if not any(split.changed for split in dataset.splits):
        said.append("every input that stayed has the output that it had")
    return tuple(one_line(text, 300) for text in said)


def split_cells(split: SplitDiff) -> tuple[str, ...]:
    """Name, rows before and after, added, removed, changed, same."""
    numbers = split.added, split.removed, split.changed, split.same
    sizes = ("∅" if size is None else str(size) for size in (split.before, split.after))
    return one_line(split.name, 60), *sizes, *map(str, numbers)


SPLIT_TITLES = ("split", "rows", "now", "added", "removed", "changed", "same")


def overlap_sentence(overlap: Overlap) -> str:
    """How many inputs two splits share."""
    pair = f"{one_line(overlap.first, 60)} and {one_line(overlap.second, 60)}"
    if overlap.before == overlap.after:
        return f"{pair} share {counted(overlap.after, 'input')}, as before"
    return f"{pair} share {counted(overlap.after, 'input')}; before {overlap.before}"


def overlap_summary(dataset: DatasetDiff) -> tuple[str, ...]:
    """One sentence for each pair of splits that share inputs, or that none do."""
    found = tuple(overlap_sentence(overlap) for overlap in dataset.overlaps)
    return found or (("no two splits share an input",) if len(dataset.splits) > 1 else ())


def files_sentence(files: Sequence[tuple[str, str]]) -> str:
    """Other files that differ."""
    return listed([f"{one_line(path, 80)} {word}" for path, word in files], most=8)


def example(dataset: DatasetDiff) -> tuple[tuple[str, Example], ...]:
    """The split of which most rows changed, and one of them as text; empty where none did."""
    worst = sorted((split for split in dataset.splits if split.examples), key=lambda split: -split.changed)
    return tuple(
        (one_line(split.name, 60), Example(_text(row.input), _text(row.before), _text(row.after)))
        for split in worst[:1]
        for row in split.examples[:1]
    )


def _text(value: str) -> str:
    """What a JSON string holds, with a sign for each end of a line; other JSON as it is."""
    try:
        found = json.loads(value)
    except ValueError:
        return value
    return " ⏎ ".join(line for line in found.splitlines() if line.strip()) if isinstance(found, str) else value


def logged(log: Shortlog, *, everything: bool) -> tuple[tuple[tuple[str, Commit], ...], int]:
    """("+" or "−", commit) to show, and how many are left out."""
    lines = [("+", commit) for commit in log.applied] + [("−", commit) for commit in log.undone]
    most = len(lines) if everything else COMMITS
    return tuple(lines[:most]), max(0, len(lines) - most)


def trace_sentence(comparison: Comparison) -> str:
    """Whether it is known what the workload loads."""
    if comparison.traced or not comparison.on(Axis.PACKAGE):
        return ""
    return "what the workload loads is not known: `mbisect run` traces it"
