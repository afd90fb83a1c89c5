"""The published JSON Schema of `mbisect.report/1`: what each field means. Knows nothing of how a report is made.

Fields may be added; those that are here keep their meaning until the number changes.
"""

from __future__ import annotations

import json
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from mbisect.terms import FoundOutcome, Half, Relation

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ID = "urn:mbisect:report:1"
AxisName = Literal["package", "python", "commit", "dataset", "setting", "seed", "variable"]


class Table(BaseModel):
    """A part of the report, whose fields are explained by the texts below them."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Move(Table):
    """A change that came with a cause, or with the trials of a confirmation."""

    name: str
    from_: str | None = Field(alias="from")
    """Null: it was not there."""
    to: str | None
    """Null: it is not there any more."""


class Cause(Table):
    """One change that is guilty."""

    axis: AxisName
    name: str
    """The package, setting or variable; on the other axes the axis itself."""
    last_good: str | None
    """The version, revision or value before it; null for what was added."""
    first_bad: str | None
    """The one after it; null for what was removed."""
    title: str = ""
    """The subject of the commit; empty on other axes."""
    first_bad_candidates: list[str]
    """All that may be the first bad one: more than one where those between could not be tested."""
    moved_with: list[Move]
    """What moved in the same step and cannot be told apart from it."""
    confidence: float = Field(ge=0, le=1)
    """Probability that it is this change, given the runs; 1 where no run speaks against it."""


class Healed(Table):
    """A change that broke it in passing and was mended before the bad end."""

    axis: AxisName
    name: str
    broke: str | None
    """The value that broke it."""
    healed: str | None
    """The value that mended it; null where that is not known."""


class Confirmed(Table):
    """What both confirmations showed; null where one could not be tested or there was none."""

    sufficient: bool | None
    """The good end with the causes alone is bad."""
    necessary: bool | None
    """The bad end without the causes is good."""


class Companions(Table):
    """What the resolver moved in the trials of a confirmation beside the causes, since their packages need it."""

    sufficient: list[Move]
    """Against the good end with the causes alone."""
    necessary: list[Move]
    """Against the bad end without the causes."""


class Report(Table):
    """What `mbisect run --report FILE.json` writes, and `mbisect run --json` and `mbisect report --json` print."""

    schema_: Literal["mbisect.report/1"] = Field(alias="schema")
    outcome: FoundOutcome
    """`found`; `not-reproduced`: the bad end is good, or both fail alike; `good-endpoint-fails`; `undecided`."""
    relation: Relation
    """`single`; `together`: all causes are needed; `each`: any one is enough."""
    causes: list[Cause]
    """Empty unless the outcome is `found`."""
    healed: list[Healed]
    confirmed: Confirmed
    companions: Companions = Field(default_factory=Companions)  # type: ignore[arg-type]  # older reports lack it
    half: Half = Field(default_factory=str)  # type: ignore[arg-type]  # left out without one, never null
    """The half of the workload that was searched; left out where it was the whole."""
    whole: bool | None = Field(default_factory=bool)
    """Of a half alone: the bad end's other half with the searched one without the causes is good; null: not tested."""
    timeline: int = Field(ge=0)
    """How many changes lie between the ends."""
    trials: int = Field(ge=0)
    environments: int = Field(ge=0)
    """How many different locks were tried."""
    seconds: float = Field(ge=0)
    """Wall time of the invocation that ended the run."""
    run: str = Field(pattern=r"^[0-9a-f]{12}$")
    """Its id; the same question has the same."""
    why: str
    """For an outcome other than `found`: the reason in a sentence."""
    learnt: list[str]
    """Releases that do not work together although their metadata admits it, in words."""
    ran: int = Field(ge=0)
    """Trials that this invocation really ran; the others were known."""
    journal: str
    """Path of the journal, on the machine that made the run."""


def published(kind: type[Table], name: str) -> str:
    """The schema of a report as it is published; ends with a newline."""
    schema = {"$schema": DIALECT, "$id": name, **kind.model_json_schema(by_alias=True)}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def as_text() -> str:
    """The schema of a run's report."""
    return published(Report, ID)
