"""Which frames of a signal short-time spectra are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Grid:
    """Frames of a signal under a Hann window.

    Attributes:
        n_fft: samples of a frame.
        hop: samples from one frame to the next.
    """

    n_fft: int
    hop: int

    @classmethod
    def nearest(cls, sample_rate: int, seconds: float, hop_seconds: float | None = None) -> Grid:
        """Frames of about so many seconds, a quarter of one apart.

        Args:
            sample_rate: in Hz.
            seconds: of a frame.
            hop_seconds: where frames are a quarter of so many seconds apart, in place of ``seconds``.
        """
        return cls(
            frame_size(sample_rate, seconds),
            frame_size(sample_rate, seconds if hop_seconds is None else hop_seconds) // 4,
        )

    @property
    def bins(self) -> int:
        """Frequencies of a spectrum."""
        return self.n_fft // 2 + 1

    def at_once(self, values: int) -> int:
        """Frames of a block with so many windowed samples of a channel: an even number."""
        return max(2, values // self.n_fft // 2 * 2)

    def frames(self, num_samples: int) -> int:
        """How many there are in a signal; one where it is shorter than a frame, with zeros behind it."""
        return 1 + max(0, num_samples - self.n_fft) // self.hop


def frame_size(sample_rate: int, seconds: float) -> int:
    """The power of two that is nearest to so many seconds, so that frames mean the same at every rate.

    >>> frame_size(44100, 0.046)
    2048
    """
    return int(2 ** max(6, round(np.log2(seconds * sample_rate))))
