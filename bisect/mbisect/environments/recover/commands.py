"""Shell commands that install packages, `pip install 'x>=1' y==2` → evidence. They are split into words, never run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from mbisect.environments.recover.checked import released, within
from mbisect.environments.recover.conda_spec import conda_required
from mbisect.environments.recover.evidence import Evidence, Strength
from mbisect.environments.recover.requirement import required

STATED = Strength.STATED
LONG = 20_000
"""Characters of a command that is looked at."""
ENDS = re.compile(r"[;&|]+")
PIP = re.compile(r"(?:.*/)?(?:pip|pipx|uv|poetry|pdm)[\d.]*")
CONDA = re.compile(r"(?:.*/)?(?:conda|mamba|micromamba)")
VERBS = ("install", "add")
VALUED = frozenset(
    """-r --requirement --requirements -c --constraint --constraints -i --index-url --default-index --index
    --extra-index-url -f --find-links -t --target --python -p --prefix --root --platform --python-version
    --implementation --abi --timeout --retries --cache-dir -e --editable -n --name --channel --progress-bar
    --trusted-host --config-settings --group --extra --torch-backend --index-strategy --upgrade-strategy --src
    --no-binary --only-binary --exclude-newer""".split()
)
"""Options whose next word is no package."""
VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w{1,100})(?::?-(?P<default>[^{}$]{0,200}))?\}|(?P<bare>\w{1,100}))")


def installs(file: str, place: str, command: str, variables: Mapping[str, str] | None = None) -> Iterator[Evidence]:
    """What the commands of a line ask for; a range that is not quoted is a redirection, and so are its words."""
    if len(command) > LONG or not any(verb in command for verb in VERBS):
        return
    filled = substitute(command, variables or {})
    scanner = shlex.shlex(filled[:LONG], posix=True, punctuation_chars=";&|<>")
    scanner.whitespace_split, scanner.commenters = True, ""
    words: list[str] = []
    try:
        for word in (*scanner, ";"):
            if word.startswith("#"):
                break
            if ENDS.fullmatch(word):
                yield from _command(file, place, words)
                words = []
            else:
                words.append(word)
    except ValueError:  # a quote that is not closed
        return
    yield from _command(file, place, words)


def substitute(text: str, variables: Mapping[str, str]) -> str:
    """A text with the variables that are known; the others stay as they are."""

    def value(match: re.Match[str]) -> str:
        known = variables.get(match["braced"] or match["bare"])
        return known or match["default"] or match[0]

    return VARIABLE.sub(value, text)


def _command(file: str, place: str, words: list[str]) -> Iterator[Evidence]:
    tool = next((at for at, word in enumerate(words) if PIP.fullmatch(word) or CONDA.fullmatch(word)), None)
    verb = next((at for at, word in enumerate(words) if word in VERBS and tool is not None and at > tool), None)
    if tool is None or verb is None or verb - tool > 3:
        return
    conda = CONDA.fullmatch(words[tool]) is not None
    skip = False
    for word in words[verb + 1 :]:
        redirected = bool(re.fullmatch(r"[<>]+", word))
        if skip or redirected or word.startswith("-") or word.isdigit():
            skip = redirected or word in VALUED or (conda and word == "-c")
        else:
            yield from _package(file, place, word, conda=conda)


def _package(file: str, place: str, word: str, *, conda: bool) -> Iterator[Evidence]:
    if conda:
        yield from conda_required(file, place, word, STATED, root=True)
    elif word.endswith(".whl"):
        try:
            name, version = parse_wheel_filename(word[-300:].rpartition("/")[2].replace("%2B", "+"))[:2]
        except (InvalidWheelFilename, ValueError):
            return
        yield from released(file, place, word, name, version, STATED, root=True)
    elif "$" in word:  # a version that is not known here
        bare = re.match(r"[A-Za-z0-9][\w.-]*?(?=[\[=<>!~])", word)
        if bare is not None:
            yield from within(file, place, word, bare[0], "", STATED, root=True)
    else:
        yield from required(file, place, word, STATED)
