"""``degrade-bench gate``: thresholds at which damage is caught."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

HELP = (
    "From a run's scores, the thresholds and the fewest metrics that catch each family of damage at given error "
    "rates; nothing is scored. Exit code 1: a family of --require was not shown to be caught."
)


def gate(
    folder: Annotated[Path, typer.Argument(help="a run directory", show_default=False)],
    miss: Annotated[float, typer.Option(help="the largest share of damaged clips that may be accepted")] = 0.05,
    false_reject: Annotated[
        float, typer.Option(help="the largest share of clean clips that may be rejected")
    ] = 0.05,
    confidence: Annotated[float, typer.Option(help="at which each is to be shown")] = 0.95,
    metric: Annotated[list[str] | None, typer.Option(help="only this metric may be asked  [default: all]")] = None,
    most_metrics: Annotated[int, typer.Option(help="that a gate asks")] = 3,
    reference: Annotated[
        bool, typer.Option("--reference", help="the clean clip is at hand: drops may be asked for, too")
    ] = False,
    require: Annotated[
        list[str] | None, typer.Option(help="exit code 1 unless this family is caught; may be repeated")
    ] = None,
    folds: Annotated[int, typer.Option(help="parts of the recordings that are held out in turn")] = 10,
    seed: Annotated[int, typer.Option(help="of that division")] = 0,
) -> None:
    """Print the gates of a run, and write gate.json and gate.md into its directory.

    Args:
        folder: the run directory.
        miss: the largest share of damaged clips that may be accepted.
        false_reject: the largest share of clean clips that may be rejected.
        confidence: at which each is to be shown.
        metric: only these may be asked.
        most_metrics: that a gate asks.
        reference: whether the clean clip is at hand.
        require: families that are to be caught.
        folds: parts of the recordings that are held out in turn.
        seed: of that division.
    """
    from degrade_bench._support.addresses import shown
    from degrade_bench.gates import GateOptions, write
    from degrade_bench.gates import gate as gating
    from degrade_bench.gates.text import gate_lines, gate_markdown
    from degrade_bench.runs.names import GATE, GATE_TABLE

    options = GateOptions(miss, false_reject, confidence, most_metrics, reference, folds, seed)
    gates = gating(folder, options, metric or ())
    not_caught = gates.not_caught(require or ())
    for line in gate_lines(gates):
        typer.echo(line)
    write(gates, gate_markdown(gates), folder)
    typer.echo(f"wrote {shown(folder)}/{GATE} and {GATE_TABLE}")
    if not_caught:
        typer.echo(f"degrade-bench: not shown to be caught: {', '.join(not_caught)}", err=True)
        raise typer.Exit(1)
