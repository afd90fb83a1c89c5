"""The report for programs: schema mbisect.report/1 (DESIGN, section 6). Knows nothing of terminals."""

from __future__ import annotations

from collections.abc import Iterable

from mbisect.journal import Record
from mbisect.report.exhibits import confirming
from mbisect.terms import Change, Purpose

SCHEMA = "mbisect.report/1"


def as_report(record: Record) -> dict[str, object]:
    """The record as plain JSON values."""
    finding = record.finding
    return {
        "schema": SCHEMA,
        "outcome": finding.outcome,
        "relation": finding.relation,
        "causes": [
            {
                "axis": str(cause.change.key.axis),
                "name": cause.change.key.name,
                "last_good": cause.change.before,
                "first_bad": cause.change.after,
                "title": cause.change.title,
                "first_bad_candidates": list(cause.candidates),
                "moved_with": _moves(cause.moved_with),
                "confidence": cause.confidence,
            }
            for cause in finding.causes
        ],
        "healed": [
            {
                "axis": str(healed.change.key.axis),
                "name": healed.change.key.name,
                "broke": healed.change.after,
                "healed": healed.mended.after if healed.mended is not None else None,
            }
            for healed in finding.healed
        ],
        "confirmed": {"sufficient": finding.sufficient, "necessary": finding.necessary},
        "companions": {"sufficient": _companions(record, "sufficient"), "necessary": _companions(record, "necessary")},
        **({"half": record.half, "whole": finding.whole} if record.half is not None else {}),
        "timeline": len(record.timeline),
        "trials": len(record.trials),
        "environments": record.environments,
        "seconds": round(record.seconds, 3),
        "run": record.run,
        "why": finding.why,
        "learnt": list(finding.learnt),
        "ran": record.ran,
        "journal": record.journal,
    }


def _moves(changes: Iterable[Change]) -> list[dict[str, str | None]]:
    return [{"name": change.key.name, "from": change.before, "to": change.after} for change in changes]


def _companions(record: Record, purpose: Purpose) -> list[dict[str, str | None]]:
    """What the packages of a confirmation's trials made the resolver move beside the causes, each once."""
    moved = (change for trial in confirming(record, purpose) for change in trial.ask.candidate.deviation())
    return _moves(dict.fromkeys(moved))
