"""Training scripts: what they import was there. Read line by line, never compiled; knows no other Python file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from mbisect.environments.recover.checked import within
from mbisect.environments.recover.evidence import Evidence, Strength
from mbisect.environments.recover.known import FOLDERS
from mbisect.environments.recover.lines import lines_of

TITLE = "training script"
IMPORT = re.compile(r"(?:from (?P<one>[A-Za-z_]\w{0,60})[ .]|import (?P<all>[\w., ]{1,300}))")
"""At the start of a line: what is indented may have been optional."""
TRAIN = {"transformers", "trl", "peft", "unsloth"}
"""A script that imports one of these trains; what others import need not have been there."""


def recognises(path: Path) -> bool:
    """Python files, but for tests."""
    return path.suffix == ".py" and not path.name.startswith("test_") and path.name != "conftest.py"


def read(path: Path, name: str) -> Iterator[Evidence]:
    """The distributions that it imports, each once; no version is said."""
    found: dict[str, Evidence] = {}
    for place, line in lines_of(path):
        match = IMPORT.match(line)
        for module in _modules(match) if match is not None else ():
            package = FOLDERS.get(module)
            for one in within(name, place, line, package, "", Strength.STATED, root=True) if package else ():
                found.setdefault(str(package), one)
    if TRAIN & found.keys():
        yield from found.values()


def _modules(match: re.Match[str]) -> Iterator[str]:
    """`import a.b as c, d` → a, d."""
    for part in [match["one"]] if match["one"] else match["all"].split(","):
        yield part.split(" as ")[0].strip().partition(".")[0]
