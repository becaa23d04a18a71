"""Short-time spectra of a signal on a device: blocks as in :mod:`.spectra`, larger, and as tensors."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Protocol

import torch

from degrade_bench.metric.hearing.grid import Grid

BLOCK_VALUES = 1 << 24
"""Windowed samples of a channel in a block: 95 s of 44.1 kHz in frames of 46 ms."""


class DeviceBlock:
    """Neighbouring frames of a signal.

    Attributes:
        index: which block of the signal it is, from 0.
        first: the first frame's number, even.
        magnitudes: ``(channels, frames, bins)``, float32, on the device.
    """

    def __init__(self, index: int, first: int, magnitudes: torch.Tensor) -> None:
        self.index, self.first, self.magnitudes = index, first, magnitudes

    @cached_property
    def power(self) -> torch.Tensor:
        """Squared magnitudes, in the same shape."""
        return self.magnitudes.square()

    @cached_property
    def pooled_power(self) -> torch.Tensor:
        """The mean power over channels, ``(frames, bins)``."""
        return self.power.mean(dim=0)


class DeviceTaker(Protocol):
    """Takes from the blocks of a signal on a device what a feature needs."""

    @abstractmethod
    def take(self, block: DeviceBlock) -> None:
        """Take it from a block; they come in order, and are to be left as they are."""

    @abstractmethod
    def result(self) -> Any:
        """What came of all of them: the feature's answer, on the processor as far as anyone asks it."""


def device_blocks(audio: torch.Tensor, grid: Grid) -> Iterator[DeviceBlock]:
    """The blocks of frames of ``(channels, time)``, one after the other."""
    count = -(-grid.frames(audio.shape[1]) // grid.at_once(BLOCK_VALUES))
    return (device_block(audio, grid, index) for index in range(count))


def device_block(audio: torch.Tensor, grid: Grid, index: int) -> DeviceBlock:
    """One block of frames.

    Args:
        audio: ``(channels, time)``, float32, on the device.
        grid: which frames.
        index: which block.
    """
    first = index * grid.at_once(BLOCK_VALUES)
    last = min(first + grid.at_once(BLOCK_VALUES), grid.frames(audio.shape[1]))
    part = audio[:, first * grid.hop : (last - 1) * grid.hop + grid.n_fft]
    if part.shape[1] < grid.n_fft:
        part = torch.nn.functional.pad(part, (0, grid.n_fft - part.shape[1]))
    window = torch.hann_window(grid.n_fft, dtype=torch.float32, device="cpu").to(audio.device)
    return DeviceBlock(index, first, torch.fft.rfft(part.unfold(1, grid.n_fft, grid.hop) * window).abs())
