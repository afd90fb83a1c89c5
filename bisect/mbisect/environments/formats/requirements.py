"""requirements.txt and `pip freeze`: lines of pins."""

from __future__ import annotations

from collections.abc import Mapping

from mbisect.environments.formats.admits import says_no_python
from mbisect.environments.lockfile import lock_of, render
from mbisect.environments.sources import Source
from mbisect.terms import Lock

python = says_no_python

TITLE = "requirements.txt"


def recognises(source: Source) -> bool:
    """Any text: it is tried last."""
    return source.syntax == "text"


def read(source: Source, environment: Mapping[str, str]) -> Lock:
    """See lockfile.read_lock, which also follows `-r`."""
    return lock_of(source.path, source.text, environment)


def write(lock: Lock, name: str) -> str:
    """The pins with their hashes."""
    python = f" for Python {lock.python}" if lock.python else ""
    return f"# {name}, written by `mbisect export`{python}.\n{render(lock.pins)}"
