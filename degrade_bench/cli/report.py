"""``degrade-bench report``: the report of a run, or of a part of it, in the formats that are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

HELP = "Write the report again from a run's analysis, of all of it or a part; nothing is scored."


def report(
    folder: Annotated[Path, typer.Argument(help="a run directory", show_default=False)],
    metrics: Annotated[
        list[str] | None, typer.Option(help="only these metrics, with commas between them  [default: all]")
    ] = None,
    families: Annotated[
        list[str] | None, typer.Option(help="only these families of damages  [default: all]")
    ] = None,
    format: Annotated[
        str, typer.Option(help="html, md, pdf, or several with commas between them", metavar="FORMATS")
    ] = "html",
    title: Annotated[str | None, typer.Option(help="what stands over the report", show_default=False)] = None,
) -> None:
    """Write the report of a run again.

    Args:
        folder: the run directory.
        metrics: only these.
        families: only these.
        format: one or several.
        title: what stands over it.
    """
    from degrade_bench._support.addresses import shown
    from degrade_bench.cli.progress import show_with_progress
    from degrade_bench.reports import Choice

    choice = Choice(listed(metrics), listed(families), listed([format]), title)
    written = show_with_progress(folder, choice)
    for name in choice.files:
        typer.echo(f"wrote {shown(written.with_name(name))}")


def listed(given: Sequence[str] | None) -> tuple[str, ...]:
    """What was given once with commas, several times, or both, each once.

    >>> listed(["a,b", "c", "a"])
    ('a', 'b', 'c')
    """
    parts = (part.strip() for text in given or () for part in text.split(","))
    return tuple(dict.fromkeys(part for part in parts if part))
