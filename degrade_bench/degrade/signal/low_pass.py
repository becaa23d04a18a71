"""Low-pass filter, Butterworth of fourth order (24 dB per octave), as in PMQD.

Zero-phase: the filter of second order runs forward and backward, which gives the fourth-order roll-off with
−6 dB at the nominal corner of each pass, so the corner is set such that the whole is −3 dB at the cutoff. No
delay and no phase shift, so that a full-reference metric hears the missing band and nothing else.

Source: PMQD's low-pass (24 dB/octave Butterworth); MuQ-Eval's "MP3" cells are low-passes at 8, 4 and 2 kHz.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation, Drawn, Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.errors import NotApplicableError

HIGHEST_SHARE = 0.45
"""The highest cutoff as a share of the sample rate: above it a filter has nothing to remove."""

ONE_PASS = (math.sqrt(2) - 1) ** 0.25
"""Where the two passes together are −3 dB, one second-order pass is −1.5 dB: cutoff over corner."""


def response_db(frequency_hz: np.ndarray, cutoff_hz: float, sample_rate: float) -> np.ndarray:
    """The design: gain in dB at given frequencies, both passes, with the bilinear transform's warping."""
    warped = np.tan(np.pi * np.asarray(frequency_hz) / sample_rate)
    corner = math.tan(math.pi * cutoff_hz / sample_rate) / ONE_PASS
    return -20 * np.log10(1 + (warped / corner) ** 4)


class LowPass(Degradation):
    """Removes what lies above a cutoff."""

    name = "low_pass"
    group = "signal"
    family = "bandwidth"
    default_ladder = Ladder((16000.0, 8000.0, 4000.0, 2000.0, 1000.0), "Hz")
    source = "PMQD low-pass (24 dB/octave Butterworth)"
    summary = "removes the treble: from a loss of air to music from the next room"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Check that the clip has anything above the cutoff."""
        if strength > HIGHEST_SHARE * clip.sample_rate:
            raise NotApplicableError(
                f"a cutoff of {strength:g} Hz leaves nothing to remove at {clip.sample_rate} Hz"
            )
        return Drawn({"cutoff_hz": strength})

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Filter forward and backward, in float64."""
        from scipy.signal import butter, sosfiltfilt

        corner = math.tan(math.pi * params["cutoff_hz"] / clip.sample_rate) / ONE_PASS
        normal = 2 * math.atan(corner) / math.pi
        sections = butter(2, normal, output="sos")
        padding = min(clip.num_samples - 1, max(12, round(4 * clip.sample_rate / params["cutoff_hz"])))
        filtered = sosfiltfilt(sections, clip.samples.double().numpy(), axis=1, padlen=padding)
        return torch.from_numpy(np.ascontiguousarray(filtered, dtype=np.float32))

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """The frequency in Hz at which the degraded spectrum falls 3 dB under the clean one, below it level."""
        gain, frequencies = _spectral_ratio_db(clean, degraded)
        if gain is None:
            return None
        below = np.flatnonzero(gain < -3.01)
        if not below.size or below[0] == 0:
            return None
        k = below[0]  # interpolate between the bands on either side
        share = (gain[k - 1] + 3.01) / (gain[k - 1] - gain[k])
        return float(frequencies[k - 1] + share * (frequencies[k] - frequencies[k - 1]))

    def make_placebo(self) -> Degradation:
        """The same filter at 20 kHz, or as high as the sample rate lets it."""
        return _TopOfTheBand(self)


class _TopOfTheBand(FaintPlacebo):
    def __init__(self, parent: Degradation) -> None:
        super().__init__(parent, 20000.0, "the same filter at 20 kHz or at the top of the band")

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        return Drawn({"cutoff_hz": min(strength, HIGHEST_SHARE * clip.sample_rate)})


def _spectral_ratio_db(clean: Clip, degraded: Clip) -> tuple[np.ndarray | None, np.ndarray]:
    """Degraded over clean in dB, smoothed over 1/24 octave, with the matching gain taken out."""
    spectra = [np.abs(np.fft.rfft(each.samples.double().numpy(), axis=1)) ** 2 for each in (clean, degraded)]
    x, y = (spectrum.sum(axis=0) for spectrum in spectra)
    frequencies = np.fft.rfftfreq(clean.num_samples, 1 / clean.sample_rate)
    edges = 50.0 * 2 ** (np.arange(0, 24 * math.log2(clean.sample_rate / 2 / 50.0)) / 24)
    starts = np.unique(np.searchsorted(frequencies, edges))
    starts = starts[starts < len(x)]
    if len(starts) < 3 or x.sum() <= 0 or y.sum() <= 0:
        return None, frequencies
    band_x, band_y = np.add.reduceat(x, starts), np.add.reduceat(y, starts)
    ratio = 10 * np.log10((band_y + 1e-30) / (band_x + 1e-30))
    centres = np.sqrt(frequencies[starts] * frequencies[np.append(starts[1:], len(x)) - 1])
    loud = band_x > band_x.max() * 1e-9
    reference = float(np.average(ratio[:12], weights=band_x[:12]))
    return np.where(loud, ratio - reference, 0.0), centres
