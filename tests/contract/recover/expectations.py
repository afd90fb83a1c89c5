"""The sample files of each reader, samples/READER/…, and what each must say, expected/READER/….txt: a line a fact."""

from __future__ import annotations

from pathlib import Path

from mbisect.environments.recover.evidence import Chosen, Evidence, Present
from mbisect.environments.recover.readers import READERS, Reader

SAMPLES, EXPECTED = (Path(__file__).with_name(name) for name in ("samples", "expected"))


def folder(reader: Reader) -> str:
    """The reader's module, which its samples are called after."""
    return str(getattr(reader, "__name__", "")).rpartition(".")[2]


def samples() -> list[tuple[Reader, str]]:
    """Every reader with every sample of its own, as a path below the folder of samples."""
    return [
        (reader, path.relative_to(SAMPLES).as_posix())
        for reader in READERS
        for path in sorted((SAMPLES / folder(reader)).rglob("*"))
        if path.is_file() and reader.recognises(path)
    ]


def line_of(one: Evidence) -> str:
    """A piece of evidence as an expectation has it."""
    says = one.says
    if isinstance(says, Present):
        what = f"{says.package}{says.specifier or ' any'}{' asked for' if says.root else ''}"
    elif isinstance(says, Chosen):
        what = f"{says.name} = {says.value}"
    else:
        what = f"{says.relation} {says.when.isoformat()}"
    return f"{one.strength.name.lower()} | {what} | {one.place}"
