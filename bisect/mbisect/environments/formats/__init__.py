"""Files that other tools wrote → locks: one module per format.

Adding a format: a module with a title, `recognises` and `read`, a line in FORMATS, a sample and its expectations in
tests/contract/formats. One that is also written has `write`, and a line in export.WRITERS.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

from mbisect.environments.formats import (
    conda_environment,
    conda_list,
    cyclonedx,
    pdm_lock,
    pip_inspect,
    pipfile_lock,
    poetry_lock,
    probed,
    pylock,
    requirements,
    uv_lock,
)
from mbisect.environments.sources import Source
from mbisect.errors import ConfigError
from mbisect.terms import Lock

Answer = TypeVar("Answer")


class Format(Protocol):
    """The contract of a format that is read. Reading is pure but for what a requirements file includes."""

    TITLE: str
    """What people call it."""

    def recognises(self, source: Source) -> bool:
        """Whether a file is of this format, by its name and what is in it, well-formed or not."""

    def python(self, source: Source) -> str:
        """The Python that it was written for, "3.11" or "3.11.7"; empty: it does not say. Raises ConfigError."""

    def read(self, source: Source, environment: Mapping[str, str]) -> Lock:
        """What it pins for one interpreter. Raises ConfigError, one line, and nothing else, whatever the file holds."""


FORMATS: tuple[Format, ...] = (
    uv_lock,
    pylock,
    poetry_lock,
    pdm_lock,
    pipfile_lock,
    pip_inspect,
    probed,
    cyclonedx,
    conda_list,
    conda_environment,
    requirements,
)
"""In the order in which they are tried."""


def python_of(source: Source) -> str:
    """The line of the Python that a file was written for, such as "3.11"; empty: it does not say."""
    match = re.fullmatch(r"(\d{1,2}\.\d{1,3})(\..*)?", _ask(source, lambda one: one.python(source)))
    return match[1] if match is not None else ""


def read_source(source: Source, environment: Mapping[str, str]) -> Lock:
    """What a file of any format pins for one interpreter. Raises ConfigError, one line."""
    return _ask(source, lambda one: one.read(source, environment))


def _ask(source: Source, question: Callable[[Format], Answer]) -> Answer:
    for one in FORMATS:
        if one.recognises(source):
            try:
                return question(one)
            except RecursionError:
                raise ConfigError(f"{source.path}: it is nested too deeply for a lock; is it the right file?") from None
    known = ", ".join(one.TITLE for one in FORMATS)
    raise ConfigError(f"{source.path}: no lock in {source.syntax.upper()} that mbisect reads; it reads {known}")
