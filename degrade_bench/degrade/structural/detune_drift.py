"""Detune drift: the pitch slides away slowly while the tempo stays, as a choir without accompaniment sinks.

The clip is stretched along a gently bending map and then read at the speed that undoes the bend: time is back
where it was and the pitch is not. Two equal distances from the middle of the clip are always as far apart as
asked; at the middle the pitch is the old one.

Source: this project's; intonation drift in unaccompanied singing is described by M. Mauch, K. Frieler and S. Dixon,
JASA 136(1), 2014.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench._support.caching import remembered
from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation, Picture
from degrade_bench.degrade.dsp.stretch import along, moved
from degrade_bench.degrade.dsp.varispeed import read_at
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import Placebo
from degrade_bench.degrade.plan import Drawn

STEP_SECONDS = 0.1


class DetuneDrift(Degradation):
    """Slides the pitch evenly from the first to the last sample, up or down; drawn once for all levels."""

    name = "detune_drift"
    group = "structural"
    family = "pitch"
    default_ladder = Ladder((15.0, 30.0, 60.0, 120.0, 240.0), "cents over the clip")
    source = "this project; intonation drift after Mauch, Frieler and Dixon (JASA 2014)"
    summary = "lets the pitch slide away at a steady tempo: from an unsteady choir to a change of key"
    picture: Picture = "pitch"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw the direction."""
        sign = 1 if rng.random() < 0.5 else -1
        annotations = clip.annotations.without("key", "chords")  # what slides stays in no key
        return Drawn({"cents": sign * strength}, achieved=strength, annotations=annotations)

    @remembered()
    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Let the pitch slide as far as the plan says."""
        return slid(clip, params["cents"])

    def make_placebo(self) -> Degradation:
        """The same slide, and back again."""
        return DetuneDriftPlacebo(self, "slides in the same way, and back to where it was")


class DetuneDriftPlacebo(Placebo):
    """The same slide and then its inverse."""

    parent: DetuneDrift

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Slide there and back."""
        there = clip.with_samples(self.parent.damage(clip, params))
        return slid(there, -params["cents"])


def slid(clip: Clip, cents: float) -> torch.Tensor:
    """The clip with its pitch sliding from ``-cents / 2`` to ``cents / 2``; as long as before, to the sample."""
    count = clip.num_samples
    steps = max(2, round(clip.duration / STEP_SECONDS))
    nodes = np.linspace(0.0, count, steps + 1)
    middles = (np.arange(steps) + 0.5) / steps
    ratio = 2 ** ((middles - 0.5) * cents / 1200)
    bent = np.concatenate([[0.0], np.cumsum(np.diff(nodes) * ratio)])
    longer = moved(clip.samples, clip.sample_rate, along(nodes, bent), int(np.ceil(bent[-1])))
    speed = np.interp(np.arange(count), nodes, np.gradient(bent, nodes))
    where = np.concatenate([[0.0], np.cumsum(speed)[:-1]])
    where *= (bent[-1] - 1) / max(where[-1], 1.0)
    return read_at(clip.with_samples(longer), np.minimum(where, longer.shape[1] - 1))
