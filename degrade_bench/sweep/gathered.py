"""The rows of a run as they are stored, shard by shard, until they are one table."""

from __future__ import annotations

import pyarrow as pa

MOST_SMALL = 32
"""Tables that are kept apart: one of a few rows takes ten times the memory that its rows take among others."""


class Gathered:
    """Tables of one schema, in the order in which they came."""

    def __init__(self) -> None:
        self._joined: list[pa.Table] = []
        self._small: list[pa.Table] = []

    def add(self, table: pa.Table) -> None:
        """Keep a table; of every so many that came the rows are copied together, once."""
        self._small.append(table)
        if len(self._small) == MOST_SMALL:
            self._joined.append(pa.concat_tables(self._small).combine_chunks())
            self._small = []

    def after(self, table: pa.Table) -> pa.Table:
        """The rows of a table and of all that were added."""
        return pa.concat_tables([table, *self._joined, *self._small])
