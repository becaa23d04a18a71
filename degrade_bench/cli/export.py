"""``degrade-bench export``: a finished run in an experiment tracker."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

HELP = "Log a finished run to Weights & Biases or MLflow: verdicts, numbers, figures and the report."


def export(
    folder: Annotated[Path, typer.Argument(help="a run directory", show_default=False)],
    to: Annotated[str, typer.Option(help="wandb or mlflow", show_default=False)],
    project: Annotated[str, typer.Option(help="project, or experiment")] = "degrade-bench",
    name: Annotated[str | None, typer.Option(help="of the run there  [default: the folder's name]")] = None,
) -> None:
    """Log a finished run.

    Args:
        folder: the run directory.
        to: the tracker.
        project: in which it is logged.
        name: of the run there.
    """
    from degrade_bench.errors import UnknownNameError
    from degrade_bench.reports.export import TRACKERS
    from degrade_bench.runs.stored import fetched

    if to not in TRACKERS:
        raise UnknownNameError("tracker", to, TRACKERS)
    with fetched(folder) as place:
        where = TRACKERS[to](place, project, name or folder.name)
    typer.echo(f"logged {folder.name} to {to}: {where}")
