"""Aliasing: another sample rate without the filter that belongs before it.

The clip is read at the lower rate's instants, by linear interpolation, and laid back on its own grid in the same
way. What lies above half the lower rate folds down to where it is heard as inharmonic whistling; the
interpolation also leaves faint images above. The length stays.

Source: audiomentations' ``Aliasing`` (rates from 8 to 30 kHz), with the instants at exact rates.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import BuriedPlacebo
from degrade_bench.degrade.plan import Drawn
from degrade_bench.errors import NotApplicableError


def interpolated(audio: np.ndarray, count: int, step: int, per: int) -> np.ndarray:
    """``audio`` read at ``k * step / per`` samples for ``k < count``, linearly; behind its end its last.

    The instants repeat: after ``per / gcd`` of them ``step / gcd`` samples have gone by, to the same shares. So
    one period's worth of places is worked out, exactly, and read in every period.

    Args:
        audio: ``(channels, time)``, float32.
        count: samples of the output.
        step: how far apart the instants lie, in parts of a sample.
        per: how many such parts a sample has.

    Shape:
        audio: ``(channels, time)`` float32; the output has ``count`` samples.
    """
    common = math.gcd(step, per)
    step, per = step // common, per // common
    periods = -(-count // per)
    inside = np.arange(min(per, count), dtype=np.int64) * step
    whole, share = inside // per, (inside % per / per).astype(np.float32)
    out = np.empty((len(audio), periods, len(whole)), dtype=np.float32)
    needed = periods * step + 1
    for filled, row in zip(out, audio, strict=True):
        padded = row[:needed] if len(row) >= needed else np.pad(row, (0, needed - len(row)), mode="edge")
        rises = np.append(np.diff(padded), np.float32(0))
        spans, slopes = (values[: periods * step].reshape(periods, step) for values in (padded, rises))
        np.take(slopes, whole, axis=1, out=filled, mode="clip")
        filled *= share
        filled += np.take(spans, whole, axis=1, mode="clip")
    return np.ascontiguousarray(out.reshape(len(audio), -1)[:, :count])


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
        """Read the clip at the lower rate, and the result at the clip's own."""
        clip_rate, rate = clip.sample_rate, params["rate_hz"]
        fewer = (clip.num_samples - 1) * rate // clip_rate + 2  # one instant behind the end, for the last samples
        low = interpolated(clip.samples.numpy(), fewer, clip_rate, rate)
        return torch.from_numpy(interpolated(low, clip.num_samples, rate, clip_rate))

    def make_placebo(self) -> Degradation:
        """The same whistles 80 dB softer."""
        return BuriedPlacebo(self, 80.0, "the same with what it changes turned down by 80 dB")
