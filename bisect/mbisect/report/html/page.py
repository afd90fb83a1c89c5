"""The report as one HTML file that needs nothing from elsewhere. A pure function of the record, the outputs that it
names and what is known of its causes; every text is escaped by the template or by `embed`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from mbisect.environments.atomic import write_whole
from mbisect.environments.lockfile import left_out
from mbisect.journal import Record
from mbisect.report import exhibits, words
from mbisect.report.env_diff import words as diff_words
from mbisect.report.html import curves, examples, timeline
from mbisect.report.html.differences import comparison_of
from mbisect.report.html.embed import allowed, as_data, packed
from mbisect.report.html.known import Known, known_of
from mbisect.report.html.placing import metric_of, positions
from mbisect.report.predictions import Pair, paired
from mbisect.report.untrusted import one_line
from mbisect.report.whereabouts import place_of
from mbisect.terms import Cause, Trial, Verdict

LINES = 12
"""Last lines of an output that are shown."""
MOST = 30
"""Trials that could not be judged that are shown."""
LEGEND = (
    ("square", "end"), ("circle", "between the ends"), ("diamond", "partner of a cause"),
    ("triangle-up", "good end with the change alone"), ("triangle-down", "bad end without it"),
    ("pentagon", "what broke in passing"), ("star", "remedy"),
)  # fmt: skip
"""Sign → what trials with it were run for."""


def as_html(record: Record, known: Mapping[str, Known] | None = None) -> str:
    """The whole page; `known`: what packages say of themselves, by name."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from plotly.offline import get_plotlyjs  # type: ignore[import-untyped]  # it brings no types

    environment = Environment(
        loader=PackageLoader("mbisect.report", "html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    library, script = get_plotlyjs(), _part("page.js")
    good, bad = exhibits.sides(record)
    drawn = timeline.draw(record)
    losses = curves.both(good.output, bad.output)
    pairs = paired(good.output, bad.output)
    comparison = comparison_of(record)
    chosen, _ = diff_words.chosen(comparison, everything=False)
    guilty = {words.named(cause.change.key) for cause in record.finding.causes}
    silent = exhibits.untestable(record)
    data = {
        "timeline": drawn.figure,
        "changes": drawn.labels,
        "near": drawn.near,
        "curves": [curves.figure(both) for both in losses],
        **({"answers": examples.as_plain(pairs)} if pairs else {}),
    }
    return environment.get_template(
        "page.html.j2"
    ).render(
        policy=f"default-src 'none'; script-src {allowed(script)} {allowed(library)}; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'",
        style=_part("page.css"),
        script=script,
        library=packed(library),
        data=as_data(data),
        run=record.run,
        outcome=record.finding.outcome,
        headline=words.HEADLINES[record.finding.outcome],
        sentence=words.verdict_sentence(record),
        story=_story(record),
        advice=words.ADVICE[record.finding.outcome],
        ends=[words.end_sentence(record, purpose) for purpose in ("good end", "bad end")],
        causes=[_cause(cause, (known or {}).get(cause.change.key.name, Known())) for cause in record.finding.causes],
        confirmations=_confirmations(record),
        healed=words.healed_sentence(record.finding),
        facts=words.search_facts(record),
        legend=_legend(record),
        metric=one_line(metric_of(record), 60),
        narrowed=any(trace["type"] == "bar" for trace in drawn.figure["data"]),  # type: ignore[attr-defined]  # a list
        trials=_trials(record),
        sides=[_side(side, summary) for side, summary in zip((good, bad), exhibits.summaries(record), strict=True)],
        metrics=_metrics(record),
        curves=[(one_line(both.name, 60), both.said) for both in losses],
        answers=_answers(pairs) if pairs else None,
        headline_of_differences=diff_words.headline(comparison),
        rows=[(row, row.name in guilty) for row in map(diff_words.row, chosen)],
        rest=[diff_words.row(found) for found in comparison.differences if found not in chosen],
        untested=[_untested(record, trial) for trial in silent[:MOST]],
        more_untested=max(0, len(silent) - MOST),
        between=len(record.finding.untestable),
        intervals=[said for cause in record.finding.causes if (said := words.interval_sentence(cause))],
        learnt=[one_line(lesson, 300) for lesson in record.finding.learnt],
        limits=_limits(record),
        commands=_commands(record),
    )


def write_page(path: Path, record: Record, environments: Path) -> None:
    """Write the page; it is there whole or not at all. Raises UsageError where it cannot be written."""
    known = {cause.change.key.name: known_of(record, cause, environments) for cause in record.finding.causes}
    write_whole(path, as_html(record, known))


def _part(name: str) -> str:
    return files("mbisect.report").joinpath("html", name).read_text(encoding="utf-8")


def _story(record: Record) -> str:
    """What was done, for somebody who has never heard of it."""
    good, bad = one_line(record.good.name, 80), one_line(record.bad.name, 80)
    between = any(trial.ask.purpose not in ("good end", "bad end") for trial in record.trials)
    where = "at both ends and in between, to see which of them turns good into bad" if between else "at the ends alone"
    return (
        f"{words.counted(len(record.timeline), 'change')} lie between {good} and {bad}. They were put on one timeline, "
        f"and the workload was run {words.counted(len(record.trials), 'time')}, {where}."
    )


def _cause(cause: Cause, known: Known) -> dict[str, object]:
    return {
        "move": words.move(cause.change),
        "facts": [text for text in (words.when(cause.change), words.confidence_words(cause)) if text],
        "more": [said for said in (words.interval_sentence(cause), words.moved_with_sentence(cause)) if said],
        "known": known,
    }


def _confirmations(record: Record) -> list[dict[str, object]]:
    if record.finding.outcome != "found":
        return []
    return [
        {
            "name": shown.name,
            "mark": {True: "✓", False: "✗", None: "∅"}[shown.held],
            "held": shown.held,
            "sentence": shown.sentence,
            "trials": [
                (exhibits.number_of(record, trial), exhibits.told(record, trial), exhibits.companions(trial))
                for trial in shown.trials
            ],
        }
        for shown in exhibits.confirmations(record)
    ]


def _legend(record: Record) -> dict[str, object]:
    """The signs, colours and fills that occur."""
    signs = {timeline.SYMBOLS[trial.ask.purpose] for trial in record.trials}
    verdicts = {words.outcome_word(trial.outcome) for trial in record.trials}
    return {
        "signs": [(sign, said) for sign, said in LEGEND if sign in signs],
        "verdicts": [word for word in (*map(str, Verdict), "measured") if word in verdicts],
        "levels": sorted({one_line(trial.ask.level, 24) for trial in record.trials if trial.ask.level}),
    }


def _trials(record: Record) -> list[dict[str, object]]:
    """A row for each trial, in their order: the picture's text alternative, and what its marks say."""
    places: dict[tuple[str, str], str] = {}
    rows = []
    for number, (trial, x) in enumerate(zip(record.trials, positions(record), strict=True), 1):
        at = trial.ask.candidate.wanted.digest, trial.ask.purpose
        place = places.setdefault(at, "") or place_of(trial.ask, record.timeline)
        places[at] = place
        verdict = str(trial.outcome.verdict) if trial.outcome.value is None else "measured"
        rows.append(
            {
                "number": number,
                "verdict": verdict,
                "mark": words.MARKS.get(verdict, "·"),
                "purpose": words.purpose_words(trial.ask),
                "place": place,
                "day": words.days(record.timeline.changes[x - 1 : x]) if 0 < x < len(record.timeline) else "",
                "reason": one_line(trial.outcome.reason, 200),
                "took": words.spent_on(trial),
            }
        )
    return rows


def _side(side: exhibits.Side, summary: str) -> dict[str, object]:
    trial = side.trial
    return {
        "verdict": str(side.verdict),
        "mark": words.MARKS[side.verdict],
        "title": one_line(side.title, 60),
        "holds": side.holds,
        "place": side.place,
        "summary": one_line(summary, 600),
        "reason": one_line(trial.outcome.reason, 200) if trial else "it was not measured",
        "runs": side.runs,
        "took": words.spent_on(trial) if trial else "",
        "printed": exhibits.printed(trial, LINES) if trial else (),
    }


def _metrics(record: Record) -> dict[str, object] | None:
    good, bad = (side.trial for side in exhibits.sides(record))
    if good is None or bad is None:
        return None
    found, more = exhibits.metric_rows(record, good.measurement, bad.measurement)
    rows = [
        (one_line(r.name, 60), words.number(r.good), words.number(r.bad), words.difference(r.good, r.bad))
        for r in found
    ]
    return {"rows": rows, "more": more} if rows else None


def _answers(pairs: Sequence[Pair]) -> dict[str, object]:
    known = any(pair.good.gold is not None for pair in pairs)
    told = examples.counts(pairs)
    filters = [("all", "All", len(pairs)), ("differ", "Answered differently", sum(pair.differ for pair in pairs))]
    titles = {"hallucinated": "Hallucinated", "missed": "Missed", "wrong-kind": "Wrong type"}
    rows = [(name, titles[name], *told[name]) for name in titles if known or name == "hallucinated"]
    return {
        "total": len(pairs),
        "held": min(len(pairs), examples.MOST),
        "known": known,
        "rows": rows,
        "filters": filters + [(name, title, either) for name, title, _, _, either in rows],
    }


def _untested(record: Record, trial: Trial) -> tuple[int, str, str, str]:
    number = exhibits.number_of(record, trial)
    place = place_of(trial.ask, record.timeline)
    return number, str(trial.outcome.verdict), place, one_line(trial.outcome.reason, 300)


def _limits(record: Record) -> list[str]:
    """What the question itself left out."""
    found = [f"{one_line(end.name, 80)}: {one_line(left_out(end.lock), 400)}" for end in (record.good, record.bad)
             if end.lock.fixed]  # fmt: skip
    if record.asked is not None and record.asked.axes:
        axes = words.listed([str(axis) for axis in record.asked.axes])
        found.append(
            f"only changes on these axes were searched: {axes}; on all others both ends hold what the bad one has"
        )
    return found


def _commands(record: Record) -> list[tuple[str, str]]:
    """(what it does, command)."""
    healing = words.heal_command(record)
    side = {"good": "Run the good side once more", "bad": "Run the bad side once more"}
    return [
        *((side[name], command) for name, command in words.reproduce_commands(record)),
        *([("Find what heals the bad end, tried before it is printed", healing)] if healing else []),
        ("Ask the same question, in the project's folder", words.run_command(record)),
    ]
