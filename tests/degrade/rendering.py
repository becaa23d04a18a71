"""What the tests of damages share: rendering a level, and looking at it without the loudness-matching gain."""

from __future__ import annotations

import numpy as np

from degrade_bench.clip import Clip
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Rendered
from degrade_bench.degrade.seeds import cell_seed, generator

LEVELS = (1, 2, 3, 4, 5)


def render(name: str, clip: Clip, level: int) -> Rendered:
    degradation = catalogue.get(name)
    return degradation.render(clip, level, generator(cell_seed(3, clip.hash, *degradation.seed_key)))


def raw(name: str, clip: Clip, level: int) -> np.ndarray:
    """What a level does to the samples before loudness is matched, as ``damage`` gives it."""
    return catalogue.get(name).damage(clip, render(name, clip, level).plan.params).numpy()


def added(name: str, clip: Clip, level: int) -> np.ndarray:
    """What a level adds to the samples, float64."""
    return raw(name, clip, level).astype(np.float64) - clip.samples.double().numpy()


def harm_db(name: str, clip: Clip, level: int) -> float:
    """Power of what is changed over the power of the clip, in dB."""
    return 10 * float(
        np.log10(np.mean(added(name, clip, level) ** 2) / np.mean(clip.samples.double().numpy() ** 2))
    )
