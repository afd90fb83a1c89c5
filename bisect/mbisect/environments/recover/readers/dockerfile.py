"""A Dockerfile: the image that it starts from, and what its commands install. Nothing is built or fetched.

It says what was asked for when the image was built. Of several stages the last one counts, and those that it starts
from or copies from.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from mbisect.environments.recover.checked import interpreter, released
from mbisect.environments.recover.commands import LONG, installs, substitute
from mbisect.environments.recover.evidence import Evidence, Strength
from mbisect.environments.recover.lines import MOST
from mbisect.environments.recover.requirement import logical_lines, required_lines
from mbisect.environments.sources import read_text

TITLE = "Dockerfile"
STATED = Strength.STATED
INSTRUCTION = re.compile(r"\s*(?P<word>FROM|RUN|ARG|ENV|COPY|ADD)\s+(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
FROM = re.compile(r"(?:--\S+\s+)*(?P<image>[^\s@]{1,300})\S*(?:\s+AS\s+(?P<name>\S{1,200}))?.*", re.IGNORECASE)
COPIED = re.compile(r"(?:--(?!from)\S+\s+)*--from=(?P<stage>\S{1,200})")
ASSIGNED = re.compile(r"""(?P<name>\w{1,100})(?:=|\s+)(?:"(?P<quoted>[^"]{0,500})"|(?P<bare>\S{0,500}))""")
HEREDOC = re.compile(r"<<-?['\"]?(?P<end>\w{1,50})['\"]?(?P<target>.*)")
PYTHON = re.compile(
    r"(?:.*/)?python:(?P<version>3\.\d{1,2}(?:\.\d{1,2})?)\b.*|(?:.*/)?uv:.*python(?P<uv>3\.\d{1,2})\b.*"
)
STAGES = 100
"""Stages that are read at most."""
IMAGES = {
    "pytorch/pytorch": "torch",
    "huggingface/transformers-pytorch-gpu": "transformers",
    "tensorflow/tensorflow": "tensorflow",
    "vllm/vllm-openai": "vllm",
}
"""Images whose tag begins with the version of a package."""
TAG = re.compile(r"v?(?P<version>\d+\.\d+\.\d+(?:\.post\d+)?)(?:-.*)?")


@dataclass(slots=True)
class Stage:
    """From one FROM to the next."""

    name: str
    sources: list[str]
    """What it starts from and copies from."""
    found: list[Evidence] = field(default_factory=list)


def recognises(path: Path) -> bool:
    """Dockerfile, Dockerfile.gpu, train.dockerfile, Containerfile."""
    return re.fullmatch(r"(?i:(?:Dockerfile|Containerfile)(?:[._-].*)?|.*\.dockerfile)", path.name) is not None


def read(path: Path, name: str) -> Iterator[Evidence]:
    """What the image that it describes had to have."""
    stages: list[Stage] = []
    variables: dict[str, str] = {}
    for place, instruction, rest, body in _instructions(read_text(path, "Docker")):
        if instruction in ("ARG", "ENV"):
            for match in ASSIGNED.finditer(rest[:LONG]):
                text = match["quoted"] if match["quoted"] is not None else match["bare"]
                variables[match["name"]] = substitute(text, variables)[:500]
        elif instruction == "FROM":
            image = FROM.fullmatch(substitute(rest[:1000], variables))
            if image is not None and len(stages) < STAGES:
                stages.append(Stage(image["name"] or "", [image["image"]], list(_image(name, place, image["image"]))))
        elif stages:
            copied = COPIED.match(rest) if instruction == "COPY" else None
            stages[-1].sources += [copied["stage"]] if copied is not None else []
            room = MOST - sum(len(stage.found) for stage in stages)
            stages[-1].found += islice(_steps(name, place, instruction, rest, body, variables), max(0, room))
    yield from _last(stages)


def _steps(
    name: str, place: str, instruction: str, rest: str, body: list[str] | None, variables: dict[str, str]
) -> Iterator[Evidence]:
    if instruction == "RUN":
        for line in body if body is not None else (_plain(rest),):
            yield from installs(name, place, line, variables)
    elif body is not None and ".txt" in rest:
        yield from required_lines(name, "\n".join(body), STATED, where=f"{place}, ")


def _plain(rest: str) -> str:
    """The exec form, `["pip", "install", "x"]`, as a command; no shell sees that, so nothing in it is a redirection."""
    if not rest.startswith("[") or len(rest) > LONG:
        return rest
    try:
        words = json.loads(rest)
    except (ValueError, RecursionError):
        return rest
    return " ".join("'" + str(word).replace("'", "") + "'" for word in words) if isinstance(words, list) else rest


def _instructions(text: str) -> Iterator[tuple[str, str, str, list[str] | None]]:
    """Place, word and rest of each instruction, and the lines of its here-document."""
    lines = [line.rstrip() for line in text.split("\n")]
    for at, line in enumerate(lines):  # comments may stand between the lines of one instruction
        if line.lstrip().startswith("#"):
            lines[at] = "\\" if at and lines[at - 1].endswith("\\") else ""
    inside: tuple[str, str, str, list[str]] | None = None
    end = ""
    for number, line in logical_lines("\n".join(lines)):
        if inside is not None:
            if line.strip() == end:
                yield inside
                inside = None
            else:
                inside[3].append(line)
            continue
        match = INSTRUCTION.match(line)
        if match is None:
            continue
        word, rest = match["word"].upper(), match["rest"]
        here = HEREDOC.search(rest) if word in ("RUN", "COPY", "ADD") else None
        if here is not None:
            inside, end = (f"line {number}", word, rest, []), here["end"]
        else:
            yield f"line {number}", word, rest, None


def _image(name: str, place: str, image: str) -> Iterator[Evidence]:
    python = PYTHON.fullmatch(image)
    if python is not None:
        yield from interpreter(name, place, image, python["version"], STATED)
    repository, _, tag = image.rpartition(":")
    package, version = IMAGES.get("/".join(repository.split("/")[-2:])), TAG.fullmatch(tag)
    if package is not None and version is not None:
        yield from released(name, place, image, package, version["version"], STATED, root=True)


def _last(stages: list[Stage]) -> Iterator[Evidence]:
    """What the last stage has, and before it what those have that it is made from."""
    kept = stages[-1:]
    wanted = {one.lower() for stage in kept for one in stage.sources}
    for number, stage in reversed(list(enumerate(stages[:-1]))):
        if stage.name.lower() in wanted or str(number) in wanted:
            kept.append(stage)
            wanted |= {one.lower() for one in stage.sources}
    for stage in reversed(kept):
        yield from stage.found
