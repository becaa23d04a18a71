"""Dropouts: packets of 20 ms that never arrive and are replaced by nothing.

Which packets are lost is drawn once: a level loses the first so many of one random order. Edges are hard, as
where a decoder fills in zeros; that a gap also clicks is part of the damage. Only packets in which something
sounds can be lost, and none of the first 40 ms: a decoder that has heard nothing has nothing to conceal a loss
with, and :mod:`~degrade_bench.degrade.signal.concealed_dropouts` loses the same packets.

Source: dropouts of the DAFx-25 study of quality metrics, 1 to 99 of 32 samples; packets of 20 ms as in voice over
IP and in Opus' default frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench._support.caching import remembered
from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation, Picture
from degrade_bench.degrade.dsp.amplitude import untouched_gain
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import BuriedPlacebo
from degrade_bench.degrade.plan import Drawn
from degrade_bench.errors import NotApplicableError

PACKET_SECONDS = 0.02
FIRST_PACKET = 2


def packet_length(sample_rate: int) -> int:
    """Samples of a packet."""
    return max(1, round(PACKET_SECONDS * sample_rate))


@remembered()
def sounding_packets(clip: Clip) -> np.ndarray:
    """The indices of the whole packets, from the third, in which any sample is not zero. Not to be written to."""
    length = packet_length(clip.sample_rate)
    whole = clip.num_samples // length
    if whole <= FIRST_PACKET:
        return np.zeros(0, dtype=np.int64)
    packets = clip.samples[:, : whole * length].reshape(clip.channels, whole, length)
    low, high = torch.aminmax(packets, dim=2)
    sounding = ((low != 0) | (high != 0)).any(dim=0).numpy()
    return np.flatnonzero(sounding[FIRST_PACKET:]) + FIRST_PACKET


def lost_runs(packets: list[int], length: int) -> list[tuple[int, int]]:
    """Lost packets as runs of samples ``(start, stop)``; neighbours make one run."""
    lost = np.sort(np.asarray(packets, dtype=np.int64))
    breaks = np.flatnonzero(np.diff(lost) > 1) + 1
    return [(int(run[0]) * length, (int(run[-1]) + 1) * length) for run in np.split(lost, breaks) if run.size]


class Dropouts(Degradation):
    """Replaces packets by silence."""

    name = "dropouts"
    group = "signal"
    family = "local"
    default_ladder = Ladder((0.3, 1.0, 3.0, 8.0, 20.0), "% of packets")
    source = "DAFx-25 dropouts; 20 ms packets as in voice over IP"
    summary = "loses packets of 20 ms: from a single gap to a signal that keeps breaking up"
    picture: Picture = "waveform"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw the order in which packets are lost; a level loses at least one more than the level below."""
        packets = sounding_packets(clip)
        order = rng.permutation(packets)
        count = max(level, round(strength / 100 * len(packets)))
        if 2 * count > len(packets):
            raise NotApplicableError(f"too short: of {len(packets)} packets that sound, {count} would be lost")
        return Drawn({"packets": [int(packet) for packet in order[:count]]}, achieved=100 * count / len(packets))

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Put zeros where packets are lost."""
        out = clip.samples.clone()
        samples = out.numpy()  # the same memory; many small writes cost less through it
        for start, stop in lost_runs(params["packets"], packet_length(clip.sample_rate)):
            samples[:, start:stop] = 0.0
        return out

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """The share in % of the sounding packets whose middle half is not what it was, whatever was put there."""
        packets, length = sounding_packets(clean), packet_length(clean.sample_rate)
        gain = untouched_gain(clean, degraded)
        if not len(packets) or gain <= 0:
            return None
        error = (degraded.samples / gain - clean.samples).abs().amax(dim=0).numpy()
        middle = np.arange(length // 4, max(length // 4 + 1, 3 * length // 4))
        worst = error[packets[:, None] * length + middle].max(axis=1)
        return 100 * float(np.mean(worst > 2e-6 * float(clean.samples.abs().max())))

    def make_placebo(self) -> Degradation:
        """The same packets a hair softer."""
        return BuriedPlacebo(self, 80.0, "the same packets 0.001 dB softer, which nobody hears")
