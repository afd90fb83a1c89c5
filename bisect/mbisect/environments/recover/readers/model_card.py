"""Model cards that Trainer, trl and peft write: README.md with the versions of the frameworks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from mbisect.environments.recover.chosen import chosen
from mbisect.environments.recover.evidence import Evidence, Strength, present
from mbisect.environments.recover.readers.hub import exactly
from mbisect.environments.sources import read_text

TITLE = "model card"
NAMES = {
    "accelerate": "accelerate",
    "datasets": "datasets",
    "peft": "peft",
    "pytorch": "torch",
    "sentence transformers": "sentence-transformers",
    "setfit": "setfit",
    "tokenizers": "tokenizers",
    "torch": "torch",
    "transformers": "transformers",
    "trl": "trl",
    "unsloth": "unsloth",
}
"""As the cards call it → the distribution."""
LINE = re.compile(r"[-*] ?\**([A-Za-z][A-Za-z ]{2,24}?)\**:? +\**v?(\d[\w.+!]{0,40})\**[ \t]*$")
ROOTS = {"peft", "transformers", "trl", "datasets", "torch"}
"""What people ask for by name; the others come along."""
HEAD = 40
"""Lines in which the front matter is, with the tags of what trained."""
SETTING = re.compile(r"- (?P<name>[a-z_]{2,40}): (?P<value>-?\d{1,12}(?:\.\d{1,20})?(?:e-?\d{1,3})?)[ \t]*$")
"""A line below the heading of hyperparameters."""
PYTHON_LINE = re.compile(r"[-*] ?Python:? +v?(3\.\d{1,2}(?:\.\d{1,2})?)[ \t]*$")


def recognises(path: Path) -> bool:
    """Every README.md may be one."""
    return path.name.lower() in ("readme.md", "model_card.md", "modelcard.md")


def read(path: Path, name: str) -> Iterator[Evidence]:
    """The lines of versions below a heading of framework versions, and those of settings below theirs."""
    below = settings = False
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip() in ("- trl", "- peft") and number <= HEAD:
            yield present(name, f"line {number}", line, line.strip()[2:], "", Strength.RECORDED, root=True)
        if line.startswith("#"):
            below, settings = "versions" in line.lower(), "hyperparameters" in line.lower()
            continue
        if settings and (setting := SETTING.match(line[:120])) is not None:
            yield from chosen(name, f"line {number}", setting["name"], _number(setting["value"]), Strength.STATED)
        match = LINE.match(line[:120]) if below or line.startswith(("- PEFT ", "- Transformers ")) else None
        python = PYTHON_LINE.match(line[:120]) if below else None
        if python is not None:
            yield present(name, f"line {number}", line, "python", f"=={python[1]}", Strength.RECORDED)
        elif match is not None and (package := NAMES.get(match[1].lower())) and (specifier := exactly(match[2])):
            place = f"line {number}"
            yield present(name, place, line, package, specifier, Strength.RECORDED, root=package in ROOTS)


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)
