"""Fonts inside a PDF: the letters that a figure shows, without tables that only typesetting needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

TYPESETTING = ("GSUB", "GPOS", "GDEF", "kern")
"""Tables of a font that say which letters join, and how close they stand; in a PDF every letter has its place."""


@contextmanager
def small_fonts() -> Iterator[None]:
    """Within this, fonts are embedded without :data:`TYPESETTING`, in a third of the time.

    Matplotlib has no setting for this; fontTools keeps the tables that it leaves out by default in an attribute,
    and reads them all the same. Where that is gone, fonts are embedded whole.
    """
    from fontTools import subset

    before = getattr(subset.Options, "_drop_tables_default", None)
    load = subset.load_font
    if before is None:
        yield
        return

    def load_without(*arguments: Any, **named: Any) -> Any:
        font = load(*arguments, **named)
        for table in TYPESETTING:
            if table in font:
                del font[table]
        return font

    subset.Options._drop_tables_default = [*before, *(table for table in TYPESETTING if table not in before)]
    subset.load_font = load_without
    try:
        yield
    finally:
        subset.Options._drop_tables_default = before
        subset.load_font = load
