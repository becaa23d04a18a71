"""Every tested cell of a metric: the drop, its intervals and tests, the drop beyond the placebo."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from degrade_bench.analysis import statistics as stat
from degrade_bench.analysis.floor import Floor
from degrade_bench.analysis.means import Clustered
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.resampling import Resampler
from degrade_bench.analysis.wide import MetricDrops


def level_effects(own: MetricDrops, floor: Floor, resampler: Resampler, options: AnalysisOptions) -> pd.DataFrame:
    """One row per tested cell, in the order of ``own.cells``, scored or not: the columns of ``Analysis.levels``.

    The verdict and what is adjusted for multiplicity come later.
    """
    frame = own.cells.assign(metric=own.metric)
    drops, nets = own.clustered(own.drops), own.clustered(own.net)
    (low, high), (low_90, high_90) = drops.intervals(resampler, options.tails)
    (net_low, net_high), (net_low_90, net_high_90) = nets.intervals(resampler, options.tails)
    means, tracks = drops.track_means, drops.tracks
    singles = [_of_cell(column) for column in own.drops.T]
    shares = np.array([each["concordance"] for each in singles])
    share_low, share_high = stat.wilson(shares, tracks, options.confidence)
    placebo = np.where(np.isfinite(own.net), own.placebo, math.nan)
    sd = clean_sd(own.clean)
    columns = {
        "n": drops.clips,
        "tracks": tracks,
        **{name: [each[name] for each in singles] for name in ("ties", "drop_median", "drop_spread", "aces_tau")},
        "concordance": shares, "concordance_low": share_low, "concordance_high": share_high,
        "drop_mean": drops.means,
        "drop_low": low, "drop_high": high, "drop_low_90": low_90, "drop_high_90": high_90,
        "drop_sd": drops.means / sd if sd > 0 else math.nan,
        "drop_floor": drops.means / floor.value if floor.value > 0 else math.nan,
        "effect_dz": [stat.effect_dz(column[np.isfinite(column)]) for column in means.T],
        "p_value": stat.wilcoxon_p(means),
        "p_flip": stat.sign_flip_p(means, options.flips, options.seed),
        "p_blind": _p_blind(drops, floor, resampler),
        "placebo_drop": own.clustered(placebo).means,
        "net_drop": nets.means,
        "net_low": net_low, "net_high": net_high, "net_low_90": net_low_90, "net_high_90": net_high_90,
        "p_net": stat.wilcoxon_p(nets.track_means),
    }  # fmt: skip
    return frame.assign(**columns)


def _of_cell(drops: np.ndarray) -> dict[str, float]:
    known = drops[np.isfinite(drops)]
    share, ties = stat.concordance(known)
    return {
        "ties": ties,
        "drop_median": float(np.median(known)) if len(known) else math.nan,
        "drop_spread": float(np.std(known, ddof=1)) if len(known) > 1 else math.nan,
        "concordance": share,
        "aces_tau": stat.aces_tau(known),
    }


def _p_blind(drops: Clustered, floor: Floor, resampler: Resampler) -> np.ndarray:
    """The equivalence test's p, with the margin's own uncertainty where it is an estimate."""
    errors = drops.errors
    if not floor.is_estimate:
        return stat.equivalence_p(drops.means, errors, errors, floor.margin, drops.tracks)
    together = drops.draws(resampler).resampled
    margin = floor.margin_draws.resampled
    tracks = len(drops.sums)
    scale = math.sqrt(tracks / (tracks - 1)) if tracks > 1 else math.nan
    below, above = (_spread(together + sign * margin) * scale for sign in (1, -1))
    known = np.isfinite(errors)
    return stat.equivalence_p(
        drops.means, np.where(known, below, math.nan), np.where(known, above, math.nan), floor.margin, drops.tracks
    )


def _spread(draws: np.ndarray) -> np.ndarray:
    """Standard deviation over resamples, passing over NaN: ``(columns,)``."""
    result = np.full(draws.shape[1], math.nan)
    known = np.isfinite(draws).any(axis=0)
    result[known] = np.nanstd(draws[:, known], axis=0)
    return result


def clean_sd(clean: np.ndarray) -> float:
    """Standard deviation of clean scores between clips; NaN with fewer than two, 0 where all are alike."""
    known = clean[np.isfinite(clean)]
    return float(np.std(known, ddof=1)) if len(known) > 1 else math.nan


def control_effects(own: MetricDrops, floor: Floor, resampler: Resampler, options: AnalysisOptions) -> pd.DataFrame:
    """One row per control × level: what the metric did, and whether it reacts.

    A control may go either way from clip to clip (a gain up, a gain down), so what counts is |drop|. A metric
    *reacts* where the interval of its mean lies above the margin, and is *indifferent* where it lies below.
    ``p_value`` is the signed-rank test's, one-sided by its sign, of |drop| − margin.
    """
    drops = own.clustered(own.control_drops)
    sizes = own.clustered(np.abs(own.control_drops))
    low, high = drops.intervals(resampler, (options.confidence,))[0]
    size_low, size_high = sizes.intervals(resampler, (options.confidence,))[0]
    beyond = sizes.track_means - floor.margin
    p_value = np.where(sizes.means > floor.margin, stat.wilcoxon_p(beyond) / 2, 1.0)
    margin = floor.margin
    reaction = np.where(size_low > margin, "reacts", np.where(size_high <= margin, "indifferent", "unclear"))
    frame = own.controls.assign(
        metric=own.metric, n=drops.clips, tracks=drops.tracks, drop_mean=drops.means, drop_low=low, drop_high=high,
        drop_abs_mean=sizes.means, drop_abs_max=_largest(own.control_drops), p_value=p_value, reaction=reaction,
    )  # fmt: skip
    columns = [
        "metric", "degradation", "level", "strength", "unit", "n", "tracks", "drop_mean", "drop_low", "drop_high",
        "drop_abs_mean", "drop_abs_max", "p_value", "nuisance", "reaction",
    ]  # fmt: skip
    return frame.loc[frame["n"] > 0, columns]


def _largest(drops: np.ndarray) -> list[float]:
    """The largest |drop| of each column; NaN without any."""
    return [float(np.abs(c[np.isfinite(c)]).max()) if np.isfinite(c).any() else math.nan for c in drops.T]


def placebo_effects(own: MetricDrops, resampler: Resampler, options: AnalysisOptions) -> pd.DataFrame:
    """One row per placebo × level: its drop with its interval."""
    drops = own.clustered(own.placebo_drops)
    (low, high), _ = drops.intervals(resampler, options.tails)
    frame = own.placebos.assign(
        metric=own.metric, n=drops.clips, drop_mean=drops.means, drop_low=low, drop_high=high
    )
    columns = [
        "metric",
        "degradation",
        "placebo_of",
        "level",
        "n",
        "drop_mean",
        "drop_low",
        "drop_high",
        "strength",
        "unit",
    ]
    return frame.loc[frame["n"] > 0, columns]
