"""Statistics of paired drops.

Clips of one track (recording) are not independent, so tracks are what is resampled and tested: intervals come from
a bootstrap over tracks, tests from one mean per track. Where every clip is its own track, that is the plain paired
analysis.

Sources: BCa intervals, B. Efron, "Better bootstrap confidence intervals", JASA 1987; d_z, D. Lakens, Frontiers in
Psychology 2013; concordance as in MuQ-Eval, with ties as half.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

Interval = tuple[float, float]


def track_sums(values: pd.DataFrame, column: str, tracks: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Per track, in the given order, the sum of a column and the number of its rows."""
    grouped = values.groupby("track")[column].agg(["sum", "count"]).reindex(tracks, fill_value=0)
    return grouped["sum"].to_numpy(dtype=float), grouped["count"].to_numpy(dtype=float)


def bootstrap_weights(tracks: int, resamples: int, seed: int) -> np.ndarray:
    """How often each track is drawn in each resample: ``(resamples, tracks)``."""
    rng = np.random.Generator(np.random.Philox(key=seed))
    return rng.multinomial(tracks, np.full(tracks, 1 / tracks), size=resamples).astype(float)


def bca_intervals(
    sums: np.ndarray, counts: np.ndarray, weights: np.ndarray, confidences: Sequence[float]
) -> list[Interval]:
    """Bias-corrected and accelerated bootstrap intervals of a mean over clustered values.

    Args:
        sums: per track, the sum of its values.
        counts: per track, how many values it has; tracks without any are left out.
        weights: :func:`bootstrap_weights` for the tracks that have values.
        confidences: such as ``(0.95, 0.9)``.

    Returns:
        one ``(low, high)`` per confidence; NaN with fewer than two tracks.
    """
    from scipy.stats import norm

    has = counts > 0
    sums, counts = sums[has], counts[has]
    count = len(sums)
    if count < 2:
        return [(math.nan, math.nan)] * len(confidences)
    centre = sums.sum() / counts.sum()
    left_out = (sums.sum() - sums) / (counts.sum() - counts)
    spread = left_out.mean() - left_out
    if np.ptp(left_out) <= 1e-12 * max(1.0, abs(centre)):
        return [(float(centre), float(centre))] * len(confidences)
    means = np.sort((weights @ sums) / (weights @ counts))
    rounding = 1e-9 * (means[-1] - means[0])  # a resample that is the sample itself is a tie, however it adds up
    ties = np.count_nonzero(np.abs(means - centre) <= rounding)
    below = (np.count_nonzero(means < centre - rounding) + 0.5 * ties) / len(means)
    shift = float(norm.ppf(min(max(below, 0.5 / len(means)), 1 - 0.5 / len(means))))
    spread = spread / np.abs(spread).max()  # acceleration has no scale, and scores may be large
    acceleration = float((spread**3).sum() / (6 * (spread**2).sum() ** 1.5))
    intervals = []
    for confidence in confidences:
        tails = norm.ppf([(1 - confidence) / 2, (1 + confidence) / 2])
        moved = norm.cdf(shift + (shift + tails) / (1 - acceleration * (shift + tails)))
        low, high = np.quantile(means, moved)
        intervals.append((float(low), float(high)))
    return intervals


def track_means(values: pd.DataFrame, column: str) -> np.ndarray:
    """One mean per track."""
    return values.groupby("track", sort=True)[column].mean().to_numpy(dtype=float)


def effect_dz(means: np.ndarray) -> float:
    """Mean over standard deviation of paired differences; NaN with fewer than two, or without any spread."""
    if len(means) < 2:
        return math.nan
    spread = float(np.std(means, ddof=1))
    return float(means.mean()) / spread if spread > 1e-12 * max(1.0, abs(float(means.mean()))) else math.nan


def concordance(drops: np.ndarray) -> tuple[float, int]:
    """The share of positive drops, ties as half, and the number of ties; NaN without drops."""
    if not len(drops):
        return math.nan, 0
    ties = int(np.count_nonzero(drops == 0))
    return (int(np.count_nonzero(drops > 0)) + 0.5 * ties) / len(drops), ties


def wilcoxon_p(means: np.ndarray) -> float:
    """Two-sided p of the Wilcoxon signed-rank test, zeros ranked and left out of the sums (Pratt).

    1 where every difference is zero; NaN with fewer than two.
    """
    if len(means) < 2:
        return math.nan
    if not np.any(means):
        return 1.0
    from scipy.stats import wilcoxon

    # exact without ties and zeros (scipy decides), else the normal approximation with its tie correction
    return float(min(1.0, wilcoxon(means, zero_method="pratt", alternative="two-sided").pvalue))


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Holm's step-down adjusted p; NaN stays NaN and does not count."""
    from statsmodels.stats.multitest import multipletests

    p = np.asarray(p_values, dtype=float)
    adjusted = np.full(len(p), math.nan)
    known = np.isfinite(p)
    if known.any():
        adjusted[known] = multipletests(p[known], method="holm")[1]
    return adjusted


def kendall_with_level(drops: pd.DataFrame) -> float:
    """Mean over clips of Kendall's τ-b between level and drop; NaN where no clip has two different drops."""
    from scipy.stats import kendalltau

    taus = []
    for _, clip in drops.groupby("clip_id", sort=True):
        if len(clip) > 1 and clip["drop"].nunique() > 1:
            taus.append(float(kendalltau(clip["level"], clip["drop"]).statistic))
    return float(np.mean(taus)) if taus else math.nan
