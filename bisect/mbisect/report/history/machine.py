"""Smokes for programs: what `--json` prints, schemas mbisect.smoke/1 and mbisect.history/1."""

from __future__ import annotations

from collections.abc import Sequence

from mbisect.history import Smoke
from mbisect.journal import Record
from mbisect.report.history import words
from mbisect.report.history.words import Night
from mbisect.report.machine import as_report
from mbisect.terms import Asked


def smoke_as_plain(smoke: Smoke, asked: Asked, record: Record | None) -> dict[str, object]:
    """One smoke, its exit status, the command that makes the same search, and the report of that search or null."""
    return {
        "schema": "mbisect.smoke/1",
        **_plain(smoke),
        "status": words.status(smoke),
        "search": asked.line() if smoke.moved else None,
        "report": as_report(record) if record is not None else None,
    }


def history_as_plain(name: str, metric: str, nights: Sequence[Night]) -> dict[str, object]:
    """All smokes, the oldest first, each with its values of one metric by seed."""
    smokes = [{**_plain(night.smoke), "values": list(night.values)} for night in nights]
    return {"schema": "mbisect.history/1", "snapshot": name, "metric": metric, "smokes": smokes}


def _plain(smoke: Smoke) -> dict[str, object]:
    return {
        "at": smoke.at,
        "snapshot": smoke.against,
        "light": smoke.light,
        "why": smoke.why,
        "lock": smoke.lock or None,
        "reference": smoke.reference or None,
        "python": smoke.python,
        "judge": smoke.judge,
        "remembered": smoke.remembered,
        "runs": [
            {
                "seed": run.seed,
                "verdict": str(run.verdict),
                "reason": run.reason,
                "seconds": round(run.measurement.seconds, 3),
                "metrics": dict(run.measurement.metrics),
            }
            for run in smoke.runs
        ],
        "moved": [{"name": one.key.name, "from": one.before, "to": one.after} for one in smoke.moved],
        "run": smoke.run or None,
        "outcome": smoke.finding.outcome if smoke.finding is not None else None,
        "found": words.found(smoke) or None,
    }
