"""Damage to the stereo image: a side that is lost, channels that are out of balance.

Source: textbook mid/side processing and panning; both are what a wrong mixdown, a bad cable or parametric stereo at
low bit rates leave of an image.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation, Need
from degrade_bench.degrade.dsp.amplitude import signal_rms
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plan import Drawn
from degrade_bench.errors import NotApplicableError

HARDLY_THERE = 1e-4
"""A mid, a side or a channel 80 dB under the clip is as good as none."""


def mid_side(samples: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Half the sum and half the difference of two channels."""
    left, right = samples
    return (left + right) / 2, (left - right) / 2


class StereoCollapse(Degradation):
    """Takes away a share of the side signal."""

    name = "stereo_collapse"
    group = "signal"
    family = "stereo"
    default_ladder = Ladder((20.0, 40.0, 60.0, 80.0, 100.0), "% of width removed")
    source = "textbook mid/side processing"
    summary = "narrows the stereo image: from a slightly smaller stage to mono"
    needs: frozenset[Need] = frozenset({"stereo"})
    picture = "waveform"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Check that there is a side to take away, and a mid that stays."""
        mid, side = (signal_rms(part[None]) for part in mid_side(clip.samples))
        if side <= HARDLY_THERE * mid:
            raise NotApplicableError("the channels are alike: there is no width to remove")
        if mid <= HARDLY_THERE * side:
            raise NotApplicableError("the channels cancel out: nothing would be left in mono")
        return Drawn({"kept": 1 - strength / 100})

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Mid plus and minus what is kept of the side."""
        mid, side = mid_side(clip.samples)
        side = side * params["kept"]
        return torch.stack([mid + side, mid - side])

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """By how many % the ratio of side to mid has shrunk."""
        (mid, side), (new_mid, new_side) = (
            [signal_rms(part[None]) for part in mid_side(clip.samples)] for clip in (clean, degraded)
        )
        return 100 * (1 - new_side / new_mid * mid / side) if new_mid > 0 and side > 0 else None

    def make_placebo(self) -> Degradation:
        """The same with a two-hundredth of the width."""
        return FaintPlacebo(self, 0.5, "takes away 0.5 % of the width, which nobody hears")


class ChannelImbalance(Degradation):
    """Turns one of two channels down."""

    name = "channel_imbalance"
    group = "signal"
    family = "stereo"
    default_ladder = Ladder((1.5, 3.0, 6.0, 12.0, 24.0), "dB")
    source = "textbook panning; 1 dB is about the smallest difference between two channels that is noticed"
    summary = "turns one channel down: from an image slightly off the middle to one loudspeaker"
    needs: frozenset[Need] = frozenset({"stereo"})
    picture = "waveform"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Choose the channel, the same at every level."""
        channel = int(rng.integers(2))
        left, right = (signal_rms(samples[None]) for samples in clip.samples)
        if min(left, right) <= HARDLY_THERE * max(left, right):
            raise NotApplicableError("one of the two channels is silent: there is no balance to disturb")
        return Drawn({"channel": channel, "attenuation_db": strength})

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Turn the channel down that the plan names."""
        samples = clip.samples.clone()
        samples[params["channel"]] *= float(10 ** (-params["attenuation_db"] / 20))
        return samples

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """By how many dB the levels of the two channels have moved apart."""
        balance = []
        for clip in (clean, degraded):
            left, right = (signal_rms(samples[None]) for samples in clip.samples)
            if min(left, right) == 0.0:
                return None
            balance.append(20 * math.log10(left / right))
        return abs(balance[1] - balance[0])

    def make_placebo(self) -> Degradation:
        """A difference that nobody notices."""
        return FaintPlacebo(self, 0.05, "turns one channel down by 0.05 dB, which nobody hears")
