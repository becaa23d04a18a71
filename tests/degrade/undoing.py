"""What tests of damages look at: a level without the gain that matched its loudness, its error, its lag."""

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


def undone_gain(rendered: Rendered) -> np.ndarray:
    return (rendered.clip.samples.double() * 10 ** (-rendered.plan.gain_db / 20)).numpy()


def error(name: str, clip: Clip, level: int) -> float:
    """Power of what was changed over the power of the clip, after a least-squares fit of the clip."""
    x, y = clip.samples.double().numpy(), undone_gain(render(name, clip, level))
    gain = np.vdot(x, y) / np.vdot(x, x)
    return float(np.sum((y - gain * x) ** 2) / np.sum((gain * x) ** 2))


def lag(clip: Clip, degraded: np.ndarray) -> int:
    """Where the cross-correlation of the mean of the channels peaks, in samples."""
    x, y = clip.samples.double().numpy().mean(axis=0), degraded.mean(axis=0)
    size = 2 * len(x)
    correlation = np.fft.irfft(np.conj(np.fft.rfft(x, size)) * np.fft.rfft(y, size), size)
    peak = int(np.argmax(correlation))
    return peak if peak < len(x) else peak - size
