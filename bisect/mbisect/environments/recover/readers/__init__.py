"""Files that a training run leaves behind → evidence: one module per kind of file.

Adding a kind: a module with a title, `recognises` and `read`, a line in READERS, a sample and what it says in
tests/contract/recover. Nothing that is read is ever executed, imported or unpickled.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from mbisect.environments.recover.evidence import Evidence
from mbisect.environments.recover.readers import (
    console,
    dockerfile,
    hub,
    mlflow,
    model_card,
    notebook,
    pip_log,
    requirement_files,
    script,
    torch_saved,
    wandb,
)


class Reader(Protocol):
    """The contract of a kind of file."""

    TITLE: str
    """What people call it."""

    def recognises(self, path: Path) -> bool:
        """Whether a file is of this kind, by its name alone."""

    def read(self, path: Path, name: str) -> Iterable[Evidence]:
        """What it says, `name` being what the file is called in the evidence. A file may be of several kinds.

        Raises ConfigError, one line, for a file that cannot be read as what its name says; nothing else, whatever is in
        it, and within bounded time and memory.
        """


READERS: tuple[Reader, ...] = (
    console,
    dockerfile,
    hub,
    mlflow,
    model_card,
    notebook,
    pip_log,
    requirement_files,
    script,
    torch_saved,
    wandb,
)
