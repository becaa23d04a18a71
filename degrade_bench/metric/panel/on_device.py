"""What the panel's features take from spectra on a device: the maths of :mod:`.features` and :mod:`.mr_spectral`.

Sums are made in float64, and only they and what is small come back to the processor.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch

from degrade_bench._support.precision import multiplying
from degrade_bench.metric.hearing.device_spectra import DeviceBlock, device_block
from degrade_bench.metric.hearing.grid import Grid
from degrade_bench.metric.panel.logarithms import SMALLEST


class DeviceProjections:
    """Takes products of what a block holds with a filter bank.

    Args:
        filters: ``(bins, bands)``.
        of_block: what of a block is multiplied with them.
    """

    def __init__(self, filters: np.ndarray, of_block: Callable[[DeviceBlock], torch.Tensor]) -> None:
        self._filters, self._of_block = torch.from_numpy(filters), of_block
        self._parts: list[torch.Tensor] = []

    def take(self, block: DeviceBlock) -> None:
        """Multiply."""
        values = self._of_block(block)
        self._filters = self._filters.to(values.device)
        with multiplying(tf32=False):
            self._parts.append(values @ self._filters)

    def result(self) -> np.ndarray:
        """All frames: ``(channels, frames, bands)``."""
        products: np.ndarray = torch.cat(self._parts, dim=1).cpu().numpy()
        return products


class DeviceSpectra:
    """The magnitudes of a clean signal on a device, with what is said of all of them.

    Args:
        audio: ``(channels, time)``, float32, on the device.
        grid: the frames.
        keeps: whether magnitudes and logarithms stay, or are made again whenever they are asked for.
        least_floor: the share of the largest magnitude under which magnitudes count as that.

    Attributes:
        peak: the largest.
        power: the sum of their squares.
    """

    def __init__(self, audio: torch.Tensor, grid: Grid, keeps: bool, least_floor: float) -> None:
        self._audio, self._grid, self._keeps, self._least = audio, grid, keeps, least_floor
        self._kept: list[tuple[torch.Tensor, torch.Tensor]] = []
        self._magnitudes: list[torch.Tensor] = []
        self.peak, self.power = 0.0, 0.0

    def take(self, block: DeviceBlock) -> None:
        """Add a block."""
        self.peak = max(self.peak, float(block.magnitudes.max()))
        self.power += float(block.magnitudes.square().sum(dtype=torch.float64))
        if self._keeps:
            self._magnitudes.append(block.magnitudes)

    def result(self) -> DeviceSpectra:
        """The logarithms need the peak, and with it every block."""
        self._kept = [(magnitudes, self.logs(magnitudes)) for magnitudes in self._magnitudes]
        self._magnitudes = []
        return self

    def logs(self, magnitudes: torch.Tensor) -> torch.Tensor:
        """Natural logarithms, those of what lies under the floor being the floor's."""
        return magnitudes.clamp(min=max(self.peak * self._least, SMALLEST)).log_()

    def block(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        """The magnitudes of a block and their logarithms."""
        if self._keeps:
            return self._kept[index]
        magnitudes = device_block(self._audio, self._grid, index).magnitudes
        return magnitudes, self.logs(magnitudes)


class DeviceDifferences:
    """Adds up the differences of a signal's magnitudes from the clean ones."""

    def __init__(self, clean: DeviceSpectra) -> None:
        self._clean = clean
        self._sums: list[torch.Tensor] = []
        self._count = 0

    def take(self, block: DeviceBlock) -> None:
        """Squares of the differences, and magnitudes of the logarithms' differences."""
        clean, clean_logs = self._clean.block(block.index)
        squares = (clean - block.magnitudes).square().sum(dtype=torch.float64)
        logs = (self._clean.logs(block.magnitudes) - clean_logs).abs().sum(dtype=torch.float64)
        self._sums.append(torch.stack([squares, logs]))
        self._count += block.magnitudes.numel()

    def result(self) -> float:
        """Spectral convergence plus log-magnitude distance; NaN if the clean signal is silent."""
        if self._clean.peak == 0.0:
            return math.nan
        squares, logs = (float(total) for total in torch.stack(self._sums).sum(dim=0))
        return math.sqrt(squares / self._clean.power) + logs / self._count
