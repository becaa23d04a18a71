"""The spectrum of a whole clip, for controls that are a multiplication of it, and for measuring.

Before it is transformed a clip is continued at both ends by its own mirror image, so that nothing begins or ends
abruptly and the circle of the transform closes far away. (Not by the image turned about the last sample, as is
usual with filters: that has a mean of its own, which a high-pass at a few Hz drags into the clip.) One transform
of a clip serves every such control at every level.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from degrade_bench._support.accelerator import device_at_work, on_device, on_processor
from degrade_bench._support.caching import remembered
from degrade_bench.clip import Clip

MARGIN_SECONDS = 0.5


@dataclass(frozen=True, eq=False)
class Spectrum:
    """A transformed clip.

    Attributes:
        bins: ``(channels, frequencies)``, complex64, on the processor.
        step_hz: the distance between two frequencies.
        size: samples of the circle.
        margin: samples before the clip's first.
        length: samples of the clip.
    """

    bins: torch.Tensor
    step_hz: float
    size: int
    margin: int
    length: int

    def times(self, response: np.ndarray) -> torch.Tensor:
        """The clip's samples under a response, float32, without the margins.

        Of the bins at 0 Hz and at half the sample rate only the real part counts, as it must in a real signal.

        Args:
            response: of the lowest frequencies, float32 or complex64; the others stay as they are.
        """
        from scipy import fft

        bins = on_device(self.bins).clone()
        touched = bins[:, : len(response)]
        if device_at_work() is None:
            touched.numpy()[:] *= response
            audio = torch.from_numpy(fft.irfft(bins.numpy(), self.size, axis=1))
        else:
            touched *= torch.from_numpy(response).to(bins.device)
            ends = (0, bins.shape[1] - 1) if self.size % 2 == 0 else (0,)
            torch.view_as_real(bins)[:, ends, 1] = 0
            audio = torch.fft.irfft(bins, n=self.size)
        return on_processor(audio[:, self.margin : self.margin + self.length].contiguous())


@remembered()
def spectrum(clip: Clip) -> Spectrum:
    """The spectrum of a clip with its margins, made once."""
    from scipy import fft

    margin = min(clip.num_samples - 1, round(MARGIN_SECONDS * clip.sample_rate))
    size = fft.next_fast_len(clip.num_samples + 2 * margin, real=True)
    behind = size - clip.num_samples - margin
    audio = np.pad(clip.samples.numpy(), ((0, 0), (margin, behind)), mode="reflect")
    bins = torch.from_numpy(fft.rfft(audio, axis=1))
    return Spectrum(bins, clip.sample_rate / size, size, margin, clip.num_samples)


def exact_bins(samples: torch.Tensor) -> np.ndarray:
    """The discrete Fourier transform of the samples as they are, in float64.

    Two channels share a complex transform. Where the length has a large prime factor, that takes half as long as
    two real ones.

    Shape:
        samples: ``(channels, time)``; returns ``(channels, time // 2 + 1)``, complex128.
    """
    audio = samples.double().numpy()
    bins = np.empty((len(audio), audio.shape[1] // 2 + 1), np.complex128)
    for first in range(0, len(audio) - 1, 2):
        both = np.fft.fft(audio[first] + 1j * audio[first + 1])
        mirrored = np.conj(np.concatenate([both[:1], both[: -bins.shape[1] : -1]]))  # at the negative frequencies
        both = both[: bins.shape[1]]
        bins[first], bins[first + 1] = (both + mirrored) / 2, (both - mirrored) / 2j
    if len(audio) % 2:
        bins[-1] = np.fft.rfft(audio[-1])
    return bins
