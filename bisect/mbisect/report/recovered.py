"""An environment that was recovered, as text for a terminal. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from mbisect.environments.recover.chosen import Setting
from mbisect.environments.recover.evidence import Evidence, Present
from mbisect.environments.recover.result import How, Provenance, Recovered, distinct
from mbisect.environments.recover.weigh import Conflict
from mbisect.project import FILE
from mbisect.report.untrusted import clean
from mbisect.report.words import counted

WORDS = {
    How.EXACT: "exact",
    How.RANGE: "a range, and the date",
    How.DATE: "the date alone",
    How.ASSUMED: "assumed",
}
STYLE = {How.EXACT: "green", How.RANGE: "cyan", How.DATE: "", How.ASSUMED: "yellow"}
FEW = 3
"""Alternatives that a row shows."""
SOME = 8
"""Packages that a line names."""
MANY = 20
"""So many exact ones are a whole list of what was installed, and folded."""


def render_recovered(recovered: Recovered, *, everything: bool) -> RenderableType:
    """When it was made, what is known of each package and why, what contradicts, and what was written."""
    parts: list[RenderableType] = [
        Text.assemble((f"snapshot {recovered.name}", "bold"), ", recovered"),
        *map(_line, _when(recovered)),
    ]
    parts += [
        _line(_python(recovered.python)),
        *map(_line, _settings(recovered)),
        Text(),
        _table(recovered, everything=everything),
    ]
    parts += [_line(line, style="yellow") for line in _doubts(recovered)]
    parts += [Text(), _line(f"wrote {', '.join(map(str, recovered.files))}")] if recovered.files else []
    return Group(*parts)


def _line(text: str, style: str = "") -> Text:
    """One line, whatever the names of files and settings in it hold."""
    return Text(clean(" ".join(text.splitlines())), style=style)


def _when(recovered: Recovered) -> list[str]:
    window = recovered.window
    if window is None:
        return ["  made      nothing dates it: the newest packages that fit; give the day of the run with --date"]
    day = f"{recovered.day:%Y-%m-%d}"
    lines = [f"  made      about {day}, by the evidence between {window.first:%Y-%m-%d} and {window.last:%Y-%m-%d}"]
    if window.too_early is not None:
        lines.append(
            f"  too early {window.too_early:%Y-%m-%d}: what was there does not fit together with what was out by then"
        )
    if window.agreeing:
        lines.append(f"  newest    {_some(window.agreeing)}: nothing newer was out")
    if window.held_back:
        lines.append(f"  held back {_some(window.held_back)}: newer ones were out")
    return lines


def _python(python: Provenance) -> str:
    where = f": {distinct(python.evidence)[0].file}" if python.evidence else ""
    doubt = "; nothing says which, choose another with --python" if python.how is How.ASSUMED else ""
    return f"  python    {python.version} ({WORDS[python.how].replace(', and the date', '')}{where}{doubt})"


def _settings(recovered: Recovered) -> Iterable[str]:
    """The seed and the settings, under the project's names; then what the project has no name for."""
    for one in recovered.applied:
        stays = f", and {FILE} says {one.kept!r}, which stays" if one.contradicted else ""
        yield f"  {one.name:<9} {one.value!r} ({_place(one.setting)}{stays})"
    used = [one.setting for one in recovered.applied]
    rest = [f"{one.name} {one.value!r}" for one in recovered.settings if one not in used]
    if rest:
        yield f"  also      {', '.join(rest)}: no setting of {FILE} is called so"


def _place(setting: Setting) -> str:
    first = distinct(setting.believed)[0]
    return f"{'/'.join(Path(first.file).parts[-2:])}: {first.place}"


def _table(recovered: Recovered, *, everything: bool) -> RenderableType:
    counts = Counter(one.how for one in recovered.packages)
    told = (How.RANGE,) if counts[How.EXACT] > MANY else (How.EXACT, How.RANGE)
    shown = [one for one in recovered.packages if everything or one.how in told or one.alternatives]
    shown.sort(key=lambda one: (list(How).index(one.how), one.package))
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("package", "version", "known by", "evidence", "other days of the window"):
        table.add_column(title, overflow="fold")
    for one in shown:
        table.add_row(
            _line(one.package),
            _line(one.version),
            Text(WORDS[one.how], style=STYLE[one.how]),
            _line(_pieces(one.evidence)),
            _line(_short(one.alternatives)),
        )
    summary = ", ".join(f"{counts[how]} {WORDS[how]}" for how in How if counts[how])
    hidden = len(recovered.packages) - len(shown)
    more = f"; not shown, since the same on all days of the window: {hidden} (--all)" if hidden else ""
    total = Text(f"{counted(len(recovered.packages), 'package')}: {summary}{more}")
    return Group(table, Text(), total) if shown else total


def _pieces(evidence: Iterable[Evidence]) -> str:
    told = [one for one in distinct(evidence) if isinstance(one.says, Present) and len(one.says.specifier)]
    shown = [f"{'/'.join(Path(one.file).parts[-2:])} ({one.place})" for one in told[:1]]
    return ", ".join([*shown, *([f"and {len(told) - 1} more"] if len(told) > 1 else [])])


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SOME} more" if len(names) > SOME else ""
    return ", ".join(names[:SOME]) + more


def _short(versions: Iterable[str]) -> str:
    rows = list(versions)
    more = f" and {len(rows) - FEW} more" if len(rows) > FEW else ""
    return ", ".join(rows[:FEW]) + more


def _doubts(recovered: Recovered) -> Iterable[str]:
    yield from map(_conflict, recovered.conflicts)
    later = [name for name in recovered.later if not name.startswith(("nvidia-", "cuda-", "triton"))]
    if later:
        yield f"younger than that day, so taken from later: {', '.join(later)}"
    if recovered.left_out:
        yield f"on no package index, so left out: {', '.join(recovered.left_out)}"
    for line in recovered.gathered.unread:
        yield f"not read: {line}"


def _conflict(one: Conflict) -> str:
    aside, why = one.aside, one.why
    if aside is why:
        return f"set aside: {aside.file} ({aside.place}) says {aside.raw!r}, and no index has that"
    return f"set aside: {aside.file} ({aside.place}) says {aside.raw!r}, against {why.file} ({why.place}): {why.raw!r}"
