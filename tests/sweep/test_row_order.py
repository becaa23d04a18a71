"""The order of a score table against a plain sort by what was asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from degrade_bench.runs.columns import CLEAN, KEY
from degrade_bench.sweep.row_order import sort_table
from tests.sweep import toys
from tests.sweep.test_execute import make_sweep, sweep_in


def test_rows_stand_as_they_were_asked_for_whatever_else_is_among_them(tmp_path):
    sweep = make_sweep(replicates=2)
    table = sweep_in(tmp_path / "out", sweep).table
    shuffled = table.take(np.random.default_rng(0).permutation(table.num_rows))
    assert sort_table(shuffled, sweep).equals(table)

    fewer = replace(
        sweep, sources=sweep.sources[1:], degradations=sweep.degradations[:0:-1], metrics=sweep.metrics[:0:-1]
    )
    clips = [source.id for source in fewer.sources]
    metrics = [metric.name for metric in fewer.metrics]
    cells = [
        (cell.degradation.name if cell.degradation else CLEAN, cell.level, cell.replicate)
        for block in fewer.blocks()
        for cell in block.cells
    ]

    def place(names, name):
        return names.index(name) if name in names else len(names)

    def key(row):
        clip, degradation, level, replicate, metric = (row[name] for name in KEY)
        return place(clips, clip), place(cells, (degradation, level, replicate)), place(metrics, metric), metric

    assert sort_table(shuffled, fewer).to_pylist() == sorted(shuffled.to_pylist(), key=key)


def test_an_empty_table():
    from degrade_bench.runs.scores import to_table

    assert sort_table(to_table([]), make_sweep(sources=toys.toy_sources(1))).num_rows == 0
