"""From wanted versions to a consistent candidate near them, by uv. Knows nothing of timelines and verdicts.

The way that works (DESIGN.md, section 2): every package a root without a version, bounded by what the two ends hold,
and the wanted versions offered as preferences, which uv reads from an existing output file.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import Version

from mbisect.environments.uv import Uv, is_network
from mbisect.errors import CommandError, NetworkError
from mbisect.lessons import Limit
from mbisect.terms import PYTHON, Axis, Candidate, Interpreter, Key, Values, package, public

PLATFORM_ONLY = re.compile(r"^(nvidia-.*|triton|cuda-.*)$")
"""What a platform's build of torch brings along; not part of the comparison unless an end has it."""
LINE = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[.*?\])?==(?P<version>\S+)\s*(?:;[^#]*)?(?:# via (?P<via>.*))?$")


@dataclass(frozen=True, slots=True)
class Policy:
    """What a resolution may use, the same for all candidates of a run."""

    newest: datetime | None = None
    """Nothing uploaded after the newest release of the two ends is looked at."""
    built: frozenset[str] = frozenset()
    """Packages that may be built from source, since an end holds a release without a wheel."""
    allow_builds: bool = False
    held_releases: frozenset[tuple[str, str]] = frozenset()
    """Yanked releases that an end holds: uv takes them only when pinned exactly."""
    extras: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Extras that the locks name."""


class Resolver:
    """Resolves candidates; what uv has seen once is resolved again without asking the index."""

    def __init__(self, uv: Uv, interpreter: Callable[[str], Interpreter], policy: Policy) -> None:
        self._uv = uv
        self._interpreter = interpreter
        self._policy = policy
        self._ends: list[Candidate] = []

    def endpoint(self, values: Values) -> Candidate:
        """An end as a candidate: exactly its values, with who requires whom as far as its metadata fits together."""
        pins = values.packages()
        lines = [f"{self._root(name)}=={version}" for name, version in pins.items()]
        solved = self._compile(lines, [], {}, values[PYTHON], build=True) or self._compile(
            lines, [], {}, values[PYTHON], build=True, refresh=True
        )
        end = Candidate(values, values, requires=solved[1] if solved else ())
        self._ends.append(end)
        return end

    def exact(self, wanted: Values, held: frozenset[Key]) -> Candidate:
        """The wanted releases whatever they require of each other's versions.

        What they require and is not there is added, unless it is held to be absent. Packages that only one end has,
        since others require them there, follow their requirers: nobody asked for them, and their release at the end
        seldom fits an earlier one of those (pydantic pins pydantic-core exactly). Where that has no solution, it is
        the wanted packages and no others.
        """
        pins = wanted.packages()
        free = {name for name in pins if self._comes_along(name) and package(name) not in held}
        roots = [self._root(name) for name in pins if name not in free]
        forced = [f"{name}=={version}" for name, version in pins.items() if name not in free]
        limits = [f"{name}<={_bound(pins[name])}" for name in sorted(free)]
        solved = self._compile(roots, limits, pins, wanted[PYTHON], forced=forced)
        if solved is None:
            return Candidate(wanted, wanted, exact=True)
        versions, requires = solved
        added = {name for name in versions if name not in pins and package(name) not in held}
        come = {package(name): versions.get(name) for name in added | free if not PLATFORM_ONLY.match(name)}
        return Candidate(wanted, wanted.put(come), exact=True, requires=requires)

    def limited(self, values: Values, limits: Mapping[str, str]) -> Candidate | None:
        """What an installer makes of these packages when some are limited, each to a specifier such as "<4.50".

        Those are as new as that admits; the others stay as they are as far as metadata lets them, and may go beyond the
        ends. None when there is no solution.
        """
        pins = values.packages()
        others = [name for name in pins if name not in limits and not self._comes_along(name)]
        bounds = [f"{name}{specifier}" for name, specifier in limits.items()]
        for name in sorted({*pins} - {*limits}):
            if (name, pins[name]) in self._policy.held_releases:
                bounds.append(f"{name}=={pins[name]}")
            elif Version(pins[name]).is_prerelease:
                bounds.append(f"{name}>=0.dev0")  # uv takes pre-releases only where a specifier names one
        kept = {name: version for name, version in pins.items() if name not in limits}
        # uv decides on the packages in the order in which they are asked for, so the limited ones stand first.
        solved = self._compile([self._root(n) for n in (*limits, *others)], bounds, kept, values[PYTHON])
        if solved is None:
            return None
        versions, requires = solved
        known = [end.values.packages() for end in self._ends]
        moved = {package(name): None for name in pins if name not in versions}
        come = {
            package(name): _as_spelled(version, [lock[name] for lock in known if name in lock])
            for name, version in versions.items()
            if name in pins or not PLATFORM_ONLY.match(name)
        }
        return Candidate(values, values.put({**moved, **come}), requires=requires)

    def _comes_along(self, name: str) -> bool:
        """Not all ends have it, and where it is, something requires it."""
        holders = [end for end in self._ends if package(name) in end.values]
        return len(holders) < len(self._ends) and not any(_stands_alone(name, end) for end in holders)

    def resolve(
        self,
        wanted: Values,
        good: Candidate,
        bad: Candidate,
        held: frozenset[Key],
        limits: Sequence[Limit] = (),
    ) -> Candidate | None:
        """The consistent candidate nearest to `wanted` with `held` exact, within `limits`; None when there is none.

        First no package may stand later than wanted (or earlier, for a falling one); then anywhere between the ends.
        """
        preferred = {limit.name: limit.version for limit in limits}
        for narrow in (True, False) if not held else (False,):
            roots, bounds = self._bounds(wanted, good, bad, held, narrow)
            bounds += [f"{limit.name}{limit.relation}{_bound(limit.version)}" for limit in limits]
            solved = self._compile(roots, bounds, wanted.packages() | preferred, wanted[PYTHON])
            if solved is not None:
                break
        else:
            return None
        versions, requires = solved
        known = [wanted.packages(), good.values.packages(), bad.values.packages()]
        kept = {key: value for key, value in wanted.items() if key.axis is not Axis.PACKAGE}
        for name, version in versions.items():
            if PLATFORM_ONLY.match(name) and not any(name in lock for lock in known):
                continue
            kept[package(name)] = _as_spelled(version, [lock[name] for lock in known if name in lock])
        values = Values(kept)
        if any((key in values) != (key in wanted) or values.get(key) != wanted.get(key) for key in held):
            return None
        return Candidate(wanted, values, requires=requires)

    def _bounds(
        self, wanted: Values, good: Candidate, bad: Candidate, held: frozenset[Key], narrow: bool
    ) -> tuple[list[str], list[str]]:
        """The roots, and the constraint lines for uv."""
        before, after, places = good.values.packages(), bad.values.packages(), wanted.packages()
        roots, bounds = [], []
        for name in sorted({*before, *after, *places}):
            place = places.get(name)
            if package(name) in held:
                if place is not None:
                    roots.append(self._root(name))
                    bounds.append(f"{name}=={place}")
            elif name in before and name in after and place is not None:
                roots.append(self._root(name))
                bounds.append(f"{name}{self._range(name, before[name], after[name], place, narrow)}")
            else:
                only = good if name in before else bad
                if place is not None and _stands_alone(name, only):
                    roots.append(self._root(name))
                ceiling = before.get(name) or after.get(name) or places[name]
                bounds.append(f"{name}<={_bound(ceiling)}")
        return roots, bounds

    def _range(self, name: str, first: str, last: str, place: str, narrow: bool) -> str:
        """A specifier: between the ends, and with `narrow` not beyond the place."""
        if first == last or (name, place) in self._policy.held_releases:
            return f"=={place}"
        low, high = sorted((first, last), key=Version)
        if narrow and first == low:
            high = place
        elif narrow:
            low = place
        return f"=={low}" if low == high else f">={_bound(low)},<={_bound(high)}"

    def _root(self, name: str) -> str:
        extras = dict(self._policy.extras).get(name, ())
        return f"{name}[{','.join(extras)}]" if extras else name

    def _compile(
        self,
        roots: list[str],
        bounds: list[str],
        preferences: Mapping[str, str],
        python: str,
        *,
        forced: Sequence[str] = (),
        build: bool = False,
        refresh: bool = False,
    ) -> tuple[dict[str, str], tuple[tuple[str, tuple[str, ...]], ...]] | None:
        """Run uv; -> versions and who requires whom, or None when no solution exists. Raises NetworkError."""
        if not roots:
            return {}, ()
        with tempfile.TemporaryDirectory(prefix="mbisect-") as folder:
            asked, limits, out = Path(folder, "asked.in"), Path(folder, "bounds.txt"), Path(folder, "out.txt")
            asked.write_text("\n".join(roots) + "\n")
            limits.write_text("\n".join(bounds) + "\n")
            argv = ["pip", "compile", "--quiet", "--no-header", "--annotation-style", "line", str(asked)]
            argv += ["--constraint", str(limits), "--output-file", str(out), "--no-strip-extras"]
            argv += ["--python", self._interpreter(python).path, "--prerelease", "explicit"]
            if forced:
                overrides = Path(folder, "forced.txt")
                overrides.write_text("\n".join(forced) + "\n")
                argv += ["--override", str(overrides)]
            if not (build or self._policy.allow_builds):
                argv += self._no_builds(roots, bounds)
            argv += ["--refresh"] if refresh else []
            if self._policy.newest is not None:
                limit = self._policy.newest + timedelta(seconds=1)
                argv += ["--exclude-newer", limit.strftime("%Y-%m-%dT%H:%M:%SZ")]
            out.write_text("".join(f"{name}=={version}\n" for name, version in preferences.items()))
            done = self._uv.run(argv, check=False)
            if done.status == 0:
                return parse_compiled(out.read_text())
            if done.status == 2 or is_network(done.stderr):
                raise NetworkError(f"uv could not resolve: {done.describe()}")
            if done.status != 1:
                raise CommandError(done.describe())
            return None

    def _no_builds(self, roots: list[str], bounds: list[str]) -> list[str]:
        """Wheels only, apart from the packages that an end itself has to build."""
        if not self._policy.built:
            return ["--no-build"]
        names = {canonicalize_name(re.split(r"[\[<>=]", line)[0]) for line in (*roots, *bounds)}
        return [f"--only-binary={name}" for name in sorted(names - self._policy.built)]


def parse_compiled(text: str) -> tuple[dict[str, str], tuple[tuple[str, tuple[str, ...]], ...]]:
    """Read uv's output with one-line annotations; -> versions, and package → the packages that require it."""
    versions: dict[str, str] = {}
    requires: list[tuple[str, tuple[str, ...]]] = []
    for line in text.splitlines():
        match = LINE.match(line.strip())
        if match is None:
            continue
        name = canonicalize_name(match["name"])
        versions[name] = match["version"]
        via = [part.strip() for part in (match["via"] or "").split(",")]
        requires.append((name, tuple(canonicalize_name(v.split("[")[0]) for v in via if v and not v.startswith("-"))))
    return versions, tuple(requires)


def _stands_alone(name: str, candidate: Candidate) -> bool:
    """Nothing in the candidate requires it, so it is there because somebody asked for it."""
    return not dict(candidate.requires).get(name)


def _bound(version: str) -> str:
    """The version as a bound names it, without its local part (PEP 440): "<=2.13.0" admits 2.13.0+cpu."""
    return Version(version).public


def _as_spelled(version: str, known: list[str]) -> str:
    """The version as the ends spell it, where it is the same release ("2.13.0+cpu" is "2.13.0" there, or "2.13")."""
    return next((k for k in known if Version(public(k)) == Version(public(version))), version)
