"""From what the user typed to a question: two snapshots, a workload, a judge. Reads files; runs nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.version import Version

from mbisect.axes.git import GitAxis
from mbisect.environments.capture import settable
from mbisect.environments.formats import python_of, read_source
from mbisect.environments.lockfile import marker_environment
from mbisect.environments.observed import Observed, observed_in
from mbisect.environments.sources import ENDINGS, IMAGE, Source, load
from mbisect.environments.store import cache_root
from mbisect.errors import ConfigError, UsageError
from mbisect.judge import ExitStatusJudge, Judge, MetricJudge, PytestJudge
from mbisect.project import Project, SnapshotTable, find_project, lock_file, setting_text
from mbisect.pytests import check_nodes, command
from mbisect.staging import Stager, repository_of
from mbisect.terms import COMMIT, DATASET, PYTHON, SEED, Asked, Axis, Interpreter, Key, Snapshot, Values, package
from mbisect.workload import Fidelity, Halves, Workload

HALVES_MISSING = (
    "the workload is not declared in two halves: say in mbisect.toml, below [workload.halves], with which command it "
    "trains and with which one it evaluates (docs/matrix.md)"
)


@dataclass(frozen=True, slots=True)
class Question:
    """Everything that decides the answer."""

    asked: Asked
    good: Snapshot
    bad: Snapshot
    workload: Workload
    judge: Judge
    stager: Stager | None
    repository: Path
    """The project's own folder, whose git history is the commit axis."""
    dataset: Path | None
    """The dataset's git repository."""
    allow_builds: bool
    levels: tuple[Fidelity, ...] = ()
    """Cheaper ways to run the workload, the cheapest first."""
    halves: Halves | None = None
    """The workload in two parts, where it has them."""

    @property
    def command(self) -> tuple[str, ...]:
        """What runs at every candidate."""
        if self.halves is None or self.asked.half is None:
            return self.workload.command
        return (self.halves.training if self.asked.half == "training" else self.halves.evaluation).command

    def identity(self) -> str:
        """12 hexadecimal digits; the same question has the same."""
        parts = [self.good.values.digest, self.bad.values.digest, self.judge.describe(), self.workload.identity()]
        parts += [self.good.interpreter.path, self.bad.interpreter.path, str(self.allow_builds)]
        if self.stager is not None:
            parts += [self.stager.identity(self.good.values), self.stager.identity(self.bad.values)]
        if self.asked.half is not None and self.halves is not None:
            parts += [self.asked.half, self.halves.training.identity(), self.halves.evaluation.identity()]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def pose(
    asked: Asked, find_interpreter: Callable[[str], Interpreter], datasets: Path, *, alike: bool = False
) -> Question:
    """Read the snapshots and put the question together; `alike`: both ends may be the same.

    `datasets` is a folder for clones of dataset bundles. Raises ConfigError and UsageError, one line each.
    """
    here = Path(asked.folder)
    found = find_project(here)
    project, root = found if found is not None else (Project(), here)
    dataset = _dataset(project, root, datasets)
    reader = _Reader(project, root, dataset, here, find_interpreter, asked.like)
    if asked.command and asked.tests:
        raise UsageError("--pytest is what is run: leave out the command after `--`, or --pytest")
    good, bad = reader.read(asked.good, asked.good_python, "--good"), reader.read(asked.bad, asked.bad_python, "--bad")
    bad = replace(bad, values=_written_alike(good.values, bad.values))
    if asked.axes:
        taken = {key: bad.values.get(key) for key in good.values.differing(bad.values) if key.axis not in asked.axes}
        good = replace(good, values=good.values.put(taken))
    if good.values == bad.values and not alike:
        on = f" on {' and '.join(map(str, asked.axes))}" if asked.axes else ""
        raise UsageError(f"nothing differs between {asked.good} and {asked.bad}{on}: there is nothing to search")
    for axis in (COMMIT, DATASET):
        good, bad = _filled(axis, good, bad, project), _filled(axis, bad, good, project)
        if (axis in good.values) != (axis in bad.values):
            has, lacks = (good, bad) if axis in good.values else (bad, good)
            raise ConfigError(
                f"{has.name} has a {axis.name} and {lacks.name} has none; give it to both or to neither: "
                f'`{axis.name} = "{has.values[axis][:12]}"` in [snapshots.{lacks.name}] would be that of {has.name}'
            )
    if asked.tests:
        workload, judge = _tests(asked, root, staged=COMMIT in good.values)
    else:
        workload, judge = _workload(asked, project, found is not None)
    stager = None
    if (project.workload is not None or asked.tests) and (workload.folder is None or dataset is not None):
        stage = project.workload.stage if project.workload is not None and not asked.tests else ()
        stager = Stager(datasets.parent / "staged", root, stage, dataset)
    levels = _levels(project) if not asked.command and not asked.tests else ()
    halves = _halves(asked, project)
    if asked.half is not None and halves is None:
        raise UsageError(HALVES_MISSING)
    return Question(asked, good, bad, workload, judge, stager, root, dataset, asked.allow_builds, levels, halves)


def _filled(axis: Key, end: Snapshot, other: Snapshot, project: Project) -> Snapshot:
    """An end that was recovered, at the other end's revision where nothing told its own; any other end as it is."""
    table = project.snapshots.get(end.name)
    if axis in end.values or axis not in other.values or table is None or table.recovered is None:
        return end
    return replace(end, values=end.values.put({axis: other.values[axis]}))


def _written_alike(good: Values, bad: Values) -> Values:
    """The bad end's values; a release that both ends have is written as at the good end: 68.0 and 68.0.0 are one."""
    ends = good.packages(), bad.packages()
    same = {name for name in ends[0].keys() & ends[1].keys() if Version(ends[0][name]) == Version(ends[1][name])}
    return bad.put({package(name): ends[0][name] for name in same})


def environment_of(
    name: str, python: str | None, here: Path, find_interpreter: Callable[[str], Interpreter]
) -> Snapshot:
    """What decides the environment of one snapshot (or lock file): its lock, interpreter and variables.

    Its revisions are not looked up. Raises as `pose` does.
    """
    found = find_project(here)
    project, root = found if found is not None else (Project(), here)
    bare = {key: table.model_copy(update={"commit": None, "dataset": None}) for key, table in project.snapshots.items()}
    reader = _Reader(project.model_copy(update={"snapshots": bare}), root, None, here, find_interpreter)
    return reader.read(name, python, "NAME")


@dataclass(frozen=True, slots=True)
class Ends:
    """Two snapshots that are only to be looked at, and where what they name is found."""

    first: Snapshot
    second: Snapshot
    root: Path
    """The project's folder, or the current one where there is no project."""
    dataset: Path | None
    """The dataset's git repository."""
    observed: tuple[Observed | None, Observed | None] = (None, None)
    """What was observed of each environment and its machine, where that was written down."""
    doubts: tuple[str, ...] = ()
    """What was observed and cannot be used, and why."""


def read_ends(
    folder: Path,
    first: str,
    second: str,
    find_interpreter: Callable[[str], Interpreter],
    datasets: Path,
    python: str | None = None,
) -> Ends:
    """Read two snapshots as `pose` does, with or without a workload, be they different or the same.

    Raises ConfigError and UsageError, one line each.
    """
    found = find_project(folder)
    project, root = found if found is not None else (Project(), folder)
    dataset = _dataset(project, root, datasets)
    reader = _Reader(project, root, dataset, folder, find_interpreter)
    ends = reader.read(first, python, "A"), reader.read(second, python, "B")
    observed = reader.observed(first), reader.observed(second)
    told = tuple(f"the machine of {one.name}: {why}" for one, (_, why) in zip(ends, observed, strict=True) if why)
    return Ends(*ends, root, dataset, (observed[0][0], observed[1][0]), told if any(o for o, _ in observed) else ())


def _dataset(project: Project, root: Path, datasets: Path) -> Path | None:
    return repository_of(root / project.dataset.repository, datasets) if project.dataset is not None else None


def _levels(project: Project) -> tuple[Fidelity, ...]:
    tables = project.workload.fidelity if project.workload is not None else ()
    return tuple(
        Fidelity(t.name, tuple((Key(Axis.SETTING, key), setting_text(value)) for key, value in t.settings.items()))
        for t in tables
    )


def _workload(asked: Asked, project: Project, found: bool) -> tuple[Workload, Judge]:
    if asked.command:
        return Workload(asked.command, folder=Path(asked.folder).resolve(), timeout=asked.timeout), ExitStatusJudge()
    table = project.workload
    if table is None:
        where = "mbisect.toml has no [workload]" if found else "there is no mbisect.toml here"
        raise UsageError(
            f"no command to run: {where}; give one after `--`, as in `mbisect run … -- python test.py`, or --pytest"
        )
    workload = Workload(table.command, table.metrics, None, asked.timeout or table.timeout)
    if project.judge is None:
        return workload, ExitStatusJudge()
    if table.metrics is None:
        raise ConfigError("mbisect.toml: judge: a metric is judged, but workload.metrics names no file to read it from")
    return workload, MetricJudge(project.judge.metric, project.judge.good, project.judge.bad)


def _tests(asked: Asked, root: Path, *, staged: bool) -> tuple[Workload, Judge]:
    """Pytest in the current folder; where the snapshots have commits, in the whole source of each."""
    here = Path(asked.folder).resolve()
    check_nodes(asked.tests, None if staged else here)
    below = here.relative_to(root.resolve()) if staged and here.is_relative_to(root.resolve()) else Path()
    nodes = tuple(str(below / node) for node in asked.tests) if below.parts else asked.tests
    folder = None if staged else here
    return Workload(command(nodes), folder=folder, timeout=asked.timeout, tests=nodes), PytestJudge()


def _halves(asked: Asked, project: Project) -> Halves | None:
    table = project.workload
    if asked.command or asked.tests or table is None or table.halves is None:
        return None
    limit = asked.timeout or table.timeout
    return Halves(
        Workload(table.halves.train, timeout=limit), Workload(table.halves.evaluate, table.metrics, timeout=limit)
    )


def _load_image(name: str) -> tuple[Source, Observed]:
    """A Docker image. Asked late: most questions have none, and the library for Docker takes its time to load."""
    from mbisect.environments.engine import connect
    from mbisect.environments.image import observe_image

    observed, said = observe_image(name.removeprefix(IMAGE), connect, cache_root() / "images")
    return Source(Path(name), "json", "", said), observed


@dataclass(frozen=True, slots=True)
class _Reader:
    project: Project
    root: Path
    dataset: Path | None
    folder: Path
    find_interpreter: Callable[[str], Interpreter]
    like: str = ""

    def read(self, name: str, python: str | None, where: str) -> Snapshot:
        """A snapshot by its name, a lock file of any format by its path, or `image:NAME`; `where` is the option."""
        table = self.project.snapshots.get(name)
        if table is None and name.startswith(IMAGE):
            return self._image(name, python)
        if table is None:
            if not (self.folder / name).exists() and "/" not in name and not name.endswith((".txt", ".lock", *ENDINGS)):
                known = ", ".join(self.project.snapshots)
                of = f"of mbisect.toml (known: {known})" if known else "(no mbisect.toml here or above names any)"
                raise UsageError(f"{where}: `{name}` is neither a snapshot {of} nor a file")
            return self._lock_file(name, python)
        lock = lock_file(self.root, name, table)
        return self._snapshot(name, str(lock), load(self.root / lock), table, python, with_settings=True)

    def observed(self, name: str) -> tuple[Observed | None, str]:
        """What was observed of a snapshot, file or image, and why that is not known."""
        if name not in self.project.snapshots and name.startswith(IMAGE):
            return _load_image(name)[1], ""
        inside = name in self.project.snapshots
        path = self.root / "envs" / f"{name}.json" if inside else self.folder / name
        if inside and not path.exists():
            return None, f"envs/{name}.json is not there; `mbisect snapshot` writes it"
        if not inside and path.suffix != ".json":
            return None, f"{name} holds packages alone"
        try:
            found = observed_in(load(path, "snapshot").document)
        except ConfigError as error:
            return None, str(error)
        return found, "" if found else f"{path.name} holds none"

    def _lock_file(self, name: str, python: str | None) -> Snapshot:
        """A lock file by itself, or run as the snapshot `like` is."""
        source = load(self.folder / name)
        if not self.like:
            return self._snapshot(name, name, source, SnapshotTable(), python)
        if self.like not in self.project.snapshots:
            known = ", ".join(self.project.snapshots) or "none"
            raise UsageError(f"--as {self.like}: there is no such snapshot in mbisect.toml (known: {known})")
        table, called = self.project.snapshots[self.like], f"{self.like} with {Path(name).name}"
        return self._snapshot(called, name, source, table, python, with_settings=True)

    def _image(self, name: str, python: str | None) -> Snapshot:
        """A Docker image: its packages and variables, and its very Python where that can be had."""
        source, observed = _load_image(name)
        exact: str | None = str(observed.interpreter["version"])
        try:
            self.find_interpreter(str(exact))
        except ConfigError:
            exact = None
        table = SnapshotTable(python=exact, variables=settable(observed.variables))
        return self._snapshot(name, name, source, table, python)

    def _snapshot(
        self,
        name: str,
        place: str,
        source: Source,
        table: SnapshotTable,
        python: str | None,
        *,
        with_settings: bool = False,
    ) -> Snapshot:
        """`place` is what messages call the lock."""
        interpreter = self.find_interpreter(python or table.python or python_of(source) or "3")
        lock = read_source(source, marker_environment(interpreter))
        values: dict[Key, str] = {package(pin.name): pin.version for pin in lock.pins}
        values[PYTHON] = interpreter.version
        values |= {Key(Axis.VARIABLE, key): value for key, value in table.variables.items()}
        if with_settings:
            values[SEED] = str(table.seed)
            settings = {**self.project.settings, **table.settings}
            values |= {Key(Axis.SETTING, key): setting_text(value) for key, value in settings.items()}
            values |= self._revisions(name, table)
        return Snapshot(name, replace(lock, source=place), interpreter, Values(values))

    def _revisions(self, name: str, table: SnapshotTable) -> dict[Key, str]:
        found = {}
        if table.commit is not None:
            found[COMMIT] = GitAxis(self.root).resolve(table.commit)
        if table.dataset is not None:
            if self.dataset is None:
                raise ConfigError(f"mbisect.toml: snapshots.{name}.dataset: there is no [dataset] repository")
            found[DATASET] = GitAxis(self.dataset).resolve(table.dataset)
        return found
