"""Simulated metrics in a real run: they hear nothing at all, and are told what was done.

A run of one (``--metric simulated-joins``) goes through everything that a run of a real metric does, from the audio
to the report, and what the report ought to say is known beforehand.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from degrade_bench.degrade.ladder import LEVEL_COUNT
from degrade_bench.metric.base import Oracle, Treatment
from degrade_bench.metric.simulated.truths import TRUTHS, Truth


class Simulated(Oracle):
    """One of :data:`~degrade_bench.metric.simulated.truths.TRUTHS`.

    Args:
        seed: another number, another simulated metric of the same truth.
    """

    truth: Truth
    source = "LaajMeter's idea: judges of known ability"
    accounts_for = ("seed",)

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def score_treatment(self, treatment: Treatment) -> float:
        """The clip's quality, less what the truth says of the damage, plus noise."""
        truth, clip = self.truth, self._rng("clip", treatment.clip_hash)
        quality = truth.quality(clip)
        sensitivity = float(truth.sensitivity(clip, (1,))[0])
        sign = 1.0 if clip.random() < 0.5 else -1.0
        gain = treatment.level / LEVEL_COUNT if treatment.degradation == "gain" else 0.0
        draw = (treatment.degradation, str(treatment.level), str(treatment.replicate))
        cell = self._rng("cell", treatment.clip_hash, *draw)
        drop = truth.drop(treatment.role, treatment.group, treatment.family, treatment.level)
        score = quality - sensitivity * drop
        score += truth.gain * sign * gain + truth.noise_sd * float(cell.standard_normal())
        return float(truth.limited(np.array([score]))[0])

    def _rng(self, *words: str) -> np.random.Generator:
        text = "\x1f".join([self.name, str(self.seed), *words])
        key = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")
        return np.random.Generator(np.random.Philox(key=key))

    def fingerprint_parts(self) -> dict[str, Any]:
        """The seed and the truth too."""
        return {**super().fingerprint_parts(), "seed": self.seed, "truth": repr(self.truth)}


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
