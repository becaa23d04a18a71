"""``degrade-bench leaderboard``: one page from many hearing cards."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

HELP = "Check hearing cards in JSON, and make one page of them that says which can be compared."


def leaderboard(
    places: Annotated[
        list[Path],
        typer.Argument(metavar="DIR...", help="directories of cards in JSON, or such files", show_default=False),
    ],
    out: Annotated[Path, typer.Option(help="the page")] = Path("leaderboard.html"),
) -> None:
    """Write the page.

    Args:
        places: files and directories.
        out: the page.
    """
    from degrade_bench.reports.leaderboard import write_leaderboard

    count = write_leaderboard(places, out)
    typer.echo(f"wrote {out}: {count} card{'' if count == 1 else 's'}")
