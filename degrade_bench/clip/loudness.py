"""Integrated loudness by ITU-R BS.1770-4, for any length, rate and channel count.

Every damaged clip is brought to the clean one's loudness, so this is measured once per cell, and it is written
for that: all channels are filtered at once, and the energy of every 100 ms is added up once and shared by the
four blocks that overlap there. pyloudnorm is what the tests hold it against.

What the standard leaves open is settled here: six channels are taken as L R C LFE Ls Rs, and the LFE is left
out; five as L R C Ls Rs; beyond six, every channel counts once; signals under one block of 400 ms are repeated
to fill one, which leaves their power as it is. The filters are those that pyloudnorm derives, from the
standard's analogue prototypes, for the clip's own sample rate.

Source: ITU-R BS.1770-4 (2015); C. J. Steinmetz and J. D. Reiss, "pyloudnorm", AES 150 (2021).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch

from degrade_bench._support.caching import remembered
from degrade_bench.clip import Clip

BLOCK_SECONDS = 0.4
STEPS_PER_BLOCK = 4  # blocks overlap by 75 %
SILENCE_LUFS = -70.0  # the standard's absolute gate: nothing below it counts
RELATIVE_GATE_LU = -10.0
OFFSET_DB = -0.691
SURROUND_WEIGHT = 1.41


def integrated_lufs(samples: torch.Tensor, sample_rate: int) -> float:
    """Integrated loudness in LUFS, or ``-inf`` where every block is under the absolute gate of −70 LUFS.

    Shape:
        samples: ``(channels, time)``, float.
    """
    from scipy.signal import sosfilt

    audio = samples.detach().cpu().numpy()
    block = round(BLOCK_SECONDS * sample_rate)
    if audio.shape[1] < block:
        audio = np.tile(audio, (1, math.ceil(block / audio.shape[1])))
    weights = _channel_weights(audio.shape[0])
    weighted = sosfilt(_k_weighting(sample_rate), audio.astype(np.float64), axis=1)
    edges = np.arange(0, weighted.shape[1] * STEPS_PER_BLOCK + 1, block) // STEPS_PER_BLOCK
    np.square(weighted, out=weighted)
    energy = weights @ np.add.reduceat(weighted[:, : edges[-1]], edges[:-1], axis=1)
    blocks = np.convolve(energy, np.ones(STEPS_PER_BLOCK), mode="valid") / block
    return _gated(blocks)


def _gated(blocks: np.ndarray) -> float:
    """Loudness of the blocks that pass both gates."""
    with np.errstate(divide="ignore"):
        lufs = OFFSET_DB + 10 * np.log10(blocks)
    audible = lufs >= SILENCE_LUFS
    if not audible.any():
        return -math.inf
    threshold = OFFSET_DB + 10 * math.log10(blocks[audible].mean()) + RELATIVE_GATE_LU
    return OFFSET_DB + 10 * math.log10(blocks[audible & (lufs > threshold)].mean())


def _channel_weights(channels: int) -> np.ndarray:
    """Weights of the channels' powers: surrounds count more, the LFE not at all."""
    if channels == 5:
        return np.array([1, 1, 1, SURROUND_WEIGHT, SURROUND_WEIGHT])
    if channels == 6:
        return np.array([1, 1, 1, 0, SURROUND_WEIGHT, SURROUND_WEIGHT])
    return np.ones(channels)


@lru_cache(maxsize=32)
def _k_weighting(sample_rate: int) -> np.ndarray:
    """The two filters of the standard at a sample rate, as second-order sections."""
    import pyloudnorm

    filters = pyloudnorm.Meter(sample_rate)._filters
    sections = [[*each.b, *each.a] for each in filters.values()]
    sos = np.asarray(sections)
    return sos / sos[:, 3:4]


@remembered()
def clip_lufs(clip: Clip) -> float:
    """Integrated loudness of a clip in LUFS, measured once however often it is asked for."""
    return integrated_lufs(clip.samples, clip.sample_rate)


def matching_gain_db(samples: torch.Tensor, sample_rate: int, target_lufs: float) -> float:
    """The gain in dB that brings ``samples`` to ``target_lufs``; 0 where either is silence."""
    lufs = integrated_lufs(samples, sample_rate)
    if not (math.isfinite(lufs) and math.isfinite(target_lufs)):
        return 0.0
    return target_lufs - lufs
