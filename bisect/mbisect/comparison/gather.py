"""Compares two snapshots: asks the index, uv and git for what is known, side by side. What fails is said, not fatal."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from mbisect.axes.package import PackageAxis, same
from mbisect.comparison.dataset import DatasetDiff
from mbisect.comparison.result import Comparison, Shortlog
from mbisect.comparison.suspicion import rank
from mbisect.comparison.system import compare_systems, doubts, refine
from mbisect.comparison.traced import loaded_at
from mbisect.environments.asked import read_asked_for
from mbisect.environments.diff import PackageDiff, ReleaseFacts, Requirers, compare_locks
from mbisect.environments.index import Index
from mbisect.environments.indexes import endpoints_of, find_links_of
from mbisect.environments.interpreters import find_interpreter
from mbisect.environments.loaded import Loaded
from mbisect.environments.resolve import Policy, Resolver
from mbisect.environments.uv import Uv
from mbisect.errors import ConfigError, MbisectError
from mbisect.priors import Factor
from mbisect.question import Ends, read_ends
from mbisect.terms import COMMIT, DATASET, Axis, Change, Interpreter, Key, Snapshot, package, public

WITH_HISTORY = (COMMIT, DATASET)


VERSION = re.compile(r"\d+(\.\d+){1,2}")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where facts come from."""

    index: Index
    uv: Uv
    loaded: Callable[[Snapshot], Loaded | None]
    """What the workload loads at a snapshot, where that is known."""


def compare_named(
    folder: Path, first: str, second: str, *, cache: Path, environ: Mapping[str, str], python: str | None = None
) -> Comparison:
    """Compare two snapshots or lock files by their names. Raises UsageError and ConfigError, one line each."""

    def interpreter(request: str) -> Interpreter:
        """One that is not installed can still be compared, by its version alone."""
        try:
            return find_interpreter(request)
        except ConfigError:
            if VERSION.fullmatch(request):
                return Interpreter(request, "")
            raise

    ends = read_ends(folder, first, second, interpreter, cache / "datasets", python)
    index = Index(cache, endpoints=endpoints_of(environ), find_links=find_links_of(environ))
    return compare(ends, Sources(index, Uv(cache / "uv", environ), partial(loaded_at, cache)))


def compare(ends: Ends, sources: Sources) -> Comparison:
    """Everything that differs. Raises ConfigError where a repository cannot be read."""
    first, second = ends.first, ends.second
    unknown: list[str] = []
    systems: tuple[tuple[Change, Factor], ...] = ()
    before, after = ends.observed
    if before is not None and after is not None:
        first, second = (
            replace(end, lock=lock)
            for end, lock in zip((first, second), refine((first.lock, second.lock), (before, after)), strict=True)
        )
        systems = compare_systems(before, after, known=_variables(first) | _variables(second))
        unknown += doubts(before, after)
    unknown += ends.doubts
    differing = compare_locks(first.lock, second.lock)
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(_requirers, end, ends.root, sources.uv) for end in (first, second)] if differing else []
        facts, steps, problem = _index_facts(sources.index, differing, first, second)
        requirers = tuple(future.result() for future in asked)
    unknown += [problem] if problem else []
    unknown += [f"{why} ({end.name})" for end, (_, why) in zip((first, second), requirers, strict=False) if why]
    packages = compare_locks(
        first.lock,
        second.lock,
        requirers=(requirers[0][0], requirers[1][0]) if requirers else (Requirers(), Requirers()),
        facts=facts,
        steps={name: len(changes) for name, changes in steps.items()},
    )
    changes: dict[Key, Sequence[Change]] = {}
    for one in packages:
        changes[package(one.name)] = steps.get(one.name) or (Change(package(one.name), one.before, one.after),)
    logs = {key: _log(ends, key) for key in WITH_HISTORY}
    for key in first.values.differing(second.values):
        if key.axis is not Axis.PACKAGE:
            changes[key] = _steps(key, first, second, logs.get(key))
    changes |= {change.key: (change,) for change, _ in systems}
    dataset = _dataset(ends)
    loaded = sources.loaded(first)
    ranked = rank(
        changes,
        packages,
        first.values,
        second.values,
        dataset=dataset,
        loaded=loaded,
        systems={change.key: factor for change, factor in systems},
    )
    names = {pin.name for end in (first, second) for pin in end.lock.pins}
    return Comparison(
        first.name,
        second.name,
        ranked,
        len(names) - len(packages),
        dataset,
        logs[COMMIT],
        logs[DATASET],
        loaded is not None,
        tuple(unknown),
    )


def _variables(end: Snapshot) -> frozenset[str]:
    """Those that a snapshot sets: they are an axis of their own."""
    return frozenset(key.name for key in end.values if key.axis is Axis.VARIABLE)


def _index_facts(
    index: Index, differing: Sequence[PackageDiff], first: Snapshot, second: Snapshot
) -> tuple[Mapping[tuple[str, str], ReleaseFacts], Mapping[str, tuple[Change, ...]], str]:
    """(name, version) → facts, name → changes in between, and what could not be asked."""
    known = {p.name: {public(version) for version in (p.before, p.after) if version} for p in differing}
    axis = PackageAxis(index, (first.interpreter, second.interpreter))
    facts: dict[tuple[str, str], ReleaseFacts] = {}
    steps: dict[str, tuple[Change, ...]] = {}
    problems = index.try_prefetch(known, known=known)
    for one in differing:
        if one.name in problems:
            continue
        for version in (one.before, one.after):
            release = axis.release(one.name, version) if version else None
            if version and release:
                facts[one.name, version] = ReleaseFacts(release.date, release.yanked)
        if one.before and one.after and same(one.before) != same(one.after):
            steps[one.name] = axis.between(package(one.name), one.before, one.after)
    reason = next(iter(problems.values()), None)
    more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
    names = ", ".join(list(problems)[:3]) + more
    return facts, steps, f"the releases of {names}: {reason}" if problems else ""


def _requirers(end: Snapshot, root: Path, uv: Uv) -> tuple[Requirers, str]:
    """Who asked for the packages of a snapshot, and why that is not known."""
    direct = _asked_for(root / "envs" / f"{end.name}.toml") if "/" not in end.name else frozenset[str]()
    if not end.interpreter.path:
        return Requirers(direct), f"what requires what: Python {end.interpreter.version} is not installed"
    versions = {package(pin.name): public(pin.version) for pin in end.lock.pins}
    try:
        candidate = Resolver(uv, lambda _: end.interpreter, Policy()).endpoint(end.values.put(versions))
    except MbisectError:
        return Requirers(direct), "what requires what: uv could not ask the package index"
    if not candidate.requires and len(end.lock.pins) > 1:
        return Requirers(direct), "what requires what: these releases do not fit together by their metadata"
    return Requirers(direct, dict(candidate.requires)), ""


def _asked_for(path: Path) -> frozenset[str]:
    """The packages that envs/NAME.toml names; none where it is not there or cannot be read."""
    found = set()
    try:
        lines = read_asked_for(path).requirements
    except MbisectError:
        return frozenset()
    for line in lines:
        try:
            found.add(canonicalize_name(Requirement(line).name))
        except InvalidRequirement:
            continue
    return frozenset(found)


def _steps(key: Key, first: Snapshot, second: Snapshot, log: Shortlog | None) -> tuple[Change, ...]:
    """One change per commit where there is a history, else one."""
    before, after = first.values.get(key), second.values.get(key)
    if log is None:
        return (Change(key, before, after),)
    places = [before, *(commit.revision for commit in reversed(log.applied[1:])), after]
    return tuple(Change(key, a, b) for a, b in itertools.pairwise(places))


def _repository(ends: Ends, key: Key) -> Path | None:
    return ends.dataset if key == DATASET else ends.root


def _log(ends: Ends, key: Key) -> Shortlog | None:
    """The commits between two revisions, where both snapshots have one."""
    before, after = ends.first.values.get(key), ends.second.values.get(key)
    repository = _repository(ends, key)
    if before is None or after is None or before == after or repository is None:
        return None
    from mbisect.comparison.revisions import shortlog

    return shortlog(repository, before, after)


def _dataset(ends: Ends) -> DatasetDiff | None:
    before, after = ends.first.values.get(DATASET), ends.second.values.get(DATASET)
    if before is None or after is None or before == after or ends.dataset is None:
        return None
    from mbisect.comparison.revisions import dataset_diff

    return dataset_diff(ends.dataset, before, after)
