"""Page's test of ordered alternatives (E. B. Page, JASA 1963), without :mod:`scipy.stats`, whose import is slow."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import permutations

import numpy as np

from degrade_bench.analysis.ranks import average_ranks

EXACT_LEVELS, EXACT_TRACKS, EXACT_TRACKS_OF_THREE = 8, 12, 20
"""Up to so many levels and tracks (of three levels, more) the test is exact: scipy's own limits."""


def page_trend(means: np.ndarray) -> tuple[float, float]:
    """Page's L of drops that rise with the level, over tracks, and its one-sided p.

    Exact without ties where tracks and levels are few, else asymptotic, with the variance that the ranks have.

    Args:
        means: ``(tracks, levels)``, levels rising, nothing missing.

    Returns:
        NaN, NaN with fewer than two tracks or fewer than three levels.
    """
    tracks, levels = means.shape
    if tracks < 2 or levels < 3:
        return math.nan, math.nan
    from scipy.special import ndtr

    ranks = average_ranks(means)
    place = np.arange(1, levels + 1)
    statistic = float(ranks.sum(axis=0) @ place)
    untied = all(len(np.unique(row)) == levels for row in ranks)
    if untied and levels <= EXACT_LEVELS and tracks <= (EXACT_TRACKS_OF_THREE if levels == 3 else EXACT_TRACKS):
        return statistic, _tail(statistic, tracks, levels)
    spread = ((ranks - ranks.mean(axis=1, keepdims=True)) ** 2).sum() * ((place - place.mean()) ** 2).sum()
    if spread == 0:
        return statistic, 1.0
    expected = tracks * levels * (levels + 1) ** 2 / 4
    return statistic, float(ndtr((expected - statistic) / math.sqrt(spread / (levels - 1))))


def _tail(statistic: float, tracks: int, levels: int) -> float:
    """The chance of Page's L or a larger one where every order of the levels is as likely."""
    chances = _chances(tracks, levels)
    return float(np.sum(chances[round(statistic) - tracks * _smallest(levels) :]))


@lru_cache(maxsize=64)
def _chances(tracks: int, levels: int) -> np.ndarray:
    """The chance of each value of Page's L, from the smallest on; track by track, added up as scipy adds it up."""
    if tracks == 1:
        place = np.arange(1, levels + 1)
        values = np.array(list(permutations(place))) @ place
        counts: np.ndarray = np.bincount(values - _smallest(levels))
        return counts / math.factorial(levels)
    before, one = _chances(tracks - 1, levels), _chances(1, levels)
    chances = np.zeros(len(before) + len(one) - 1)
    for shift, chance in enumerate(one):
        chances[shift : shift + len(before)] += before * chance
    return chances


def _smallest(levels: int) -> int:
    """What a track adds to Page's L at least: its ranks fall while the levels rise."""
    return levels * (levels + 1) * (levels + 2) // 6
