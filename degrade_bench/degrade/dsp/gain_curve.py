"""Gains that change over time, at control rate: what a compressor, a limiter and a wobbling level share.

A gain is computed at the bounds of blocks of 1.5 ms and interpolated linearly in between, in amplitude, so that it
has no steps. The control rate is what makes dynamics cheap: 10 s are under 7,000 blocks. Channels are linked:
they share one gain, so that the stereo image stays where it is.
"""

from __future__ import annotations

import numpy as np
import torch

from degrade_bench._support.caching import remembered
from degrade_bench.clip import Clip
from degrade_bench.degrade.dsp.amplitude import ACTIVE_RANGE_DB

CONTROL_SECONDS = 0.0015
FLOOR_DB = -120.0


def block_length(sample_rate: int) -> int:
    """Samples per block."""
    return max(1, round(CONTROL_SECONDS * sample_rate))


def block_powers(samples: torch.Tensor, length: int) -> np.ndarray:
    """The mean square of each block, over all channels.

    Shape:
        samples: ``(channels, time)``; returns ``(blocks,)``, the last block may be short.
    """
    power = np.square(samples.numpy(), dtype=np.float64).mean(axis=0)
    starts = np.arange(0, len(power), length)
    return np.add.reduceat(power, starts) / np.diff(np.append(starts, len(power)))


@remembered()
def powers(clip: Clip) -> np.ndarray:
    """The clip's block powers, computed once."""
    return block_powers(clip.samples, block_length(clip.sample_rate))


@remembered()
def peaks(clip: Clip) -> np.ndarray:
    """The largest magnitude in each block of a clip, over all channels."""
    magnitude = np.abs(clip.samples.numpy()).max(axis=0)
    starts = np.arange(0, len(magnitude), block_length(clip.sample_rate))
    return np.maximum.reduceat(magnitude, starts).astype(np.float64)


@remembered()
def active_blocks(clip: Clip) -> np.ndarray:
    """Which blocks lie within 40 dB of the loudest; none of silence."""
    power = powers(clip)
    values: np.ndarray = (power > 10 ** (FLOOR_DB / 10)) & (power >= power.max() * 10 ** (-ACTIVE_RANGE_DB / 10))
    return values


def in_db(power: np.ndarray) -> np.ndarray:
    """Power in dB, not below the floor."""
    values: np.ndarray = 10 * np.log10(np.maximum(power, 10 ** (FLOOR_DB / 10)))
    return values


def at_centres(bounds: np.ndarray) -> np.ndarray:
    """Values at the blocks' centres from those at their bounds."""
    values: np.ndarray = (bounds[:-1] + bounds[1:]) / 2
    return values


def falling(values_db: np.ndarray, db_per_block: float) -> np.ndarray:
    """The values held and let fall no faster than so many dB per block; rises are followed at once.

    A running maximum of the values on a slope, levelled again: exact and without a loop.
    """
    slope = db_per_block * np.arange(len(values_db))
    values: np.ndarray = np.maximum.accumulate(values_db + slope) - slope
    return values


def with_gain(samples: torch.Tensor, bounds_db: np.ndarray, length: int) -> torch.Tensor:
    """Apply a gain that is given in dB at the blocks' bounds.

    Args:
        samples: ``(channels, time)``.
        bounds_db: ``(blocks + 1,)``, the gain at the blocks' bounds in dB.
        length: samples per block.

    Shape:
        samples: ``(channels, time)``.
        bounds_db: ``(blocks + 1,)``.
    """
    bounds = (10 ** (bounds_db / 20)).astype(np.float32)
    ramp = (np.arange(length, dtype=np.float32) / np.float32(length))[None, :]
    gain = bounds[:-1, None] + np.diff(bounds)[:, None] * ramp
    return samples * torch.from_numpy(gain.reshape(-1)[: samples.shape[1]])


def gain_movement_db(clean: Clip, degraded: Clip) -> float | None:
    """RMS in dB of the gain between two signals around its mean, over the active blocks; None for silence.

    A gain of the whole drops out.
    """
    active = active_blocks(clean)
    after = powers(degraded)[active]
    if not active.any() or not (after > 0).all():
        return None
    return float(np.std(10 * np.log10(after / powers(clean)[active])))
