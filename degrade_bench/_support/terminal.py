"""Texts from outside on the terminal: names are names there, not markup, and nothing in them moves the cursor."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from degrade_bench._support.plain_text import plain


def shown(text: str) -> Text:
    """A text for a table of rich's: brackets and backslashes are themselves, control characters are escapes."""
    return Text(plain(text))


class PlainConsole(Console):
    """A console that shows every text as it is: see :func:`shown`."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print; texts as they are, and anything else as rich does."""
        super().print(*(shown(one) if isinstance(one, str) else one for one in objects), **options)


def table_of(*columns: str) -> Table:
    """An empty table whose first column holds names, which are never cut; other cells go on below.

    Args:
        columns: their heads; one that ends with ``>`` is of numbers, and stands to the right.
    """
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0), pad_edge=False)
    for place, head in enumerate(columns):
        justify: Any = "right" if head.endswith(">") else "left"
        table.add_column(head.removesuffix(">"), justify=justify, overflow="fold", no_wrap=place == 0)
    return table


def print_table(table: Table) -> None:
    """Print a table: on a terminal within its width, and elsewhere plain, each row on one line."""
    console = Console(highlight=False)
    if console.is_terminal:
        console.print(table)
        return
    widest = Measurement.get(console, console.options.update(width=1_000_000), table).maximum
    held = io.StringIO()
    Console(file=held, width=max(1, widest), color_system=None, highlight=False).print(table)
    for line in held.getvalue().splitlines():
        print(line.rstrip())
