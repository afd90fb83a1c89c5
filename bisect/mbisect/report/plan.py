"""What a run would do and cost, before it starts. Knows nothing of how the timeline was made."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import RenderableType
from rich.text import Text

from mbisect.terms import Timeline


def render_plan(timeline: Timeline, worst: int, cost: Mapping[str, str]) -> RenderableType:
    """The plan for a terminal."""
    return Text(f"{len(timeline)} changes, at most {worst} trials")


def plan_as_json(timeline: Timeline, worst: int, cost: Mapping[str, str]) -> dict[str, object]:
    """The plan as plain JSON values."""
    return {"timeline": len(timeline), "worst_case": worst, "estimate": dict(cost)}
