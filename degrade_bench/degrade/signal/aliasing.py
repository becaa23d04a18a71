"""Aliasing: another sample rate without the filter that belongs before it.

The clip is read at the lower rate's instants, by linear interpolation, and laid back on its own grid in the same
way. What lies above half the lower rate folds down to where it is heard as inharmonic whistling; the
interpolation also leaves faint images above. The length stays.

Source: audiomentations' ``Aliasing`` (rates from 8 to 30 kHz), with the instants at exact rates.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation, Drawn, Ladder
from degrade_bench.degrade.placebo import BuriedPlacebo
from degrade_bench.errors import NotApplicableError


def interpolated(audio: np.ndarray, count: int, step: int, per: int) -> np.ndarray:
    """``audio`` read at ``k * step / per`` samples for ``k < count``, linearly; behind its end its last.

    An instant is the quotient of two whole numbers, rounded once: exact at any length that fits into memory.

    Shape:
        audio: ``(channels, time)`` float32; the output has ``count`` samples.
    """
    instants = np.arange(count, dtype=np.float64)
    instants *= step
    instants /= per
    whole = instants.astype(np.intp)
    instants -= whole
    share = instants.astype(np.float32)
    following = whole + 1
    out = np.empty((len(audio), count), dtype=np.float32)
    for channel, row in zip(out, audio, strict=True):
        before = row.take(whole, mode="clip")
        row.take(following, mode="clip", out=channel)
        channel -= before
        channel *= share
        channel += before
    return out


class Aliasing(Degradation):
    """Decimates without a filter, and back."""

    name = "aliasing"
    group = "signal"
    family = "resolution"
    default_ladder = Ladder((24000.0, 16000.0, 12000.0, 8000.0, 4000.0), "Hz")
    source = "audiomentations Aliasing"
    summary = "resamples without a filter: from a trace of glass in the treble to whistles under every note"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """The rate between, in whole Hz, below the clip's own."""
        rate = round(strength)
        if rate >= clip.sample_rate:
            raise NotApplicableError(f"{rate} Hz is no decimation of a clip at {clip.sample_rate} Hz")
        return Drawn({"rate_hz": rate}, achieved=float(rate))

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """There and back."""
        own, rate = clip.sample_rate, params["rate_hz"]
        fewer = -(-clip.num_samples * rate // own)  # every instant inside the clip
        low = interpolated(clip.samples.numpy(), max(1, fewer), own, rate)
        return torch.from_numpy(interpolated(low, clip.num_samples, rate, own))

    def make_placebo(self) -> Degradation:
        """The same whistles 80 dB softer."""
        return BuriedPlacebo(self, 80.0, "the same with what it changes turned down by 80 dB")
