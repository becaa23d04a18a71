"""Texts from outside on the terminal: names are names there, not markup, and nothing in them moves the cursor."""

from __future__ import annotations

from typing import Any

from rich.console import Console
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
