"""`mbisect snapshot`: an environment and the project around it, written down under a name. Prints nothing."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock
from packaging.version import Version

from mbisect.axes.git import GitAxis, WorkingTree, working_tree
from mbisect.environments.atomic import write_together
from mbisect.environments.capture import Capture, Hashes, capture, facts, lock_header, render_asked_for, settable
from mbisect.environments.entry import with_entry
from mbisect.environments.hiding import Hiding, from_home
from mbisect.environments.index import Index, side_by_side
from mbisect.environments.interpreters import find_interpreter
from mbisect.environments.lockfile import render_lock
from mbisect.environments.observed import Observed, observe
from mbisect.environments.sources import IMAGE
from mbisect.errors import ConfigError, NetworkError, UsageError
from mbisect.project import FILE, Project, check_name, find_project, load_project
from mbisect.staging import repository_of
from mbisect.terms import Interpreter

UNCHECKED = "no package index was asked: the lock has no hashes, and may name packages that no index has"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The words of the command line."""

    name: str
    python: str | None = None
    """Path of an interpreter or environment; None: the active virtual environment, else the project's .venv."""
    seed: int = 0
    dataset: str | None = None
    force: bool = False
    numeric: bool = False
    """Import numpy and torch there too."""
    image: str | None = None
    """A Docker image that is observed instead; `python` is then a path in it."""
    offline: bool = False
    """Ask no index: the lock then has no hashes."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A snapshot that was written."""

    name: str
    observed: Observed
    captured: Capture
    entry: Mapping[str, Any]
    """What mbisect.toml now says of it."""
    files: tuple[Path, ...]
    """Relative to the project."""
    warnings: tuple[str, ...]


def take_snapshot(wanted: Wanted, here: Path, index: Index, cache: Path) -> Taken:
    """Observe, then write all files or none. `cache` is a folder for clones of dataset bundles and answers of images.

    Offline, whatever was not installed from elsewhere is taken to be on the index, and the cut-off is today: nothing
    that is installed can be younger. Raises UsageError where there is a snapshot of that name already, ConfigError,
    CommandError and NetworkError.
    """
    check_name(wanted.name)
    found = find_project(here)
    project, root = found if found is not None else (Project(), here)
    asked_for, lock, observed_as = _files(wanted.name)
    if not wanted.force:
        _refuse_to_overwrite(wanted.name, project, root, (asked_for, lock, observed_as))
    at = datetime.now(UTC)
    tree = working_tree(root, without=(FILE, "envs", "lockfiles"))
    dataset, doubts = _dataset(wanted.dataset, project, root, cache / "datasets")
    interpreter, observed, said = _observe(wanted, root, cache / "images")
    captured = capture(observed, interpreter, _unasked if wanted.offline else _asked(index, observed))
    if not captured.pins:
        where = f"in {wanted.image}" if wanted.image else f"for {interpreter.path}"
        raise ConfigError(f"nothing that the package index has is installed {where}: no lock to write")
    python, doubt = _python(interpreter, observed)
    entry = _entry(wanted, project, python, tree, dataset, observed)
    hide = Hiding(observed.interpreter, root)
    told = replace(captured, left_out=tuple(replace(one, reason=hide(one.reason)) for one in captured.left_out))
    unchecked = (UNCHECKED,) if wanted.offline else ()
    newest = at if wanted.offline else _newest(index, captured, observed)
    warnings = (
        *unchecked,
        *captured.warnings,
        *doubts,
        *doubt,
        *_doubts_about(tree),
        *_alone(entry, wanted.name, project),
    )
    more = {"git": tree.as_plain() if tree is not None else None, "dataset": dataset, "seed": wanted.seed}
    texts = {
        asked_for: render_asked_for(told, name=wanted.name, python=python, newest=newest),
        lock: render_lock(captured.pins, header=lock_header(told, name=wanted.name, python=interpreter.version)),
        observed_as: json.dumps(hide(facts(said, captured, name=wanted.name, at=at, more=more)), indent=1) + "\n",
    }
    toml = root / FILE
    with FileLock(held_while_writing(root, cache)):  # two snapshots at a time: each keeps the other's entry
        if not wanted.force:
            now = load_project(toml) if toml.exists() else project
            _refuse_to_overwrite(wanted.name, now, root, tuple(texts))
        before = toml.read_bytes().decode("utf-8") if toml.exists() else ""
        texts[Path(FILE)] = with_entry(before, wanted.name, entry)  # last: without it there is no snapshot
        write_together({root / path: text for path, text in texts.items()})
    return Taken(wanted.name, observed, captured, entry, tuple(texts), warnings)


def _observe(wanted: Wanted, root: Path, images: Path) -> tuple[Interpreter, Observed, dict[str, Any]]:
    """The interpreter that is described, and its answer; that of an image is none of this machine's."""
    if wanted.image is None:
        interpreter = find_interpreter(_place(wanted.python, root))
        return interpreter, *observe(interpreter, numeric=wanted.numeric)
    from mbisect.environments.engine import connect
    from mbisect.environments.image import observe_image

    name = wanted.image.removeprefix(IMAGE)
    observed, said = observe_image(name, connect, images, python=wanted.python, numeric=wanted.numeric)
    return Interpreter(str(observed.interpreter["version"]), ""), observed, said


def held_while_writing(root: Path, cache: Path) -> Path:
    """The file that is held while a project's files are written; in the cache, for the project is the user's."""
    folder = cache / "snapshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:16]}.lock"


def _files(name: str) -> tuple[Path, Path, Path]:
    """What it asks for, what it got, what was observed."""
    return Path("envs", f"{name}.toml"), Path("lockfiles", f"{name}.txt"), Path("envs", f"{name}.json")


def _refuse_to_overwrite(name: str, project: Project, root: Path, files: Iterable[Path]) -> None:
    there = [str(path) for path in files if (root / path).exists()]
    there += [f"its entry in {FILE}"] if name in project.snapshots else []
    if there:
        raise UsageError(f"there is a snapshot {name} already: {', '.join(there)}; take another name, or --force")


def _place(python: str | None, root: Path) -> str:
    """Where the interpreter is, as find_interpreter takes it."""
    if python is not None:
        return str(Path(python).absolute()) if Path(python).exists() else python
    active = os.environ.get("VIRTUAL_ENV")
    for folder in (Path(active) if active else None, root / ".venv"):
        if folder is not None and (folder / "bin" / "python").exists():
            return str(folder)
    raise UsageError("no virtual environment is active, and the project has no .venv; name one with --python PATH")


def _python(interpreter: Interpreter, observed: Observed) -> tuple[str, tuple[str, ...]]:
    """What the snapshot names as its Python: the version, or a path where no such version would be found again."""
    try:
        find_interpreter(interpreter.version)
    except ConfigError:
        if observed.image is not None:
            doubt = f"Python {interpreter.version} is not installed here"
            return interpreter.version, (f"{doubt}: to build this environment, install it or give another --python",)
        path = from_home(str(observed.interpreter.get("base_executable") or interpreter.path))
        return path, (
            f"Python {interpreter.version} is not found by its version here, so its path is recorded: {path}",
        )
    return interpreter.version, ()


def _dataset(revision: str | None, project: Project, root: Path, cache: Path) -> tuple[str | None, tuple[str, ...]]:
    """The dataset's revision in full, and what is doubtful about it."""
    if project.dataset is None:
        if revision is not None:
            raise UsageError(f"--dataset {revision}: {FILE} has no [dataset] repository")
        return None, ()
    place = root / project.dataset.repository
    if revision is None and not place.is_dir():
        return None, (f"no dataset revision is recorded: {place.name} has none checked out; give one with --dataset",)
    axis = GitAxis(repository_of(place, cache))
    tree = working_tree(place) if revision is None else None
    dirty = ("the dataset's repository has uncommitted changes; its last commit is recorded",)
    return axis.resolve(revision or "HEAD"), dirty if tree is not None and tree.dirty else ()


def _doubts_about(tree: WorkingTree | None) -> tuple[str, ...]:
    if tree is None or not tree.dirty:
        return ()
    differ = "1 file differs" if len(tree.files) == 1 else f"{len(tree.files)} files differ"
    return (f"{differ} from commit {tree.commit[:12]}, which is what the snapshot records",)


def _alone(entry: Mapping[str, Any], name: str, project: Project) -> Iterable[str]:
    """A run compares revisions only where both of its ends have one."""
    others = [table for other, table in project.snapshots.items() if other != name]
    for key in ("commit", "dataset"):
        if key in entry and others and all(getattr(table, key) is None for table in others):
            yield f"no other snapshot has a {key}: to compare one with this, give it one, or take this one's out"


def _asked(index: Index, observed: Observed) -> Hashes:
    """What the index says, asked for all listings side by side. Raises NetworkError."""
    asked = [one for one in observed.distributions if one.source is None]  # other names are nobody's business
    try:
        side_by_side(lambda one: index.hashes(one.name, one.version), asked)
    except NetworkError as error:
        raise NetworkError(f"{error}, or where there is no index take the snapshot with --offline") from error
    return index.hashes


def _unasked(name: str, version: str) -> tuple[str, ...]:
    """No index was asked: any file of that release will do."""
    return ()


def _newest(index: Index, captured: Capture, observed: Observed) -> datetime | None:
    """When the youngest release of the lock was uploaded."""
    interpreter = Interpreter(str(observed.interpreter["version"]), str(observed.interpreter.get("executable")))
    dates = [
        release.date
        for pin in captured.pins
        for release in index.releases(pin.name, interpreter)
        if Version(release.version) == Version(pin.version) and release.date is not None
    ]
    return max(dates, default=None)


def _entry(
    wanted: Wanted, project: Project, python: str, tree: WorkingTree | None, dataset: str | None, observed: Observed
) -> dict[str, Any]:
    entry: dict[str, Any] = {"python": python}
    if tree is not None:
        entry["commit"] = tree.commit
    if dataset is not None:
        entry["dataset"] = dataset
    entry["seed"] = wanted.seed
    if project.settings:
        entry["settings"] = dict(project.settings)
    variables = settable(observed.variables)
    if variables:
        entry["variables"] = variables
    return entry
