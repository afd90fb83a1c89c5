"""What Trainer saves by torch.save: its arguments, and the state of the random generators. Never unpickled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mbisect.environments.recover.chosen import chosen
from mbisect.environments.recover.evidence import Evidence, Strength, present
from mbisect.environments.recover.pickled import Contents, Made, Named, read_saved
from mbisect.environments.recover.readers.hub import by_fields

TITLE = "training_args.bin or rng_state.pth"
ALWAYS = {"transformers", "trl", "peft", "accelerate", "torch", "datasets"}
"""Distributions whose modules are named like them."""
NUMPY = {"numpy.core": "<2", "numpy._core": ">=2"}
"""numpy 2.0 moved `numpy.core`, and its pickles name where things are."""


def recognises(path: Path) -> bool:
    """By their names; one state of the generators for each process."""
    return path.name == "training_args.bin" or (path.name.startswith("rng_state") and path.suffix == ".pth")


def read(path: Path, name: str) -> Iterator[Evidence]:
    """Which packages it names, and which releases have just these arguments."""
    contents = read_saved(path)
    seen: set[str] = set()
    for one in contents.named:
        package = one.module.partition(".")[0]
        if package in ALWAYS - seen:
            seen.add(package)
            raw = f"{one.module}.{one.name}"
            yield present(name, "names in the pickle", raw, package, "", Strength.RECORDED, root=True)
    yield from _numpy(contents, name)
    if path.name == "training_args.bin":
        yield from _arguments(contents, name)


def _numpy(contents: Contents, name: str) -> Iterator[Evidence]:
    for prefix, specifier in NUMPY.items():
        found = [one for one in contents.named if one.module == prefix or one.module.startswith(f"{prefix}.")]
        if found:
            raw = f"{found[0].module}.{found[0].name}"
            yield present(name, "names in the pickle", raw, "numpy", specifier, Strength.RECORDED)


def _arguments(contents: Contents, name: str) -> Iterator[Evidence]:
    top = contents.top
    if not isinstance(top, Made) or not isinstance(top.of, Named):
        return
    names, owner = list(top.attributes), top.of.name
    for attribute, value in top.attributes.items():
        yield from chosen(name, attribute, attribute, value, Strength.RECORDED)
    if top.of.module.startswith("transformers.") or top.of.module.startswith("trl."):
        yield from by_fields(name, "transformers", "training_args", names, owner)
    if top.of.module.startswith("trl."):
        yield from by_fields(name, "trl", "training_args", names, owner)
