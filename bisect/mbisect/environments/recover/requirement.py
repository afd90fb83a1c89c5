"""What people ask for, `transformers[torch]>=4.40,<5`, → evidence. What cannot be read says nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.requirements import Requirement

from mbisect.environments.lockfile import HASH, is_freeze, marker_environment
from mbisect.environments.pins import LONG, applies
from mbisect.environments.recover.checked import within
from mbisect.environments.recover.evidence import Evidence, Strength
from mbisect.errors import ConfigError
from mbisect.terms import Interpreter

PYTHONS = tuple(f"3.{minor}" for minor in range(8, 15))
"""Those that a run may have had."""
ENVIRONMENTS = tuple(marker_environment(Interpreter(f"{python}.9", "/python")) for python in PYTHONS)
POETRY = re.compile(r"(?P<sign>[\^~])\s*(?P<version>\d{1,9}(?:\.\d{1,9}){0,5})")
LINES = 20_000
"""Lines of a requirements file that are looked at."""


def required(file: str, place: str, text: str, strength: Strength, *, root: bool = True) -> Iterator[Evidence]:
    """One requirement. A marker must hold for every Python: which one it was is not known yet."""
    try:
        if len(text) > LONG:
            return
        wanted = Requirement(text)
        marker = str(wanted.marker) if wanted.marker is not None else None
        if marker is not None and not all(applies(marker, one, place) for one in ENVIRONMENTS):
            return
    except (ValueError, RecursionError, ConfigError):
        return
    yield from within(file, place, text, wanted.name, str(wanted.specifier), strength, root=root)


def required_lines(file: str, text: str, strength: Strength, *, where: str = "") -> Iterator[Evidence]:
    """A requirements file: what it includes is a file of its own. Of a lock nothing tells what was asked for."""
    root = not (is_freeze(text) or "--hash" in text or re.search(r"^\s+# via ", text, re.MULTILINE))
    for number, line in logical_lines(text):
        bare = re.sub(r"(?:^|\s)#.*$", "", HASH.sub("", line)).strip()
        if bare and not bare.startswith("-"):
            yield from required(file, f"{where}line {number}", bare, strength, root=root)


def logical_lines(text: str, *, join: str = "\\") -> Iterator[tuple[int, str]]:
    """Lines with the number of their first, those put together that end in a backslash; long ones are left out."""
    held: list[str] = []
    start = 1
    for number, line in enumerate(text.split("\n", LINES)[:LINES], 1):
        start = start if held else number
        if line.endswith(join) and len(held) < LINES:
            held.append(line[:-1])
            continue
        whole = " ".join((*held, line)) if held else line
        held.clear()
        if len(whole) <= 16 * LONG:
            yield start, whole


def poetry_range(text: str) -> str | None:
    """A range as Poetry and Pipenv write it (`^4.40`, `~2.1`, `*`, `4.40.1`) as PEP 440 has it; None: alternatives."""
    if "||" in text:
        return None
    return ",".join(filter(None, (_poetry_part(part.strip()) for part in text.split(",", 20))))


def _poetry_part(part: str) -> str:
    match = POETRY.fullmatch(part)
    if match is None:
        return "" if part in ("", "*") else f"=={part}" if part[0].isdigit() else part
    numbers = [int(one) for one in match["version"].split(".")]
    leading = next((place for place, number in enumerate(numbers) if number), len(numbers) - 1)
    raised = leading if match["sign"] == "^" else min(1, len(numbers) - 1)
    above = [*numbers[:raised], numbers[raised] + 1]
    return f">={match['version']},<{'.'.join(map(str, above))}"
