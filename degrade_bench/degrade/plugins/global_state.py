"""Other people's global random generators, lent a seed and given back as they were."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

_LOCK = threading.RLock()


@contextmanager
def seeded_globals(seed: int) -> Iterator[None]:
    """Seed ``random`` and ``numpy.random`` for as long as the block runs, then put both back as they were.

    Only for libraries that draw from them. One thread at a time: another one that draws from a global generator
    meanwhile would disturb both.

    Args:
        seed: a non-negative integer of any size.
    """
    with _LOCK:
        before = random.getstate(), np.random.get_state()  # noqa: NPY002
        try:
            random.seed(seed)
            np.random.seed([seed >> shift & 0xFFFFFFFF for shift in (0, 32)])  # noqa: NPY002
            yield
        finally:
            random.setstate(before[0])
            np.random.set_state(before[1])  # noqa: NPY002
