"""A Dockerfile that installs a lock; written only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mbisect.terms import Lock, Pin

TITLE = "Dockerfile"
LARGEST = 64 << 10
"""Characters of a command: Linux takes 128 KiB as one argument, and a builder hands a RUN to the shell as one."""


def write(lock: Lock, name: str) -> str:
    """One file, with the lock inside: no context is needed to build it, and no index is named in it.

    It is what every builder takes, old ones and offline ones too: no here-documents, no `# syntax` to be fetched.
    """
    image = f"python:{lock.python}-slim" if lock.python else "python:3-slim"
    text = f"# {name}, written by `mbisect export`.\nFROM {image}\n"
    for file, hashed in (("hashed", True), ("unhashed", False)):  # pip wants hashes of all lines, or of none
        pins = [pin for pin in lock.pins if bool(pin.hashes) is hashed]
        if pins:
            option = " --require-hashes" if hashed else ""
            for lines in _parts(map(_line, pins)):
                rows = "".join(f"    '{line}' \\\n" for line in lines)
                text += f"RUN printf '%s\\n' \\\n{rows}    >> /{file}.txt\n"
            text += f"RUN python -m pip install --no-cache-dir --no-deps{option} -r /{file}.txt\n"
    return text


def _line(pin: Pin) -> str:
    """A pin and its hashes on one line; names, versions and hashes hold nothing that a shell would take for its own."""
    extras = f"[{','.join(pin.extras)}]" if pin.extras else ""
    return " ".join([f"{pin.name}{extras}=={pin.version}", *(f"--hash={one}" for one in pin.hashes)])


def _parts(lines: Iterable[str]) -> Iterator[Sequence[str]]:
    """As many lines as one command holds, again and again."""
    part: list[str] = []
    size = 0
    for line in lines:
        if part and size + len(line) > LARGEST:
            yield part
            part, size = [], 0
        part.append(line)
        size += len(line) + 10
    yield part
