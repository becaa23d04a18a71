"""Logarithms of spectra against those of float64."""

from __future__ import annotations

import numpy as np
import pytest

from degrade_bench.metric.panel.logarithms import AT_ONCE, SMALLEST, floored_logs, log_distance

FLOOR = np.float32(1e-3)


def magnitudes(count: int) -> np.ndarray:
    """Positive numbers of every size that float32 has, and a 0."""
    exponents = np.random.Generator(np.random.Philox(key=1)).uniform(-37, 38, count)
    exponents[0] = -np.inf
    return (10**exponents).astype(np.float32)


@pytest.mark.parametrize("count", [1, AT_ONCE, 5 * AT_ONCE + 1, 40000])
def test_every_logarithm_is_right_to_the_last_place(count):
    values = magnitudes(count)
    for floor in (FLOOR, np.float32(SMALLEST)):
        expected = np.log(np.maximum(values, floor).astype(np.float64))
        np.testing.assert_array_max_ulp(floored_logs(values, floor), expected.astype(np.float32), 2)


def test_the_logarithm_of_1_is_0_and_neighbours_of_powers_of_two_are_right():
    powers = np.float32(2) ** np.arange(-100, 100, dtype=np.float32)
    values = np.concatenate([np.nextafter(powers, np.float32(0)), powers, np.nextafter(powers, np.float32(np.inf))])
    logs = floored_logs(values, np.float32(SMALLEST))
    assert logs[values == 1] == 0
    np.testing.assert_allclose(logs, np.log(values.astype(np.float64)), rtol=3e-7)


@pytest.mark.parametrize("count", [1, 130, 9999])
def test_a_distance_is_the_sum_of_differences(count):
    one, other = magnitudes(count).reshape(1, -1), magnitudes(2 * count)[count:].reshape(1, -1)
    logs = floored_logs(other, FLOOR)
    expected = np.abs(floored_logs(one, FLOOR).astype(np.float64) - logs).sum()
    assert log_distance(one, FLOOR, logs) == pytest.approx(expected, rel=1e-6)
    assert log_distance(other, FLOOR, logs) == 0.0
