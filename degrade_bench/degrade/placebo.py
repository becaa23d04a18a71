"""Placebos: the control that is paired with one degradation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation, Group
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.plan import Drawn


class Placebo(Degradation):
    """The same processing as a degradation's, with the music left intact.

    It draws what its degradation draws, from the same seed, so that the two can share joins and positions.

    Args:
        parent: the degradation.
        summary: what the placebo does.
        ladder: its levels; the parent's by default. A single level stands beside every level of the parent.
    """

    group: Group = "control"

    def __init__(self, parent: Degradation, summary: str, ladder: Ladder | None = None) -> None:
        self.parent = parent
        self.name, self.version = f"{parent.name}_placebo", parent.version
        self.family, self.source, self.needs = parent.family, parent.source, parent.needs
        self.placebo_of = parent.name
        self.summary = summary
        self.default_ladder = ladder or parent.ladder
        super().__init__()

    @property
    def is_foreign(self) -> bool:
        """Whether the placebo or its degradation is somebody else's."""
        return self.parent.is_foreign or super().is_foreign

    @property
    def seed_key(self) -> tuple[str, str]:
        """The parent's, so that both draw the same."""
        return self.parent.seed_key

    def undamaged(self, clip: Clip) -> Clip:
        """What the parent damages."""
        return self.parent.undamaged(clip)

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """What the parent draws; time ends up as it was."""
        drawn = self.parent.draw(clip, level, strength, rng)
        return Drawn(drawn.params, achieved=drawn.achieved)


class FaintPlacebo(Placebo):
    """The placebo of a signal damage: the same operation at one strength, which nobody hears.

    Args:
        parent: the degradation.
        strength: the inaudible strength, in the parent's unit.
        summary: what the placebo does.
    """

    def __init__(self, parent: Degradation, strength: float, summary: str) -> None:
        super().__init__(parent, summary, Ladder((strength,), parent.ladder.unit))
        self.changes_duration = parent.changes_duration
        self.moves_time = parent.moves_time
        self.moves_window = parent.moves_window
        self.matches_loudness = parent.matches_loudness

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """As the parent draws at the inaudible strength; annotations stay true, whatever a heard strength does."""
        return replace(self.parent.draw(clip, level, strength, rng), annotations=None)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Damage as the parent does."""
        return self.parent.damage(clip, params)

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """Measure as the parent does."""
        return self.parent.measure(clean, degraded)


class BuriedPlacebo(Placebo):
    """The placebo of a damage whose strength is a count or a share: the same damage, mixed in far below the music.

    It has the parent's levels, and at each of them the parent's events in the parent's places.

    Args:
        parent: the degradation; its output must be as long as the clip.
        under_db: by how much the difference between damaged and clean is turned down.
        summary: what the placebo does.
    """

    def __init__(self, parent: Degradation, under_db: float, summary: str) -> None:
        super().__init__(parent, summary)
        self.under_db = under_db
        self.matches_loudness = parent.matches_loudness

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Clean, and a trace of what the parent changes."""
        trace = (self.parent.damage(clip, params) - clip.samples) * 10 ** (-self.under_db / 20)
        return trace.add_(clip.samples)
