"""Where randomness comes from: counters keyed by what a cell is, never global state.

A cell's seed depends on the run seed, the clip's samples, the degradation and its version, and the
replicate. It does not depend on the level, so that the levels of a ladder share one noise and one
permutation order and a curve along the ladder is not noise; nor on workers, order or time.
"""

from __future__ import annotations

import hashlib

import numpy as np


def cell_seed(run_seed: int, clip_hash: str, name: str, version: str, replicate: int = 0) -> int:
    """A seed in ``[0, 2**63)`` for one (clip, degradation, replicate), the same on every machine.

    Args:
        run_seed: the user's, of the whole run.
        clip_hash: of the clip's samples, as :attr:`Clip.hash` gives it.
        name: of the degradation; a placebo takes its degradation's.
        version: of the degradation.
        replicate: from 0; another one draws anew.
    """
    text = "\x1f".join(("degrade-bench", str(run_seed), clip_hash, name, version, str(replicate)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(seed: int) -> np.random.Generator:
    """A counter-based generator (Philox 4x64) for a seed; equal seeds give equal streams."""
    return np.random.Generator(np.random.Philox(key=seed))
