"""Fonts inside a PDF: the letters that a figure shows, without tables that only typesetting needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

TYPESETTING = ("GSUB", "GPOS", "GDEF", "kern")
"""Tables of a font that say which letters join, and how close they stand; in a PDF every letter has its place."""


@contextmanager
def small_fonts() -> Iterator[None]:
    """Within this, fonts are embedded without :data:`TYPESETTING`, in half the time.

    Matplotlib has no setting for this; fontTools keeps the tables that it leaves out by default in an attribute.
    Where that is gone, fonts are embedded whole.
    """
    from fontTools.subset import Options

    before = getattr(Options, "_drop_tables_default", None)
    if before is None:
        yield
        return
    Options._drop_tables_default = [*before, *(table for table in TYPESETTING if table not in before)]
    try:
        yield
    finally:
        Options._drop_tables_default = before
