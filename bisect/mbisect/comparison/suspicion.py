"""How suspicious each difference between two snapshots is, and why. Pure; what single releases weigh, priors.py says.

A difference weighs as much as all its changes on the timeline together, times some factors that a comparison knows and
a timeline does not. Like the priors, these are small and exclude nothing: the ranking says where to look first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from math import log, prod

from mbisect.comparison.dataset import DatasetDiff
from mbisect.comparison.result import Difference
from mbisect.environments.diff import Move, PackageDiff
from mbisect.environments.loaded import Loaded
from mbisect.environments.wheels import Record
from mbisect.priors import Factor, Priors
from mbisect.terms import Axis, Change, Key, Timeline, Values

DIRECT, TRANSITIVE = 2.0, 0.5
"""What a project asks for by name, it calls by itself."""
NUMERICS = 2.0
YANKED = 3.0
REBUILT = 2.0
MANY_STEPS = 20
"""Releases that are worth a word; their number counts by itself, since each of them may be the cause."""
ODD_DIRECTION = 1.5
SINCE = 1.2
"""Released after everything that the first snapshot holds: nobody can have tried the two together before."""
CARRIED = 0.25
"""Comes or goes with a package that is listed too."""
MISPAIRED, RETOLD, UNTOUCHED, UNGROUNDED, LEAKED = 10.0, 2.0, 0.1, 5.0, 3.0
ELSEWHERE = {
    Axis.SETTING: Factor(10.0, "a setting of the workload"),
    Axis.COMMIT: Factor(3.0, "the project's own code"),
    Axis.VARIABLE: Factor(5.0, "seen by every library"),
    Axis.PYTHON: Factor(3.0, "under everything else"),
    Axis.SEED: Factor(2.0, "moves results without a cause; try several"),
}
"""What is no package and has no rows: few, and next to hundreds of releases too easily passed over."""
FEW_PAIRS = 0.1
"""Share of the rows with the same input, above which other outputs are no correction."""
FALL = 0.2
"""Loss of grounding that chance does not explain."""
COMPUTES = frozenset(
    "torch torchvision torchaudio triton numpy scipy pandas scikit-learn jax jaxlib flax optax tensorflow keras "
    "transformers tokenizers sentencepiece tiktoken safetensors accelerate peft trl datasets evaluate bitsandbytes "
    "deepspeed flash-attn xformers unsloth unsloth-zoo liger-kernel vllm torchao onnxruntime lightning sacrebleu "
    "pytorch-lightning sentence-transformers diffusers einops numexpr numba pyarrow".split()
)
"""Packages that compute, tokenise, train or load weights: what they change shows in numbers, not in tracebacks."""


class NoReleases:
    """What is in the wheels is not looked at: that would take longer than all the rest."""

    def know(self, name: str, version: str) -> Record | None:
        """Nothing."""
        return None

    def ask(self, releases: Iterable[tuple[str, str]]) -> None:
        """Nothing is asked."""


def rank(
    changes: Mapping[Key, Sequence[Change]],
    packages: Sequence[PackageDiff],
    good: Values,
    bad: Values,
    *,
    dataset: DatasetDiff | None = None,
    loaded: Loaded | None = None,
    systems: Mapping[Key, Factor] | None = None,
) -> tuple[Difference, ...]:
    """All differences, the most suspicious first.

    `changes`: what lies between the two values of each key, as the axes tell it. `systems`: what a difference of the
    machine weighs, and why.
    """
    line = Timeline(good, bad, tuple(change for steps in changes.values() for change in steps), ())
    priors = Priors(line, lambda: loaded, NoReleases())
    by_name = {package.name: package for package in packages}
    newest = max((p.before_facts.date for p in packages if p.before_facts.date), default=None)
    weighed = []
    for key, steps in changes.items():
        package = by_name.get(key.name) if key.axis is Axis.PACKAGE else None
        before, after = steps[0].before, steps[-1].after
        more = _package(package, by_name, newest) if package else _other(key, dataset, systems or {})
        known = () if package and package.before == package.after else priors.factors(Change(key, before, after))
        factors = tuple(sorted((*known, *more), key=_telling))
        weight = sum(priors.weigh(step) for step in steps) * prod(factor.times for factor in more)
        weighed.append((weight, Difference(key, before, after, 0.0, factors, package)))
    whole = sum(weight for weight, _ in weighed) or 1.0
    weighed.sort(key=lambda pair: (-pair[0], pair[1].key))
    return tuple(Difference(d.key, d.before, d.after, weight / whole, d.factors, d.package) for weight, d in weighed)


def _telling(factor: Factor) -> tuple[float, float]:
    """A place in the order of reasons: those far from 1 first, of two alike the one that speaks against."""
    return round(-abs(log(factor.times)), 6), -factor.times


def _package(package: PackageDiff, moved: Mapping[str, PackageDiff], newest: datetime | None) -> tuple[Factor, ...]:
    found = []
    if package.direct is not None:
        found.append(Factor(DIRECT, "asked for by name") if package.direct else Factor(TRANSITIVE, "transitive"))
    if package.name in COMPUTES or package.name.startswith("nvidia-"):
        found.append(Factor(NUMERICS, "computes numbers"))
    carriers = sorted(moved.keys() & set(package.required_by))
    if package.move in (Move.ADDED, Move.REMOVED) and not package.direct and carriers:
        found.append(Factor(CARRIED, f"{'comes' if package.move is Move.ADDED else 'goes'} with {carriers[0]}"))
    if package.move is Move.BUILD:
        found.append(Factor(REBUILT, "the same release, built otherwise"))
    if package.move is Move.FILES:
        found.append(Factor(REBUILT, "the same version, other files"))
    if package.after_facts.yanked is not None:
        found.append(Factor(YANKED, "yanked"))
    elif package.before_facts.yanked is not None:
        found.append(Factor(1.0, "the old release is yanked"))
    if package.move is Move.LOWERED:
        found.append(Factor(ODD_DIRECTION, "lowered"))
    if newest and package.after_facts.date and package.after_facts.date > newest:
        found.append(Factor(SINCE, "released since"))
    if (package.steps or 0) >= MANY_STEPS:
        found.append(Factor(1.0, f"{package.steps} releases"))
    return tuple(found)


def _other(key: Key, dataset: DatasetDiff | None, systems: Mapping[Key, Factor]) -> tuple[Factor, ...]:
    if key in systems:
        return (systems[key],)
    if key.axis is Axis.DATASET:
        return () if dataset is None else _dataset(dataset)
    return (ELSEWHERE[key.axis],) if key.axis in ELSEWHERE else ()


def _dataset(dataset: DatasetDiff) -> tuple[Factor, ...]:
    if not dataset.touched:
        return (Factor(UNTOUCHED, "no row differs"),)
    found = []
    worst = max(dataset.splits, key=lambda split: split.changed / ((split.same + split.changed) or 1))
    matched = worst.same + worst.changed
    if worst.changed:
        often = worst.changed > FEW_PAIRS * matched
        said = f"{worst.changed} of {matched} inputs of {worst.name} have another output"
        found.append(Factor(MISPAIRED if often else RETOLD, said))
    fallen = [s.name for s in dataset.splits if s.grounded[0] and s.grounded[0] - (s.grounded[1] or 0.0) > FALL]
    if fallen:
        found.append(Factor(UNGROUNDED, f"outputs of {fallen[0]} no longer match their inputs"))
    for overlap in dataset.overlaps:
        if not overlap.before:
            found.append(Factor(LEAKED, f"{overlap.first} and {overlap.second} share inputs"))
    return tuple(found)
