"""A set's value as a mean over its tracks: the jackknife.

With ``n`` tracks and a set's value ``θ``, ``θ₋ₜ`` is the value without track ``t`` in either set. A track
contributes ``n θ − (n − 1) θ₋ₜ``. The mean of the contributions has lost the bias that shrinks as ``1/n``;
their spread says how sure it is, as the spread of scores does for a mean of scores. An unbiased value, such as
MMD's, stays what it is.

Of a Fréchet distance between few vectors of many dimensions, what shrinks as ``1/n²`` is a good deal, too. With
the mean ``Q`` of ``n θ − (n − 1)(θ₋ₜ + θ₋ᵤ) + (n − 2) θ₋ₜᵤ`` over all pairs of tracks, ``(n − 2)/2 · Q`` more
takes that off as well (the second-order jackknife): it is added to every contribution.
``benchmarks/set_metrics.md`` shows what either comes to.

The *extrapolated* value takes the bias off in another way: by a straight line over ``1/n`` through the values
of all tracks, three quarters and half of them, as "Fréchet to infinity" does (M. J. Chong and D. Forsyth,
"Effectively unbiased FID and Inception Score", CVPR 2020). Where it lies far from the *corrected* value, there
are too few tracks.

Sources: M. H. Quenouille, "Notes on bias in estimation", Biometrika 1956; W. R. Schucany, H. L. Gray and D. B.
    Owen,
"On bias reduction in estimation", JASA 1971; B. Efron and C. Stein, "The jackknife estimate of variance", Ann.
Stat. 1981.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np

from degrade_bench.errors import NotApplicableError
from degrade_bench.metric.sets.base import SetMetric
from degrade_bench.metric.sets.vectors import VectorSet

PARTS = (0.75, 0.5)
"""Shares of the tracks at which the line to infinity is drawn, beside all of them."""
CHOICES = 8
"""How many parts of each size are averaged."""
FEWEST_TRACKS, FEWEST_IN_PARTS = 2, 4
"""That a set must have, and that it must have for parts of it to be compared."""
MOST_TRACKS_IN_PAIRS = 40
"""With more, what shrinks as 1/n² is little, and the pairs are many."""


@dataclass(frozen=True, eq=False)
class SetEstimate:
    """What a set's value is, and what its tracks contribute.

    Attributes:
        value: of the whole set, as it is.
        corrected: without its bias, as far as the jackknife takes it off: the mean of the contributions.
        extrapolated: by a line over 1/n; NaN with fewer than four tracks.
        contributions: ``(tracks,)``.
    """

    value: float
    corrected: float
    extrapolated: float
    contributions: np.ndarray


def estimate(metric: SetMetric, reference: VectorSet, heard: VectorSet, tracks: int) -> SetEstimate:
    """A set's value with its jackknife.

    Args:
        metric: compares sets.
        reference: clean music; frames of tracks from ``tracks`` on stay whatever is left out.
        heard: the set.
        tracks: how many it has, numbered from 0.

    Raises:
        NotApplicableError: there are too few tracks or vectors, or no value for some of them.
    """
    if tracks < FEWEST_TRACKS:
        raise NotApplicableError(f"{metric.name} needs a set of {FEWEST_TRACKS} tracks at least, got {tracks}")
    metric.check_size(reference, heard)
    pairs = _pairs(tracks) if metric.second_order and tracks <= MOST_TRACKS_IN_PAIRS else _pairs(0)
    everything, one_less = np.ones((1, tracks), dtype=bool), ~np.eye(tracks, dtype=bool)
    kept = np.concatenate([everything, one_less, one_less[pairs[:, 0]] & one_less[pairs[:, 1]], _parts(tracks)])
    others = np.ones((len(kept), max(0, 1 + int(reference.track.max()) - tracks)), dtype=bool)
    values = metric.on_subsets(reference, heard, np.hstack([kept, others]))
    value, left_out, pairs_out = float(values[0]), values[1 : 1 + tracks], values[1 + tracks :][: len(pairs)]
    contributions = tracks * value - (tracks - 1) * left_out
    if len(pairs):
        by_pair = tracks * value - (tracks - 1) * left_out[pairs].sum(axis=1) + (tracks - 2) * pairs_out
        contributions += (tracks - 2) / 2 * by_pair.mean()
    if not np.isfinite(contributions).all():
        raise NotApplicableError(f"{metric.name} gives no number for the set, or for the set without a track")
    line = np.r_[0, 1 + tracks + len(pairs) : len(kept)]
    extrapolated = _extrapolated(kept[line], values[line])
    return SetEstimate(value, float(contributions.mean()), extrapolated, contributions)


@lru_cache(maxsize=16)
def _pairs(tracks: int) -> np.ndarray:
    """Every pair of tracks, ``(pairs, 2)``; none of fewer than four, of which too few would be left."""
    found = list(combinations(range(tracks), 2)) if tracks >= FEWEST_IN_PARTS else []
    return np.array(found, dtype=np.int64).reshape(-1, 2)


@lru_cache(maxsize=16)
def _parts(tracks: int) -> np.ndarray:
    """Choices of some of the tracks, ``(choices, tracks)``: always the same of as many; none of fewer than four."""
    if tracks < FEWEST_IN_PARTS:
        return np.zeros((0, tracks), dtype=bool)
    rng = np.random.Generator(np.random.Philox(key=tracks))
    sizes = [max(FEWEST_TRACKS, round(share * tracks)) for share in PARTS]
    order = [rng.permutation(tracks) for _ in range(CHOICES)]
    chosen = [np.isin(np.arange(tracks), places[:size]) for size in sizes for places in order]
    return np.array(chosen)


def _extrapolated(kept: np.ndarray, values: np.ndarray) -> float:
    """Where the line through the mean values at every number of tracks reaches infinitely many.

    Args:
        kept: ``(choices, tracks)``: all of them, and parts.
        values: ``(choices,)``.
    """
    if len(kept) < 2:
        return float("nan")
    sizes = kept.sum(axis=1)
    at = np.unique(sizes)
    means = [values[sizes == size].mean() for size in at]
    return float(np.polyfit(1 / at, means, 1)[1])


def shares_of_clips(found: SetEstimate, track: np.ndarray) -> np.ndarray:
    """A number for every clip, so that the mean over clips is the corrected value, and its spread the tracks'.

    Clips of one track have the same. Where tracks have different numbers of clips, a track counts once
    nevertheless.

    Args:
        found: of the set.
        track: ``(clips,)``, the number of each clip's track.
    """
    counts = np.bincount(track, minlength=len(found.contributions))
    weight = len(track) / (len(counts) * counts)
    apart = found.contributions - found.corrected
    shares: np.ndarray = found.corrected + (weight * apart)[track]
    return shares
