"""Ranks against scipy's."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from degrade_bench.analysis.ranks import average_ranks


@pytest.mark.parametrize("shape", [(0,), (1,), (7,), (0, 4), (3, 0), (5, 1), (40, 9), (2, 3, 6)])
def test_ranks_are_scipys_with_ties_infinities_and_nan(shape):
    rng = np.random.default_rng(1)
    values = rng.integers(0, 4, shape).astype(float)
    for special in (None, np.inf, -np.inf, np.nan):
        if special is not None:
            values[rng.random(shape) < 0.1] = special
        assert np.array_equal(average_ranks(values), scipy.stats.rankdata(values, axis=-1), equal_nan=True)


def test_values_stay_as_they_are():
    values = np.array([2.0, 1.0, -0.0, 0.0])
    before = values.copy()
    assert average_ranks(values).tolist() == [4.0, 3.0, 1.5, 1.5]
    assert np.array_equal(values, before)
