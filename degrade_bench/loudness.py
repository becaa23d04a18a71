"""Integrated loudness by ITU-R BS.1770-4, through pyloudnorm, for any length and channel count.

pyloudnorm measures one to five channels and at least one 400 ms block. What it does not cover is handled
here: six channels are taken as L R C LFE Ls Rs, and the standard leaves the LFE out; other counts above five
are measured five channels at a time and their powers are summed; signals under 400 ms are repeated to fill
one block, which leaves their power as it is.

Source: ITU-R BS.1770-4 (2015); C. J. Steinmetz and J. D. Reiss, "pyloudnorm", AES 150 (2021).
"""

from __future__ import annotations

import math
import warnings

import numpy as np
import torch

from degrade_bench.clip import Clip, once_per_clip

BLOCK_SECONDS = 0.4
SILENCE_LUFS = -70.0  # the standard's absolute gate: nothing below it counts


def integrated_lufs(samples: torch.Tensor, sample_rate: int) -> float:
    """Integrated loudness in LUFS, or ``-inf`` where every block is under the absolute gate of −70 LUFS.

    Shape:
        samples: ``(channels, time)``, float.
    """
    import pyloudnorm  # late: it brings scipy.signal

    audio = samples.detach().cpu().numpy().astype(np.float64).T
    block = math.ceil(BLOCK_SECONDS * sample_rate)
    if len(audio) <= block:
        audio = np.tile(audio, (math.ceil((block + 1) / len(audio)), 1))
    if audio.shape[1] == 6:
        audio = audio[:, [0, 1, 2, 4, 5]]
    meter = pyloudnorm.Meter(sample_rate)
    power = 0.0
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # silence: log of zero, mean of no blocks
        for first in range(0, audio.shape[1], 5):
            lufs = meter.integrated_loudness(audio[:, first : first + 5])
            if np.isfinite(lufs) and lufs >= SILENCE_LUFS:
                power += 10 ** (lufs / 10)
    return 10 * math.log10(power) if power > 0 else -math.inf


@once_per_clip
def clip_lufs(clip: Clip) -> float:
    """Integrated loudness of a clip in LUFS, measured once however often it is asked for."""
    return integrated_lufs(clip.samples, clip.sample_rate)


def matching_gain_db(samples: torch.Tensor, sample_rate: int, target_lufs: float) -> float:
    """The gain in dB that brings ``samples`` to ``target_lufs``; 0 where either is silence."""
    lufs = integrated_lufs(samples, sample_rate)
    if not (math.isfinite(lufs) and math.isfinite(target_lufs)):
        return 0.0
    return target_lufs - lufs
