"""What a vocoder without a network does: a mel spectrogram of few bands, and phases guessed by Griffin-Lim.

The power spectrum is averaged in triangular mel bands, and read back from the bands' averages by interpolation
between their centres, which keeps it positive. Phases start at random, the same at every level, and are made
consistent by a few rounds of the accelerated Griffin-Lim algorithm. Fewer bands lose pitch first, then vowels
and timbre.

Where a magnitude is next to nothing its phase follows from rounding, and every round passes that on: the same lines
on a GPU end 1.5e-5 of the peak apart, so that they stay on the processor.

Source: N. Perraudin, P. Balazs and P. Søndergaard, "A fast Griffin-Lim algorithm", WASPAA 2013; Griffin-Lim is
among the distortions of the Fréchet Audio Distance paper (arXiv 1812.08466); the mel scale is Slaney's,
librosa's default.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from degrade_bench._support.mel_scale import hz_to_mel, mel_to_hz
from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.stft import Stft
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import Placebo
from degrade_bench.degrade.plan import Drawn
from degrade_bench.degrade.seeds import generator

if TYPE_CHECKING:
    from scipy import sparse

FRAME_SECONDS = 0.04
OVERLAP = 4
ROUNDS = 8
MOMENTUM = 0.99


def framing(sample_rate: int) -> Stft:
    """Frames of 46 ms at 44.1 kHz, a new one every 12 ms."""
    return Stft.of_seconds(FRAME_SECONDS, sample_rate, OVERLAP)


@lru_cache(maxsize=32)
def mel_smoothing(bands: int, sample_rate: int, n_fft: int) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Two matrices: ``(bands, bins)`` averages a power spectrum in bands, ``(bins, bands)`` reads it back.

    Narrow bands between two bins hold none of them: they stay empty and are left out of the reading.

    Args:
        bands: of the mel scale, from 0 Hz to half the sample rate.
        sample_rate: Hz.
        n_fft: samples in a frame; a spectrum has ``n_fft // 2 + 1`` bins.
    """
    from scipy import sparse

    frequencies = np.arange(n_fft // 2 + 1) * sample_rate / n_fft
    edges = mel_to_hz(np.linspace(0, hz_to_mel(sample_rate / 2), bands + 2))
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    weights = np.maximum(
        0, np.minimum((frequencies - low) / (centre - low), (high - frequencies) / (high - centre))
    )
    averaging = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)
    reading = weights.T / np.maximum(weights.sum(axis=0)[:, None], 1e-12)
    return sparse.csr_matrix(averaging.astype(np.float32)), sparse.csr_matrix(reading.astype(np.float32))


def magnitude(spectra: torch.Tensor) -> torch.Tensor:
    """As ``abs``, which guards against overflow and is twice as slow."""
    return (spectra.real**2 + spectra.imag**2).sqrt_()


def griffin_lim(magnitudes: torch.Tensor, spectra: torch.Tensor, stft: Stft, length: int) -> torch.Tensor:
    """Samples whose short-time magnitudes come near those given: ``(channels, length)``.

    Every channel is by itself, and a round takes twenty times the memory of its samples: give one at a time.

    Args:
        magnitudes: ``(channels, frames, bins)``.
        spectra: the same shape, complex: these magnitudes with the phases to begin with.
        stft: the framing of both.
        length: of the output.
    """
    previous: torch.Tensor | None = None
    for _ in range(ROUNDS):
        consistent = stft.analyse(stft.synthesise(spectra, length))
        guess = consistent
        if previous is not None:
            guess = previous.mul_(-MOMENTUM).add_(consistent, alpha=1 + MOMENTUM)
        spectra = guess * (magnitudes / magnitude(guess).clamp_(min=1e-12))
        previous = consistent
    return stft.synthesise(spectra, length)


class MelInversion(Degradation):
    """Codes as a mel spectrogram and back."""

    name = "mel_inversion"
    group = "signal"
    family = "phase"
    default_ladder = Ladder((160.0, 80.0, 40.0, 20.0, 10.0), "mel bands")
    source = "fast Griffin-Lim (WASPAA 2013); Fréchet Audio Distance paper (arXiv 1812.08466)"
    summary = "goes through a mel spectrogram: from a phasey, metallic sheen to noise in the rhythm of the music"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw the seed of the first phases."""
        bands = round(strength)
        return Drawn({"phase_seed": int(rng.integers(2**62)), "bands": bands}, achieved=float(bands))

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Average in bands, read back, guess the phases; all channels start from the same ones."""
        stft = framing(clip.sample_rate)
        averaging, reading = mel_smoothing(params["bands"], clip.sample_rate, stft.n_fft)
        phases: torch.Tensor | None = None
        made = []
        for channel in clip.samples.split(1):
            spectra = stft.analyse(channel)
            power = (spectra.real**2 + spectra.imag**2).numpy().reshape(-1, stft.bins)
            smooth = (reading @ (averaging @ power.T)).T
            magnitudes = torch.from_numpy(np.ascontiguousarray(smooth)).sqrt_().view(spectra.shape)
            if phases is None:
                turns = generator(params["phase_seed"]).random(tuple(spectra.shape[1:]), dtype=np.float32)
                angles = torch.from_numpy(turns).mul_(2 * torch.pi)
                phases = torch.complex(torch.cos(angles), torch.sin(angles))
            made.append(griffin_lim(magnitudes, magnitudes * phases, stft, clip.num_samples))
        return torch.cat(made)

    def make_placebo(self) -> Degradation:
        """The same transforms and rounds with the clip's own magnitudes and phases."""
        return _OwnPhases(self)


class _OwnPhases(Placebo):
    def __init__(self, parent: MelInversion) -> None:
        summary = "short-time spectrum and back in as many rounds, with the clip's own magnitudes and phases"
        super().__init__(parent, summary, Ladder((parent.ladder.strength(1),), parent.ladder.unit))

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        stft = framing(clip.sample_rate)
        spectra = (stft.analyse(channel) for channel in clip.samples.split(1))
        return torch.cat([griffin_lim(magnitude(one), one, stft, clip.num_samples) for one in spectra])
