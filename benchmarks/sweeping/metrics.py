"""Metrics that cost nothing, or so much; importable in worker processes."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import torch

from degrade_bench.metric import prepared
from degrade_bench.metric.base import Metric
from degrade_bench.metric.muq_eval.contract import WINDOW_SAMPLES, Windows


class Free(Metric):
    """Costs nothing."""

    name, light = "free", True

    def score(self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None) -> torch.Tensor:
        return batch[:, 0, 0]


class Slow(Metric):
    """Takes so long for a cell, where the device is, and leaves the processor alone meanwhile."""

    name, light = "slow", False

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def score(self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None) -> torch.Tensor:
        time.sleep(self.seconds * len(batch))
        return batch[:, 0, 0]


class AtOnce(prepared.PreparedMetric):
    """Hears what MuQ-Eval hears, in batches as on a GPU, and answers at once."""

    name, light = "at-once", False
    preparation = Windows(None)
    windows_at_once, gathers = 32, True

    def __init__(self) -> None:
        self._buffers = np.zeros((2, self.windows_at_once, WINDOW_SAMPLES), np.float32)
        self._turn = 0

    def begin(self, signals: Sequence[prepared.Prepared]) -> prepared.Finish:
        self._turn = 1 - self._turn
        for row, signal in zip(self._buffers[self._turn], signals, strict=False):
            row[:] = signal.windows[0].numpy()  # as into a pinned buffer
        scores = torch.zeros(len(signals), 1)
        return lambda: prepared.Finished(scores)
