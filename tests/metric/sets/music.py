"""Sets of vectors for tests: several frames a track, alike within it."""

from __future__ import annotations

import numpy as np

from degrade_bench.metric.sets.vectors import VectorSet


def pair_of_sets(seed=0, tracks=6, frames=5, dim=3, shift=0.5, noise=0.3):
    """A clean set, and the same moved and with noise added. Tracks differ in their numbers of frames."""
    rng = np.random.default_rng(seed)
    track = np.repeat(np.arange(tracks), frames + np.arange(tracks) % 2)
    clean = rng.standard_normal((tracks, dim))[track] + rng.standard_normal((len(track), dim))
    damaged = 1.2 * clean + shift + noise * rng.standard_normal(clean.shape)
    return VectorSet(clean, track), VectorSet(damaged, track)
