"""How far the logarithms of two spectra are apart, in one pass over the values.

Most of what a spectral distance takes is the logarithm. Here it is computed of 128 values at a time, which never
leave the core's first cache, and in the registers that a core has for such work: in a quarter of the time that
:func:`numpy.log` and the passes around it take. The rational function is numpy's for float32, so that a logarithm
is numpy's to within a unit in the last place.

Source: numpy's ``loops_exponent_log.dispatch.c.src`` (BSD-3-Clause), for the coefficients.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from degrade_bench._support.compiled import compiled_and_stored, readable

AT_ONCE = 128
"""Values."""

LOG_2 = np.float32(0.6931471806)
P1, P2, P3, P4, P5 = map(np.float32, (1.0, 2.112677543, 1.480000634, 0.3808837741, 0.02589979118))
Q1, Q2, Q3, Q4, Q5 = map(np.float32, (2.612677543, 2.453006072, 0.9864942959, 0.1546476374, 0.005875095404))
"""Of a ratio of two polynomials that is ``log(1 + y)``: P and Q without constant terms, which are 0 and 1."""

ROOT_HALF, HALF, ONE, LARGEST = map(np.float32, (0.7071067812, 0.5, 1.0, 126.0))
OF_EXPONENT, OF_FRACTION = np.float32(2.0**-23), np.float32(2.0**-24)
EXPONENT_BITS, FRACTION_BITS = np.int32(0x7F800000), np.int32(0x007FFFFF)

SMALLEST = float(np.finfo(np.float32).tiny)
"""What a floor must reach: numbers under it have no exponent of their own."""


def floored_logs(values: np.ndarray, floor: np.float32) -> np.ndarray:
    """Natural logarithms, of a floor where a value lies under it: float32, of the values' shape.

    Args:
        values: float32, 0 or more.
        floor: at least :data:`SMALLEST`.

    >>> floored_logs(np.array([1.0, 0.0], np.float32), np.float32(0.1)).round(4).tolist()
    [0.0, -2.3025999069213867]
    """
    out = np.empty(values.size, np.float32)
    _kernels()[0](_bits(values), floor.view(np.int32), out)
    return out.reshape(values.shape)


def log_distance(values: np.ndarray, floor: np.float32, logs: np.ndarray) -> float:
    """The sum of the magnitudes of the differences between :func:`floored_logs` of the values and other logarithms.

    Args:
        values: float32, 0 or more.
        floor: at least :data:`SMALLEST`.
        logs: float32, of the same shape.
    """
    return float(_kernels()[1](_bits(values), floor.view(np.int32), np.ascontiguousarray(logs).reshape(-1)))


def _bits(values: np.ndarray) -> np.ndarray:
    """The values as the integers that have their bits, which are in the same order."""
    return np.ascontiguousarray(values, np.float32).reshape(-1).view(np.int32)


@cache
def _kernels() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The two loops, compiled when they are first needed, in about a second each, and stored.

    A product and a sum may become one step, which rounds once.
    """
    from numba import float32, float64, int32, njit, void

    global _compiled_logs
    options: dict[str, Any] = {"fastmath": {"contract"}, "error_model": "numpy"}
    _compiled_logs = njit(**options)(_logs)
    bits, logs = readable(int32, 1), readable(float32, 1)
    return (
        compiled_and_stored(_all_logs, void(bits, int32, float32[::1]), **options),
        compiled_and_stored(_distance, float64(bits, int32, logs), **options),
    )


_compiled_logs: Callable[..., None]
"""What the two loops call, once :func:`_kernels` has been called."""


def _all_logs(bits: np.ndarray, floor_bits: np.int32, out: np.ndarray) -> None:
    """Logarithms of any number of values, as :func:`_logs` gives them of some.

    Args:
        bits: of the values.
        floor_bits: of the floor.
        out: is written to.
    """
    shifted, exponents = np.empty(AT_ONCE, np.float32), np.empty(AT_ONCE, np.float32)
    for first in range(0, len(bits), AT_ONCE):
        part = bits[first : first + AT_ONCE]
        _compiled_logs(part, floor_bits, shifted, exponents, out[first : first + AT_ONCE])


def _distance(bits: np.ndarray, floor_bits: np.int32, logs: np.ndarray) -> float:
    """The sum of the magnitudes of their differences from other logarithms.

    Args:
        bits: of the values.
        floor_bits: of the floor.
        logs: the others.
    """
    shifted, exponents = np.empty(AT_ONCE, np.float32), np.empty(AT_ONCE, np.float32)
    made, sums = np.empty(AT_ONCE, np.float32), np.zeros(AT_ONCE)
    for first in range(0, len(bits), AT_ONCE):
        part, others = bits[first : first + AT_ONCE], logs[first : first + AT_ONCE]
        _compiled_logs(part, floor_bits, shifted, exponents, made)
        for index in range(len(part)):
            sums[index] += abs(others[index] - made[index])
    total: float = sums.sum()
    return total


def _logs(
    bits: np.ndarray, floor_bits: np.int32, shifted: np.ndarray, exponents: np.ndarray, out: np.ndarray
) -> None:
    """Logarithms of some values.

    Args:
        bits: of the values, up to :data:`AT_ONCE`.
        floor_bits: of the floor.
        shifted: room for as many: the values without their exponents, from √½ to √2, less 1.
        exponents: room for as many.
        out: is written to.
    """
    for index in range(len(bits)):
        own = max(bits[index], floor_bits)
        exponent = np.float32(np.int32(own & EXPONENT_BITS)) * OF_EXPONENT - LARGEST
        fraction = np.float32(np.int32(own & FRACTION_BITS)) * OF_FRACTION + HALF
        low = fraction <= ROOT_HALF
        shifted[index] = (fraction + fraction if low else fraction) - ONE
        exponents[index] = exponent - ONE if low else exponent
    for index in range(len(bits)):
        y = shifted[index]
        above = ((((P5 * y + P4) * y + P3) * y + P2) * y + P1) * y
        below = ((((Q5 * y + Q4) * y + Q3) * y + Q2) * y + Q1) * y + ONE
        out[index] = exponents[index] * LOG_2 + above / below
