"""The published JSON Schema of `mbisect.env-diff/1`: what each field means. Knows nothing of how it is made."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mbisect.environments.diff import Move
from mbisect.report.schema import AxisName, Table, published

ID = "urn:mbisect:env-diff:1"
Differing = Literal[AxisName, "system"]
"""What is compared is more than what can be searched."""


class Reason(Table):
    """Why a difference is thought more or less likely to matter."""

    times: float
    """Factor by which it counts."""
    reason: str


class Release(Table):
    """What the package index says of a release; null where it was not asked or does not say."""

    released: str | None
    """First upload, ISO 8601."""
    yanked: str | None
    """The reason, empty without one; null: not yanked."""


class Package(Table):
    """What is known of a package that differs."""

    move: Literal[tuple(str(move) for move in Move)]  # type: ignore[valid-type]  # it is made of the words themselves
    direct: bool | None
    """Asked for by name; null: not known."""
    required_by: list[str]
    releases: int | None
    """Releases from one version to the other; null: not known, or only one side has the package."""
    from_: Release | None = Field(alias="from")
    to: Release | None


class Difference(Table):
    """One thing that is not the same in both."""

    axis: Differing
    name: str
    from_: str | None = Field(alias="from")
    """Null: absent."""
    to: str | None
    suspicion: float = Field(ge=0, le=1)
    """Its share of what is thought of all differences before anything was run."""
    why: list[Reason]
    """The weightiest first."""
    package: Package = Field(default_factory=dict)  # type: ignore[assignment]  # left out on other axes, never null
    """Of packages alone."""


class Example(Table):
    """A row whose input stayed and whose output did not, as JSON text."""

    input: str
    before: str
    after: str


class Split(Table):
    """One split of the dataset; counts are of rows."""

    name: str
    rows: tuple[int | None, int | None]
    """In a and in b; null: there is no such split."""
    added: int
    removed: int
    changed: int
    """The input stayed and the output is another one."""
    same: int
    swapped: int
    """Of those that changed: the output belonged to another input before."""
    grounded: tuple[float | None, float | None]
    """The share of the telling words of an output that its own input holds; null: none could be measured."""
    examples: list[Example]


class Overlap(Table):
    """Inputs that two splits share."""

    splits: tuple[str, str]
    inputs: tuple[int, int]
    """How many, in a and in b."""


class File(Table):
    """Another file of the dataset."""

    path: str
    what: str
    """`added`, `removed` or `changed`."""


class Dataset(Table):
    """Both revisions of the dataset."""

    splits: list[Split]
    overlaps: list[Overlap]
    files: list[File]
    not_compared: list[str]
    """Splits, with the reason."""


class Commit(Table):
    """One commit."""

    commit: str
    date: str
    author: str
    subject: str


class Log(Table):
    """The commits between both revisions, the newest first."""

    applied: list[Commit]
    """What b has and a has not."""
    undone: list[Commit]
    """What a has and b has not."""


class EnvDiff(Table):
    """What `mbisect env-diff A B --json` prints."""

    schema_: Literal["mbisect.env-diff/1"] = Field(alias="schema")
    a: str
    b: str
    same: bool
    packages_the_same: int
    differences: list[Difference]
    """The most suspicious first."""
    dataset: Dataset | None
    dataset_commits: Log | None
    commits: Log | None
    traced: bool
    """It is known what the workload loads."""
    unknown: list[str]
    """What could not be looked up, and why."""


def as_text() -> str:
    """The schema as it is published; ends with a newline."""
    return published(EnvDiff, ID)
