"""Linear prediction: how a sound goes on if nothing happens.

Source: J. P. Burg, Maximum entropy spectral analysis (1967, 1975). A sum of decaying sinusoids goes on for as long
as it is asked for; an onset is not foreseen.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter, lfiltic


def coefficients(signal: np.ndarray, order: int) -> np.ndarray:
    """What each of the last samples, the newest first, adds to the next one, by Burg's method: ``(order,)``.

    Args:
        signal: ``(time,)``, longer than the order.
        order: how many samples the next one is predicted from.
    """
    found = np.zeros(order)
    ahead, back = signal[1:].astype(float), signal[:-1].astype(float)
    for m in range(order):
        power = float(ahead @ ahead + back @ back)
        reflection = 2 * float(ahead @ back) / power if power > 0 else 0.0
        found[: m + 1] = np.append(found[:m] - reflection * found[:m][::-1], reflection)
        ahead, back = (ahead - reflection * back)[1:], (back - reflection * ahead)[:-1]
    return found


def continued(signal: np.ndarray, count: int, order: int) -> np.ndarray:
    """How a signal goes on, ``(count,)``, as its own linear prediction has it.

    Args:
        signal: ``(time,)``, longer than the order.
        count: samples.
        order: of the prediction.
    """
    taps = np.append(1.0, -coefficients(signal, order))
    state = lfiltic([1.0], taps, signal[::-1][:order])
    values: np.ndarray = lfilter([1.0], taps, np.zeros(count), zi=state)[0]
    return values
