"""What is added to a run directory is scored alone, and another run's results are refused."""

from __future__ import annotations

import pytest

from degrade_bench.errors import RunFolderError
from degrade_bench.runs.columns import KEY
from tests.sweep import toys
from tests.sweep.test_execute import comparable, make_sweep, sweep_in


def test_further_clips_join_those_that_are_there(tmp_path):
    before = comparable(sweep_in(tmp_path / "out", make_sweep()).table)
    more = make_sweep(sources=toys.toy_sources(4))
    after = sweep_in(tmp_path / "out", more)
    at_once = sweep_in(tmp_path / "once", more)
    assert comparable(after.table).equals(comparable(at_once.table))
    assert comparable(after.table).slice(0, before.num_rows).equals(before)


def test_a_metric_a_degradation_and_a_clip_are_added_and_only_they_are_scored(tmp_path):
    small = make_sweep(
        sources=toys.toy_sources(2), degradations=(toys.ToyGain(), toys.ToyNoise()), metrics=(toys.Difference(),)
    )
    before = sweep_in(tmp_path / "out", small)
    large = make_sweep(
        sources=toys.toy_sources(3),
        degradations=(toys.ToyStretch(), toys.ToyNoise(), toys.ToyGain()),
        metrics=(toys.Rms(), toys.Difference()),
    )
    after = sweep_in(tmp_path / "out", large)
    at_once = sweep_in(tmp_path / "once", large)
    assert comparable(after.table).equals(comparable(at_once.table))
    cells = 1 + (5 + 1) + 5 + 2
    assert after.cells_scored == 3 * cells, "the cells of two clips for one metric more, one clip's for both"
    kept = {(*(row[name] for name in KEY), row["seconds"]) for row in before.table.to_pylist()}
    now = {(*(row[name] for name in KEY), row["seconds"]) for row in after.table.to_pylist()}
    assert kept <= now, "what was scored was not scored again"
    assert len(now) - len(kept) == 2 * 3 * cells - 2 * (cells - 5)


@pytest.mark.parametrize("metrics", [(toys.Length(),), (toys.Rms(),)])
def test_a_degradation_that_would_shorten_what_was_heard_is_refused(tmp_path, metrics):
    sweep_in(tmp_path / "out", make_sweep(degradations=(toys.ToyNoise(),), metrics=(toys.Length(),)))
    more = make_sweep(degradations=(toys.ToyNoise(), toys.ToySqueeze()), metrics=metrics)
    with pytest.raises(RunFolderError, match="'toy_squeeze' moves time, and what length hears"):
        sweep_in(tmp_path / "out", more)
    sweep_in(tmp_path / "out", make_sweep(degradations=(toys.ToyNoise(), toys.ToyGain()), metrics=(toys.Length(),)))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seed": 3}, "seed 0, not 3"),
        ({"replicates": 2}, "replicates 1, not 2"),
        ({"levels": (1, 5)}, "levels"),
        ({"sources": toys.toy_sources(2)}, "with clip 'c2'"),
        ({"sources": tuple(toys.toy_sources(4)[1:])}, "without clip 'c3'"),
        ({"sources": toys.toy_sources(3, seconds=2.0)}, "clip 'c0' has changed"),
        ({"degradations": (toys.ToyNoise(), toys.ToyGain())}, "with degradation 'toy_stretch'"),
    ],
)
def test_another_runs_results_are_refused(tmp_path, changes, said):
    sweep_in(tmp_path / "out", make_sweep())
    before = (tmp_path / "out" / "scores.parquet").read_bytes()
    with pytest.raises(RunFolderError, match="another run") as refused:
        sweep_in(tmp_path / "out", make_sweep(**changes))
    assert said in str(refused.value)
    assert (tmp_path / "out" / "scores.parquet").read_bytes() == before
