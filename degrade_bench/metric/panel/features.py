"""The features that the panel's metrics are computed from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from degrade_bench.metric.hearing.grid import Grid
from degrade_bench.metric.hearing.heard import Heard
from degrade_bench.metric.hearing.spectra import Block, SpectralFeature
from degrade_bench.metric.panel.filter_banks import chroma_filters, mel_filters
from degrade_bench.metric.panel.on_device import DeviceProjections

LONG_SECONDS = 0.046
CHROMA_SECONDS = 0.19


@dataclass(frozen=True)
class MelPower(SpectralFeature[np.ndarray]):
    """Mel-band power, 20 Hz to the Nyquist frequency: ``(channels, frames, bands)``, float32.

    Attributes:
        bands: how many.
        every: which frames of those that lie a quarter of a frame apart: every one, or every second.
        pooled: whether channels are taken together, by their mean power: ``(1, frames, bands)``.
    """

    bands: int
    every: Literal[1, 2] = 1
    pooled: bool = False

    def grid(self, sample_rate: int) -> Grid:
        """Frames of 46 ms."""
        return Grid.nearest(sample_rate, LONG_SECONDS)

    def taker(self, signal: Heard, grid: Grid) -> _Projections:
        """The filters are products with the power."""
        filters = mel_filters(signal.sample_rate, grid.n_fft, self.bands)
        channels = 1 if self.pooled else len(signal.steady)
        return _Projections(grid, signal, filters, channels, self._input, self.every)

    def device_taker(self, signal: Heard, grid: Grid) -> DeviceProjections:
        """The same products."""
        return DeviceProjections(mel_filters(signal.sample_rate, grid.n_fft, self.bands), self._input)

    def _input(self, block: Any) -> Any:
        """Of a block, as an array or as a tensor on a device."""
        return block.pooled_power[None, :: self.every] if self.pooled else block.power[:, :: self.every]


@dataclass(frozen=True)
class PitchClasses(SpectralFeature[np.ndarray]):
    """Pitch-class magnitudes of all channels together, whatever their phases: ``(frames, 12)``, float64."""

    def grid(self, sample_rate: int) -> Grid:
        """Frames of 0.19 s."""
        return Grid.nearest(sample_rate, CHROMA_SECONDS)

    def taker(self, signal: Heard, grid: Grid) -> _Chroma:
        """The filters are products with the root of the mean power."""
        filters = chroma_filters(signal.sample_rate, grid.n_fft)
        return _Chroma(grid, signal, filters, 1, lambda block: np.sqrt(block.pooled_power)[None])

    def device_taker(self, signal: Heard, grid: Grid) -> _DeviceChroma:
        """The same products."""
        filters = chroma_filters(signal.sample_rate, grid.n_fft)
        return _DeviceChroma(filters, lambda block: block.pooled_power.sqrt()[None])


class _Projections:
    """Takes products of what a block holds with a filter bank."""

    def __init__(
        self,
        grid: Grid,
        signal: Heard,
        filters: np.ndarray,
        channels: int,
        of_block: Callable[[Block], np.ndarray],
        every: int = 1,
    ) -> None:
        frames = -(-grid.frames(signal.steady.shape[1]) // every)
        self._out = np.empty((channels, frames, filters.shape[1]), np.float32)
        self._filters, self._of_block, self._every = filters, of_block, every

    def take(self, block: Block) -> None:
        """A block begins with an even frame, so that every second of its frames is every second of the signal's."""
        values = self._of_block(block)
        first = block.first // self._every
        np.matmul(values, self._filters, out=self._out[:, first : first + values.shape[1]])

    def result(self) -> np.ndarray:
        """All frames."""
        return self._out


class _Chroma(_Projections):
    def result(self) -> np.ndarray:
        """In float64, without the axis of channels."""
        classes: np.ndarray = super().result()[0].astype(np.float64)
        return classes


class _DeviceChroma(DeviceProjections):
    def result(self) -> np.ndarray:
        """In float64, without the axis of channels."""
        classes: np.ndarray = super().result()[0].astype(np.float64)
        return classes
