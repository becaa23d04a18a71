"""Twins: drops whose differences are known, set side by side."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from degrade_bench.analysis.twins import TWINS, twins

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

import twin_table


def traced(name: str) -> float:
    """What an edit of audio costs by itself, in these tables: a twin has none."""
    return 0.0 if name.startswith("symbolic_") else 5.0


def net(drops: dict[str, np.ndarray]) -> pd.DataFrame:
    """Net drops of one metric at one level, by damage: one clip a track."""
    rows = [
        {
            "metric": "m|1",
            "degradation": name,
            "level": 3,
            "role": "test",
            "track": f"t{k}",
            "net": value,
            "drop": value + traced(name),
        }
        for name, values in drops.items()
        for k, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


def test_a_trace_that_the_placebo_misses_is_told_and_equal_drops_agree():
    rng = np.random.default_rng(0)
    music = 0.5 + 0.2 * rng.standard_normal(14)
    noise = 0.02 * rng.standard_normal((3, 14))
    table = twins(
        net(
            {
                "bar_shuffle": music + 0.1 + noise[0],
                "symbolic_bar_shuffle": music + noise[1],
                "monotony": music + noise[2],
                "symbolic_monotony": music - noise[1],
                "key_break": music,
                "symbolic_alone": music,
            }
        )
    )
    assert list(table.columns) == TWINS.names
    assert table["degradation"].astype(str).tolist() == ["bar_shuffle", "monotony"]
    seam, alike = table.to_dict("records")
    assert seam["difference"] == pytest.approx(0.1 + (noise[0] - noise[1]).mean())
    assert seam["difference_low"] < 0.1 < seam["difference_high"]
    assert not seam["agrees"]
    assert alike["agrees"]
    assert seam["audio_net"] - seam["notes_drop"] == pytest.approx(seam["difference"])


def test_only_tracks_that_have_both_count_and_one_is_too_few_for_an_interval():
    few = net({"a": np.array([1.0, np.nan, 3.0]), "symbolic_a": np.array([np.nan, 1.0, 2.0])})
    (row,) = twins(few).to_dict("records")
    assert row["tracks"] == 1
    assert row["difference"] == 1.0
    assert np.isnan(row["difference_low"])
    assert twins(net({"a": np.ones(3)})).empty


def test_the_printed_table(capsys, tmp_path):
    both = net({"a": np.arange(6.0), "symbolic_a": np.arange(6.0)})
    text = "\n".join(twin_table.lines(twins(both)))
    assert "1 of 1 pairs agree" in text
    assert "| `a` | 3 | 6 |" in text
    assert list(twin_table.lines(twins(both[:0]))) == ["No damage of this run has its twin beside it."]
    assert twin_table.main([str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
