"""Ranks, without :mod:`scipy.stats`, whose import takes longer than all else that the analysis loads."""

from __future__ import annotations

import math

import numpy as np


def average_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1 along the last axis, as :func:`scipy.stats.rankdata` gives them; ties share their mean rank.

    >>> average_ranks(np.array([[30.0, 10.0, 20.0], [5.0, 7.0, 5.0]]))
    array([[3. , 1. , 2. ],
           [1.5, 3. , 1.5]])

    Args:
        values: ``(..., count)``.

    Returns:
        The same shape; NaN throughout a row that holds a NaN.
    """
    count = values.shape[-1]
    order = np.argsort(values, axis=-1)
    ordered = np.take_along_axis(values, order, axis=-1)
    begins = np.ones(values.shape, dtype=bool)
    begins[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    starts = np.flatnonzero(begins)
    tied = np.diff(starts, append=begins.size)
    shared = np.repeat(starts % max(1, count) + (tied + 1) / 2, tied)
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, shared.reshape(values.shape), axis=-1)
    ranks[np.isnan(values).any(axis=-1)] = math.nan
    return ranks
