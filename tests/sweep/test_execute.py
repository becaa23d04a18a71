"""A whole sweep over toys: the cells, resumption, workers, failures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from degrade_bench.errors import CorpusError, RunFolderError
from degrade_bench.runs.columns import KEY, SCHEMA
from degrade_bench.runs.folder import RunFolder
from degrade_bench.runs.names import SHARDS
from degrade_bench.runs.ownership import claim
from degrade_bench.runs.record import Counts
from degrade_bench.runs.scores import block_keys
from degrade_bench.runs.shards import read_shard, shard_files, write_shard
from degrade_bench.sweep import ledger, processes
from degrade_bench.sweep.execute import execute
from degrade_bench.sweep.progress import Progress
from degrade_bench.sweep.resume import check_same
from degrade_bench.sweep.spec import Sweep
from degrade_bench.sweep.template import USUAL_METHOD
from tests.runs.records import record_of
from tests.sweep import toys


def make_sweep(**changes) -> Sweep:
    sweep = Sweep(
        sources=toys.toy_sources(3),
        degradations=(toys.ToyNoise(), toys.ToyStretch(), toys.ToyGain()),
        metrics=(toys.Rms(), toys.Difference(), toys.Length()),
    )
    return replace(sweep, **changes)


def sweep_in(path, sweep, progress=None):
    with RunFolder(path) as folder:
        check_same(folder, sweep)
        result = execute(sweep, folder, progress)
        folder.finish(result.table, record_of(identity=sweep.identity(), clips=tuple(result.clips.values())))
    return result


def comparable(table):
    return table.drop_columns(["seconds"])


def test_the_table_has_exactly_the_cells_expected(tmp_path):
    result = sweep_in(tmp_path / "out", make_sweep())
    frame = result.table.to_pandas()
    assert result.table.schema.equals(SCHEMA)
    assert not frame.duplicated(list(KEY)).any()
    per_metric = frame.groupby(["clip_id", "metric", "role"]).size().unstack()
    assert (per_metric["clean"] == 1).all()
    assert (per_metric["test"] == 5 + 5).all()
    assert (per_metric["placebo"] == 1).all()  # the noise's; its single level stands for all
    assert (per_metric["control"] == 2).all()
    assert len(frame) == 3 * 3 * 14
    assert result.counts() == Counts(
        clips=3, cells=3 * 14, rows=3 * 3 * 14, ok=3 * (3 * 14 - 5), not_applicable=15, failed=0
    )
    stored = pq.read_table(tmp_path / "out" / "scores.parquet")
    assert stored.equals(result.table)
    assert not (tmp_path / "out" / "shards").exists()


def test_full_reference_does_not_apply_where_duration_changes(tmp_path):
    frame = sweep_in(tmp_path / "out", make_sweep()).table.to_pandas()
    rows = frame[(frame.metric == "difference") & (frame.degradation == "toy_stretch")]
    assert set(rows.status) == {"not-applicable"}
    assert rows.score.isna().all()
    clean = frame[(frame.metric == "difference") & (frame.role == "clean")]
    assert (clean.score == 0).all()


def test_scores_seeds_and_achieved_are_those_of_the_cell(tmp_path):
    frame = sweep_in(tmp_path / "out", make_sweep(replicates=2)).table.to_pandas()
    noise = frame[(frame.degradation == "toy_noise") & (frame.metric == "difference")]
    assert np.allclose(noise.achieved, noise.strength, rtol=0.02)
    assert (noise.groupby(["clip_id", "replicate"]).seed.nunique() == 1).all()  # nested along the ladder
    assert noise.seed.nunique() == 3 * 2  # apart between clips and replicates
    ordered = noise.pivot_table(index=["clip_id", "replicate"], columns="level", values="score")
    assert (np.diff(ordered.to_numpy(), axis=1) > 0).all()
    again = sweep_in(tmp_path / "again", make_sweep(replicates=2, seed=1)).table.to_pandas()
    other = again[(again.degradation == "toy_noise") & (again.metric == "difference")]
    assert not np.isclose(noise.score, other.score, rtol=0, atol=1e-9).any()


@pytest.mark.parametrize(("workers", "method"), [(2, "spawn"), (3, USUAL_METHOD)])
def test_any_number_of_workers_gives_the_same_table(tmp_path, monkeypatch, workers, method):
    monkeypatch.setattr(processes, "START_METHOD", method)
    alone = sweep_in(tmp_path / "one", make_sweep())
    together = sweep_in(tmp_path / "many", make_sweep(workers=workers))
    assert comparable(alone.table).equals(comparable(together.table))


def test_a_clip_is_decoded_once_by_the_sweep(tmp_path):
    log = tmp_path / "log"
    sweep_in(tmp_path / "out", make_sweep(sources=toys.toy_sources(3, log=str(log))))
    decoded = log.read_text().split()
    assert sorted(decoded[1:]) == ["c0", "c1", "c2"]  # the first is the time estimate's


def interrupted_after(blocks):
    """Progress that stops the run after so many blocks, as a signal would."""
    seen = {"n": 0}

    def advanced(cells):
        seen["n"] += 1
        if seen["n"] >= blocks:
            raise KeyboardInterrupt

    return Progress(advanced=advanced)


@pytest.fixture
def a_shard_for_each_block(monkeypatch):
    monkeypatch.setattr(ledger, "SECONDS_APART", 0.0)


@pytest.mark.parametrize("stops", [(1,), (2, 3), (5, 1, 4)])
def test_stopped_anywhere_and_started_again_it_ends_with_the_same_table(tmp_path, stops):
    whole = sweep_in(tmp_path / "whole", make_sweep())
    for blocks in stops:
        with pytest.raises(KeyboardInterrupt):
            sweep_in(tmp_path / "cut", make_sweep(), interrupted_after(blocks))
    rest = sweep_in(tmp_path / "cut", make_sweep())
    assert comparable(rest.table).equals(comparable(whole.table))
    assert rest.clips.keys() == whole.clips.keys()
    assert rest.cells_scored < whole.cells_scored  # what was finished was not done again


def test_a_finished_run_does_nothing_again(tmp_path):
    first = sweep_in(tmp_path / "out", make_sweep())
    second = sweep_in(tmp_path / "out", make_sweep())
    assert second.cells_scored == 0
    assert second.table.equals(first.table)  # the timings too
    assert second.clips == first.clips


def test_a_metric_is_added_without_scoring_the_others_again(tmp_path):
    first = sweep_in(tmp_path / "out", make_sweep(metrics=(toys.Rms(),)))
    both = sweep_in(tmp_path / "out", make_sweep(metrics=(toys.Rms(), toys.Length())))
    kept = both.table.filter(np.array(both.table["metric"].to_pylist()) == "rms")
    assert kept.equals(first.table)
    assert set(both.table["metric"].to_pylist()) == {"rms", "length"}
    fewer = sweep_in(tmp_path / "out", make_sweep(metrics=(toys.Rms(),)))
    assert fewer.cells_scored == 0
    assert fewer.table.num_rows == both.table.num_rows


def test_a_clip_whose_record_is_lost_is_read_again_and_not_scored_again(tmp_path):
    whole = sweep_in(tmp_path / "whole", make_sweep())
    with pytest.raises(KeyboardInterrupt):
        sweep_in(tmp_path / "out", make_sweep(), interrupted_after(6))  # the first clip, and two blocks
    for record in (tmp_path / "out" / "shards").glob("*.json"):
        record.unlink()
    rest = sweep_in(tmp_path / "out", make_sweep())
    assert comparable(rest.table).equals(comparable(whole.table))
    assert rest.clips == whole.clips
    assert rest.cells_scored == whole.cells_scored - 14 - (1 + 6)


@pytest.mark.usefixtures("a_shard_for_each_block")
def test_a_damaged_shard_is_scored_again(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        sweep_in(tmp_path / "out", make_sweep(), interrupted_after(6))
    shards = sorted((tmp_path / "out" / "shards").glob("*.arrow"))
    shards[0].write_bytes(shards[0].read_bytes()[:100])
    rest = sweep_in(tmp_path / "out", make_sweep())
    whole = sweep_in(tmp_path / "whole", make_sweep())
    assert comparable(rest.table).equals(comparable(whole.table))


def test_other_weights_under_the_same_name_are_refused(tmp_path):
    sweep_in(tmp_path / "out", make_sweep(metrics=(toys.Rms(),)))
    changed = toys.Rms()
    changed.version = "2"
    with pytest.raises(RunFolderError, match="'rms' with fingerprint"):
        sweep_in(tmp_path / "out", make_sweep(metrics=(changed,)))


def test_a_file_that_changed_meanwhile_is_refused(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        sweep_in(tmp_path / "out", make_sweep(), interrupted_after(1))

    class Changed(toys.ToySource):
        def load(self):
            clip = super().load()
            return clip.with_samples(clip.samples * 0.5)

    sources = tuple(Changed(each.id, each.seed, each.seconds) for each in toys.toy_sources(3))
    with pytest.raises(RunFolderError, match="the file has changed"):
        sweep_in(tmp_path / "out", make_sweep(sources=sources))


def test_unusable_clips_are_left_out_and_the_run_goes_on(tmp_path):
    bad = toys.ToySource("broken", bad=True)
    skipped, done = [], []
    progress = Progress(
        clip_done=done.append, clip_skipped=lambda clip_id, reason: skipped.append((clip_id, reason))
    )
    result = sweep_in(tmp_path / "out", make_sweep(sources=(bad, *toys.toy_sources(2))), progress)
    assert skipped == [("broken", "broken: cannot be decoded")]
    assert sorted(done) == ["c0", "c1"], "what was left out is not done"
    assert [each.id for each in result.skipped] == ["broken"]
    assert set(result.table["clip_id"].to_pylist()) == {"c0", "c1"}


def test_an_estimate_that_fails_ends_no_run(tmp_path):
    class Unsure(toys.ToySource):
        @property
        def seconds_hint(self):
            raise ZeroDivisionError

    result = sweep_in(tmp_path / "out", make_sweep(sources=(Unsure("c0"),), metrics=(toys.Rms(),)))
    assert result.expected is None
    assert result.counts().failed == 0


def test_no_usable_clip_at_all_is_an_error(tmp_path):
    with pytest.raises(CorpusError, match=r"none of 1 clips can be used \(broken: broken: cannot"):
        sweep_in(tmp_path / "out", make_sweep(sources=(toys.ToySource("broken", bad=True),)))


def test_cells_that_do_not_apply_or_fail_are_rows(tmp_path):
    sweep = make_sweep(degradations=(toys.ToyPicky(), toys.ToyGain()), metrics=(toys.Rms(),))
    frame = sweep_in(tmp_path / "out", sweep).table.to_pandas()
    picky = frame[frame.degradation == "toy_picky"].set_index(["clip_id", "level"])
    assert set(picky.loc["c0"].status) == {"not-applicable"}
    assert set(picky.loc["c0"].error) == {"needs a clip that does not end in 0"}
    assert picky.loc[("c1", 4)].status == "failed"
    assert picky.loc[("c1", 4)].error == "RuntimeError: level 4 is broken"
    assert picky.loc["c2"].drop(4).status.eq("ok").all()


def test_failed_cells_are_scored_again_only_when_asked(tmp_path):
    sweep = make_sweep(degradations=(toys.ToyPicky(), toys.ToyGain()), metrics=(toys.Rms(),))
    sweep_in(tmp_path / "out", sweep)
    assert sweep_in(tmp_path / "out", sweep).cells_scored == 0
    again = sweep_in(tmp_path / "out", replace(sweep, retry_failed=True))
    assert again.cells_scored == 2 * 5  # the blocks of the two clips with a failed cell
    assert again.counts().failed == 2


def test_an_awkward_metric_costs_its_own_rows_only(tmp_path):
    class Loud(toys.ToyNoise):
        name = "loud"
        default_ladder = toys.Ladder((0.1, 0.2, 0.4, 0.5, 0.6), "σ")

    metrics = (toys.Awkward(), toys.Rms(), toys.WrongShape())
    sweep = make_sweep(degradations=(Loud(), toys.ToyGain()), metrics=metrics, keep_going=True)
    frame = sweep_in(tmp_path / "out", sweep).table.to_pandas()
    tests = frame[(frame.degradation == "loud") & (frame.clip_id == "c1")]
    awkward = tests[(tests.metric == "awkward") & (tests.role == "test")].set_index("level")
    assert list(awkward.status) == ["ok", "ok", "failed", "ok", "failed"]
    assert awkward.error[3] == "the metric returned NaN"
    assert awkward.score[4] == np.inf
    assert awkward.error[5] == "ValueError: too loud for me"
    assert tests[tests.metric == "rms"].status.eq("ok").all()
    wrong = tests[tests.metric == "wrong-shape"]
    assert wrong.status.eq("failed").all()
    assert wrong.error.str.contains("expected").all()


def test_a_heavy_metric_hears_full_windows_around_the_same_music(tmp_path):
    degradations = (toys.ToyStretch(), toys.ToySqueeze(), toys.ToyGain())
    sweep = make_sweep(degradations=degradations, metrics=(toys.Length(),))
    frame = sweep_in(tmp_path / "out", sweep).table.to_pandas()
    # squeezed tenfold, 3 s leave 0.3 s: the window shrinks to that for every cell alike
    assert set(frame.score) == {2400.0}
    alone = make_sweep(degradations=(toys.ToyStretch(), toys.ToyGain()), metrics=(toys.Length(),))
    frame = sweep_in(tmp_path / "alone", alone).table.to_pandas()
    assert set(frame.score) == {2.0 * 8000}, "its two seconds, of clips of three and of eighteen"


def test_a_metric_that_hops_hears_the_whole_clip_and_keeps_its_windows(tmp_path):
    degradations = (toys.ToyStretch(), toys.ToyGain())
    sweep = make_sweep(degradations=degradations, metrics=(toys.Hopping(), toys.Rms()))
    frame = sweep_in(tmp_path / "out", sweep).table.to_pandas()
    hopping = frame[frame.metric == "hopping"]
    assert frame[frame.metric == "rms"].window_scores.isna().all()
    windows = hopping.window_scores.map(len)
    stretched = hopping.degradation == "toy_stretch"
    assert set(windows[~stretched]) == {3}
    assert list(windows[stretched & (hopping.clip_id == "c0")]) == [6, 9, 12, 15, 18]
    assert np.array_equal(hopping.score, hopping.window_scores.map(lambda each: sum(each) / len(each)))
    clean = hopping[hopping.role == "clean"].set_index("clip_id").score
    assert np.allclose(hopping.score[stretched], clean[hopping.clip_id[stretched]], rtol=1e-5)  # all the same music
    together = sweep_in(tmp_path / "two", replace(sweep, workers=2))
    assert comparable(together.table).equals(comparable(pq.read_table(tmp_path / "out" / "scores.parquet")))


def test_blocks_that_are_finished_soon_after_one_another_share_a_shard(tmp_path, monkeypatch):
    monkeypatch.setattr(ledger, "SECONDS_APART", 1000.0)
    monkeypatch.setattr(ledger, "SECONDS_OF_WORK", 1000.0)
    sweep, stored = make_sweep(metrics=(toys.Rms(), toys.Counting())), []

    def told(clip_id):
        stored.append([read_shard(path).num_rows for path in shard_files(tmp_path / "out" / "shards")])

    with RunFolder(tmp_path / "out") as folder:
        together = execute(sweep, folder, Progress(clip_done=told))
        first, rest = (read_shard(path) for path in shard_files(folder.shards))
    assert set(first["degradation"].to_pylist()) == {"clean"}, "the first block does not wait"
    assert first.num_rows + rest.num_rows == together.table.num_rows
    assert stored == [[first.num_rows, rest.num_rows]] * len(sweep.sources), "a clip that is done is stored"
    monkeypatch.setattr(ledger, "SECONDS_APART", 0.0)
    with RunFolder(tmp_path / "apart") as folder:
        apart = execute(sweep, folder)
        assert len(shard_files(folder.shards)) == len(sweep.sources) * len(sweep.blocks())
    assert comparable(together.table).equals(comparable(apart.table))
    assert together.metric_counts == apart.metric_counts


def test_a_block_that_took_long_does_not_wait_for_others(tmp_path, monkeypatch):
    monkeypatch.setattr(ledger, "SECONDS_APART", 1000.0)
    monkeypatch.setattr(ledger, "SECONDS_OF_WORK", 0.0)
    sweep = make_sweep(metrics=(toys.Rms(),))
    with RunFolder(tmp_path / "out") as folder:
        execute(sweep, folder)
        assert len(shard_files(folder.shards)) == len(sweep.sources) * len(sweep.blocks())


def test_a_run_that_is_interrupted_has_stored_every_block_that_is_finished(tmp_path, monkeypatch):
    monkeypatch.setattr(ledger, "SECONDS_APART", 1000.0)
    with pytest.raises(KeyboardInterrupt):
        sweep_in(tmp_path, make_sweep(), interrupted_after(6))
    with RunFolder(tmp_path) as folder:
        assert len({(clip, block) for clip, block, _ in block_keys(folder.read_finished().rows)}) == 6
        assert len(folder.read_clips()) == 2


@pytest.mark.usefixtures("a_shard_for_each_block")
def test_a_shard_of_other_columns_is_scored_again(tmp_path):
    whole = sweep_in(tmp_path / "whole", make_sweep())
    with pytest.raises(KeyboardInterrupt):
        sweep_in(tmp_path / "cut", make_sweep(), interrupted_after(6))
    shards = sorted((tmp_path / "cut" / "shards").glob("*.arrow"))
    with pa.ipc.open_file(shards[0].read_bytes()) as file:
        fewer = file.read_all().drop_columns(["window_scores"])
    shards[0].unlink()
    write_shard(tmp_path / "cut" / "shards", 0, fewer)
    rest = sweep_in(tmp_path / "cut", make_sweep())
    assert len(shards) == 6
    assert rest.cells_scored < whole.cells_scored
    assert comparable(rest.table).equals(comparable(whole.table))


def test_a_table_of_other_columns_is_refused_and_kept(tmp_path):
    sweep_in(tmp_path / "out", make_sweep())
    path = tmp_path / "out" / "scores.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["window_scores"]), path)
    before = path.read_bytes()
    with pytest.raises(RunFolderError, match="lacks the column 'window_scores'"):
        sweep_in(tmp_path / "out", make_sweep())
    assert path.read_bytes() == before


@pytest.mark.usefixtures("a_shard_for_each_block")
@pytest.mark.parametrize("kept", ["all", "some"])
@pytest.mark.parametrize("later", ["same", "fewer", "more", "retry"])
def test_a_run_killed_between_its_table_and_the_end_of_its_shards_has_every_row_once(tmp_path, kept, later):
    metrics = (toys.Rms(), toys.Length(), toys.Counting())
    degradations = (toys.ToyPicky(), toys.ToyGain())
    sweep = make_sweep(degradations=degradations, metrics=metrics[:2] if later == "more" else metrics)
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        sweep_in(out, sweep, interrupted_after(4))
    with RunFolder(out) as folder:
        result = execute(sweep, folder)
        shards = sorted(folder.shards.iterdir())[:: 1 if kept == "all" else 2]
        copies = {path: path.read_bytes() for path in shards}
        folder.finish(result.table, record_of(identity=sweep.identity(), clips=tuple(result.clips.values())))
        claim(out, [f"{SHARDS}/"])  # a directory is on the list until it is empty
        for path, content in copies.items():
            path.write_bytes(content)
    changes = {
        "same": {},
        "fewer": {"metrics": metrics[:1]},
        "more": {"metrics": metrics},
        "retry": {"retry_failed": True},
    }
    again = sweep_in(out, replace(sweep, **changes[later]))
    whole = sweep_in(tmp_path / "whole", replace(sweep, metrics=metrics))
    frame = again.table.to_pandas()
    assert not frame.duplicated(list(KEY)).any()
    assert again.cells_scored == {"same": 0, "fewer": 0, "more": 3 * 8, "retry": 2 * 5}[later]
    order = [(name, "ascending") for name in KEY]
    assert comparable(again.table).sort_by(order).equals(comparable(whole.table).sort_by(order))
    assert again.metric_counts["rms"] == whole.metric_counts["rms"]
    if later != "fewer":
        assert again.metric_counts["counting"] == whole.metric_counts["counting"]
