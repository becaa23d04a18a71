"""Foreign bars: some bars are another piece's, at the same tempo and as loud.

The beat goes on, and everything else changes for a bar: key, instruments, style. The donor is a clip of the
built-in corpus (:mod:`degrade_bench.degrade.structural.donors`), played at the clip's tempo; each foreign bar
begins with a downbeat of it. Bars are drawn in an order that all levels share, and each has its bar of the donor at
every level.

The placebo takes the clip's own bars from a track that was stretched as the donor was, and back again. It is cut at
the same places, each bar read 3 to 7 ms away from its own, as in the shuffles' placebo.

Source: this project's; COCOLA, a contrastive model of coherence, learns from mixes of unrelated parts.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench._support.caching import remembered
from degrade_bench.clip import Annotations, Clip
from degrade_bench.clip.loudness import matching_gain_db
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.joins import PLACEBO_OFFSETS_MS, Piece, reassembled
from degrade_bench.degrade.dsp.stretch import stretched
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import Placebo
from degrade_bench.degrade.plan import Drawn
from degrade_bench.degrade.structural import donors
from degrade_bench.degrade.structural.segments import moved_count, required_bounds


class Substitution(Degradation):
    """Puts a donor's bars in the place of a share of the clip's, in the whole mix or in one layer of it."""

    group = "structural"

    @abstractmethod
    def chosen_layer(self, clip: Clip, rng: np.random.Generator) -> tuple[dict[str, Any], donors.Donor]:
        """What a plan keeps of the layer whose bars are replaced and of its donor, and the donor."""

    @abstractmethod
    def layer(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """The layer whose bars are replaced."""

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw the layer, the donor, the order in which bars are taken, and each one's bar of the donor."""
        bounds = required_bounds(clip, "bar")
        params, donor = self.chosen_layer(clip, rng)
        count = len(bounds) - 1
        priority = rng.permutation(count)
        places = donors.donor_bars(clip, donor, params["donor"]["stem"], int(np.diff(bounds).max()))
        taken = donors.drawn_bars(places, count, rng)
        chosen = np.sort(priority[: moved_count(count, strength, level, least=1)])
        params |= {
            "bars": chosen.tolist(),
            "spans": [[int(bounds[bar]), int(bounds[bar + 1])] for bar in chosen],
            "places": [taken[bar] for bar in chosen],
        }
        annotations = self.annotations_after(clip.annotations, params)
        return Drawn(params, achieved=100 * len(chosen) / count, annotations=annotations)

    @abstractmethod
    def annotations_after(self, annotations: Annotations, params: Mapping[str, Any]) -> Annotations:
        """What is still true of the music; beats and bars are, since the donor is brought to the clip's."""

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Put the foreign bars in place."""
        signal, pieces = self.signal_and_pieces(clip, params)
        return self.put_back(clip, params, reassembled(signal, pieces, clip.sample_rate))

    @abstractmethod
    def put_back(self, clip: Clip, params: Mapping[str, Any], changed: torch.Tensor) -> torch.Tensor:
        """The clip with its layer changed.

        Args:
            clip: what is damaged.
            params: of the plan.
            changed: ``(channels, time)``, the layer with foreign bars in it.
        """

    def signal_and_pieces(self, clip: Clip, params: Mapping[str, Any]) -> tuple[torch.Tensor, list[Piece]]:
        """The layer with the donor behind it, and the pieces of both that make the damaged layer."""
        signal, first = donors.beside(self.layer(clip, params), self.track(clip, params["donor"]), clip.sample_rate)
        return signal, donors.substituted(params["spans"], params["places"], first, clip.num_samples)

    @remembered()
    def track(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """The donor at the clip's tempo; all levels share it."""
        return donors.donor_track(clip, params)

    def make_placebo(self) -> Degradation:
        """The clip's own bars, stretched and unstretched."""
        return OwnBars(
            self, "takes the same bars out of the clip itself, stretched as the donor was and back again"
        )


class OwnBars(Placebo):
    """The same bars of the clip itself, after the stretcher, with cuts at the same places."""

    parent: Substitution

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """The parent's plan; draw how far from its place each bar is read."""
        drawn = self.parent.draw(clip, level, strength, rng)
        count = len(required_bounds(clip, "bar")) - 1
        low, high = PLACEBO_OFFSETS_MS
        middle = (low + high) / 2
        # neighbours go opposite ways, and by different lengths, so that there is a cut between them
        sizes = np.where(np.arange(count) % 2, rng.uniform(low, middle, count), rng.uniform(middle, high, count))
        offsets = np.round(sizes / 1000 * clip.sample_rate).astype(int) * np.where(np.arange(count) % 2, 1, -1)
        places = []
        for bar, (start, end) in zip(drawn.params["bars"], drawn.params["spans"], strict=True):
            offset = int(offsets[bar])
            inside = start + offset >= 0 and end + offset <= clip.num_samples
            places.append(start + (offset if inside else -offset))
        return Drawn({**drawn.params, "places": places}, achieved=drawn.achieved)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Put the clip's own bars in place."""
        signal, pieces = self.signal_and_pieces(clip, params)
        return self.parent.put_back(clip, params, reassembled(signal, pieces, clip.sample_rate))

    def signal_and_pieces(self, clip: Clip, params: Mapping[str, Any]) -> tuple[torch.Tensor, list[Piece]]:
        """As the parent's, with the stretched and unstretched layer in the donor's place."""
        there_and_back = {key: value for key, value in params.items() if key not in ("bars", "spans", "places")}
        track = self.track(clip, there_and_back)
        signal, first = donors.beside(self.parent.layer(clip, params), track, clip.sample_rate)
        return signal, donors.substituted(params["spans"], params["places"], first, clip.num_samples)

    @remembered()
    def track(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """The layer, stretched as the donor was, and back; all levels share it."""
        layer, rate = self.parent.layer(clip, params), params["donor"]["rate"]
        there = stretched(layer, clip.sample_rate, rate, round(clip.num_samples / rate))
        return stretched(there, clip.sample_rate, 1 / rate, clip.num_samples)


class ForeignBars(Substitution):
    """Whole bars of another piece."""

    name = "foreign_bars"
    family = "order"
    default_ladder = Ladder((12.0, 25.0, 37.0, 50.0, 62.0), "% of bars")
    source = "this project; graded, with a placebo of equal joins; unrelated music as COCOLA mixes it"
    summary = (
        "puts bars of another piece, at the same tempo, in place of some: from one wrong bar to two pieces in one"
    )
    needs = frozenset({"downbeats"})
    picture = "pitch"

    def chosen_layer(self, clip: Clip, rng: np.random.Generator) -> tuple[dict[str, Any], donors.Donor]:
        """The whole mix; a donor as loud as the clip."""
        donor = donors.drawn_donor(clip, rng)
        other = donors.conformed(donor.source.id, None, clip.sample_rate, clip.channels)
        gain = 10 ** (matching_gain_db(other.samples, clip) / 20)
        return {"donor": donors.donor_params(donor, None, gain)}, donor

    def annotations_after(self, annotations: Annotations, params: Mapping[str, Any]) -> Annotations:
        """Two pieces in one have neither one key nor one form, and the other one's bars may count otherwise."""
        return annotations.without("sections", "key", "chords", "time_signature")

    def layer(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """The whole mix."""
        return clip.samples

    def put_back(self, clip: Clip, params: Mapping[str, Any], changed: torch.Tensor) -> torch.Tensor:
        """The changed mix is all that there is."""
        return changed
