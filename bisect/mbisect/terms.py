"""The nouns of mbisect: frozen values without behaviour of their own. Knows nothing of uv, git, files or processes."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, NamedTuple


class Axis(StrEnum):
    """One kind of thing that can differ between two snapshots."""

    PACKAGE = "package"
    PYTHON = "python"
    COMMIT = "commit"
    DATASET = "dataset"
    SETTING = "setting"
    SEED = "seed"
    VARIABLE = "variable"
    SYSTEM = "system"


class Key(NamedTuple):
    """What a value belongs to: `package httpx`, `setting epochs`, `python python`."""

    axis: Axis
    name: str

    def __str__(self) -> str:
        return self.name if self.axis in (Axis.PACKAGE, self.name) else f"{self.axis} {self.name}"


PYTHON = Key(Axis.PYTHON, "python")
COMMIT = Key(Axis.COMMIT, "commit")
DATASET = Key(Axis.DATASET, "dataset")
SEED = Key(Axis.SEED, "seed")


def package(name: str) -> Key:
    """The key of a package, whose name must be normalised."""
    return Key(Axis.PACKAGE, name)


def public(version: str) -> str:
    """A version without its local part: "2.13.0+cpu" → "2.13.0"."""
    return version.partition("+")[0]


class Values(Mapping[Key, str]):
    """An immutable, hashable assignment: what each key holds at one point. A key that is absent holds nothing.

    Setting values are JSON text, python is a full version ("3.11.7"), commits and dataset revisions are full hashes.
    """

    __slots__ = ("_digest", "_items")

    def __init__(self, items: Mapping[Key, str] | Iterable[tuple[Key, str]] = ()) -> None:
        unordered: dict[Key, str] = dict(items)
        self._items: dict[Key, str] = {key: unordered[key] for key in sorted(unordered)}
        text = json.dumps([[*key, value] for key, value in self._items.items()])
        self._digest = hashlib.sha256(text.encode()).hexdigest()

    def __getitem__(self, key: Key) -> str:
        return self._items[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(self._digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Values) and self._digest == other._digest

    def __repr__(self) -> str:
        return f"Values({', '.join(f'{key}={value}' for key, value in self.items())})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> object:
        """How journals and reports store it: a list of [axis, name, value]."""
        from pydantic_core import core_schema

        def load(rows: list[list[str]]) -> Values:
            return cls((Key(Axis(axis), name), value) for axis, name, value in rows)

        rows = core_schema.list_schema(core_schema.list_schema(core_schema.str_schema()))
        return core_schema.no_info_after_validator_function(
            load,
            rows,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda values: [[*key, value] for key, value in values.items()]
            ),
        )

    @property
    def digest(self) -> str:
        """64 hexadecimal digits; equal for equal values."""
        return self._digest

    def put(self, changes: Mapping[Key, str | None]) -> Values:
        """These values with some replaced; None takes the key away."""
        merged: dict[Key, str | None] = {**self._items, **changes}
        return Values({key: value for key, value in merged.items() if value is not None})

    def differing(self, other: Values) -> tuple[Key, ...]:
        """The keys that do not hold the same in both, sorted."""
        return tuple(sorted({key for key, _ in self._items.items() ^ other._items.items()}))

    def packages(self) -> dict[str, str]:
        """Name → version of every package."""
        return {key.name: value for key, value in self._items.items() if key.axis is Axis.PACKAGE}


@dataclass(frozen=True, slots=True)
class Pin:
    """One line of a lock: exactly one release of one package."""

    name: str
    """Normalised (PEP 503)."""
    version: str
    hashes: tuple[str, ...] = ()
    """`sha256:…` of every file that may be installed; empty: any."""
    extras: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fixed:
    """Something that an environment holds and that cannot be moved: no release of a package index stands for it."""

    name: str
    version: str = ""
    """Empty: not known."""
    why: str = ""
    """In a few words, such as "an editable install"."""


@dataclass(frozen=True, slots=True)
class Lock:
    """Exact packages of an environment, sorted by name."""

    pins: tuple[Pin, ...]
    source: str = ""
    """The file it was read from, as the user wrote it."""
    fixed: tuple[Fixed, ...] = ()
    """What the file also names and no trial can install, sorted by name."""
    python: str = ""
    """The Python that the file was written for, "3.11" or "3.11.7"; empty: it does not say, or admits several."""

    def versions(self) -> dict[str, str]:
        """Name → version."""
        return {pin.name: pin.version for pin in self.pins}


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python that is installed on this machine."""

    version: str
    """Full version, "3.11.7"."""
    path: str
    """Absolute path of the executable."""

    @property
    def minor(self) -> str:
        """Its line, "3.11"."""
        return ".".join(self.version.split(".")[:2])


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A named point that the user cares about."""

    name: str
    lock: Lock
    interpreter: Interpreter
    values: Values
    """Everything that can move, packages and interpreter included."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The words of the command line that make the question."""

    good: str
    bad: str
    command: tuple[str, ...] = ()
    good_python: str | None = None
    bad_python: str | None = None
    axes: tuple[Axis, ...] = ()
    """The axes to search; empty: all. On the others the good end takes what the bad snapshot has."""
    timeout: float | None = None
    allow_builds: bool = False
    folder: str = "."
    """Where the command was typed."""
    tests: tuple[str, ...] = ()
    """What pytest is to run, instead of a command: `tests/test_x.py::test_y`."""
    half: Half | None = None
    """The half of the workload that is searched; in the other one everything is as at the good end."""
    like: str = ""
    """The snapshot whose revisions, settings, seed and variables an end that is a lock file is run with."""

    def words(self) -> tuple[str, ...]:
        """The command line that asks the same question in the same folder."""
        words = ["mbisect", "run", "--good", self.good, "--bad", self.bad]
        words += ["--as", self.like] if self.like else []
        words += ["--half", self.half] if self.half else []
        if self.good_python == self.bad_python:
            words += ["--python", self.good_python] if self.good_python else []
        else:
            words += ["--good-python", self.good_python] if self.good_python else []
            words += ["--bad-python", self.bad_python] if self.bad_python else []
        for axis in self.axes:
            words += ["--axis", str(axis)]
        words += ["--timeout", str(self.timeout).removesuffix(".0")] if self.timeout else []
        words += ["--allow-builds"] if self.allow_builds else []
        for test in self.tests:
            words += ["--pytest", test]
        return (*words, "--", *self.command) if self.command else tuple(words)

    def line(self) -> str:
        """The same as a shell reads it."""
        return shlex.join(self.words())


@dataclass(frozen=True, slots=True)
class Change:
    """One smallest move on one axis."""

    key: Key
    before: str | None
    after: str | None
    date: datetime | None = None
    """When it happened in the world, if that is known; with time zone."""
    title: str = field(default="", compare=False)
    """The subject of a commit."""

    def __str__(self) -> str:
        return f"{self.key} {self.before or '∅'} → {self.after or '∅'}"


@dataclass(frozen=True, slots=True)
class Timeline:
    """All changes between two points, ordered, and what rides along with them."""

    good: Values
    bad: Values
    changes: tuple[Change, ...]
    riders: tuple[tuple[Change, str], ...] = ()
    """Packages that come or go with another one: the change, and the name of the package that carries it."""

    def __len__(self) -> int:
        return len(self.changes)

    def prefix(self, k: int) -> Values:
        """The good values with the first k changes applied, riders with their carriers."""
        applied: dict[Key, str | None] = {change.key: change.after for change in self.changes[:k]}
        pending = {change.key for change in self.changes[k:]}
        for rider, carrier in self.riders:
            begun, ended = package(carrier) in applied, package(carrier) not in pending
            if begun and (rider.before is None or ended):
                applied[rider.key] = rider.after
        return self.good.put(applied)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A point in between as it can really be built: what was wanted, and what the resolver made of it."""

    wanted: Values
    values: Values
    exact: bool = False
    """Installed without dependency resolution: its metadata may not fit together."""
    requires: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Package → the packages that require it here, where the resolver said so."""

    def deviation(self) -> tuple[Change, ...]:
        """What the resolver moved or held back: wanted → real."""
        return tuple(
            Change(key, self.wanted.get(key), self.values.get(key)) for key in self.wanted.differing(self.values)
        )


class Verdict(StrEnum):
    """A judge's opinion of one trial."""

    GOOD = "good"
    BAD = "bad"
    UNTESTABLE = "untestable"
    UNSURE = "unsure"


Stage = Literal["resolve", "build", "stage", "run"]


@dataclass(frozen=True, slots=True)
class Measurement:
    """Facts from one run of the workload, no opinion."""

    exit_status: int | None
    """None when the workload never started or had to be killed."""
    seconds: float
    """Wall time of the workload alone."""
    metrics: tuple[tuple[str, float], ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    """Texts that the workload wrote beside its metrics, such as a summary."""
    failure: str | None = None
    """How it failed, to be compared: the exception's name and message, or the reason that it never ran."""
    stopped_at: Stage | None = None
    """The stage that could not be completed; None when the workload ran to its end."""
    timed_out: bool = False
    tail: str = ""
    """The last lines that it printed."""
    output: str | None = None
    """The folder with everything that it wrote, while it is kept."""
    clash: tuple[str, ...] = ()
    """Where it failed: the packages that the failure points at, the one that failed first; see environments/clash."""

    def metric(self, name: str) -> float | None:
        """One metric, or None when it was not measured."""
        return dict(self.metrics).get(name)

    def odd(self, name: str) -> str | None:
        """`nan`, `inf` or `-inf`, where that was measured and so is no number."""
        said = dict(self.notes).get(name)
        return said if said in ("nan", "inf", "-inf") else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict with the reason for it."""

    verdict: Verdict
    reason: str
    """In a few words: "exit status 1: TypeError", "entity_f1 0.91"."""
    alike: bool = True
    """For a bad one: it fails in the way that the bad end fails, and not in a third way."""
    value: float | None = None
    """The judged metric, where the metric itself is the evidence and no threshold makes a verdict of it."""
    clash: tuple[str, ...] = ()
    """For one that is untestable or fails in a third way: the packages that do not seem to work together."""


Half = Literal["training", "evaluation"]
"""A part of the workload that can run in an environment of its own."""
BOTH = "both halves"
"""The level of a trial that both trains and evaluates at its candidate, in a run that searches one half."""
OTHER = "other half bad"
"""The level of one whose other half is as at the bad end, not the good one."""

Purpose = Literal[
    "good end", "bad end", "boundary", "refine", "sufficient", "necessary", "partner", "passing", "remedy"
]


@dataclass(frozen=True, slots=True)
class Ask:
    """What the search wants to know next: the outcome of the workload at a candidate with a seed."""

    candidate: Candidate
    seed: int
    """0 for the snapshot's own seed, n for the n-th repetition with another one."""
    purpose: Purpose
    level: str = ""
    """The cheaper level of the workload that it is run at, or BOTH or OTHER; empty: full size, as the run asks."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One run of the workload at a candidate with a seed: measurement and verdict."""

    ask: Ask
    measurement: Measurement
    outcome: Outcome
    overhead: tuple[tuple[Stage, float], ...] = ()
    """Seconds that each stage but the run took; empty when nothing was run for it."""
    reused: bool = False
    """Taken from an earlier run."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One change that is guilty, and how surely."""

    change: Change
    candidates: tuple[str, ...]
    """The values that may be the first bad one: more than one where those between could not be tested."""
    moved_with: tuple[Change, ...] = ()
    """Companions that cannot be told apart from it or that its metadata moves."""
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Healed:
    """A change that broke it in passing: a later change of the same key mended it, so it is no cause of the bad end."""

    change: Change
    mended: Change | None = None
    """What mended it; None where that was not looked for or could not be told."""


FoundOutcome = Literal["found", "not-reproduced", "good-endpoint-fails", "undecided"]
Relation = Literal["single", "together", "each"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The end of a search: the causes with both confirmations, or why there are none."""

    outcome: FoundOutcome
    relation: Relation = "single"
    causes: tuple[Cause, ...] = ()
    sufficient: bool | None = None
    """Good with the causes alone is bad; None: could not be tested."""
    necessary: bool | None = None
    """Bad without the causes is good; None: could not be tested."""
    healed: tuple[Healed, ...] = ()
    why: str = ""
    """For an outcome that is not `found`: the reason in a sentence."""
    last_good: Candidate | None = None
    first_bad: Candidate | None = None
    untestable: tuple[Candidate, ...] = field(default=())
    """Candidates between last_good and first_bad that could not be tested."""
    without: Candidate | None = None
    """The bad end without the causes, as it was tried."""
    whole: bool | None = None
    """Where one half was searched: `without`, with the other half as at the bad end, is good; None: not told."""
    learnt: tuple[str, ...] = ()
    """Releases that do not work together although their metadata admits it, in words; candidates went around them."""
