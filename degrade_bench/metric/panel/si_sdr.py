"""Scale-invariant signal-to-distortion ratio.

Source: J. Le Roux, S. Wisdom, H. Erdogan, J. R. Hershey, "SDR – half-baked or well done?", ICASSP 2019.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from degrade_bench.metric.hearing.heard import Feature, Heard
from degrade_bench.metric.hearing.listener import FullReference

CAP_DB = 120.0
SAMPLES_AT_ONCE = 1 << 14
LEAST_SHARE = 1e-6
"""Of the power of a signal, as the difference of two powers: in float64 that holds to a relative 1e-9. Less noise
is added up sample by sample."""


@dataclass(frozen=True)
class _Centred(Feature["Centred"]):
    """A signal about its mean."""

    def of(self, signal: Heard) -> Centred:
        return Centred(signal.samples.detach().cpu().numpy())


class Centred:
    """A signal whose mean is taken out channel by channel, in float64, in parts that stay in a core's caches.

    Args:
        audio: ``(channels, time)``, float32.
    """

    def __init__(self, audio: np.ndarray) -> None:
        self._audio = audio
        self._means = audio.mean(axis=1, dtype=np.float64)

    @cached_property
    def power(self) -> float:
        """The sum of the squares, of all channels."""
        return sum(float(part @ part) for part in self.parts())

    def parts(self) -> Iterator[np.ndarray]:
        """The samples, part by part, channel by channel."""
        for channel, mean in zip(self._audio, self._means, strict=True):
            for first in range(0, len(channel), SAMPLES_AT_ONCE):
                part = channel[first : first + SAMPLES_AT_ONCE].astype(np.float64)
                part -= mean
                yield part


class SiSdr(FullReference):
    """SI-SDR in dB over all channels together, means removed; held to ±120 dB, the score of identical signals."""

    name = "si-sdr"
    version = "2"
    summary = "how much of the signal is the clean one, up to a gain; deaf to gain, to the sample in time"
    source = "Le Roux et al., ICASSP 2019"
    # it matches waveforms: turning their phase is a difference to it, whatever an ear says
    hears = ("polarity", "fractional_delay", "subsonic_filter")
    score_range = (-CAP_DB, CAP_DB)

    def features(self, sample_rate: int) -> tuple[_Centred]:
        """The samples without their mean, of both signals."""
        return (_Centred(),)

    def compare(self, clean: Heard, degraded: Heard) -> float:
        """The ratio in dB; NaN if either is silent."""
        x, y = clean.ask(_Centred()), degraded.ask(_Centred())
        product = power = 0.0
        for a, b in zip(x.parts(), y.parts(), strict=True):
            product += float(a @ b)
            power += float(b @ b)
        if x.power == 0.0 or power == 0.0:
            return math.nan
        gain = product / x.power
        signal = gain * gain * x.power
        noise = power - signal
        if noise < LEAST_SHARE * power:
            noise = sum(float(rest @ rest) for rest in _rests(x, y, gain))
        if noise <= signal * 10 ** (-CAP_DB / 10):
            return CAP_DB
        if signal <= noise * 10 ** (-CAP_DB / 10):
            return -CAP_DB
        return 10 * math.log10(signal / noise)


def _rests(clean: Centred, degraded: Centred, gain: float) -> Iterator[np.ndarray]:
    """What is left of the degraded signal without the clean one at that gain."""
    return (b - gain * a for a, b in zip(clean.parts(), degraded.parts(), strict=True))
