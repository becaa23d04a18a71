"""Quantiles of weighted values."""

from __future__ import annotations

import numpy as np


def weighted_quantile(values: np.ndarray, counts: np.ndarray, quantile: float) -> np.ndarray:
    """The smallest value that at least a share ``quantile`` of the values does not exceed.

    This is numpy's method ``inverted_cdf``: of all definitions the one that does not change when every value occurs
    four times.

    Args:
        values: ``(values,)``, rising.
        counts: ``(rows, values)``, how often each occurs; whole numbers.
        quantile: 0 to 1.

    Returns:
        ``(rows,)``; NaN for a row in which nothing occurs.

    >>> weighted_quantile(np.array([1.0, 2.0, 4.0]), np.array([[1, 0, 1], [1, 1, 4]]), 0.5)
    array([1., 4.])
    """
    result = np.full(len(counts), np.nan)
    if not len(values):
        return result
    until = np.cumsum(counts, axis=1, dtype=np.int64)
    total = until[:, -1]
    wanted = np.maximum(np.ceil(total * quantile - 1e-9), 1)
    place = (until < wanted[:, None]).sum(axis=1)
    result[total > 0] = values[place[total > 0]]
    return result
