"""A degradation of one's own: the loudness rises and falls five times a second.

degrade-bench run --degradation examples/tremolo.py --out out
degrade-bench render examples/tremolo.py --level 5 song.wav trembling.wav
"""

import math

import torch

from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plan import Drawn

TREMOLO_HZ = 5.0


class Tremolo(Degradation):
    """A gain that swings."""

    name = "tremolo"
    group = "signal"
    family = "modulation"
    default_ladder = Ladder((0.05, 0.1, 0.2, 0.4, 0.8), "of the gain")
    source = "textbook"
    summary = "the gain swings five times a second"

    def draw(self, clip, level, strength, rng):
        return Drawn({"depth": strength, "phase": 2 * math.pi * rng.random()})  # the phase is that of every level

    def damage(self, clip, params):
        seconds = torch.arange(clip.samples.shape[1], dtype=torch.float64) / clip.sample_rate
        swing = torch.sin(2 * math.pi * TREMOLO_HZ * seconds + params["phase"]).float()
        return clip.samples * (1 + params["depth"] * swing)

    def measure(self, clean, degraded):
        loud = clean.samples.abs() > clean.samples.abs().max() / 10
        gains = (degraded.samples[loud] / clean.samples[loud]).double()
        return float((gains.max() - gains.min()) / (gains.max() + gains.min()))

    def make_placebo(self):
        return FaintPlacebo(self, 0.001, "a swing by a thousandth")
