"""The one order of a score table, whoever made its rows when."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from degrade_bench.runs.columns import CLEAN
from degrade_bench.sweep.spec import Sweep


def sort_table(table: pa.Table, sweep: Sweep) -> pa.Table:
    """The rows by clip, block, role, level, replicate and metric, as they were asked for.

    Rows of what was not asked for, such as metrics of an earlier start, stand behind the others of their clip or
    cell; metrics among them by name.
    """
    metrics = [metric.name for metric in sweep.judged]
    others = sorted(set(pc.unique(table["metric"]).to_pylist()) - set(metrics))
    by_clip = _ranks(table["clip_id"], [source.id for source in sweep.sources])
    by_metric = _ranks(table["metric"], [*metrics, *others])
    return table.take(pa.array(np.lexsort((by_metric, _cell_ranks(table, sweep), by_clip)), pa.int64()))


def _ranks(column: pa.ChunkedArray, values: Sequence[str]) -> np.ndarray:
    """Where each value stands among the given ones; behind them what is not among them."""
    places = pc.index_in(column, value_set=pa.array(values, pa.string()))
    return np.asarray(pc.fill_null(places, len(values)).to_numpy(), dtype=np.int64)


def _cell_ranks(table: pa.Table, sweep: Sweep) -> np.ndarray:
    """Where the cell of each row stands among the sweep's; behind them a cell that it does not have."""
    cells = dict.fromkeys(
        (cell.degradation.name if cell.degradation else CLEAN, cell.level, cell.replicate)
        for block in sweep.blocks()
        for cell in block.cells
    )
    names = list(dict.fromkeys(name for name, _, _ in cells))
    levels, replicates = (table[name].to_numpy().astype(np.int64) for name in ("level", "replicate"))
    rows = np.stack([_ranks(table["degradation"], names), levels, replicates])
    known = np.array([(names.index(name), level, replicate) for name, level, replicate in cells], np.int64).T
    sizes = np.maximum(rows.max(axis=1, initial=0), known.max(axis=1)) + 1
    codes = np.ravel_multi_index(tuple(known), tuple(sizes))
    ranks = np.full(int(sizes.prod()), len(cells), np.int64)
    ranks[codes] = np.arange(len(cells))
    of_rows: np.ndarray = ranks[np.ravel_multi_index(tuple(rows), tuple(sizes))]
    return of_rows
