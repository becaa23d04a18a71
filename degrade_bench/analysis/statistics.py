"""Effects and tests of paired drops.

Clips of one track (recording) are not independent, so what is tested is one mean per track. Where every clip is its
own track, that is the plain paired analysis.

Sources: d_z, D. Lakens, Frontiers in Psychology 2013; concordance as in MuQ-Eval, with ties as half, its interval
by E. B. Wilson, JASA 1927; τ as in ACES (Moghe and others 2022); signed ranks with zeros by J. W. Pratt, JASA 1959;
two one-sided tests, D. J. Schuirmann 1987; ordered alternatives, E. B. Page, JASA 1963; M. G. Kendall's τ-b, 1945.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

EXACT_TRACKS = 13
"""Up to so many tracks every pattern of signs is tried."""


def effect_dz(means: np.ndarray) -> float:
    """Mean over standard deviation of paired differences; NaN with fewer than two, or without any spread."""
    if len(means) < 2:
        return math.nan
    centre, spread = float(means.mean()), float(np.std(means, ddof=1))
    return centre / spread if spread > 1e-12 * abs(centre) and spread > 0 else math.nan


def concordance(drops: np.ndarray) -> tuple[float, int]:
    """The share of positive drops, ties as half, and the number of ties; NaN without drops."""
    if not len(drops):
        return math.nan, 0
    ties = int(np.count_nonzero(drops == 0))
    return (int(np.count_nonzero(drops > 0)) + 0.5 * ties) / len(drops), ties


def wilson(share: float, tracks: int, confidence: float) -> tuple[float, float]:
    """Wilson's interval of a share of clips, with as many independent trials as there are tracks."""
    if not tracks or math.isnan(share):
        return math.nan, math.nan
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(share * tracks, tracks, alpha=1 - confidence, method="wilson")
    return float(low), float(high)


def aces_tau(drops: np.ndarray) -> float:
    """(concordant − discordant) / all, a tie being discordant; NaN without drops."""
    if not len(drops):
        return math.nan
    concordant = int(np.count_nonzero(drops > 0))
    return (2 * concordant - len(drops)) / len(drops)


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


def sign_flip_p(means: np.ndarray, flips: int, seed: int) -> np.ndarray:
    """Two-sided p of the mean under random signs, for several columns at once.

    Every pattern is tried up to 13 tracks; beyond, ``flips`` random ones, the sample's own counted with them.

    Args:
        means: ``(tracks, columns)``, one mean per track; NaN where a track has none.
        flips: random patterns.
        seed: of them.

    Returns:
        ``(columns,)``; NaN with fewer than two tracks.
    """
    tracks, columns = means.shape
    result = np.full(columns, math.nan)
    known = np.isfinite(means)
    enough = known.sum(axis=0) >= 2
    if not enough.any():
        return result
    values = np.where(known, means, 0.0)[:, enough]
    scale = np.abs(values).max(axis=0)
    values = values / np.where(scale > 0, scale, 1.0)
    observed = np.abs(values.sum(axis=0)) - 1e-12 * tracks
    exact = tracks <= EXACT_TRACKS
    total = 2 ** (tracks - 1) if exact else flips  # the other half mirrors this one
    rng = np.random.Generator(np.random.Philox(key=seed))
    reached = np.zeros(values.shape[1])
    step = max(1, 2_000_000 // tracks)
    for first in range(0, total, step):
        count = min(step, total - first)
        if exact:
            patterns = (np.arange(first, first + count)[:, None] >> np.arange(tracks)) & 1
        else:
            patterns = rng.integers(0, 2, size=(count, tracks), dtype=np.int8)
        reached += (np.abs((1.0 - 2.0 * patterns) @ values) >= observed).sum(axis=0)
    result[enough] = reached / total if exact else (reached + 1) / (total + 1)
    return result


def equivalence_p(
    centre: np.ndarray, error_low: np.ndarray, error_high: np.ndarray, margin: float, tracks: np.ndarray
) -> np.ndarray:
    """The larger p of two one-sided t tests against a mean at or beyond ±margin, for several columns.

    Args:
        centre: means.
        error_low: standard errors of mean + margin; the mean's own where the margin is no estimate.
        error_high: the same of mean − margin.
        margin: from zero to either side.
        tracks: how many tracks each mean is of.
    """
    from scipy.stats import t

    result = np.full(len(centre), math.nan)
    known = np.isfinite(centre) & np.isfinite(error_low) & np.isfinite(error_high) & (tracks > 1)
    for index in np.flatnonzero(known):
        parts = []
        for room, error in (
            (centre[index] + margin, error_low[index]),
            (margin - centre[index], error_high[index]),
        ):
            if error > 1e-12 * max(abs(centre[index]), margin):
                parts.append(float(t.sf(room / error, tracks[index] - 1)))
            else:
                parts.append(0.0 if room > 0 else 1.0)
        result[index] = max(parts)
    return result


def holm(p_values: Sequence[float] | np.ndarray | pd.Series) -> np.ndarray:
    """Holm's step-down adjusted p; NaN stays NaN and does not count."""
    from statsmodels.stats.multitest import multipletests

    p = np.asarray(p_values, dtype=float)
    adjusted = np.full(len(p), math.nan)
    known = np.isfinite(p)
    if known.any():
        adjusted[known] = multipletests(p[known], method="holm")[1]
    return adjusted


def kendall_tau(drops: np.ndarray) -> np.ndarray:
    """Kendall's τ-b between level and drop, clip by clip.

    Args:
        drops: ``(clips, levels)``, levels rising; NaN is passed over.

    Returns:
        ``(clips,)``; NaN for a clip without two different drops.
    """
    first, second = np.triu_indices(drops.shape[1], 1)
    with np.errstate(invalid="ignore"):
        signs = np.sign(drops[:, second] - drops[:, first])
    pairs = np.isfinite(signs).sum(axis=1)
    untied = (np.isfinite(signs) & (signs != 0)).sum(axis=1)
    result = np.full(len(drops), math.nan)
    some = untied > 0
    result[some] = np.nansum(signs[some], axis=1) / np.sqrt(pairs[some] * untied[some].astype(float))
    return result


def page_trend(means: np.ndarray) -> tuple[float, float]:
    """Page's L of drops that rise with the level, over tracks, and its one-sided p.

    Exact or asymptotic as scipy decides; with ties, asymptotic with the variance that the tied ranks have.

    Args:
        means: ``(tracks, levels)``, levels rising, nothing missing.

    Returns:
        NaN, NaN with fewer than two tracks or fewer than three levels.
    """
    tracks, levels = means.shape
    if tracks < 2 or levels < 3:
        return math.nan, math.nan
    from scipy.stats import norm, page_trend_test, rankdata

    ranks = rankdata(means, axis=1)
    place = np.arange(1, levels + 1)
    statistic = float(ranks.sum(axis=0) @ place)
    if all(len(np.unique(row)) == levels for row in ranks):
        return statistic, float(page_trend_test(ranks, ranked=True).pvalue)
    spread = ((ranks - ranks.mean(axis=1, keepdims=True)) ** 2).sum() * ((place - place.mean()) ** 2).sum()
    if spread == 0:
        return statistic, 1.0
    expected = tracks * levels * (levels + 1) ** 2 / 4
    return statistic, float(norm.sf((statistic - expected) / math.sqrt(spread / (levels - 1))))
