"""The published JSON Schema is that of the reports that are written."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mbisect.report.env_diff.schema import as_text as env_diff_schema
from mbisect.report.machine import SCHEMA, as_report
from mbisect.report.schema import as_text
from mbisect.terms import COMMIT, DATASET, PYTHON, Asked, Change, Healed, package

PUBLISHED = Path(__file__).parents[3] / "docs" / "schema"
HTTPX = package("httpx")


def strict(text: str) -> Any:
    """The schema with nothing admitted that it does not name: so every field of a report must stand in it."""
    schema = json.loads(text)
    for part in (schema, *schema["$defs"].values()):
        part["additionalProperties"] = False
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def records(world: Any) -> dict[str, Any]:
    """A record of every outcome, relation and axis, with all that a finding may hold."""
    single = world.found((HTTPX, "0.28.0"))
    [cause] = single.finding.causes
    wide = replace(
        cause, candidates=("0.27.0", "0.28.0"), moved_with=(Change(package("six"), None, "1.16.0"),), confidence=0.97
    )
    healed = (Healed(cause.change, cause.change), Healed(cause.change))
    full = replace(single.finding, causes=(wide,), healed=healed, learnt=("a with b",), sufficient=None)
    return {
        "single": single,
        "an interval": replace(single, finding=full),
        "added": world.found((package("simplejson"), "3.19.1")),
        "removed": world.found((package("chardet"), None)),
        "together": world.found((HTTPX, "0.22.0"), (HTTPX, "0.28.0"), relation="together"),
        "each": world.found((COMMIT, "2" * 40), (DATASET, "2" * 40), relation="each"),
        "python": world.found((PYTHON, "3.12.1")),
        "a half": replace(world.found((HTTPX, "0.28.0"), whole=True), asked=Asked("v1", "v4", half="evaluation")),
        "a half, and no whole": replace(single, asked=Asked("v1", "v4", half="training")),
        "not reproduced": world.failed("not-reproduced", "the bad end is good", "good", "good"),
        "the good end fails": world.failed("good-endpoint-fails", "the good end is bad", "bad", "bad"),
        "undecided": world.failed("undecided", "stopped after 2 trials", "good", "bad"),
    }


def test_every_report_is_as_the_schema_says(world: Any) -> None:
    for record in records(world).values():
        strict(as_text()).validate(json.loads(json.dumps(as_report(record))))


@pytest.mark.parametrize(
    "spoilt",
    [
        {"outcome": "maybe"},
        {"schema": "mbisect.report/2"},
        {"causes": [{"axis": "package"}]},
        {"trials": -1},
        {"run": ""},
        {"half": None},
        {"half": "both"},
    ],
)
def test_what_is_no_report_is_refused(world: Any, spoilt: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        strict(as_text()).validate({**as_report(world.found((HTTPX, "0.28.0"))), **spoilt})


@pytest.mark.parametrize(
    ("name", "schema", "command"),
    [("report", as_text, "report"), ("env-diff", env_diff_schema, "env-diff")],
)
def test_the_committed_schema_is_the_generated_one(name: str, schema: Callable[[], str], command: str) -> None:
    """After a change: `mbisect report --schema > docs/schema/mbisect.report-1.json`, and env-diff likewise."""
    assert (PUBLISHED / f"mbisect.{name}-1.json").read_text(encoding="utf-8") == schema(), f"mbisect {command} --schema"


def test_it_is_the_schema_of_this_version() -> None:
    assert json.loads(as_text())["properties"]["schema"]["const"] == SCHEMA
