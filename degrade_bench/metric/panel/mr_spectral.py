"""Multi-resolution spectral distance.

Source: spectral convergence and log-magnitude distance over several STFTs, as in R. Yamamoto et al., "Parallel
WaveGAN", ICASSP 2020, and J. Engel et al., "DDSP", ICLR 2020.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from degrade_bench._support.accelerator import on_device
from degrade_bench.metric.hearing.grid import Grid
from degrade_bench.metric.hearing.heard import Heard
from degrade_bench.metric.hearing.listener import FullReference
from degrade_bench.metric.hearing.spectra import Block, SpectralFeature, block_of
from degrade_bench.metric.panel.features import LONG_SECONDS
from degrade_bench.metric.panel.logarithms import SMALLEST, floored_logs, log_distance
from degrade_bench.metric.panel.on_device import DeviceDifferences, DeviceSpectra

FRAME_SECONDS = (0.012, 0.023, LONG_SECONDS)
FLOOR = 1e-4  # of the clean signal's largest magnitude: 80 dB down
MOST_BYTES_KEPT = 16 << 20
"""Of signals of so many bytes, 48 s of 44.1 kHz stereo, the spectra are kept: 3.5 times as many bytes, 7 with the
logarithms."""


class MultiResolutionSpectral(FullReference):
    """Mean over three resolutions of spectral convergence plus mean log-magnitude distance (natural log)."""

    name = "mr-spectral"
    version = "5"
    summary = "spectral convergence plus log-magnitude distance over three resolutions"
    source = "Yamamoto et al., ICASSP 2020; Engel et al., ICLR 2020"
    higher_is_better = False
    hears = ("gain",)
    score_range = (0.0, None)

    def features(self, sample_rate: int) -> tuple[Distance, ...]:
        """The distance at each resolution; the overlap is 75 % of the longest frame."""
        return tuple(map(Distance, FRAME_SECONDS))

    def clean_features(self, sample_rate: int) -> tuple[CleanSpectra, ...]:
        """What the distances are measured from."""
        return tuple(map(CleanSpectra, FRAME_SECONDS))

    def compare(self, clean: Heard, degraded: Heard) -> float:
        """The distance; NaN if the clean signal is silent."""
        distances = [degraded.ask(Distance(seconds)) for seconds in FRAME_SECONDS]
        return sum(distances) / len(distances)


@dataclass(frozen=True)
class CleanSpectra(SpectralFeature["Spectra | DeviceSpectra"]):
    """The magnitudes of a clean signal and their logarithms.

    Attributes:
        seconds: of a frame.
    """

    seconds: float

    def grid(self, sample_rate: int) -> Grid:
        """Frames of any length lie equally far apart."""
        return Grid.nearest(sample_rate, self.seconds, LONG_SECONDS)

    def taker(self, signal: Heard, grid: Grid) -> Spectra:
        """Spectra of a long signal are not kept, but computed again."""
        return Spectra(signal.steady, grid)

    def device_taker(self, signal: Heard, grid: Grid) -> DeviceSpectra:
        """They are kept on the device."""
        audio = on_device(signal.steady_samples)
        return DeviceSpectra(audio, grid, audio.nbytes <= MOST_BYTES_KEPT, FLOOR)


class Spectra:
    """The magnitudes of a signal, block by block, with what is said of all of them.

    Attributes:
        peak: the largest.
        power: the sum of their squares.
    """

    def __init__(self, audio: np.ndarray, grid: Grid) -> None:
        self._audio, self._grid = audio, grid
        self._keeps = audio.nbytes <= MOST_BYTES_KEPT
        self._kept: list[np.ndarray] = []
        self._logs: list[np.ndarray] = []
        self.peak, self.power = 0.0, 0.0

    def take(self, block: Block) -> None:
        """Add a block."""
        self.peak = max(self.peak, float(block.magnitudes.max()))
        self.power += _sum_of_squares(block.magnitudes)
        if self._keeps:
            self._kept.append(block.magnitudes)

    def result(self) -> Spectra:
        """The logarithms need the peak, and with it every block."""
        self._logs = [floored_logs(magnitudes, self.floor) for magnitudes in self._kept]
        return self

    @property
    def floor(self) -> np.float32:
        """What lies under it counts as this."""
        return np.float32(max(self.peak * FLOOR, SMALLEST))

    def block(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """The magnitudes of a block and their logarithms."""
        if self._keeps:
            return self._kept[index], self._logs[index]
        magnitudes = block_of(self._audio, self._grid, index).magnitudes
        return magnitudes, floored_logs(magnitudes, self.floor)


@dataclass(frozen=True)
class Distance(SpectralFeature[float]):
    """Spectral convergence plus log-magnitude distance from the reference; NaN if that is silent.

    Attributes:
        seconds: of a frame.
    """

    seconds: float

    def grid(self, sample_rate: int) -> Grid:
        """That of the clean spectra."""
        return CleanSpectra(self.seconds).grid(sample_rate)

    def taker(self, signal: Heard, grid: Grid) -> _Differences:
        """Adds up the differences.

        Raises:
            ValueError: the signal has no reference.
        """
        clean = self._clean(signal)
        assert isinstance(clean, Spectra)
        return _Differences(clean)

    def device_taker(self, signal: Heard, grid: Grid) -> DeviceDifferences:
        """Adds them up on a device.

        Raises:
            ValueError: the signal has no reference.
        """
        clean = self._clean(signal)
        assert isinstance(clean, DeviceSpectra)
        return DeviceDifferences(clean)

    def _clean(self, signal: Heard) -> Spectra | DeviceSpectra:
        if signal.reference is None:
            raise ValueError("a distance needs a reference")
        return signal.reference.ask(CleanSpectra(self.seconds))


class _Differences:
    """Adds up the differences of a signal's magnitudes from the clean ones."""

    def __init__(self, clean: Spectra) -> None:
        self._clean = clean
        self._squares = self._logs = 0.0
        self._count = 0

    def take(self, block: Block) -> None:
        clean, clean_logs = self._clean.block(block.index)
        self._squares += _sum_of_squares(np.subtract(clean, block.magnitudes))
        self._logs += log_distance(block.magnitudes, self._clean.floor, clean_logs)
        self._count += block.magnitudes.size

    def result(self) -> float:
        if self._clean.peak == 0.0:
            return math.nan
        return math.sqrt(self._squares / self._clean.power) + self._logs / self._count


def _sum_of_squares(values: np.ndarray) -> float:
    flat = values.reshape(-1)
    return float(flat @ flat)
