"""What heals, in words: never more than was tried."""

from __future__ import annotations

from mbisect.heal import Pinned, Tried
from mbisect.remedy import Part, Remedy
from mbisect.report.pinned import as_plain, as_text
from mbisect.terms import Ask, Candidate, Cause, Change, Finding, Measurement, Outcome, Trial, Values, Verdict, package

KEY = package("httpx")
END = Candidate(Values({KEY: "0.28.1"}), Values({KEY: "0.28.1"}))
BACK = Candidate(END.values, END.values.put({KEY: "0.27.2"}))
FINDING = Finding("found", "single", (Cause(Change(KEY, "0.27.2", "0.28.0"), ("0.28.0",)),), True, True)
REMEDY = Remedy((Part(KEY, "limit", "<0.28.0"),), 2, seen=True)


def tried(verdict: Verdict, reason: str) -> Tried:
    trial = Trial(Ask(BACK, 0, "remedy"), Measurement(0, 1.0), Outcome(verdict, reason))
    return Tried(REMEDY, BACK, (trial,), verdict is Verdict.GOOD, reason)


def test_a_remedy_that_was_tried_heals_and_says_what_it_moves() -> None:
    text = as_text(Pinned("0a1b", "v4", END, FINDING, REMEDY, (tried(Verdict.GOOD, "f1 0.91"),)))
    assert text.startswith("httpx<0.28.0 heals v4\n")
    assert "verified    v4 with httpx 0.28.1 → 0.27.2 is good: f1 0.91\n" in text


def test_a_remedy_that_was_not_tried_should_heal() -> None:
    pinned = Pinned("0a1b", "v4", END, FINDING, REMEDY)
    assert as_text(pinned).startswith("httpx<0.28.0 should heal v4\n")
    assert "unverified  nothing was run for it; in the search, bad without the cause is good" in as_text(pinned)
    assert as_plain(pinned)["verified"] is False


def test_where_nothing_heals_it_says_why_and_prints_no_constraint() -> None:
    unsolved = Tried(REMEDY, None, (), False, "no releases of its packages fit together so")
    pinned = Pinned("0a1b", "v4", END, FINDING, None, (unsolved, tried(Verdict.BAD, "f1 0.2")))
    text = as_text(pinned)
    assert text.startswith("nothing that was tried heals v4\n")
    assert "too little  httpx<0.28.0: no releases of its packages fit together so\n" in text
    assert text.endswith("too little  httpx<0.28.0: bad: f1 0.2")
    assert "requirements.txt" not in text
    assert (as_plain(pinned)["heals"], as_plain(pinned)["forms"]) == (False, {})
