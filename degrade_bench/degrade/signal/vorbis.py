"""Ogg Vorbis, by libvorbis.

Vorbis is coded at a quality, and a quality has a nominal bit rate for stereo at 44.1 kHz, which is what the
ladder counts in. Its lowest quality through libsndfile, 0, stands at 64 kbps; what streams at lower rates do,
this does too: it lowers the sample rate. The bits that are really spent depend on the music; they are counted
in the stream.

Source: the nominal bit rates of libvorbis (oggenc's -q 0 to 10).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench._support.caching import remembered
from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.codec import codec_rate, decode, ogg_audio_bytes, round_trip, vorbis_encode
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plan import Drawn

NOMINAL_KBPS = (64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 500)
"""Of the qualities 0, 0.1, …, 1."""

REDUCED_RATES = {19: 8000, 28: 11025, 40: 22050}
"""Bit rates in kbps that quality 0 comes to at lower sample rates in Hz: about what the built-in clips take."""


def coding(kbps: float, sample_rate: int) -> tuple[int, float]:
    """The sample rate in Hz and the quality that come to a bit rate.

    Under 64 kbps there are three rates to choose from, and the one that comes to that bit rate or to the next
    above is taken.
    """
    for highest, rate in REDUCED_RATES.items():
        if kbps <= highest:
            return rate, 0.0
    return codec_rate(sample_rate), float(np.interp(kbps, NOMINAL_KBPS, np.linspace(0, 1, len(NOMINAL_KBPS))))


class Vorbis(Degradation):
    """Encodes to Ogg Vorbis and back. A bit rate is that of a pair of channels."""

    name = "vorbis"
    group = "signal"
    family = "codec"
    default_ladder = Ladder((96.0, 64.0, 40.0, 28.0, 19.0), "kbps")
    source = "libvorbis through libsndfile; nominal bit rates of oggenc"
    summary = "codes as Ogg Vorbis: from a slightly grainy treble to dull, smeared telephone quality"
    caveat = (
        "Vorbis spends the bits that it needs: what the stream takes is within some 30 % of the nominal bit rate, "
        "and less where there is little to code"
    )

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Nothing is random. The bits per second of all streams are counted, headers left out."""
        rate, quality = coding(strength, clip.sample_rate)
        params = {"rate": rate, "quality": quality}
        return Drawn(params, achieved=self._coded(clip, params)[1])

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Encode and decode, aligned to the sample."""
        return self._coded(clip, params)[0]

    @remembered()
    def _coded(self, clip: Clip, params: Mapping[str, Any]) -> tuple[torch.Tensor, float]:
        sizes = []

        def coder(audio: np.ndarray, rate: int) -> np.ndarray:
            stream = vorbis_encode(audio, rate, params["quality"])
            sizes.append(ogg_audio_bytes(stream))
            return decode(stream)

        samples = round_trip(clip.samples, clip.sample_rate, params["rate"], coder)
        return samples, sum(sizes) * 8 / 1000 / clip.duration / (clip.channels / 2)

    def make_placebo(self) -> Degradation:
        """The same codec at a high bit rate."""
        return FaintPlacebo(self, 320.0, "the same codec at 320 kbps (quality 9), held to be transparent")
