"""What two machines, interpreters and installations have been observed to be, and where they differ. Pure.

No lock holds any of this and no trial can move it, so a run never searches here: it is told where to look when no
package is guilty. Only what was observed on both sides is compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from packaging.version import InvalidVersion, Version

from mbisect.environments.observed import Installed, Observed
from mbisect.environments.pins import shown
from mbisect.priors import Factor
from mbisect.terms import Axis, Change, Key, Lock, Pin

FLAGS = re.compile(r"avx\w*|fma\w*|sse\w*|ssse3|amx\w*|f16c|bmi\d|asimd\w*|neon|sve\w*|bf16|i8mm")
"""Of a CPU's flags, those by which numeric libraries choose their code."""
SOME = 12
"""Flags that are named."""
OWN_CODE = Factor(10.0, "your own code, which no lock holds")
PATCHED = Factor(10.0, "changed after it was installed")
VARIABLE = Factor(5.0, "seen by every library")


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is compared."""

    name: str
    say: Callable[[Observed], object]
    """What was observed; None or empty: it was not."""
    factor: Factor


def _in(part: str, key: str) -> Callable[[Observed], object]:
    """A value of one of the tables of the answer."""

    def say(observed: Observed) -> object:
        table = getattr(observed, part)
        return table.get(key) if isinstance(table, Mapping) else None

    return say


def _numeric(library: str, key: str) -> Callable[[Observed], object]:
    """What an imported library said of itself."""

    def say(observed: Observed) -> object:
        table = (observed.numeric or {}).get(library)
        return table.get(key) if isinstance(table, Mapping) else None

    return say


def _blas(observed: Observed) -> object:
    """The BLAS libraries that numpy loaded, with their versions where threadpoolctl told them."""
    pools, files = _numeric("numpy", "blas")(observed), _numeric("numpy", "libraries")(observed)
    if isinstance(pools, list):
        rows = [pool for pool in pools if isinstance(pool, Mapping) and pool.get("user_api") == "blas"]
        keys = ("internal_api", "version", "architecture", "threading_layer")
        return [" ".join(str(row[key]) for key in keys if row.get(key)) for row in rows]
    return files


FACTS = (
    Fact("processor architecture", _in("platform", "machine"), Factor(5.0, "other wheels, other instructions")),
    Fact("GPU", _in("gpu", "models"), Factor(5.0, "other kernels, which round otherwise")),
    Fact("GPU memory", _in("gpu", "memory"), Factor(1.0, "decides what fits")),
    Fact("GPU driver", _in("gpu", "driver"), Factor(2.0, "below all that the GPU computes")),
    Fact("CUDA of the driver", _in("gpu", "driver_cuda"), Factor(2.0, "below all that the GPU computes")),
    Fact("CUDA of torch", _in("torch_build", "cuda"), Factor(3.0, "other kernels, which round otherwise")),
    Fact("ROCm of torch", _in("torch_build", "hip"), Factor(3.0, "other kernels, which round otherwise")),
    Fact("source of torch", _in("torch_build", "git_version"), Factor(2.0, "the same version, built otherwise")),
    Fact("cuDNN", _numeric("torch", "cudnn"), Factor(3.0, "chooses the kernels of convolutions")),
    *(
        Fact(f"torch {flag.replace('_', ' ')}", _numeric("torch", flag), Factor(5.0, "a switch that changes numbers"))
        for flag in (
            "cudnn_benchmark", "cudnn_deterministic", "cudnn_allow_tf32", "matmul_allow_tf32",
            "float32_matmul_precision", "deterministic_algorithms", "default_dtype",
        )
    ),
    Fact("torch threads", _numeric("torch", "threads"), Factor(2.0, "sums in another order")),
    Fact("torch CPU capability", _numeric("torch", "cpu_capability"), Factor(2.0, "other code for the same sums")),
    Fact("BLAS of torch", _numeric("torch", "blas"), Factor(3.0, "multiplies the matrices")),
    Fact("BLAS of numpy", _blas, Factor(3.0, "multiplies the matrices")),
    Fact("processor", _in("cpu", "model"), Factor(1.0, "other instructions, other speed")),
    Fact("processors that may be used", _in("cpu", "usable"), Factor(1.0, "libraries start as many threads")),
    Fact("operating system", _in("platform", "distribution"), Factor(0.5, "brings the system's libraries")),
    Fact("C library", _in("platform", "libc"), Factor(1.0, "decides which wheels fit, and some rounding")),
    Fact("kernel", _in("platform", "release"), Factor(0.2, "seldom seen by a workload")),
    Fact("Python implementation", _in("interpreter", "implementation"), Factor(5.0, "under everything else")),
    Fact("Python without GIL", _in("interpreter", "free_threaded"), Factor(5.0, "threads run at the same time")),
    Fact("Python debug build", _in("interpreter", "debug"), Factor(2.0, "checks more, and is slower")),
    Fact("Python optimize", _in("interpreter", "optimize"), Factor(3.0, "assert statements are not run")),
)  # fmt: skip
BUILD = Fact("build of Python", _in("interpreter", "build"), Factor(0.5, "the same version, built otherwise"))
COMPILER = Fact("compiler of Python", _in("interpreter", "compiler"), Factor(0.5, "the same version, built otherwise"))


def compare_systems(
    before: Observed, after: Observed, *, known: frozenset[str] = frozenset()
) -> tuple[tuple[Change, Factor], ...]:
    """What differs, each with what it weighs and why. `known`: variables of the snapshots, which are an axis."""
    same_python = before.interpreter.get("version") == after.interpreter.get("version")
    found = []
    for fact in (*FACTS, *((BUILD, COMPILER) if same_python else ())):
        old, new = _text(fact.say(before)), _text(fact.say(after))
        if old and new and old != new:
            found.append((fact.name, old, new, fact.factor))
    found += _flags(before, after)
    found += _gpu_gone(before, after)
    for name in sorted((before.variables.keys() | after.variables.keys()) - known):
        found.append((f"variable {shown(name)}", *_sides(before.variables, after.variables, name), VARIABLE))
    found += _installations(before, after)
    return tuple(
        (Change(Key(Axis.SYSTEM, name), old or None, new or None), factor)
        for name, old, new, factor in found
        if old != new
    )


def _sides(before: Mapping[str, str], after: Mapping[str, str], name: str) -> tuple[str, str]:
    return _text(before.get(name)), _text(after.get(name))


def _text(value: object) -> str:
    """A value as one line; empty for what is not there or could not be found out."""
    if value is None or isinstance(value, Mapping):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return shown(", ".join(str(one) for one in value[:100] if isinstance(one, str | int | float)), 200)
    return shown(value, 200)


def _flags(before: Observed, after: Observed) -> Iterator[tuple[str, str, str, Factor]]:
    """Only those that one side alone has: a CPU has a hundred."""
    sides = []
    for observed in (before, after):
        flags = observed.cpu.get("flags")
        sides.append({str(f) for f in flags if FLAGS.fullmatch(str(f))} if isinstance(flags, list) else set())
    if all(sides):
        only = [sorted(one - other) for one, other in (sides, sides[::-1])]
        texts = [", ".join(one[:SOME]) + (f" and {len(one) - SOME} more" if len(one) > SOME else "") for one in only]
        yield "processor flags", texts[0], texts[1], Factor(2.0, "numeric libraries choose their code by them")


def _gpu_gone(before: Observed, after: Observed) -> Iterator[tuple[str, str, str, Factor]]:
    """A machine that was looked at and has none, which an image never tells."""
    if before.image is None and after.image is None and (before.gpu is None) != (after.gpu is None):
        sides = [_text((one.gpu or {}).get("models")) for one in (before, after)]
        yield "GPU", sides[0], sides[1], Factor(5.0, "another device computes")


def _installations(before: Observed, after: Observed) -> Iterator[tuple[str, str, str, Factor]]:
    """What came from no index, and files that somebody changed."""
    old, new = ({one.name: one for one in side.distributions} for side in (before, after))
    for name in sorted(old.keys() | new.keys()):
        first, second = old.get(name), new.get(name)
        if (first and first.source) or (second and second.source):
            yield f"source of {shown(name)}", _origin(first), _origin(second), OWN_CODE
        yield f"files of {shown(name)}", *_patched(first, second), PATCHED


def _origin(one: Installed | None) -> str:
    if one is None:
        return ""
    if one.source is None:
        return shown(f"{one.version} of an index", 200)
    git = one.source.git or {}
    commit = one.source.commit or git.get("commit")
    text = f"{one.version}, {one.source.kind}"
    text += f" at {str(commit)[:12]}" if commit else "".join(f" {one[:19]}" for one in one.source.hashes[:1])
    return shown(text + (f" with uncommitted changes ({str(git.get('diff'))[-8:]})" if git.get("dirty") else ""), 200)


def _patched(first: Installed | None, second: Installed | None) -> tuple[str, str]:
    """Changed and missing files of a distribution that both sides have."""
    if first is None or second is None:
        return "", ""
    return _files(first), _files(second)


def _files(one: Installed) -> str:
    parts = [f"{name} changed" for name in one.changed] + [f"{name} missing" for name in one.missing]
    more = f" and {len(parts) - 3} more" if len(parts) > 3 else ""
    return shown(", ".join(parts[:3]) + more, 200) if parts else "as released"


def doubts(before: Observed, after: Observed) -> Iterator[str]:
    """What the observations cannot tell."""
    new = {one.name: one for one in after.distributions}
    alike = [one.name for one in before.distributions if one.changed and new.get(one.name, one).changed == one.changed]
    both = [shown(name) for name in alike if name in new]
    if both:
        yield f"whether the changed files of {', '.join(both[:5])} are the same in both: only their names are known"


def refine(locks: tuple[Lock, Lock], observed: tuple[Observed, Observed]) -> tuple[Lock, Lock]:
    """The locks with what only the installation tells: local versions, and which of a release's files it was.

    A lock holds `torch==2.13.0` for both +cpu and +cu124, and the hashes of all wheels of a release.
    """
    sides = [{one.name: one for one in side.distributions if one.source is None} for side in observed]
    comparable = _same_kind(*observed)
    found = []
    for lock, own, other in zip(locks, sides, sides[::-1], strict=True):
        pins = [_refined(pin, own.get(pin.name), other.get(pin.name), comparable=comparable) for pin in lock.pins]
        found.append(replace(lock, pins=tuple(pins)))
    return found[0], found[1]


def _refined(pin: Pin, own: Installed | None, other: Installed | None, *, comparable: bool) -> Pin:
    try:
        if own is None or other is None or Version(own.version).public != Version(pin.version).public:
            return pin
        version = str(Version(own.version))
        if not comparable or own.record is None or other.record is None or Version(other.version) != Version(version):
            return replace(pin, version=version)
    except InvalidVersion:
        return pin
    return pin if own.record == other.record else replace(pin, hashes=(own.record,))


def _same_kind(first: Observed, second: Observed) -> bool:
    """Whether both take the same wheels: of another platform or Python every binary release has other files."""

    def kind(one: Observed) -> tuple[Any, ...]:
        version = str(one.interpreter.get("version")).split(".")[:2]
        return one.platform.get("system"), one.platform.get("machine"), *version

    return kind(first) == kind(second)
