"""Holes in the spectrum: what a codec leaves that has no bits for its weakest bands.

In every frame of about 46 ms the bands of half a Bark are ranked by how far they stand out of what masks them,
and the weakest are set to zero. As the ranking changes from frame to frame, treble flickers and gurgles
("swishing") rather than being cut off. A share of the bands becomes a whole number of them in each frame by a
fixed rounding, so that every level's holes contain those of the level below.

Source: band dropping of low-bitrate codecs: "spectral holes" and "birdies" in M. Erne, "Perceptual audio
coders: what to listen for", AES 111 (2001); masking after J. D. Johnston, IEEE JSAC 1988.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench._support.accelerator import on_device, on_processor
from degrade_bench._support.caching import remembered
from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.bark import cell_power, framing, masking, spread_over_bins
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plan import Drawn
from degrade_bench.errors import NotApplicableError

GOLDEN = 0.6180339887498949
"""Its multiples modulo 1 fill the unit interval evenly: the rounding of each frame."""


@remembered()
def _ranks(clip: Clip) -> np.ndarray:
    """Of each band in each frame: how many bands of that frame are weaker; ``(frames, bands)``."""
    power = cell_power(clip).sum(axis=0, dtype=np.float64)
    power += 1e-20 * power.max() + 1e-300
    standing_out = power / masking(power, clip.sample_rate)
    order = np.argsort(standing_out, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(order.shape[1])[None, :], axis=1)
    return ranks


def holes(clip: Clip, percent: float) -> np.ndarray:
    """Which cells are emptied at a strength; ``(frames, bands)``, boolean."""
    ranks = _ranks(clip)
    frames, bands = ranks.shape
    rounding = (np.arange(frames) * GOLDEN) % 1
    emptied = np.floor(percent / 100 * bands + rounding)
    values: np.ndarray = ranks < emptied[:, None]
    return values


class SpectralHoles(Degradation):
    """Empties the weakest cells of the spectrum."""

    name = "spectral_holes"
    group = "signal"
    family = "bandwidth"
    default_ladder = Ladder((15.0, 30.0, 50.0, 70.0, 88.0), "% of cells")
    source = "band dropping of low-bitrate codecs (Erne, AES 111, 2001)"
    summary = "empties the weakest bands from moment to moment: from a slight swishing to gurgling shreds of sound"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Nothing is random: which cells are weakest is the clip's own."""
        if not bool(clip.samples.any()):
            raise NotApplicableError("the clip is silent: its spectrum is empty already")
        return Drawn({"percent": strength}, achieved=100 * float(holes(clip, strength).mean()))

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Set the cells to zero, in all channels alike."""
        stft = framing(clip.sample_rate)
        kept = (~holes(clip, params["percent"])).astype(np.float32)
        spectra = stft.analyse(on_device(clip.samples))
        spectra = spectra * spread_over_bins(kept, clip.sample_rate).to(spectra.device)
        return on_processor(stft.synthesise(spectra, clip.num_samples))

    def make_placebo(self) -> Degradation:
        """The same with the very weakest cell of every eighth frame or so."""
        return FaintPlacebo(self, 0.25, "empties one cell in 400, which its neighbours mask")
