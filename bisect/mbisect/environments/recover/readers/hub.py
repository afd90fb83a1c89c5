"""JSON files of transformers and peft: the version that wrote them, where they say it, and what their fields tell."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.version import InvalidVersion, Version

from mbisect.environments.recover.chosen import chosen
from mbisect.environments.recover.evidence import SHOWN, Evidence, Strength, present
from mbisect.environments.recover.fingerprints import releases_with
from mbisect.environments.sources import load

TITLE = "configuration of transformers or peft"


@dataclass(frozen=True, slots=True)
class Kind:
    """What one of the files is."""

    kind: str
    """As the fingerprint table calls it."""
    package: str
    said_by: str | None = None
    """The key that holds the version of the package."""
    owner: str | None = None
    """The key that names whose fields they are."""


KINDS: Mapping[str, Kind] = {
    "config.json": Kind("model_config", "transformers", "transformers_version", "model_type"),
    "generation_config.json": Kind("generation_config", "transformers", "transformers_version"),
    "adapter_config.json": Kind("adapter_config", "peft", "peft_version", "peft_type"),
    "tokenizer_config.json": Kind("tokenizer_config", "transformers", None, "tokenizer_class"),
    "trainer_state.json": Kind("trainer_state", "transformers"),
}
SETTINGS = {"adapter_config.json": ("r", "lora_alpha", "lora_dropout"),
            "trainer_state.json": ("num_train_epochs", "train_batch_size")}  # fmt: skip
SETTINGS_STRENGTH = {"adapter_config.json": Strength.RECORDED, "trainer_state.json": Strength.INFERRED}
"""The state has the epochs and the batch that came of the arguments, not the arguments."""
TRAINED = "training_args.bin", "trainer_state.json", "adapter_config.json"
"""Stand beside what a training saved; a folder without any of these may be a model that was downloaded."""


def recognises(path: Path) -> bool:
    """By their names, which never change."""
    return path.name in KINDS


def read(path: Path, name: str) -> Iterator[Evidence]:
    """A version that is named is exact; fields bound it."""
    what, document = KINDS[path.name], load(path).document
    if not isinstance(document, dict):
        return
    trained = any((path.parent / other).exists() for other in TRAINED)
    said = document.get(what.said_by) if what.said_by is not None else None
    if isinstance(said, str) and (specifier := exactly(said)):
        strength = Strength.RECORDED if trained else Strength.STATED
        yield present(name, str(what.said_by), said, what.package, specifier, strength, root=trained)
    elif what.kind == "adapter_config" or trained:
        yield present(name, "the file", path.name, what.package, "", Strength.RECORDED, root=True)
    for key in SETTINGS.get(path.name, ()):
        yield from chosen(name, key, key, document.get(key), SETTINGS_STRENGTH[path.name])
    owner = document.get(what.owner) if what.owner is not None else None
    names = [key for key in document if isinstance(key, str)]
    yield from by_fields(name, what.package, what.kind, names, owner if isinstance(owner, str) else None)


def exactly(said: str) -> str | None:
    """The specifier of a version as a library gives its own. A development version is of no index, and bounds it."""
    try:
        version = Version(said)
    except InvalidVersion:
        return None
    return f">={version.public}" if version.is_devrelease else f"=={version.public}"


def by_fields(
    name: str, package: str, kind: str, names: Collection[str], owner: str | None = None
) -> Iterable[Evidence]:
    """Which releases can have saved these names, as evidence; none where that tells nothing."""
    verdict = releases_with(package, kind, names, owner)
    if verdict is None or verdict.contradictions or len(verdict.releases) == verdict.of:
        return
    first, last = verdict.releases[0], verdict.releases[-1]
    specifier = f">={first}" if verdict.open_ended else f">={first},<={last}"
    raw = "; ".join(map(str, verdict.reasons))[:SHOWN] or f"{len(names)} names"
    yield present(name, "names of its fields", raw, package, specifier, Strength.INFERRED)
