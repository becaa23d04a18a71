"""A tempo that changes gradually: accelerando and rubato. The length of the clip stays, and its pitch.

Source: both are means of expression, modelled for performances by the KTH rule system (A. Friberg, R. Bresin
and J. Sundberg, Advances in Cognitive Psychology 2(2–3), 2006: phrase arch, final ritard); here they are laid
over music that was not made for them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from degrade_bench.clip import Annotations, Clip, TimeMap
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.structural.time_warp import TimeWarp, from_tempo

STEP_SECONDS = 0.05
"""The tempo is constant for so long: shorter than a note, so that it is heard as gliding."""


class Accelerando(TimeWarp):
    """Starts slower and ends faster: the tempo rises evenly, by the asked share from beginning to end."""

    name = "accelerando"
    default_ladder = Ladder((5.0, 10.0, 20.0, 40.0, 80.0), "% faster at the end")
    source = "this project; tempo curves after the KTH rule system (Friberg et al. 2006)"
    summary = "starts slower and hurries to the end: from a slight push to running away"

    def warp(
        self, clip: Clip, strength: float, rng: np.random.Generator
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], float]:
        """Nothing is random: tempo is a line over the music."""
        steps = max(8, round(clip.duration / STEP_SECONDS))
        tempo = np.linspace(1.0, 1 + strength / 100, steps)
        return *from_tempo(clip, tempo), 100 * float(tempo[-1] / tempo[0] - 1)

    def annotations_after(self, clip: Clip, time_map: TimeMap) -> Annotations | None:
        """No one tempo describes the clip any more."""
        return clip.annotations.warp(time_map).without("tempo_bpm")


class Rubato(TimeWarp):
    """Lets the tempo swell and ebb in waves of some seconds; strength is the RMS deviation of the tempo."""

    name = "rubato"
    default_ladder = Ladder((3.0, 6.0, 12.0, 20.0, 30.0), "% RMS")
    source = "this project; phrase arches after the KTH rule system (Friberg et al. 2006)"
    summary = "lets the tempo swell and ebb: from an expressive breath to seasickness"

    periods_seconds = (2.0, 3.2, 5.0)

    def warp(
        self, clip: Clip, strength: float, rng: np.random.Generator
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], float]:
        """Draw the phases of three waves, which all levels share; their sum is the logarithm of the tempo."""
        phases = rng.uniform(0, 2 * np.pi, size=len(self.periods_seconds))
        steps = max(8, round(clip.duration / STEP_SECONDS))
        time = (np.arange(steps) + 0.5) / steps * clip.duration
        waves = [np.sin(2 * np.pi * time / T + p) for T, p in zip(self.periods_seconds, phases, strict=True)]
        wave = np.sum(waves, axis=0)
        wave -= wave.mean()
        wave /= max(float(np.sqrt(np.mean(wave**2))), 1e-9)
        source, output = from_tempo(clip, np.exp(np.log1p(strength / 100) * wave))
        tempo = np.diff(source) / np.diff(output)
        return source, output, 100 * float(np.exp(np.std(np.log(tempo))) - 1)
