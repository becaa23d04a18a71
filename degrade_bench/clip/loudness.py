"""Integrated loudness by ITU-R BS.1770-4, for any length, rate and channel count.

Every damaged clip is brought to the clean one's loudness, so this is measured once per cell, and it is written
for that: all channels are filtered at once, and the energy of every 100 ms is added up once and shared by the
four blocks that overlap there. pyloudnorm is what the tests hold it against.

What the standard leaves open is settled here: six channels are taken as L R C LFE Ls Rs, and the LFE is left
out; five as L R C Ls Rs; beyond six, every channel counts once; signals under one block of 400 ms are repeated
to fill one, which leaves their power as it is. The filters are made for the clip's sample rate by the cookbook's
formulas, with the corner frequencies that pyloudnorm takes; at 48 kHz they are the standard's to within 0.05 dB.

The standard's absolute gate is made for programmes at broadcasting levels: of music under −70 LUFS it leaves
nothing, and a little above it only the loudest moments. Where one of two signals lies so low that this gate could
decide, they are matched as if each had been brought up first (:func:`matching_gain_db`).

Source: ITU-R BS.1770-4 (2015); C. J. Steinmetz and J. D. Reiss, "pyloudnorm", AES 150 (2021); R. Bristow-Johnson,
"Cookbook formulae for audio EQ biquad filter coefficients".
"""

from __future__ import annotations

import math

import numpy as np
import torch

from degrade_bench._support.caching import remembered
from degrade_bench._support.numbers import fixed
from degrade_bench.clip import Clip
from degrade_bench.clip.k_weighting import step_energies
from degrade_bench.errors import NotApplicableError

BLOCK_SECONDS = 0.4
STEPS_PER_BLOCK = 4  # blocks overlap by 75 %
SILENCE_LUFS = -70.0  # the standard's absolute gate: nothing below it counts
RELATIVE_GATE_LU = -10.0
OFFSET_DB = -0.691
SURROUND_WEIGHT = 1.41

LOWEST_GATED_LUFS = SILENCE_LUFS - RELATIVE_GATE_LU
"""From here on up the relative gate, 10 LU under the loudness, lies above the absolute one."""
GATE_UNDER_LOUDEST_LU = 70.0
"""Where the absolute gate lies for signals of any level: where it would be if their loudest block had 0 LUFS."""
LARGEST_GAIN_LU = 80.0
"""What a damage leaves further under its clip than this is as good as nothing."""


def integrated_lufs(samples: torch.Tensor, sample_rate: int) -> float:
    """Integrated loudness in LUFS, or ``-inf`` where every block is under the absolute gate of −70 LUFS.

    Shape:
        samples: ``(channels, time)``, float.
    """
    return _gated(_block_powers(samples, sample_rate), SILENCE_LUFS)


def _block_powers(samples: torch.Tensor, sample_rate: int) -> np.ndarray:
    """K-weighted power of the blocks of 400 ms, 100 ms apart, over all channels."""
    audio = samples.detach().cpu().numpy()
    block = round(BLOCK_SECONDS * sample_rate)
    if audio.shape[1] < block:
        audio = np.tile(audio, (1, math.ceil(block / audio.shape[1])))
    energy = _channel_weights(len(audio)) @ step_energies(audio, sample_rate, block, STEPS_PER_BLOCK)
    values: np.ndarray = np.convolve(energy, np.ones(STEPS_PER_BLOCK), mode="valid") / block
    return values


def _gated(blocks: np.ndarray, gate_lufs: float) -> float:
    """Loudness of the blocks that pass both gates, the absolute one at ``gate_lufs``."""
    with np.errstate(divide="ignore"):
        lufs = OFFSET_DB + 10 * np.log10(blocks)
    audible = lufs >= gate_lufs
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


@remembered()
def clip_lufs(clip: Clip) -> float:
    """Integrated loudness of a clip in LUFS, measured once however often it is asked for."""
    return integrated_lufs(clip.samples, clip.sample_rate)


def loudness_at_any_level(samples: torch.Tensor, sample_rate: int) -> float:
    """Loudness in LUFS of a signal however soft, as if it had been brought up before it was measured.

    The absolute gate lies :data:`GATE_UNDER_LOUDEST_LU` under the loudest block in place of at −70 LUFS, so that a
    gain of the signal is a gain of its loudness. ``-inf`` for digital silence alone.

    Args:
        samples: ``(channels, time)``, float.
        sample_rate: Hz.
    """
    blocks = _block_powers(samples, sample_rate)
    if not blocks.any():  # what sounds may lie behind the last whole block
        padded = torch.nn.functional.pad(samples, (0, round(BLOCK_SECONDS * sample_rate)))
        blocks = _block_powers(padded, sample_rate)
    loudest = float(blocks.max())
    if loudest <= 0.0:
        return -math.inf
    return _gated(blocks, OFFSET_DB + 10 * math.log10(loudest) - GATE_UNDER_LOUDEST_LU)


def _only_an_offset(samples: torch.Tensor, sample_rate: int) -> bool:
    """Whether every channel is a constant, one of them not 0; of less than a loudness block that cannot be told."""
    if samples.shape[1] < round(BLOCK_SECONDS * sample_rate):
        return False
    if bool((samples[:, 0] != samples[:, samples.shape[1] // 2]).any()):
        return False
    # one channel at a time: twenty times as fast as along a dimension
    extremes = [torch.aminmax(channel) for channel in samples]
    return all(bool(low == high) for low, high in extremes) and any(bool(low) for low, _ in extremes)


@remembered()
def _clip_loudness_at_any_level(clip: Clip) -> float:
    return loudness_at_any_level(clip.samples, clip.sample_rate)


def matching_gain_db(samples: torch.Tensor, clip: Clip) -> float:
    """The gain in dB that makes a damaged signal as loud as its clip; 0 where both are silence.

    Integrated loudness is compared as the standard measures it, as long as both lie where its absolute gate decides
    nothing (:data:`LOWEST_GATED_LUFS`), and else :func:`loudness_at_any_level` of both.

    Args:
        samples: ``(channels, time)``, at the clip's sample rate; of any length.
        clip: what it is brought to the loudness of.

    Raises:
        NotApplicableError: one of the two is silent and the other is not, or the damage leaves nothing but a
            constant, or so little that a gain would bring up nothing but rounding errors.
    """
    if _only_an_offset(samples, clip.sample_rate):
        raise NotApplicableError("the damage leaves nothing but a constant offset from zero, which is silence")
    lufs, target = integrated_lufs(samples, clip.sample_rate), clip_lufs(clip)
    if min(lufs, target) >= LOWEST_GATED_LUFS:
        return target - lufs
    lufs = loudness_at_any_level(samples, clip.sample_rate)
    target = _clip_loudness_at_any_level(clip)
    if lufs == target:
        return 0.0
    if target - lufs > LARGEST_GAIN_LU:
        left = "silence" if lufs == -math.inf else f"next to nothing ({fixed(target - lufs, 0)} LU less)"
        raise NotApplicableError(f"the damage leaves {left}, which cannot be brought to the clip's loudness")
    if target == -math.inf:
        raise NotApplicableError("the clip has no loudness that the damaged one could be brought to: it is silent")
    return target - lufs
