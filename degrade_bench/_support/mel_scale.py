"""Slaney's mel scale (Auditory Toolbox, 1998), which is librosa's default."""

from __future__ import annotations

import numpy as np


def mel_to_hz(mel: np.ndarray) -> np.ndarray:
    """Linear up to 1 kHz (15 mel), logarithmic above: 27 mel to a factor of 6.4."""
    mel = np.asarray(mel, dtype=float)
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))


def hz_to_mel(hz: float) -> float:
    """The inverse of :func:`mel_to_hz`."""
    return hz * 3 / 200 if hz < 1000 else 15 + 27 * float(np.log(hz / 1000) / np.log(6.4))
