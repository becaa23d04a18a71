"""Effects and tests of paired drops.

Clips of one track (recording) are not independent, so what is tested is one mean per track. Where every clip is its
own track, that is the plain paired analysis.

Sources: d_z, D. Lakens, Frontiers in Psychology 2013; concordance as in MuQ-Eval, with ties as half, its interval
by E. B. Wilson, JASA 1927; τ as in ACES (Moghe and others 2022); signed ranks with zeros by J. W. Pratt, JASA 1959;
two one-sided tests, D. J. Schuirmann 1987; M. G. Kendall's τ-b, 1945.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pandas as pd

EXACT_FLIPS = 14
"""Up to so many tracks every pattern of signs is tried: fewer than the random ones beyond."""
EXACT_SIGNED_RANKS = 50
"""Up to so many tracks the signed-rank test is exact, ties or not."""


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


def wilson(shares: np.ndarray, tracks: np.ndarray, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's intervals of shares of clips, with tracks as independent trials; NaN without any.

    Args:
        shares: ``(columns,)``, 0 to 1.
        tracks: ``(columns,)``, how many trials each share is of.
        confidence: of the intervals.

    Returns:
        The low and the high ends, each ``(columns,)``.

    >>> low, high = wilson(np.array([0.5]), np.array([10]), 0.95)
    >>> print(f"{low[0]:.3f} to {high[0]:.3f}")
    0.237 to 0.763
    """
    from scipy.special import ndtri

    low, high = np.full(len(shares), math.nan), np.full(len(shares), math.nan)
    some = (tracks > 0) & np.isfinite(shares)
    trials = tracks[some].astype(float)
    share = shares[some] * trials / trials
    reach = -ndtri((1 - confidence) / 2)
    whole = 1 + reach**2 / trials
    centre = (share + reach**2 / (2 * trials)) / whole
    half = reach * np.sqrt(share * (1.0 - share) / trials + reach**2 / (4.0 * trials**2)) / whole
    low[some], high[some] = np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)
    return low, high


def aces_tau(drops: np.ndarray) -> float:
    """(concordant − discordant) / all, a tie being discordant; NaN without drops."""
    if not len(drops):
        return math.nan
    concordant = int(np.count_nonzero(drops > 0))
    return (2 * concordant - len(drops)) / len(drops)


def wilcoxon_p(means: np.ndarray, tied_exact: int = EXACT_SIGNED_RANKS) -> np.ndarray:
    """Two-sided p of the Wilcoxon signed-rank test, column by column; zeros are ranked and left out (Pratt).

    Exact up to 50 tracks, ties and zeros among them: the distribution of the sum is formed rank by rank (B.
    Streitberg and J. Röhmel, Statistical Software Newsletter 1986). Beyond, the normal approximation with its tie
    correction. Without ties, and beyond 50 tracks, these are scipy's numbers (1.17, as it decides by itself).

    Args:
        means: ``(tracks, columns)``, one mean per track; NaN is passed over.
        tied_exact: up to so many tracks the test is exact where there are ties; 13 as in scipy and in rules 1.

    Returns:
        ``(columns,)``; 1 where every difference is zero, NaN with fewer than two tracks.
    """
    p_values = np.full(means.shape[1], math.nan)
    plain = _untied(means)
    if len(plain):
        count = len(means)
        ranks = np.argsort(np.argsort(np.abs(means[:, plain]), axis=0), axis=0) + 1
        sums = np.where(means[:, plain] > 0, ranks, 0).sum(axis=0)
        p_values[plain] = np.minimum(1.0, 2 * _untied_tail(sums, count))
    for column in np.setdiff1d(np.arange(means.shape[1]), plain):
        values = means[:, column]
        p_values[column] = _wilcoxon_of(values[np.isfinite(values)], tied_exact)
    return p_values


def rank_direction(means: np.ndarray) -> np.ndarray:
    """To which side signed ranks lean: 1 where the positive ones outweigh the negative, −1, or 0; ``(columns,)``.

    Args:
        means: ``(tracks, columns)``, one mean per track; NaN is passed over.
    """
    sizes = np.where(np.isfinite(means), np.abs(means), math.inf)
    order = np.argsort(sizes, axis=0, kind="stable")
    ranks = np.empty(means.shape)
    np.put_along_axis(ranks, order, np.arange(1.0, len(means) + 1)[:, None] * np.ones(means.shape[1]), axis=0)
    signs = np.sign(np.where(np.isfinite(means), means, 0.0))
    ordered = np.take_along_axis(sizes, order, axis=0)
    for column in np.flatnonzero((ordered[1:] == ordered[:-1]).any(axis=0)):  # ties share their mean rank
        _, place, counts = np.unique(sizes[:, column], return_inverse=True, return_counts=True)
        ranks[:, column] = (np.cumsum(counts) - (counts - 1) / 2)[place]
    values: np.ndarray = np.sign((ranks * signs).sum(axis=0))
    return values


def _untied(means: np.ndarray) -> np.ndarray:
    """The columns that are complete, without ties and zeros."""
    if len(means) < 2:
        return np.zeros(0, dtype=int)
    sizes = np.sort(np.abs(means), axis=0)
    with np.errstate(invalid="ignore"):
        apart = (np.diff(sizes, axis=0) > 0).all(axis=0) & (sizes[0] > 0) & np.isfinite(sizes).all(axis=0)
    values: np.ndarray = np.flatnonzero(apart)
    return values


def _untied_tail(sums: np.ndarray, count: int) -> np.ndarray:
    """The smaller tail at sums of positive ranks, of so many tracks without ties."""
    from scipy.special import ndtr

    if count <= EXACT_SIGNED_RANKS:
        below = _signed_rank_cdf(count)
        values: np.ndarray = np.minimum(below[sums], below[count * (count + 1) // 2 - sums])
        return values
    error = math.sqrt(count * (count + 1) * (2 * count + 1) / 24)
    values = ndtr(-np.abs(sums - count * (count + 1) / 4) / error)
    return values


def _wilcoxon_of(means: np.ndarray, tied_exact: int) -> float:
    from scipy.special import ndtr

    count = len(means)
    if count < 2:
        return math.nan
    size, place, repeats = np.unique(np.abs(means), return_inverse=True, return_counts=True)
    zeros = int(repeats[0]) if size[0] == 0 else 0
    if zeros == count:
        return 1.0
    ranks = (np.cumsum(repeats) - (repeats - 1) / 2)[place]
    rank_sum = float(ranks[means > 0].sum())
    if len(size) == count and not zeros:
        return float(min(1.0, 2 * _untied_tail(np.array([int(rank_sum)]), count)[0]))
    if count <= tied_exact:
        return _tied_signed_rank_p(ranks[means != 0], rank_sum)
    tied = repeats[1:] if zeros else repeats
    centre = count * (count + 1) / 4 - zeros * (zeros + 1) / 4
    spread = count * (count + 1) * (2 * count + 1) - zeros * (zeros + 1) * (2 * zeros + 1)
    error = math.sqrt((spread - float((tied.astype(float) ** 3 - tied).sum()) / 2) / 24)
    return float(min(1.0, 2 * ndtr(-abs(rank_sum - centre) / error)))


def _tied_signed_rank_p(ranks: np.ndarray, rank_sum: float) -> float:
    """Two-sided p of a sum of positive ranks over every pattern of signs, with ties in the ranks."""
    ways = np.ones(1)
    for rank in np.rint(2 * ranks).astype(int):  # tied ranks are whole or half numbers
        with_rank = np.zeros(len(ways) + rank)
        with_rank[: len(ways)] += ways
        with_rank[rank:] += ways
        ways = with_rank / 2
    at = round(2 * rank_sum)
    return float(min(1.0, 2 * min(ways[: at + 1].sum(), ways[at:].sum())))


@lru_cache(maxsize=EXACT_SIGNED_RANKS)
def _signed_rank_cdf(count: int) -> np.ndarray:
    """The chance of each sum of positive ranks or a lower one, with signs at random."""
    ways = np.ones(1)
    for rank in range(1, count + 1):
        with_rank = np.zeros(len(ways) + rank)
        with_rank[: len(ways)] += ways
        with_rank[rank:] += ways
        ways = with_rank / 2
    return np.cumsum(ways)


def sign_flip_p(means: np.ndarray, flips: int, seed: int) -> np.ndarray:
    """Two-sided p of the mean under random signs, for several columns at once.

    Every pattern is tried up to 14 tracks; beyond, ``flips`` random ones, the sample's own counted with them.

    Args:
        means: ``(tracks, columns)``, one mean per track; NaN where a track has none.
        flips: random patterns.
        seed: of them.

    Returns:
        ``(columns,)``; NaN with fewer than two tracks.
    """
    tracks, columns = means.shape
    p_values = np.full(columns, math.nan)
    finite = np.isfinite(means)
    enough = finite.sum(axis=0) >= 2
    if not enough.any():
        return p_values
    values = np.where(finite, means, 0.0)[:, enough]
    scale = np.abs(values).max(axis=0)
    values = values / np.where(scale > 0, scale, 1.0)
    observed = np.abs(values.sum(axis=0)) - 1e-12 * tracks
    exact = tracks <= EXACT_FLIPS
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
    p_values[enough] = reached / total if exact else (reached + 1) / (total + 1)
    return p_values


def smallest_flip_p(tracks: int, flips: int) -> float:
    """The smallest p that :func:`sign_flip_p` can give."""
    return 2.0 ** (1 - tracks) if tracks <= EXACT_FLIPS else 1 / (flips + 1)


def equivalence_p(
    centre: np.ndarray, error_low: np.ndarray, error_high: np.ndarray, margin: float, tracks: np.ndarray
) -> np.ndarray:
    """The larger p of two one-sided t tests against a mean at or beyond ±margin, for several columns.

    Args:
        centre: means.
        error_low: standard errors of mean + margin; the mean's own where the margin is no estimate.
        error_high: standard errors of mean − margin.
        margin: from zero to either side.
        tracks: how many tracks each mean is of.
    """
    from scipy.special import stdtr

    p_values = np.full(len(centre), math.nan)
    defined = np.isfinite(centre) & np.isfinite(error_low) & np.isfinite(error_high) & (tracks > 1)
    for index in np.flatnonzero(defined):
        parts = []
        for room, error in (
            (centre[index] + margin, error_low[index]),
            (margin - centre[index], error_high[index]),
        ):
            if error > 1e-12 * max(abs(centre[index]), margin):
                parts.append(float(stdtr(tracks[index] - 1, -room / error)))
            else:
                parts.append(0.0 if room > 0 else 1.0)
        p_values[index] = max(parts)
    return p_values


def holm(p_values: Sequence[float] | np.ndarray | pd.Series) -> np.ndarray:
    """Holm's step-down adjusted p (S. Holm 1979); NaN stays NaN and does not count.

    >>> holm([0.01, 0.04, math.nan, 0.03])
    array([0.03, 0.06,  nan, 0.06])
    """
    p = np.asarray(p_values, dtype=float)
    adjusted = np.full(len(p), math.nan)
    tested = np.flatnonzero(np.isfinite(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(order) else steps
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
    taus = np.full(len(drops), math.nan)
    some = untied > 0
    taus[some] = np.nansum(signs[some], axis=1) / np.sqrt(pairs[some] * untied[some].astype(float))
    return taus
