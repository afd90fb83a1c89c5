"""The report for programs: schema mbisect.report/1 (DESIGN, section 6). Knows nothing of terminals."""

from __future__ import annotations

import json
import os
from pathlib import Path

from mbisect.journal import Record

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
                "first_bad_candidates": list(cause.candidates),
                "moved_with": [{"name": m.key.name, "from": m.before, "to": m.after} for m in cause.moved_with],
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


def write_report(path: Path, record: Record) -> None:
    """Write the report; it is there whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(as_report(record), indent=2) + "\n", encoding="utf-8")
    temporary.replace(path)
