"""Short-time spectra that go back to the same samples: sine windows, overlap-add, frames by duration.

The window is the square root of a Hann window on the way there and on the way back; with an overlap of a half
or of three quarters their product adds up to a constant, so that untouched spectra give the clip again, to
rounding. Frames hang over both ends of the clip, so that its first and last samples are in as many frames as
all others.

Source: D. W. Griffin and J. S. Lim, "Signal estimation from modified short-time Fourier transform", IEEE TASSP
1984.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Stft:
    """One way of framing.

    Attributes:
        n_fft: samples in a frame, even.
        overlap: frames that each sample lies in: 2 or 4.
    """

    n_fft: int
    overlap: int = 2

    @classmethod
    def of_seconds(cls, seconds: float, sample_rate: int, overlap: int = 2) -> Stft:
        """Frames of at least so many seconds, a power of two.

        Args:
            seconds: the least length of a frame.
            sample_rate: Hz.
            overlap: frames that each sample lies in: 2 or 4.
        """
        return cls(max(64, 2 ** math.ceil(math.log2(seconds * sample_rate))), overlap)

    @property
    def hop_length(self) -> int:
        """Samples from one frame to the next."""
        return self.n_fft // self.overlap

    @property
    def bins(self) -> int:
        """Frequencies in a spectrum."""
        return self.n_fft // 2 + 1

    def frames(self, length: int) -> int:
        """Frames that so many samples make."""
        return -(-length // self.hop_length) + self.overlap - 1

    def window(self) -> torch.Tensor:
        """The window of either way, on the processor; its square adds up to 1 over the frames."""
        phase = (torch.arange(self.n_fft, dtype=torch.float64) + 0.5) * (math.pi / self.n_fft)
        return (torch.sin(phase) * math.sqrt(2 / self.overlap)).float()

    def analyse(self, samples: torch.Tensor) -> torch.Tensor:
        """Samples to spectra.

        Shape:
            ``(channels, time)`` to ``(channels, frames, bins)``, complex64.
        """
        channels, length = samples.shape
        before = self.n_fft - self.hop_length
        padded = samples.new_zeros(channels, (self.frames(length) - 1) * self.hop_length + self.n_fft)
        padded[:, before : before + length] = samples
        frames = padded.unfold(1, self.n_fft, self.hop_length)
        result: torch.Tensor = torch.fft.rfft(frames * self.window().to(samples.device))
        return result

    def synthesise(self, spectra: torch.Tensor, length: int) -> torch.Tensor:
        """Spectra to samples, windowed once more and added up.

        Shape:
            ``(channels, frames, bins)`` to ``(channels, length)``, float32.
        """
        channels, count, _ = spectra.shape
        pieces = torch.fft.irfft(spectra, n=self.n_fft)
        pieces *= self.window().to(pieces.device)
        pieces = pieces.view(channels, count, self.overlap, self.hop_length)
        total = pieces.new_zeros(channels, count + self.overlap - 1, self.hop_length)
        for part in range(self.overlap):
            total[:, part : part + count] += pieces[:, :, part]
        before = self.n_fft - self.hop_length
        samples: torch.Tensor = total.view(channels, -1)[:, before : before + length].contiguous()
        return samples
