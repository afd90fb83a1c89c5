"""A run's trials in a table, while it goes on too."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

from rich.console import Console

from mbisect.journal import Head
from mbisect.report.trials import render_run
from mbisect.terms import Asked


def test_a_level_is_shown_as_it_is_called(world: Any) -> None:
    t = world.timeline
    head = Head(
        "0a1b2c3d4e5f", Asked("v1", "v4"), world.snapshot("v1", t.good), world.snapshot("v4", t.bad), ("true",), "", t
    )
    trial = world.trial(world.prefix(3), "boundary", "good")
    stream = io.StringIO()
    Console(file=stream, width=120).print(
        render_run(head, (replace(trial, ask=replace(trial.ask, level="24 [/x]")),), None)
    )
    assert "boundary (24 [/x])" in stream.getvalue()
