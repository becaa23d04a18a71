"""The selectivity index where S and T are known, and against pandas where they are not."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from degrade_bench.analysis import AnalysisOptions, analyse
from tests.analysis.tables import ORDER, SIGNAL, plain_drops, table

NOISE, BARS = SIGNAL[0], ORDER[0]
OPTIONS = AnalysisOptions(resamples=200)


def distance(scale: float = 1.0):
    """A full-reference metric: how far a cell is from its clean clip, the level times a clip's own size."""

    def score(name: str, role: str, level: int, clip: int) -> float:
        if role in ("clean", "placebo", "control"):
            return 0.0
        return -level * (1 + 0.05 * (clip % 7)) * (scale if name == BARS else 1.0)

    return score


def hears(signal: float, structural: float, placebo: float = 0.0):
    """Loses so much under signal and structural damage, whatever its level, and under the latter's placebo."""

    def score(name: str, role: str, level: int, clip: int) -> float:
        if role == "placebo":
            return 5.0 - (placebo if name == f"{BARS}_placebo" else 0.0)
        jitter = 0.001 * ((clip * 7 + level * 3) % 5 - 2) if role == "test" else 0.0
        return 5.0 - {"test": {NOISE: signal, BARS: structural}.get(name, 0.0)}.get(role, 0.0) - jitter

    return score


def both(score, measure=None, **options) -> pd.DataFrame:
    return pd.concat([table(measure or distance(), metric="log-mel", **options), table(score, **options)])


def index(scores: pd.DataFrame, **options) -> pd.Series:
    return analyse(scores, AnalysisOptions(resamples=200, **options)).selectivity.set_index("metric").loc["made"]


@pytest.mark.parametrize(
    ("signal", "structural", "expected"),
    [
        (0.4, 0.1, 0.6),
        (0.1, 0.4, -0.6),
        (0.3, 0.3, 0.0),
        (0.4, 0.0, 1.0),  # deaf to structure
        (0.0, 0.4, -1.0),
    ],
)
def test_the_index_is_signal_less_structure_over_both(signal, structural, expected):
    row = index(both(hears(signal, structural)))
    assert row["signal"] == pytest.approx(signal, abs=1e-3)
    assert row["structural"] == pytest.approx(structural, abs=1e-3)
    s, t = max(row["signal"], 0.0), max(row["structural"], 0.0)
    assert row["index"] == pytest.approx((s - t) / (s + t), abs=1e-9)
    assert row["index"] == pytest.approx(expected, abs=0.01)
    assert row["index_low"] <= row["index"] <= row["index_high"]
    assert row["note"] is None or pd.isna(row["note"])
    assert row["distance"] == "log-mel"


def test_the_placebos_drop_does_not_count():
    row = index(both(hears(0.4, 0.4, placebo=0.3)))
    assert row["structural"] == pytest.approx(0.1, abs=1e-3)
    assert row["index"] == pytest.approx(0.6, abs=0.01)


def by_pandas(scores: pd.DataFrame) -> dict[str, float]:
    """The same from the module's own words: bins in the logarithm of the distance, means within, then over bins."""
    drops = plain_drops(scores)
    keys = ["degradation", "level", "clip_id"]
    sizes = drops.query("metric == 'log-mel' and role == 'test'").set_index(keys)["drop"].rename("size")
    cells = (
        drops.query("metric == 'made' and role == 'test'").set_index(keys).join(sizes, how="inner").reset_index()
    )
    placebo = drops.query("metric == 'made' and role == 'placebo'")
    placebo = placebo.assign(degradation=placebo.degradation.str.removesuffix("_placebo"))
    single, exact = placebo[placebo.degradation == NOISE], placebo[placebo.degradation == BARS]
    cells = cells.merge(exact[[*keys, "drop"]], on=keys, how="left", suffixes=("", "_exact"))
    cells = cells.merge(
        single[["degradation", "clip_id", "drop"]],
        on=["degradation", "clip_id"],
        how="left",
        suffixes=("", "_single"),
    )
    cells["net"] = cells["drop"] - cells["drop_exact"].fillna(cells["drop_single"])
    cells = cells[cells["net"].notna() & (cells["size"] > 0)].assign(size=lambda frame: np.log(frame["size"]))
    sizes = [part["size"].to_numpy() for _, part in cells.groupby("degradation")]
    low, high = zip(
        *(np.quantile(of_group, [0.05, 0.95], method="inverted_cdf") for of_group in sizes), strict=True
    )
    edges = np.linspace(max(low), min(high), 9)
    inside = cells[(cells["size"] >= edges[0]) & (cells["size"] <= edges[-1])].copy()
    inside["bin"] = np.minimum(np.searchsorted(edges, inside["size"], side="right"), 8)
    cells = inside.groupby(["bin", "degradation"]).agg(net=("net", "mean"), tracks=("track", "nunique")).unstack()
    used = (cells["tracks"] >= 3).all(axis=1)
    means = cells.loc[used, "net"].mean()
    s, t = max(means[NOISE], 0.0), max(means[BARS], 0.0)
    return {
        "signal": means[NOISE],
        "structural": means[BARS],
        "index": (s - t) / (s + t),
        "bins": used.sum(),
        "cells": inside["bin"].isin(used.index[used]).sum(),
    }


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.3])
def test_the_index_is_pandas_where_drops_grow_with_their_size(scale):
    rng = np.random.default_rng(4)

    def score(name: str, role: str, level: int, clip: int) -> float:
        if role == "clean":
            return 5.0
        share = {"test": {NOISE: 0.3, BARS: 0.12}.get(name, 0.0), "placebo": 0.02}.get(role, 0.0)
        return 5.0 - share * level + 0.05 * rng.standard_normal()

    tracks = {clip: f"t{clip // 2}" for clip in range(10)}
    scores = both(score, distance(scale), tracks=tracks)
    lost = (scores.metric == "log-mel") & (scores.clip_id == "clip003") & (scores.level == 2)
    scores.loc[lost, ["score", "status"]] = [np.nan, "failed"]
    row = index(scores)
    for name, expected in by_pandas(scores).items():
        assert row[name] == pytest.approx(expected, abs=1e-9), name
    assert 1 < row["bins"] <= 8
    assert row["index_low"] < row["index"] < row["index_high"]


def test_four_copies_of_every_clip_change_no_interval():
    scores = both(hears(0.4, 0.1))
    often = pd.concat([scores.assign(clip_id=scores.clip_id + f"/{copy}") for copy in range(4)])
    one, other = index(scores), index(often)
    for name in ("signal", "structural", "index", "index_low", "index_high"):
        assert one[name] == pytest.approx(other[name], abs=1e-9), name


# -- what cannot be said -------------------------------------------------------------------------------


def status(scores: pd.DataFrame, at: pd.Series) -> pd.DataFrame:
    scores = scores.reset_index(drop=True)
    scores.loc[at.to_numpy(), ["score", "status"]] = [np.nan, "not-applicable"]
    return scores


FULL = both(hears(0.4, 0.1))
MEASURED = (FULL.metric == "log-mel") & (FULL.role == "test")
UNSAID = {
    "was not scored": table(hears(0.4, 0.1)),
    "not both in this run": both(hears(0.4, 0.1), degradations=(SIGNAL,)),
    "measures no cell of one of the groups": status(FULL, MEASURED & (FULL.degradation == BARS)),
    "no change in log-mel that both groups reach": both(hears(0.4, 0.1), distance(100.0)),
    "fewer than 3 tracks": both(hears(0.4, 0.1), clips=2),
    "neither group was shown": both(hears(0.0, 0.0)),
}


@pytest.mark.parametrize("words", UNSAID)
def test_a_note_says_why_there_is_no_index(words):
    row = index(UNSAID[words])
    assert words in row["note"]
    assert all(math.isnan(row[name]) for name in ("index", "index_low", "index_high"))


def test_the_distance_is_an_option():
    scores = FULL.assign(metric=FULL.metric.replace("log-mel", "other"))
    assert "log-mel, which measures" in index(scores)["note"]
    assert index(scores, distance="other")["index"] == pytest.approx(index(FULL)["index"], abs=1e-12)


def test_a_table_without_the_metric_beside_some_clips():
    """Clips that the distance did not score are left out."""
    part = FULL[(FULL.metric != "log-mel") | (FULL.clip_id < "clip012")]
    row = index(part)
    assert row["cells"] == by_pandas(part)["cells"]
    assert row["index"] == pytest.approx(by_pandas(part)["index"], abs=1e-9)
