"""Simultaneous bands: wider than the intervals, and as often right for a whole curve as stated."""

from __future__ import annotations

import numpy as np
import pytest

from degrade_bench.analysis import AnalysisOptions
from degrade_bench.analysis.floor import nuisance_floor
from degrade_bench.analysis.levels.bands import bands
from degrade_bench.analysis.levels.base import LevelInputs
from degrade_bench.analysis.levels.mean_drop import mean_drop
from degrade_bench.analysis.resampling import Resampler
from tests.analysis.made import generator, made

CURVES, LEVELS = 300, 5


def inputs(drops) -> LevelInputs:
    options = AnalysisOptions(resamples=100)
    resampler = Resampler(options.resamples, options.seed)
    return LevelInputs(drops, nuisance_floor(drops, resampler, options), resampler, options)


@pytest.mark.parametrize("clips", [14, 60])
@pytest.mark.parametrize("shared", [0.0, 0.8])
def test_a_band_holds_a_whole_curve_as_often_as_stated(clips, shared):
    rng = generator(1)
    noise = np.sqrt(shared) * rng.standard_normal((clips, CURVES, 1))
    noise = noise + np.sqrt(1 - shared) * rng.standard_normal((clips, CURVES, LEVELS))
    damages = {f"damage{index:03d}": noise[:, index] for index in range(CURVES)}
    given = inputs(made(rng.standard_normal(clips), damages, {"control": rng.standard_normal(clips)}))
    band, interval = bands(given), mean_drop(given)

    def share_of_curves(low: np.ndarray, high: np.ndarray) -> float:
        return float(((low <= 0) & (high >= 0)).reshape(CURVES, LEVELS).all(axis=1).mean())

    assert share_of_curves(band["band_low"], band["band_high"]) >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / CURVES)
    assert share_of_curves(interval["drop_low"], interval["drop_high"]) < 0.93
    assert (band["band_low"] <= interval["drop_low"] + 1e-12).all()
    assert (band["band_high"] >= interval["drop_high"] - 1e-12).all()
    wider = np.median((band["band_high"] - band["band_low"]) / (interval["drop_high"] - interval["drop_low"]))
    assert wider > (1.25 if shared == 0 else 1.05)


def test_where_nothing_is_known_there_is_no_band():
    drops = made(np.arange(6.0), {"a": np.full((6, 2), np.nan), "b": np.zeros((6, 3))}, {"control": np.zeros(6)})
    band = bands(inputs(drops))
    assert np.isnan(band["band_low"][:2]).all()
    assert (band["band_low"][2:] == 0).all()
    alone = made(np.arange(1.0), {"a": np.ones((1, 2))}, {"control": np.zeros(1)})
    assert np.isnan(bands(inputs(alone))["band_high"]).all()
