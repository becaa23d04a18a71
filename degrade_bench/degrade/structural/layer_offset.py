"""Layers out of time with each other: the percussive layer, or one stem, comes late.

Everything is played as it was, and nothing fits together. The ladder stops short of half a beat, where the layers
would meet again on the off-beat. At the clip's beginning the late layer has nothing to play yet: it plays what it
plays a bar later at that point, and within the first beat a crossfade leads over to its own beginning, so that no
silence is heard.

The placebo takes the same layer out and puts it back at the right time, with one cut at the same place; a separated
layer with its phase turned, so that separation errors are as bare as in the damage
(:func:`degrade_bench.degrade.structural.layers.turned`).

Source: this project's. Musicians of an ensemble are 30 to 50 ms apart (R. A. Rasch, Acustica 1979), and this is
where the ladders begin.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.joins import PLACEBO_OFFSETS_MS, Piece, reassembled
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import Placebo
from degrade_bench.degrade.plan import Drawn
from degrade_bench.degrade.structural.layers import (
    check_both_sound,
    drawn_stem,
    drum_stems,
    layers,
    stem_params,
    turned,
)
from degrade_bench.degrade.structural.segments import required_bounds, unit_bounds

JOIN_BEATS = 0.2
"""How far into the first beat the late layer's own beginning is faded in: where its first stroke still rings."""


class Late(Degradation):
    """Delays a layer against the rest by a fraction of a beat."""

    group = "structural"
    family = "layers"
    default_ladder = Ladder((6.0, 10.0, 16.0, 25.0, 38.0), "% of a beat")
    source = "this project; asynchronies of 30 to 50 ms in ensembles: R. A. Rasch, Acustica 43 (1979)"

    @abstractmethod
    def chosen_stems(self, clip: Clip, rng: np.random.Generator) -> list[str]:
        """The stems that come late; none for the separated percussive layer."""

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw what comes late; measure the beat."""
        bounds = required_bounds(clip, "beat", least=1)
        beat = float(np.median(np.diff(bounds)))
        names = self.chosen_stems(clip, rng)
        params = stem_params(clip, names) if names else {"stems": []}
        check_both_sound(*layers(clip, params), ", ".join(names) or "percussive and harmonic")
        offset = max(level, round(strength / 100 * beat))
        period = _period(clip, beat)
        own_from = min(round(bounds[0] + JOIN_BEATS * beat), period, clip.num_samples - period)
        params |= {"offset": offset, "period": period, "own_from": own_from}
        return Drawn(params, achieved=100 * offset / beat)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Put the layers together again, one of them late."""
        moved, rest = layers(clip, params)
        return rest + reassembled(moved, late_pieces(params, clip.num_samples), clip.sample_rate)

    def make_placebo(self) -> Degradation:
        """The same layer put back in time, with the same cut."""
        return InTime(self, "takes the same layer out and puts it back in time, with a cut at the same place")


def _period(clip: Clip, beat: float) -> int:
    """After how many samples a layer is at the same point of a bar again; of a beat, where bars are not known."""
    bars = np.diff(unit_bounds(clip, "bar"))
    bar = float(np.median(bars)) if bars.size else beat
    return round(bar if bar <= clip.num_samples / 2 else beat)


def late_pieces(params: Mapping[str, Any], num_samples: int) -> list[Piece]:
    """The late layer: what leads into its second bar, and then what follows at that point of its first one."""
    offset, period, own_from = params["offset"], params["period"], params["own_from"]
    return [(period - offset, period + own_from), (own_from, num_samples - offset)]


def in_time_pieces(params: Mapping[str, Any], num_samples: int) -> list[Piece]:
    """The layer in its place, but for a cut where the late one has its join."""
    join, nudge = params["offset"] + params["own_from"], params["nudge"]
    return [(nudge, join + nudge), (join, num_samples)]


class InTime(Placebo):
    """The same layer, taken out and put back where it was."""

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """The parent's plan; draw how far the cut goes."""
        drawn = self.parent.draw(clip, level, strength, rng)
        low, high = (max(1, round(ms / 1000 * clip.sample_rate)) for ms in PLACEBO_OFFSETS_MS)
        after_join = clip.num_samples - drawn.params["offset"] - drawn.params["own_from"]
        nudge = min(int(rng.integers(low, high, endpoint=True)), after_join)
        return Drawn({**drawn.params, "nudge": nudge}, achieved=drawn.achieved)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Put the layers together again, both in time."""
        moved, rest = layers(clip, params)
        if not params["stems"]:
            moved = turned(moved)
        return rest + reassembled(moved, in_time_pieces(params, clip.num_samples), clip.sample_rate)


class LayerOffset(Late):
    """The percussive layer late against the harmonic one."""

    name = "layer_offset"
    summary = "lets the drums come late: from a lazy drummer to one who plays against the band"
    needs = frozenset({"beats"})

    def chosen_stems(self, clip: Clip, rng: np.random.Generator) -> list[str]:
        """The drums, where the clip has stems."""
        return drum_stems(clip)


class StemOffset(Late):
    """One stem late against all others."""

    name = "stem_offset"
    summary = "lets one part come late: from loose playing to a part that fits nowhere"
    needs = frozenset({"beats", "stems"})

    def chosen_stems(self, clip: Clip, rng: np.random.Generator) -> list[str]:
        """One stem, drawn once for all levels."""
        return [drawn_stem(clip, rng)]
