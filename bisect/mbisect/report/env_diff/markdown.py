"""A comparison as Markdown, for an issue or a pull request. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mbisect.comparison.dataset import DatasetDiff
from mbisect.comparison.result import Comparison, Shortlog
from mbisect.report.env_diff import words
from mbisect.report.markdown import bullets, code, escape, table
from mbisect.report.untrusted import one_line
from mbisect.report.words import shown


def as_markdown(comparison: Comparison, *, everything: bool = False) -> str:
    """The whole comparison; ends with a newline."""
    return "\n\n".join(part for part in _parts(comparison, everything) if part) + "\n"


def _parts(comparison: Comparison, everything: bool) -> Iterator[str]:
    yield f"## mbisect: {escape(words.headline(comparison))}"
    differences, hidden = words.chosen(comparison, everything=everything)
    if differences:
        rows = [words.row(difference) for difference in differences]
        cells = [
            (
                r.share,
                code(r.name),
                f"{code(r.before)} → {code(r.after)}",
                r.released,
                *map(_joined, (r.facts, r.reasons)),
            )
            for r in rows
        ]
        yield table(("share", "what", "old → new", "released", "known", "why"), cells)
        yield escape(words.folded(hidden))
    if comparison.dataset is not None:
        yield from _dataset(comparison.dataset)
    for title, log in (("commits of the dataset", comparison.revisions), ("commits", comparison.commits)):
        if log is not None:
            yield from _log(title, log, everything)
    notes = [*(f"not known: {one_line(text)}" for text in comparison.unknown), words.trace_sentence(comparison)]
    yield bullets(escape(note) for note in notes if note)


def _dataset(dataset: DatasetDiff) -> Iterator[str]:
    yield "### dataset"
    yield bullets(map(escape, words.dataset_sentences(dataset)))
    cells = [[code(name), *rest] for name, *rest in map(words.split_cells, dataset.splits)]
    yield table(words.SPLIT_TITLES, cells)
    said = [*words.overlap_summary(dataset)]
    said += [f"other files: {words.files_sentence(dataset.files)}"] if dataset.files else []
    said += [f"not compared: {one_line(text)}" for text in dataset.unread]
    yield bullets(map(escape, said))


def _log(title: str, log: Shortlog, everything: bool) -> Iterator[str]:
    lines, hidden = words.logged(log, everything=everything)
    yield f"### {title}"
    yield bullets(
        f"{mark} {code(shown(c.revision))} {words.day(c.date)} {escape(one_line(c.subject, 200))}" for mark, c in lines
    )
    yield f"and {hidden} more; `--all` shows them" if hidden else ""


def _joined(texts: Sequence[str]) -> str:
    return escape(", ".join(texts))
