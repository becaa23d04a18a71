"""``degrade-bench compare``: which metric raises more alarms under damage."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

HELP = "Compare the metrics of one or several runs, on the cells that all of them hold; nothing is scored."


def compare(
    folders: Annotated[list[Path], typer.Argument(metavar="OUT...", help="run directories", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option(help="write comparison.html, comparison.json and tables here", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option(help="of the bootstrap and the tests")] = 0,
    resamples: Annotated[int, typer.Option(help="bootstrap resamples")] = 2000,
    confidence: Annotated[float, typer.Option(help="of the intervals")] = 0.95,
) -> None:
    """Compare the metrics of one or several runs.

    Args:
        folders: run directories.
        out: where the page and the tables go.
        seed: of the bootstrap and the tests.
        resamples: of the bootstrap.
        confidence: of the intervals.
    """
    from degrade_bench._support.addresses import shown as address
    from degrade_bench.compare import CompareOptions, write
    from degrade_bench.compare import compare as comparing
    from degrade_bench.compare.text import comparison_lines

    options = CompareOptions(confidence=confidence, resamples=resamples, seed=seed)
    comparison = comparing(folders, options)
    for line in comparison_lines(comparison):
        typer.echo(line)
    if out is not None:
        from degrade_bench.reports.comparison import write_comparison_page

        write(comparison, out)
        write_comparison_page(comparison, out)
        typer.echo(f"\nwrote {address(out)}/comparison.json, leaderboard.csv, differences.csv, redundancy.csv")
        typer.echo(f"wrote {address(out)}/comparison.html")
