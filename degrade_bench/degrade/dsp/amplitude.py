"""Signal levels: RMS, and the level of the parts where something sounds.

Levels are of the signal about its mean: a constant offset (:mod:`degrade_bench.clip.offset`) is no part of them.

The active level leaves pauses out, so that a clip with a long silence is not given less noise than one
without. It follows the idea of ITU-T P.56 (level of the active part) in a form that suits music: the RMS over
the frames that lie within 40 dB of the loudest frame.
"""

from __future__ import annotations

import numpy as np
import torch

from degrade_bench._support.caching import remembered
from degrade_bench.clip import Clip
from degrade_bench.clip.offset import without_offset

FRAME_SECONDS = 0.02
ACTIVE_RANGE_DB = 40.0
SAMPLES_ASKED = 1 << 16
"""Of which :func:`untouched_gain` takes the median: they agree to float32's rounding."""


def rms(samples: torch.Tensor) -> float:
    """Root mean square over all channels and samples, in float64."""
    return float(samples.double().square().mean().sqrt())


def signal_rms(samples: torch.Tensor) -> float:
    """RMS of a signal without its constant offset, over all channels; 0 for silence.

    Shape:
        samples: ``(channels, time)``.
    """
    return rms(without_offset(samples))


@remembered()
def active_rms(clip: Clip) -> float:
    """RMS over the active frames of a clip without its offset, all channels taken together; 0 for silence."""
    length = max(1, round(FRAME_SECONDS * clip.sample_rate))
    power = without_offset(clip.samples).double().square().mean(dim=0).numpy()
    starts = np.arange(0, len(power), length)
    energy = np.add.reduceat(power, starts)
    counts = np.diff(np.append(starts, len(power)))
    frames = energy / counts
    active = frames >= frames.max() * 10 ** (-ACTIVE_RANGE_DB / 10)
    return float(np.sqrt(energy[active].sum() / counts[active].sum()))


def fitted_gain(clean: torch.Tensor, degraded: torch.Tensor) -> float:
    """The gain that the clean signal has inside the degraded one, by least squares; 0 for silence."""
    x, y = clean.double().flatten(), degraded.double().flatten()
    power = float(x @ x)
    return float(x @ y) / power if power > 0 else 0.0


def untouched_gain(clean: Clip, degraded: Clip) -> float:
    """The gain of the samples that a local damage left alone: the median of the ratios; 0 for silence.

    Right as long as the damage touches less than half of the samples. Of long clips some are asked, evenly spread.
    """
    step = max(1, clean.samples.numel() // SAMPLES_ASKED)
    x, y = (clip.samples.numpy().reshape(-1)[::step].astype(np.float64) for clip in (clean, degraded))
    loud = np.abs(x) > 1e-3 * np.abs(x).max()
    return float(np.median(y[loud] / x[loud])) if loud.any() else 0.0
