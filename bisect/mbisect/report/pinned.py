"""What heals a bad end, as text for a terminal and as plain data. Pure."""

from __future__ import annotations

from typing import Any

from mbisect.heal import Pinned, Tried
from mbisect.remedy import Remedy
from mbisect.report.constraints import FORMS, settings
from mbisect.report.untrusted import one_line
from mbisect.report.words import counted, found_sentence, healed_sentence, interval_sentence, listed, move, shown

FILES = {"requirements": "requirements.txt", "pyproject": "pyproject.toml", "conda": "environment.yml"}
"""Form → the file that it belongs to."""


def as_text(pinned: Pinned) -> str:
    """The constraint, why, how it was verified, and the three forms."""
    rows = [("why", found_sentence(pinned.finding))]
    rows += [("", text) for text in map(interval_sentence, pinned.finding.causes) if text]
    rows += [("healed", text)] if (text := healed_sentence(pinned.finding)) else []
    if pinned.remedy is None:
        lines = [f"nothing that was tried heals {one_line(pinned.bad, 80)}"]
    else:
        lines = [f"{sentence(pinned.remedy)} heals {one_line(pinned.bad, 80)}"]
        rows.append(("verified", verified_sentence(pinned)))
        rows += [("", text) for text in (_enough(pinned),) if text]
    rows += [("tried", f"{sentence(one.remedy)}: {outcome_words(one)}") for one in pinned.tried if not one.heals]
    lines += ["", *(f"  {name:<10}{text}" for name, text in rows)]
    if pinned.remedy is not None:
        for form, write in FORMS.items():
            lines += ["", f"{FILES[form]}:", *_indented(write(pinned.remedy, pinned.end, pinned.bad))]
        if text := settings(pinned.remedy, pinned.bad):
            lines += ["", "mbisect.toml:", *_indented(text)]
    return "\n".join(lines)


def sentence(remedy: Remedy) -> str:
    """What is asked: `httpx<0.28.0`, `no simplejson`, `setting epochs = 3`."""
    return listed([shown(str(part)) for part in remedy.parts], most=8)


def verified_sentence(pinned: Pinned) -> str:
    """Which trial has shown it, and what it moved."""
    one = pinned.verified
    if one is None:
        seen = {True: "bad without the cause is good", False: "bad without the cause is still bad"}
        return f"no trial of it was run; in the search, {seen.get(pinned.finding.necessary, 'that was not testable')}"
    moved = one.moved(pinned.end)
    return f"{one_line(pinned.bad, 80)} with {listed([move(c) for c in moved])} is good: {outcome_words(one)}"


def outcome_words(one: Tried) -> str:
    """What its trials showed: `exit status 0`, `entity_f1 0.41 in 3 runs`, or why there were none."""
    if not one.trials:
        return one_line(one.why, 160)
    good = [trial.outcome for trial in one.trials]
    said = one_line(one.why, 160)
    known = " (known)" if all(trial.ask.purpose != "remedy" or trial.reused for trial in one.trials) else ""
    runs = f", {counted(len(good), 'run')}" if len(good) > 1 else ""
    return f"{said if one.heals else f'{good[-1].verdict}: {said}'}{runs}{known}"


def _enough(pinned: Pinned) -> str:
    """Of causes that only break together one is enough."""
    together = pinned.finding.relation == "together"
    return "one of the causes is enough to heal; this excludes least" if together else ""


def _indented(text: str) -> list[str]:
    return [f"  {line}" if line else "" for line in text.splitlines()]


def as_plain(pinned: Pinned) -> dict[str, Any]:
    """Schema `mbisect.pin/1`."""
    remedy = pinned.remedy
    return {
        "schema": "mbisect.pin/1",
        "run": pinned.run,
        "bad": pinned.bad,
        "why": found_sentence(pinned.finding),
        "heals": remedy is not None,
        "verified": pinned.verified is not None,
        "remedy": _plain(remedy) if remedy is not None else None,
        "forms": {form: write(remedy, pinned.end, pinned.bad) for form, write in FORMS.items()} if remedy else {},
        "settings": settings(remedy, pinned.bad) if remedy is not None else "",
        "tried": [
            {
                "remedy": _plain(one.remedy),
                "heals": one.heals,
                "outcome": outcome_words(one),
                "moved": [
                    {"axis": c.key.axis, "name": c.key.name, "before": c.before, "after": c.after}
                    for c in one.moved(pinned.end)
                ],
                "verdicts": [str(trial.outcome.verdict) for trial in one.trials],
            }
            for one in pinned.tried
        ],
    }


def _plain(remedy: Remedy) -> list[dict[str, str | None]]:
    return [
        {
            "axis": part.key.axis,
            "name": part.key.name,
            "kind": part.kind,
            "specifier": part.specifier,
            "value": part.value,
        }
        for part in remedy.parts
    ]
