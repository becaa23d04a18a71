"""Band-pass around the telephone's band.

The telephone hands on 300 to 3400 Hz. Its middle, in octaves, is 1010 Hz; every level keeps that middle and
narrows the band around it, from eight octaves to the telephone's three and a half. Slopes are 24 dB per octave,
without phase shift.

Source: the band of ITU-T G.712 telephone channels (300 to 3400 Hz).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.filters import (
    HIGHEST_SHARE,
    check_corner,
    edge_hz,
    high_pass_gain,
    low_pass_gain,
    spectral_ratio_db,
    zero_phase,
)
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plan import Drawn

TELEPHONE_HZ = (300.0, 3400.0)
MIDDLE_HZ = math.sqrt(TELEPHONE_HZ[0] * TELEPHONE_HZ[1])
TELEPHONE_OCTAVES = math.log2(TELEPHONE_HZ[1] / TELEPHONE_HZ[0])


def edges_hz(octaves: float) -> tuple[float, float]:
    """Where the band of so many octaves begins and ends, both −3 dB."""
    return MIDDLE_HZ * 2 ** (-octaves / 2), MIDDLE_HZ * 2 ** (octaves / 2)


class TelephoneBand(Degradation):
    """Removes what lies outside a band around 1 kHz."""

    name = "telephone_band"
    group = "signal"
    family = "bandwidth"
    default_ladder = Ladder((8.0, 6.5, 5.5, 4.5, round(TELEPHONE_OCTAVES, 4)), "octaves")
    source = "ITU-T G.712 telephone band, 300 to 3400 Hz"
    summary = "removes bass and treble: from a small loudspeaker to the telephone"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Place the edges; a clip whose own band ends lower cannot be narrowed so."""
        low, high = edges_hz(strength)
        check_corner(high, clip.sample_rate)
        return Drawn({"low_hz": low, "high_hz": high})

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Filter without phase shift."""
        low, high, rate = params["low_hz"], params["high_hz"], clip.sample_rate

        def response(hz: np.ndarray) -> np.ndarray:
            values: np.ndarray = high_pass_gain(hz, low, rate) * low_pass_gain(hz, high, rate)
            return values

        return zero_phase(clip.samples, rate, response, low)

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """The octaves between the two frequencies at which the degraded spectrum is 3 dB under the clean one."""
        ratio = spectral_ratio_db(clean, degraded, (MIDDLE_HZ / 1.2, MIDDLE_HZ * 1.2))
        if ratio is None:
            return None
        low = edge_hz(*ratio, start_hz=MIDDLE_HZ, upward=False)
        high = edge_hz(*ratio, start_hz=MIDDLE_HZ, upward=True)
        return None if low is None or high is None else math.log2(high / low)

    def make_placebo(self) -> Degradation:
        """The same filter with its edges below and above what is heard."""
        return _WholeBand(self)


class _WholeBand(FaintPlacebo):
    def __init__(self, parent: Degradation) -> None:
        octaves = round(math.log2(20000 / 10), 2)
        super().__init__(parent, octaves, "the same filter from 10 Hz to 20 kHz or to the top of the band")

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        return Drawn({"low_hz": 10.0, "high_hz": min(20000.0, HIGHEST_SHARE * clip.sample_rate)})
