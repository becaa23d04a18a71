"""Fonts inside a PDF: the letters that a figure shows, without tables that only typesetting needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

TYPESETTING = ("GSUB", "GPOS", "GDEF", "kern", "MATH", "post")
"""Tables of a font that say which letters join, how close they stand, how formulas are set, and what letters are
called; in a PDF every letter has its place, and a number for a name."""
UNICODE = ((3, 10), (3, 1))
"""Tables that say which letter is which; a font has several that say the same."""


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

    subset.Options._drop_tables_default = [*before, *(table for table in TYPESETTING if table not in before)]
    subset.load_font = lambda *arguments, **named: _without_typesetting(load(*arguments, **named))
    try:
        yield
    finally:
        subset.Options._drop_tables_default = before
        subset.load_font = load


def _without_typesetting(font: Any) -> Any:
    """The same font of fontTools', with what a PDF needs of it."""
    if "CFF " not in font:  # which has names of its own
        font.setGlyphOrder([f"glyph{number}" for number in range(font["maxp"].numGlyphs)])
    for table in TYPESETTING:
        if table in font:
            del font[table]
    if "cmap" in font:
        letters = font["cmap"]
        kept = next((table for place in UNICODE if (table := letters.getcmap(*place)) is not None), None)
        letters.tables = letters.tables if kept is None else [kept]
    return font
