"""`mbisect recover`: an environment that nobody wrote down, from what its run left behind. Prints nothing."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from packaging.version import Version

from mbisect.environments.atomic import write_together
from mbisect.environments.entry import with_entry
from mbisect.environments.index import Index
from mbisect.environments.interpreters import find_interpreter
from mbisect.environments.lockfile import render_lock
from mbisect.environments.recover.chosen import SEED, Setting, named_by, weigh_chosen
from mbisect.environments.recover.dating import Window, find_window
from mbisect.environments.recover.evidence import PYTHON, Dated, Evidence, Present, Strength
from mbisect.environments.recover.gather import gather, gather_history
from mbisect.environments.recover.rebuild import Rebuilder
from mbisect.environments.recover.result import Applied, How, Provenance, Recovered, as_plain
from mbisect.environments.recover.weigh import Admitted, dates, weigh
from mbisect.environments.uv import Uv
from mbisect.errors import ConfigError, MbisectError, UsageError
from mbisect.project import FILE, Project, check_name, find_project
from mbisect.terms import Interpreter, Pin

SHORT = timedelta(days=1)
ASTRAY = {
    Strength.HINT: 0.5,
    Strength.INFERRED: 0.3,
    Strength.STATED: 0.1,
    Strength.RECORDED: 0.05,
    Strength.GIVEN: 0.01,
}
"""How probably a date of this strength is not that of the run."""
SAMPLES = 6
"""Days within the window for which the lock is resolved too: what differs there is open."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The words of the command line."""

    name: str
    paths: tuple[Path, ...]
    at: datetime | None = None
    not_after: datetime | None = None
    python: str | None = None
    force: bool = False


def recover(wanted: Wanted, here: Path, index: Index, uv: Uv, *, now: datetime) -> Recovered:
    """Read, weigh, date, resolve; then write the snapshot: all of its files or none.

    Raises UsageError where there is a snapshot of that name already, ConfigError where nothing is found or nothing
    fits, CommandError and NetworkError.
    """
    check_name(wanted.name)
    found = find_project(here)
    project, root = found if found is not None else (Project(), here)
    if not wanted.force:
        _refuse_to_overwrite(wanted.name, root)
    recovered = rebuild(wanted, index, uv, now=now)
    recovered = replace(recovered, applied=tuple(_applied(recovered.settings, project, wanted.name)))
    return replace(recovered, files=_write(recovered, root))


def rebuild(wanted: Wanted, index: Index, uv: Uv, *, now: datetime) -> Recovered:
    """The same without writing anything."""
    gathered = gather(wanted.paths)
    evidence = (*_given(wanted), *gathered.evidence)
    if not any(isinstance(one.says, Present) for one in evidence):
        raise ConfigError(
            f"nothing in {', '.join(map(str, wanted.paths))} says what was installed; give the run's own folder, "
            "its logs, its notebooks or its requirement files"
        )
    ran = dates(evidence)
    evidence += gather_history(wanted.paths, evidence, ran.at or ran.not_after or now)
    interpreter, python = _interpreter(wanted, evidence)
    index.try_prefetch(_named(evidence))
    admitted, conflicts = weigh(evidence, lambda name: _releases(index, name, interpreter))
    settings, contradicting = weigh_chosen(evidence)
    rebuilder = Rebuilder(uv, index, interpreter, admitted)
    packages = [one for one in admitted if one.package != PYTHON]
    window = find_window(
        packages,
        {one.package: _newest(index, one.package, interpreter) for one in packages if one.releases},
        rebuilder.by_name,
        rebuilder.satisfiable,
        now=now,
        ran=ran.at,
        astray=ASTRAY[ran.strength],
        not_after=ran.not_after,
    )
    day = (window.best if window is not None else ran.not_after or now).replace(microsecond=0)
    pins = rebuilder.on(day)
    if pins is None:
        asked = ", ".join(rebuilder.requirements())
        raise ConfigError(
            f"what the evidence names does not fit together on any day: {asked}; leave out what is not of the run"
        )
    others = [resolved for sample in _samples(window) if (resolved := rebuilder.on(sample)) is not None]
    return Recovered(
        name=wanted.name,
        interpreter=interpreter,
        python=python,
        window=window,
        dates=ran,
        day=day,
        requirements=tuple(rebuilder.requirements()),
        pins=pins,
        packages=tuple(_provenance(pins, others, packages, rebuilder.exempt(day), dated=window is not None)),
        later=rebuilder.exempt(day),
        left_out=tuple(one.package for one in packages if not one.releases),
        conflicts=(*conflicts, *contradicting),
        settings=settings,
        gathered=gathered,
    )


def _given(wanted: Wanted) -> Iterable[Evidence]:
    for option, relation, when in (("--date", "at", wanted.at), ("--not-after", "not after", wanted.not_after)):
        if when is not None:
            says = Dated("at" if relation == "at" else "not after", when)
            yield Evidence("the command line", option, when.isoformat(), says, Strength.GIVEN)


def _named(evidence: Iterable[Evidence]) -> list[str]:
    return sorted({one.says.package for one in evidence if isinstance(one.says, Present)} - {PYTHON})


def _interpreter(wanted: Wanted, evidence: Sequence[Evidence]) -> tuple[Interpreter, Provenance]:
    """The Python that the evidence names, where it is installed here; else the one of mbisect, assumed."""
    if wanted.python is not None:
        interpreter = find_interpreter(wanted.python)
        return interpreter, Provenance(PYTHON, interpreter.version, How.EXACT, (), ())
    said = [one for one in evidence if isinstance(one.says, Present) and one.says.package == PYTHON]
    said.sort(key=lambda one: -one.strength)
    for one in said:
        assert isinstance(one.says, Present), "chosen above"
        exact = one.says.exact
        lines = sorted({spec.version.removesuffix(".*") for spec in one.says.specifier})
        for request in (exact, ".".join(lines[0].split(".")[:2])) if lines else ():
            if request is None:
                continue
            try:
                interpreter = find_interpreter(request)
            except MbisectError:
                continue
            how = How.EXACT if exact == interpreter.version else How.RANGE
            return interpreter, Provenance(PYTHON, interpreter.version, how, tuple(said), ())
        if exact is not None:
            raise ConfigError(
                f"{one.file} says Python {exact}, which is not installed here; choose another with --python"
            )
    interpreter = find_interpreter(".".join(map(str, sys.version_info[:3])))
    return interpreter, Provenance(PYTHON, interpreter.version, How.ASSUMED, (), ())


def _releases(index: Index, name: str, interpreter: Interpreter) -> list[tuple[str, datetime | None]]:
    """All that can be installed without building, final or not."""
    if name == PYTHON:
        return []
    try:
        return [(one.version, one.ready) for one in index.releases(name, interpreter) if one.wheel]
    except ConfigError:
        return []


def _newest(index: Index, name: str, interpreter: Interpreter) -> list[tuple[str, datetime]]:
    """Final releases that were not taken back, in order of upload."""
    rows = [
        (one.version, one.ready)
        for one in index.releases(name, interpreter)
        if one.wheel and one.ready is not None and one.yanked is None and not Version(one.version).is_prerelease
    ]
    return sorted(rows, key=lambda row: row[1])


def _applied(settings: Sequence[Setting], project: Project, name: str) -> Iterable[Applied]:
    """The seed, and each setting for which the project has a name. What the project says of the snapshot stays, and
    what all of its snapshots start from need not be said again."""
    table = project.snapshots.get(name)
    for one in settings:
        if one.name == SEED:
            said = table is not None and SEED in table.model_fields_set
            yield Applied(SEED, one.value, one, table.seed if table is not None and said else None)
    names: dict[str, object] = {}
    for other in (*(one.settings for one in project.snapshots.values()), project.settings):
        names |= other
    own = table.settings if table is not None else {}
    for called, value, one in named_by(settings, names):
        before = own.get(called, project.settings.get(called) if project.settings.get(called) == value else None)
        yield Applied(called, value, one, before)


def _samples(window: Window | None) -> list[datetime]:
    if window is None or window.last - window.first < SHORT:
        return []
    step = (window.last - window.first) / (SAMPLES - 1)
    return [window.first + step * at for at in range(SAMPLES)]


def _provenance(
    pins: Sequence[Pin],
    others: Sequence[Sequence[Pin]],
    admitted: Sequence[Admitted],
    later: Sequence[str],
    *,
    dated: bool,
) -> Iterable[Provenance]:
    by_name = {one.package: one for one in admitted}
    for pin in pins:
        one = by_name.get(pin.name)
        elsewhere = {other.version for lock in others for other in lock if other.name == pin.name}
        if one is not None and one.exact is not None:
            how = How.EXACT
        elif one is not None and one.bounded:
            how = How.RANGE
        else:
            how = How.DATE if dated and pin.name not in later else How.ASSUMED
        alternatives = sorted(elsewhere - {pin.version}, key=Version)
        yield Provenance(pin.name, pin.version, how, one.believed if one is not None else (), tuple(alternatives))


def _paths(name: str) -> tuple[Path, Path, Path]:
    """What it asks for, what it got, what says so."""
    return Path("envs", f"{name}.toml"), Path("lockfiles", f"{name}.txt"), Path("envs", f"{name}.evidence.json")


def _refuse_to_overwrite(name: str, root: Path) -> None:
    """What is there may be all that is known of it. An entry without these files is what recovering is for."""
    there = [str(path) for path in _paths(name) if (root / path).exists()]
    if there:
        raise UsageError(f"there is a snapshot {name} already: {', '.join(there)}; take another name, or --force")


def _write(recovered: Recovered, root: Path) -> tuple[Path, ...]:
    asked, lock, says = _paths(recovered.name)
    toml = root / FILE
    before = toml.read_bytes().decode("utf-8") if toml.exists() else ""
    kept = tomllib.loads(before).get("snapshots", {}).get(recovered.name, {})
    told = {one.name: one.value for one in recovered.applied if one.kept is None}
    if SEED in told:
        kept = {**kept, SEED: told.pop(SEED)}
    if told:
        kept = {**kept, "settings": {**kept.get("settings", {}), **told}}
    entry = {**kept, "python": recovered.interpreter.minor, "recovered": str(says)}
    header = f"Recovered by `mbisect recover {recovered.name}`, by the evidence in {says}; do not edit."
    texts = {
        asked: _asked_for(recovered),
        lock: render_lock(recovered.pins, header=header),
        says: json.dumps(as_plain(recovered), indent=1) + "\n",
        Path(FILE): with_entry(before, recovered.name, entry),  # last: without it there is no snapshot
    }
    write_together({root / path: text for path, text in texts.items()})
    return tuple(texts)


def _asked_for(recovered: Recovered) -> str:
    """envs/NAME.toml: resolving it again gives the lock."""
    lines = [f"# Recovered by `mbisect recover {recovered.name}`. `mbisect lock {recovered.name}` resolves it again."]
    lines += [f"# On no package index, so not here: {name}" for name in recovered.left_out]
    lines += [f'python = "{recovered.interpreter.minor}"', "requirements = ["]
    lines += [f"    {json.dumps(text)}," for text in recovered.requirements]
    lines += ["]"]
    lines += [f'exclude-newer = "{recovered.day.strftime("%Y-%m-%dT%H:%M:%SZ")}"']
    lines += [f"exclude-newer-exempt = {json.dumps(list(recovered.later))}"] if recovered.later else []
    return "\n".join(lines) + "\n"
