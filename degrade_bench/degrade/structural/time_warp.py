"""Damage to tempo: the music is moved in time along a map, and its pitch stays.

A subclass says where source positions go; the warp itself, and the placebo that runs the same warp and then its
inverse, are the same for all.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch

from degrade_bench._support.caching import remembered
from degrade_bench.clip import Annotations, Clip, TimeMap
from degrade_bench.degrade.base import Degradation, Picture
from degrade_bench.degrade.dsp.stretch import along, moved
from degrade_bench.degrade.placebo import Placebo
from degrade_bench.degrade.plan import Drawn


class TimeWarp(Degradation):
    """Warps the time of a whole clip in one pass; nothing is cut or joined."""

    group = "structural"
    family = "tempo"
    moves_time = True
    picture: Picture = "tempo"
    placebo_summary: ClassVar[str] = "warped in the same way, and back to where everything was"

    @abstractmethod
    def warp(
        self, clip: Clip, strength: float, rng: np.random.Generator
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], float]:
        """Where the music goes.

        Args:
            clip: what is damaged.
            strength: of the level, in the ladder's unit.
            rng: in the same state at every level.

        Returns:
            source positions and their output positions (both in samples, strictly increasing, from 0 to the ends of
            clip and output), and the strength that the map achieves, in the ladder's unit.
        """

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw the map."""
        source, output, achieved = self.warp(clip, strength, rng)
        points = zip((source / clip.sample_rate).tolist(), (output / clip.sample_rate).tolist(), strict=True)
        params = {"from": source.tolist(), "to": output.tolist()}
        time_map = TimeMap(tuple(points))
        return Drawn(params, time_map, achieved, self.annotations_after(clip, time_map))

    def annotations_after(self, clip: Clip, time_map: TimeMap) -> Annotations | None:
        """What is true of the music afterwards, beyond that everything moves with time; None where that is all."""
        return None

    @remembered()
    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Move the clip in time along the plan's map."""
        source_of = along(params["from"], params["to"])
        return moved(clip.samples, clip.sample_rate, source_of, round(params["to"][-1]))

    def make_placebo(self) -> Degradation:
        """The same warp, and back again."""
        return UnwarpedPlacebo(self, self.placebo_summary)


class UnwarpedPlacebo(Placebo):
    """The same warp and then its inverse: the stretcher's sound, twice, with everything back in its place."""

    parent: TimeWarp

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Warp there and back."""
        there = self.parent.damage(clip, params)
        back = along(params["to"], params["from"])
        return moved(there, clip.sample_rate, back, clip.num_samples)


def with_ends(
    clip: Clip, bounds: np.ndarray, new_bounds: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """A map between inner points of a clip, with what lies before and after them left at its own tempo.

    Args:
        clip: what is warped.
        bounds: positions within it, in samples, rising.
        new_bounds: where they go, in samples, rising; as many.
    """
    source, output = bounds.astype(float), new_bounds.astype(float)
    shift = output[-1] - source[-1]
    if source[0] > 0:
        source, output = np.insert(source, 0, 0.0), np.insert(output, 0, output[0] - source[0])
    if source[-1] < clip.num_samples:
        source = np.append(source, float(clip.num_samples))
        output = np.append(output, float(clip.num_samples) + shift)
    return source, output


def from_tempo(
    clip: Clip, tempo: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The map of a tempo that is given at even steps of the clip, 1 for the old one; the length stays.

    Args:
        clip: what is warped.
        tempo: factors at the middles of ``len(tempo)`` equal spans of the clip; scaled so that the length stays.
    """
    source = np.linspace(0.0, clip.num_samples, len(tempo) + 1)
    output = np.concatenate([[0.0], np.cumsum(1 / tempo)])
    return source, output / output[-1] * clip.num_samples
