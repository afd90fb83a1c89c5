"""A comparison as one HTML file: no script, nothing from elsewhere. Pure; all texts are escaped by the template."""

from __future__ import annotations

from mbisect.comparison.result import Comparison
from mbisect.report.env_diff import words
from mbisect.report.untrusted import one_line
from mbisect.report.words import shown

EXAMPLE = 600
"""Characters of a row that are shown."""


def as_html(comparison: Comparison) -> str:
    """The whole comparison; the less suspicious differences are folded and can be opened."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("mbisect.report", "env_diff")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    chosen, _ = words.chosen(comparison, everything=False)
    rest = [difference for difference in comparison.differences if difference not in chosen]
    dataset = comparison.dataset
    logs = [
        (title, words.logged(log, everything=True)[0])
        for title, log in (("Commits of the dataset", comparison.revisions), ("Commits", comparison.commits))
        if log is not None
    ]
    return environment.get_template("page.html.j2").render(
        first=one_line(comparison.first, 80),
        second=one_line(comparison.second, 80),
        headline=words.headline(comparison),
        rows=[words.row(difference) for difference in chosen],
        rest=[words.row(difference) for difference in rest],
        dataset=dataset,
        sentences=words.dataset_sentences(dataset) if dataset else (),
        split_titles=words.SPLIT_TITLES,
        splits=[words.split_cells(split) for split in dataset.splits] if dataset else (),
        overlaps=words.overlap_summary(dataset) if dataset else (),
        files=words.files_sentence(dataset.files) if dataset else "",
        unread=[one_line(text) for text in dataset.unread] if dataset else (),
        examples=[
            (name, *(one_line(text, EXAMPLE) for text in (row.input, row.before, row.after)))
            for name, row in (words.example(dataset) if dataset else ())
        ],
        logs=[
            (title, [(mark, shown(c.revision), words.day(c.date), one_line(c.author, 40), one_line(c.subject, 200))
                     for mark, c in lines])
            for title, lines in logs
        ],
        unknown=[one_line(text) for text in comparison.unknown],
        trace=words.trace_sentence(comparison),
    )  # fmt: skip
