"""Which recordings stand out, against the score table read row by row; and what is heard of them."""

from __future__ import annotations

import statistics
from dataclasses import replace
from types import SimpleNamespace

import pyarrow as pa
import pytest
import soundfile

from degrade_bench.bench import extremes as module
from degrade_bench.bench.extremes import extremes
from degrade_bench.runs.columns import SCHEMA
from degrade_bench.sweep.standing_out import recorded
from tests.bench.test_playing import Gone
from tests.sweep import toys
from tests.sweep.test_execute import make_sweep, sweep_in


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """A sweep of four clips, and what came of it."""
    sweep = make_sweep(sources=toys.toy_sources(4))
    return sweep, sweep_in(tmp_path_factory.mktemp("scored"), sweep)


def by_hand(table, metric):
    """By damage, the drop of each clip at its highest level."""
    rows = [row for row in table.to_pylist() if row["metric"] == metric and row["status"] == "ok"]
    clean = {row["clip_id"]: row["score"] for row in rows if row["role"] == "clean"}
    drops = {}
    for row in rows:
        if row["role"] == "test" and row["level"] == 5:
            sign = 1 if row["higher_is_better"] else -1
            drop = sign * (clean[row["clip_id"]] - row["score"])
            drops.setdefault(row["degradation"], {})[row["clip_id"]] = drop
    return drops


def test_they_are_the_ends_of_the_damage_whose_drops_lie_farthest_apart(scored):
    sweep, result = scored
    found = extremes(sweep, result)
    assert {one.metric for one in found} <= {metric.name for metric in sweep.metrics}
    assert found
    for one in found:
        drops = by_hand(result.table, one.metric)
        spreads = {name: max(of.values()) - min(of.values()) for name, of in drops.items()}
        of_damage = drops[one.degradation.name]
        assert spreads[one.degradation.name] == pytest.approx(max(spreads.values()))
        end = max if one.which == "largest" else min
        assert one.drop == pytest.approx(end(of_damage.values()))
        assert of_damage[one.source.id] == pytest.approx(one.drop)
        assert one.median == pytest.approx(statistics.median(of_damage.values()))
        assert one.level == 5


def test_there_are_none_of_too_few_clips_of_equal_drops_or_without_room(scored, monkeypatch):
    sweep, result = scored
    few = result.table.filter([clip_id in ("c0", "c1") for clip_id in result.table["clip_id"].to_pylist()])
    assert extremes(sweep, replace(result, table=few)) == ()
    assert extremes(sweep, replace(result, table=SCHEMA.empty_table())) == ()
    monkeypatch.setattr(module, "room_for_recordings", lambda metrics, damages: 2 * 2 * 41_000)
    assert len({one.metric for one in extremes(sweep, result)}) == 1, "the first that there is room for"


def test_a_metric_that_hears_nothing_has_none(scored):
    sweep, result = scored
    rows = result.table.to_pylist()
    clean = {(row["metric"], row["clip_id"]): row["score"] for row in rows if row["role"] == "clean"}
    for k, row in enumerate(rows):
        if row["score"] is not None:
            row["score"] = clean[row["metric"], row["clip_id"]] + 1e-6 * k / len(rows)
    assert extremes(sweep, replace(result, table=pa.Table.from_pylist(rows, SCHEMA))) == ()


def test_windows_of_one_recording_are_one(scored):
    sweep, result = scored
    rows = result.table.to_pylist()
    for row in rows:
        row["track"] = "song" if row["clip_id"] in ("c0", "c1") else row["track"]
    of_three = extremes(sweep, replace(result, table=pa.Table.from_pylist(rows, SCHEMA)))
    assert of_three
    for one in of_three[::2]:
        pair = [other.source.id for other in of_three if other.metric == one.metric]
        assert set(pair) != {"c0", "c1"}
    for row in rows:
        row["track"] = "song" if row["clip_id"] in ("c0", "c1", "c2") else row["track"]
    assert extremes(sweep, replace(result, table=pa.Table.from_pylist(rows, SCHEMA))) == ()


def test_a_clip_over_which_workers_died_is_not_tried_again(scored):
    sweep, result = scored
    first = extremes(sweep, result)[0]
    died = SimpleNamespace(
        table=result.table,
        broken_off=lambda clip_id: {first.degradation.name} if clip_id == first.source.id else set(),
    )
    again = extremes(sweep, died)
    assert first not in again
    assert again


def test_what_is_recorded_plays_and_a_clip_that_is_gone_is_left_out(scored, tmp_path):
    sweep, result = scored
    extreme = extremes(sweep, result)[0]
    said, files = recorded(extreme, sweep.seed)
    assert (said.clip_id, said.degradation, said.which) == (
        extreme.source.id,
        extreme.degradation.name,
        extreme.which,
    )
    assert set(files) == {said.file, said.clean_file}
    assert sum(map(len, files.values())) <= extreme.most_bytes
    assert files[said.file] != files[said.clean_file]
    for name, content in files.items():
        path = tmp_path / name.rpartition("/")[2]
        path.write_bytes(content)
        assert soundfile.info(path).duration > 0.5
    assert recorded(replace(extreme, source=Gone("c0")), sweep.seed) is None
