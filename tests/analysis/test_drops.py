"""Pairing of cells with their clean scores, and of degradations with their placebos."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from degrade_bench.analysis.drops import paired_drops
from degrade_bench.errors import RunFolderError
from tests.analysis.tables import ORDER, SIGNAL, table


def plain(name: str, role: str, level: int, clip: int) -> float:
    """Falls by the level under a test, by a tenth of it under a placebo, by a hundredth under a control."""
    share = {"clean": 0.0, "test": 1.0, "placebo": 0.1, "control": 0.01}[role]
    return 10.0 + clip - share * level


@pytest.mark.parametrize("higher", [True, False])
def test_positive_means_that_the_metric_noticed(higher):
    scores = table(lambda *cell: plain(*cell) if higher else -plain(*cell), clips=3, higher_is_better=higher)
    drops = paired_drops(scores).table
    tests = drops[drops.role == "test"]
    assert np.allclose(tests["drop"], tests["level"])
    assert len(tests) == 3 * 2 * 5
    assert set(drops.role) == {"test", "placebo", "control"}


def test_net_drops_pair_placebos_by_level_or_one_with_all():
    net = paired_drops(table(plain, clips=2)).net.set_index(["degradation", "level", "clip_id"])["net"]
    for level in (1, 2, 3, 4, 5):
        assert net[ORDER[0], level, "clip000"] == pytest.approx(level - 0.1 * level)
        assert net[SIGNAL[0], level, "clip000"] == pytest.approx(level - 0.1)


def test_replicates_are_averaged_before_anything_else():
    scores = table(plain, clips=2, replicates=3)
    tests = (scores.role == "test") & (scores.level == 2)
    scores.loc[tests, "score"] += scores.loc[tests, "replicate"] - 1.0
    drops = paired_drops(scores).table
    at_level_two = drops[(drops.role == "test") & (drops.level == 2)]
    assert len(at_level_two) == 2 * 2
    assert np.allclose(at_level_two["drop"], 2.0)


def test_rows_without_a_usable_score_give_no_drop_and_infinite_ones_are_counted():
    scores = table(plain, clips=4)
    at = (scores.degradation == SIGNAL[0]) & (scores.role == "test") & (scores.level == 3)
    clips = scores.clip_id
    scores.loc[at & (clips == "clip000"), ["score", "status"]] = [np.nan, "failed"]
    scores.loc[at & (clips == "clip001"), ["score", "status"]] = [np.nan, "not-applicable"]
    scores.loc[at & (clips == "clip002"), "score"] = np.inf
    paired = paired_drops(scores)
    cell = paired.table[(paired.table.degradation == SIGNAL[0]) & (paired.table.level == 3)]
    assert cell[cell.role == "test"].clip_id.tolist() == ["clip003"]
    assert paired.infinite == {"made": 1}
    assert not paired.table["drop"].isna().any()


def test_a_clip_without_a_clean_score_gives_no_drop():
    scores = table(plain, clips=3)
    scores.loc[(scores.role == "clean") & (scores.clip_id == "clip001"), ["score", "status"]] = [np.nan, "failed"]
    paired = paired_drops(scores)
    assert set(paired.table.clip_id) == {"clip000", "clip002"}
    assert set(paired.net.clip_id) == {"clip000", "clip002"}


def test_metrics_do_not_mix_and_row_order_does_not_matter():
    scores = pd.concat([table(plain, clips=3, metric="a"), table(lambda *c: 2 * plain(*c), clips=3, metric="b")])
    drops = paired_drops(scores).table
    assert np.allclose(
        drops[drops.metric == "b"]["drop"].to_numpy(),
        2 * drops[drops.metric == "a"]["drop"].to_numpy(),
    )
    shuffled = paired_drops(scores.sample(frac=1, random_state=1)).table
    pd.testing.assert_frame_equal(shuffled, drops)


@pytest.mark.parametrize("column", ["nuisance", "track", "status", "level"])
def test_a_table_without_a_column_or_with_empty_cells_is_refused(column):
    scores = table(plain, clips=3)
    with pytest.raises(RunFolderError, match=f"lacks the column '{column}'"):
        paired_drops(scores.drop(columns=column))
    with pytest.raises(RunFolderError, match=f"its column '{column}' has empty cells"):
        paired_drops(scores.assign(**{column: None}))
