"""MP3 at a constant bit rate, by LAME.

Source: what MuQ-Eval's script calls MP3 compression is a low-pass with noise; this is the codec itself, at
the bit rates that the field names (128, 64 and 32 kbps) and two between them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench._support.caching import remembered
from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation, Group
from degrade_bench.degrade.dsp.codec import Streams, mp3_round_trip
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plan import Drawn


class Mp3(Degradation):
    """Encodes to MP3 and back. The bit rate is that of each stream: a pair of channels, or a single one."""

    name = "mp3"
    version = "2"
    group: Group = "signal"
    family = "codec"
    default_ladder = Ladder((128.0, 96.0, 64.0, 48.0, 32.0), "kbps")
    source = "LAME (lameenc; pedalboard's build from 160 kbps on); bit rates of MuQ-Eval (arXiv 2603.22677)"
    summary = "codes as MP3: from a slight dullness to watery, warbling treble"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Nothing is random: the bit rate is the plan, and the encoder keeps it to the frame."""
        return Drawn({"bitrate_kbps": round(strength)}, achieved=float(round(strength)))

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Encode and decode, aligned to the sample."""
        return mp3_round_trip(clip.samples, clip.sample_rate, params["bitrate_kbps"], _streams(clip))

    def make_placebo(self) -> Degradation | None:
        """The same codec at its highest bit rate."""
        return FaintPlacebo(self, 320.0, "the same codec at 320 kbps, held to be transparent")


@remembered()
def _streams(clip: Clip) -> Streams:
    """What the clip was encoded to, filled as it is: a chain and a control begin with what this damage has done."""
    return {}
