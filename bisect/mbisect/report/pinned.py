"""What heals a bad end, as text for a terminal and as plain data. Pure."""

from __future__ import annotations

import textwrap
from typing import Any

from mbisect.heal import Pinned, Tried
from mbisect.remedy import Remedy
from mbisect.report.constraints import FORMS, settings
from mbisect.report.untrusted import one_line
from mbisect.report.words import counted, found_sentence, healed_sentence, interval_sentence, listed, move, shown

FILES = {"requirements": "requirements.txt", "pyproject": "pyproject.toml", "conda": "environment.yml"}
"""Form → the file that it belongs to."""
WIDTH = 100
"""Cells of a line."""


def as_text(pinned: Pinned, width: int = WIDTH) -> str:
    """The constraint, why, how it was verified, and the three forms."""
    rows = [("why", found_sentence(pinned.finding))]
    rows += [("", text) for text in map(interval_sentence, pinned.finding.causes) if text]
    rows += [("", text)] if (text := healed_sentence(pinned.finding)) else []
    if pinned.remedy is not None:
        rows.append(("verified" if pinned.verified is not None else "unverified", verified_sentence(pinned)))
        if pinned.finding.relation == "together":
            rows.append(("", "any one of the causes is enough to heal it; this is the one that excludes least"))
    for one in pinned.tried:
        if not one.heals:
            rows.append(("too little", f"{sentence(one.remedy)}: {outcome_words(one)}"))
    lines = [headline(pinned), "", *(_row(name, text, width) for name, text in rows)]
    if pinned.remedy is not None:
        kinds = {part.kind for part in pinned.remedy.parts}
        for form, write in FORMS.items() if kinds & {"limit", "add"} else ():
            lines += ["", f"{FILES[form]}:", *_indented(write(pinned.remedy, pinned.end, pinned.bad))]
        if kinds == {"leave out"}:
            lines += ["", "There is no constraint for that: take it out of what the project asks for."]
        if text := settings(pinned.remedy, pinned.bad):
            lines += ["", "mbisect.toml:", *_indented(text)]
    return "\n".join(lines)


def headline(pinned: Pinned) -> str:
    """`httpx<0.28.0 heals v4`."""
    bad = one_line(pinned.bad, 80)
    if pinned.remedy is None:
        return f"nothing that was tried heals {bad}"
    if pinned.verified is None:
        return f"{sentence(pinned.remedy)} should heal {bad}"
    return f"{sentence(pinned.remedy)} heal{'s' if len(pinned.remedy.parts) == 1 else ''} {bad}"


def sentence(remedy: Remedy) -> str:
    """What is asked: `httpx<0.28.0`, `leaving out simplejson`, `setting epochs = 3`."""
    return listed([shown(str(part)) for part in remedy.parts], most=8)


def verified_sentence(pinned: Pinned) -> str:
    """Which trial has shown it, and what it moved."""
    one = pinned.verified
    if one is None:
        seen = "bad without the cause is good" if pinned.finding.necessary else "taking the cause back did not show it"
        return f"nothing was run for it; in the search, {seen}"
    moved = listed([move(change) for change in one.moved(pinned.end)], most=8)
    return f"{one_line(pinned.bad, 80)} with {moved} is good: {outcome_words(one)}"


def outcome_words(one: Tried) -> str:
    """What its trials showed: `exit status 0`, `bad: entity_f1 0.41 (the last of 3 runs)`, or why there were none."""
    if not one.trials:
        return one_line(one.why, 160)
    last = one.trials[-1].outcome
    said = one_line(one.why, 160) if one.heals else f"{last.verdict}: {one_line(one.why, 160)}"
    more = [f"the last of {counted(len(one.trials), 'run')}"] if len(one.trials) > 1 else []
    more += ["known from the run"] if all(trial.ask.purpose != "remedy" for trial in one.trials) else []
    return f"{said} ({', '.join(more)})" if more else said


def _row(name: str, text: str, width: int) -> str:
    first, others = f"  {name:<12}", " " * 14
    lines = textwrap.wrap(text, width - len(others), break_long_words=False, break_on_hyphens=False)
    return f"\n{others}".join([first + lines[0], *lines[1:]])


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
