"""Simulated metrics in a real run: they hear nothing at all, and are told what was done.

A run of one (``--metric simulated-joins``) goes through everything that a run of a real metric does, from the audio
to the report, and what the report ought to say is known beforehand.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import torch

from degrade_bench.degrade.ladder import LEVEL_COUNT
from degrade_bench.errors import ConfigError, MetricError
from degrade_bench.metric.base import Told, ToldMetric
from degrade_bench.metric.domain import SIMULATION
from degrade_bench.metric.simulated.truths import TRUTHS, Truth


class Simulated(ToldMetric):
    """One of :data:`~degrade_bench.metric.simulated.truths.TRUTHS`.

    Args:
        seed: another number, another simulated metric of the same truth.
    """

    truth: Truth
    domain = SIMULATION
    source = "LaajMeter's idea: judges of known ability"
    light = True

    def __init__(self, seed: int | str = 0) -> None:
        try:
            self.seed = int(seed)
        except ValueError:
            raise ConfigError(f"{self.name}: seed must be a whole number, got {seed!r}") from None

    def score_told(self, told: Told) -> float:
        """The clip's quality, less what is heard, plus noise; always the same for the same cell."""
        truth, clip = self.truth, self._rng("clip", told.clip_hash)
        quality = truth.quality(clip)
        sensitivity = float(truth.sensitivity(clip, (1,))[0])
        sign = 1.0 if clip.random() < 0.5 else -1.0
        gain = told.level / LEVEL_COUNT if told.degradation == "gain" else 0.0
        cell = self._rng("cell", told.clip_hash, told.degradation, str(told.level), str(told.replicate))
        score = quality - sensitivity * truth.drop(told.role, told.damaged, told.family, told.level)
        score += truth.gain * sign * gain + truth.noise_sd * float(cell.standard_normal())
        return float(truth.limited(np.array([score]))[0])

    def _rng(self, *words: str) -> np.random.Generator:
        text = "\x1f".join([self.name, str(self.seed), *words])
        key = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")
        return np.random.Generator(np.random.Philox(key=key))

    def fingerprint_parts(self) -> dict[str, Any]:
        """The seed and the truth too."""
        return {**super().fingerprint_parts(), "seed": self.seed, "truth": repr(self.truth)}

    def score(self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None) -> torch.Tensor:
        """There is nothing to hear.

        Raises:
            MetricError: always.
        """
        raise MetricError(f"{self.name} is simulated: it is told what was done to a clip and hears nothing")


def simulated_class(name: str) -> type[Simulated]:
    """The class of one truth."""
    truth = TRUTHS[name]
    words = {"name": name, "truth": truth, "summary": truth.summary, "hears": truth.hears, "__module__": __name__}
    return type("".join(part.title() for part in name.split("-")), (Simulated,), words)


SimulatedProportional = simulated_class("simulated-proportional")
SimulatedDeafToStructure = simulated_class("simulated-deaf-to-structure")
SimulatedDeafToSignal = simulated_class("simulated-deaf-to-signal")
SimulatedNoise = simulated_class("simulated-noise")
SimulatedInverted = simulated_class("simulated-inverted")
SimulatedJoins = simulated_class("simulated-joins")
SimulatedCeiling = simulated_class("simulated-ceiling")
SimulatedLoudness = simulated_class("simulated-loudness")
