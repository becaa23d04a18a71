"""``degrade-bench card``: a metric's hearing card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

HELP = "Print hearing cards from a run's analysis, in Markdown for a model card, or in JSON; nothing is scored."


def card(
    folder: Annotated[Path, typer.Argument(help="a run directory", show_default=False)],
    metric: Annotated[list[str] | None, typer.Option(help="only this metric  [default: all]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="an array of objects")] = False,
) -> None:
    """Print the hearing cards of a run's metrics.

    Args:
        folder: the run directory.
        metric: only these.
        as_json: JSON in place of Markdown.
    """
    from degrade_bench.reports.card import hearing_card, hearing_card_lines
    from degrade_bench.reports.inputs import load_run
    from degrade_bench.runs.names import ANALYSIS, RECORD
    from degrade_bench.runs.stored import fetched

    with fetched(folder, (RECORD, ANALYSIS)) as place:
        run = load_run(place)
    wanted = metric or run.metrics
    if as_json:
        typer.echo(json.dumps([hearing_card(run, name) for name in wanted], indent=1, ensure_ascii=False))
        return
    for number, name in enumerate(wanted):
        for line in ["", *hearing_card_lines(run, name)] if number else hearing_card_lines(run, name):
            typer.echo(line)
