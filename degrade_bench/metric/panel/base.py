"""What the panel's metrics share: they score one signal at a time, so a batch cannot matter."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from degrade_bench.clip.offset import without_offset
from degrade_bench.metric.base import Metric


class ReferenceFree(Metric):
    """A metric of a signal by itself."""

    light = True

    @abstractmethod
    def score_one(self, signal: torch.Tensor, sample_rate: int) -> float:
        """Score ``(channels, time)``; NaN where there is nothing to score."""

    def score(self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None) -> torch.Tensor:
        """Score ``(batch, channels, time)``, one signal after the other."""
        return torch.tensor([self.score_one(signal, sample_rate) for signal in batch], dtype=torch.float64)


class FullReference(Metric):
    """A metric of a signal beside the clean one."""

    light = True
    needs_reference = True

    @abstractmethod
    def features(self, signal: torch.Tensor, sample_rate: int) -> Any:
        """What is compared, from ``(channels, time)``."""

    def clean_features(self, signal: torch.Tensor, sample_rate: int) -> Any:
        """The features of a reference that several signals are compared with."""
        return self.features(signal, sample_rate)

    @abstractmethod
    def compare(self, clean: Any, degraded: Any) -> float:
        """The score from the features of the two; NaN where there is nothing to compare.

        The features of the degraded signal may be written over.
        """

    def score(self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None) -> torch.Tensor:
        """Score ``(batch, channels, time)`` against ``reference`` of the same shape; of any length if not aligned.

        Raises:
            ValueError: no reference, or one of another shape.
        """
        sides = 3 if self.aligned else 2
        if reference is None or reference.shape[:sides] != batch.shape[:sides]:
            got = None if reference is None else tuple(reference.shape)
            raise ValueError(f"{self.name} needs a reference of shape {tuple(batch.shape)}, got {got}")
        features = self.clean_features if len(batch) > 1 else self.features
        scores: list[float] = []
        last: torch.Tensor | None = None
        clean: Any = None
        for signal, beside in zip(batch, reference, strict=True):
            if last is None or not torch.equal(last, beside):
                last, clean = beside, features(beside, sample_rate)
            scores.append(self.compare(clean, self.features(signal, sample_rate)))
        return torch.tensor(scores, dtype=torch.float64)


MOST_COMPLEX_BYTES = 16 << 20
"""So much of a complex spectrum is held at once."""


@lru_cache(maxsize=16)
def _window(n_fft: int) -> torch.Tensor:
    return torch.hann_window(n_fft)


def magnitudes(signal: torch.Tensor, n_fft: int, hop: int) -> torch.Tensor:
    """STFT magnitudes under a Hann window: ``(channels, 1 + n_fft/2, frames)``.

    A constant offset is taken out before: nobody hears it, and it would leak into the lowest bands.

    Args:
        signal: ``(channels, time)``; with zeros behind it where it is shorter than a frame.
        n_fft: samples of a frame.
        hop: samples from one frame to the next.

    Example:
        >>> magnitudes(torch.zeros(2, 4096), n_fft=1024, hop=512).shape
        torch.Size([2, 513, 7])
    """
    spectra: torch.Tensor | None = None
    for index, spectrum in enumerate(channel_magnitudes(signal, n_fft, hop)):
        if spectra is None:  # frame by frame in memory, as an STFT comes
            spectra = spectrum.new_empty((len(signal), *spectrum.mT.shape)).mT
        spectra[index] = spectrum
    assert spectra is not None  # a signal has a channel
    return spectra


def channel_magnitudes(signal: torch.Tensor, n_fft: int, hop: int) -> Iterator[torch.Tensor]:
    """The same, channel by channel, ``(1 + n_fft/2, frames)``, computed when it is asked for: spectra are large.

    Args:
        signal: ``(channels, time)``, as for :func:`magnitudes`.
        n_fft: samples of a frame.
        hop: samples from one frame to the next.
    """
    return (_magnitudes_of(channel, n_fft, hop) for channel in without_offset(signal))


def _magnitudes_of(channel: torch.Tensor, n_fft: int, hop: int) -> torch.Tensor:
    if len(channel) < n_fft:
        channel = torch.nn.functional.pad(channel, (0, n_fft - len(channel)))
    frames = 1 + (len(channel) - n_fft) // hop
    at_once = max(1, MOST_COMPLEX_BYTES // (8 * (1 + n_fft // 2)))
    if frames <= at_once:
        return _stft(channel, n_fft, hop).abs()
    spectrum = channel.new_empty((frames, 1 + n_fft // 2)).mT  # frame by frame in memory, as an STFT comes
    for first in range(0, frames, at_once):
        last = min(first + at_once, frames)
        part = channel[first * hop : (last - 1) * hop + n_fft]
        torch.abs(_stft(part, n_fft, hop), out=spectrum[:, first:last])
    return spectrum


def _stft(channel: torch.Tensor, n_fft: int, hop: int) -> torch.Tensor:
    return torch.stft(channel, n_fft, hop, window=_window(n_fft), center=False, return_complex=True)


def pooled_magnitudes(signal: torch.Tensor, n_fft: int, hop: int) -> torch.Tensor:
    """STFT magnitudes of all channels together, the root of their mean power: ``(1 + n_fft/2, frames)``.

    Channels in opposite phase count as much as channels in phase, which a mean of the samples would let vanish.

    Args:
        signal: ``(channels, time)``, as for :func:`magnitudes`.
        n_fft: samples of a frame.
        hop: samples from one frame to the next.

    Example:
        >>> left = torch.sin(torch.arange(4096.0))
        >>> in_phase, opposite = (pooled_magnitudes(torch.stack([left, side]), 1024, 512) for side in (left, -left))
        >>> torch.equal(in_phase, opposite)
        True
    """
    spectra = magnitudes(signal, n_fft, hop)
    return spectra[0] if len(spectra) == 1 else spectra.square_().mean(dim=0).sqrt_()


def frame_size(sample_rate: int, seconds: float) -> int:
    """The power of two that is nearest to so many seconds, so that frames mean the same at every rate.

    >>> frame_size(44100, 0.046)
    2048
    """
    return int(2 ** max(6, round(np.log2(seconds * sample_rate))))


@lru_cache(maxsize=16)
def mel_filters(sample_rate: int, n_fft: int, bands: int) -> torch.Tensor:
    """Mel filter bank from 20 Hz to the Nyquist frequency: ``(bands, 1 + n_fft/2)``, unit sum per band.

    Args:
        sample_rate: in Hz.
        n_fft: samples of the STFT's frames.
        bands: how many filters.
    """
    import librosa

    filters = librosa.filters.mel(sr=sample_rate, n_fft=n_fft, n_mels=bands, fmin=20.0, norm=None)
    return torch.from_numpy(filters / np.maximum(filters.sum(axis=1, keepdims=True), 1e-9))


@lru_cache(maxsize=16)
def chroma_filters(sample_rate: int, n_fft: int) -> torch.Tensor:
    """Pitch-class filter bank: ``(12, 1 + n_fft/2)``, centred on the fifth octave (Ellis 2007)."""
    import librosa

    return torch.from_numpy(librosa.filters.chroma(sr=sample_rate, n_fft=n_fft, tuning=0.0))
