"""Features that are taken from short-time spectra, block after block of frames.

A spectrum of a whole signal is large: 20 s of stereo make 14 MB at one resolution, more than a core's caches hold.
So frames are made in blocks that fit there, every feature of the same frames takes from a block what it needs, and
the block is gone. However long the signal is, one block is held.

Which frames make a block depends on the frames alone, and not on which features are wanted, so that neither does
the last bit of a feature.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from typing import Any, Protocol, TypeVar

import numpy as np
import torch

from degrade_bench._support.accelerator import device_at_work, on_device
from degrade_bench.metric.hearing.device_spectra import DeviceTaker, device_blocks
from degrade_bench.metric.hearing.grid import Grid
from degrade_bench.metric.hearing.heard import Feature, Heard

T = TypeVar("T")
R_co = TypeVar("R_co", covariant=True)

BLOCK_VALUES = 1 << 17
"""Windowed samples of a channel in a block."""


@lru_cache(maxsize=32)
def _window(n_fft: int) -> torch.Tensor:
    return torch.hann_window(n_fft, dtype=torch.float32, device="cpu")


class Block:
    """Neighbouring frames of a signal.

    Attributes:
        index: which block of the signal it is, from 0.
        first: the first frame's number.
        magnitudes: ``(channels, frames, bins)``, float32.
    """

    def __init__(self, index: int, first: int, magnitudes: np.ndarray) -> None:
        self.index, self.first, self.magnitudes = index, first, magnitudes

    @property
    def frames(self) -> int:
        """How many."""
        return int(self.magnitudes.shape[1])

    @cached_property
    def power(self) -> np.ndarray:
        """Squared magnitudes, in the same shape."""
        values: np.ndarray = np.square(self.magnitudes)
        return values

    @cached_property
    def pooled_power(self) -> np.ndarray:
        """The mean power over channels, ``(frames, bins)``: channels in opposite phase do not cancel."""
        if len(self.power) == 1:
            return np.asarray(self.power[0])
        total: np.ndarray = self.power[0] + self.power[1]  # channel by channel: three times as fast as a mean
        for power in self.power[2:]:
            total += power
        total *= np.float32(1 / len(self.power))
        return total


def blocks_of(audio: np.ndarray, grid: Grid) -> Iterator[Block]:
    """The blocks of frames of ``(channels, time)``, one after the other."""
    count = -(-grid.frames(audio.shape[1]) // grid.at_once(BLOCK_VALUES))
    return (block_of(audio, grid, index) for index in range(count))


def block_of(audio: np.ndarray, grid: Grid, index: int) -> Block:
    """One block of frames.

    Args:
        audio: ``(channels, time)``, float32.
        grid: which frames.
        index: which block.
    """
    first = index * grid.at_once(BLOCK_VALUES)
    last = min(first + grid.at_once(BLOCK_VALUES), grid.frames(audio.shape[1]))
    part = torch.from_numpy(audio[:, first * grid.hop : (last - 1) * grid.hop + grid.n_fft])
    if part.shape[1] < grid.n_fft:
        part = torch.nn.functional.pad(part, (0, grid.n_fft - part.shape[1]))
    spectra = torch.fft.rfft(part.unfold(1, grid.n_fft, grid.hop) * _window(grid.n_fft))
    return Block(index, first, np.abs(spectra.numpy()))  # by numpy: a third of torch's time, which guards overflow


class Taker(Protocol[R_co]):
    """Takes from the blocks of a signal what a feature needs."""

    def take(self, block: Block) -> None:
        """Take it from a block; they come in order, and are to be left as they are."""

    def result(self) -> R_co:
        """What came of all of them."""


class SpectralFeature(Feature[T]):
    """A feature that is taken from short-time spectra."""

    @abstractmethod
    def grid(self, sample_rate: int) -> Grid:
        """The frames that it is taken from. Features of one grid are taken from the same spectra."""

    @abstractmethod
    def taker(self, signal: Heard, grid: Grid) -> Taker[T]:
        """Who takes it from the blocks of a signal.

        Args:
            signal: what is heard.
            grid: the frames.
        """

    def device_taker(self, signal: Heard, grid: Grid) -> DeviceTaker | None:
        """Who takes it from the blocks of a signal that lies on a device; None where it is taken on the processor.

        Args:
            signal: what is heard.
            grid: the frames.
        """
        return None

    @property
    def kind(self) -> type[Feature[Any]]:
        """All of them are made together."""
        return SpectralFeature

    def of(self, signal: Heard) -> T:
        """Go over the signal's frames."""
        (_, answer), *_ = SpectralFeature.of_all(signal, (self,))
        result: T = answer
        return result

    @classmethod
    def of_all(cls, signal: Heard, features: Iterable[Any]) -> Iterable[tuple[Any, Any]]:
        """Go over every grid's frames once."""
        by_grid: dict[Grid, list[SpectralFeature[Any]]] = {}
        for feature in features:
            by_grid.setdefault(feature.grid(signal.sample_rate), []).append(feature)
        for grid, wanted in by_grid.items():
            taken = {} if device_at_work() is None else dict(_taken_on_device(signal, grid, wanted))
            yield from taken.items()
            takers = {feature: feature.taker(signal, grid) for feature in wanted if feature not in taken}
            for block in blocks_of(signal.steady, grid) if takers else ():
                for taker in takers.values():
                    taker.take(block)
            yield from ((feature, taker.result()) for feature, taker in takers.items())


def _taken_on_device(
    signal: Heard, grid: Grid, features: Iterable[SpectralFeature[Any]]
) -> Iterator[tuple[SpectralFeature[Any], Any]]:
    """Those of some features that can be taken on a device, with what came of them.

    Args:
        signal: what is heard.
        grid: the frames.
        features: of this grid.
    """
    asked = ((feature, feature.device_taker(signal, grid)) for feature in features)
    takers = [(feature, taker) for feature, taker in asked if taker is not None]
    for block in device_blocks(on_device(signal.steady_samples), grid) if takers else ():
        for _, taker in takers:
            taker.take(block)
    yield from ((feature, taker.result()) for feature, taker in takers)
