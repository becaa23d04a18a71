"""Tables of shards become one table, in order, and few are kept apart meanwhile."""

from __future__ import annotations

import pyarrow as pa

from degrade_bench.sweep.gathered import MOST_SMALL, Gathered


def test_rows_come_in_order_and_few_pieces_are_kept():
    gathered = Gathered()
    for number in range(3 * MOST_SMALL + 5):
        gathered.add(pa.table({"n": [2 * number, 2 * number + 1]}))
    table = gathered.after(pa.table({"n": [-1]}))
    assert table["n"].to_pylist() == [-1, *range(2 * (3 * MOST_SMALL + 5))]
    assert table["n"].num_chunks == 1 + 3 + 5


def test_nothing_was_added():
    table = pa.table({"n": [1]})
    assert Gathered().after(table).equals(table)
