"""Batches on a device: how many windows at once, how they get there, and what happens when memory runs out.

On a GPU every batch has the same number of windows, filled up with silence where there are fewer: libraries choose
their algorithms by shapes, and so a score has the same bits whatever else is in its batch. One shape also lets the
whole pass be recorded once as a CUDA graph, which takes the launch of some thousand kernels off the host.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import torch

from degrade_bench.errors import MetricError
from degrade_bench.metric.memory import is_out_of_memory

CPU_WINDOWS, GPU_WINDOWS = 4, 32
BYTES_PER_WINDOW = {4: 400_000_000, 2: 250_000_000}
"""Peak memory of one 10 s window in the front end, with what the convolution's own workspace takes beside it; by
the bytes of a number."""

Function: TypeAlias = "Callable[[torch.Tensor], tuple[torch.Tensor, ...]]"
"""``(batch, samples)`` to tensors with as many rows; a row depends on its window only."""


def windows_at_once(device: torch.device, dtype: torch.dtype) -> int:
    """How many windows make a batch: a power of two, by the device alone and not by what else is on it now."""
    if device.type != "cuda":
        return CPU_WINDOWS
    _, total = torch.cuda.mem_get_info(device)
    fitting = max(1, min(GPU_WINDOWS, total // 2 // BYTES_PER_WINDOW[dtype.itemsize]))
    return 1 << (int(fitting).bit_length() - 1)


def fuses(device: torch.device) -> bool:
    """Whether cuDNN adds biases and sums while it convolves there: NVIDIA's cards from Ampere on."""
    if device.type != "cuda" or torch.version.hip is not None:
        return False
    return torch.cuda.get_device_capability(device) >= (8, 0)


class Batches:
    """Runs functions over many windows, some at a time; halves how many when they do not fit into memory.

    Args:
        device: where.
        at_once: how many windows to begin with.
        records: whether a GPU records a function once and replays it.
    """

    def __init__(self, device: torch.device, at_once: int, records: bool = True) -> None:
        self.device, self.at_once, self._records = device, at_once, records
        self._uploads: _Uploads | None = None
        self._recorded: dict[Function, _Recorded] = {}

    def run(self, function: Function, windows: Sequence[torch.Tensor] | torch.Tensor) -> tuple[torch.Tensor, ...]:
        """What ``function`` makes of windows, ``(samples,)`` each; on a GPU what is returned may not be there yet.

        Raises:
            MetricError: not even one window fits.
        """
        done: list[tuple[torch.Tensor, ...]] = []
        finished = 0
        while finished < len(windows):
            try:
                while finished < len(windows):
                    part = windows[finished : finished + self.at_once]
                    done.append(self._run_part(function, part))
                    finished += len(part)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                if self.at_once == 1:
                    raise MetricError(
                        f"muq-eval: {self.device} has too little memory for one window: {_first_line(error)}"
                    ) from error
                self.at_once //= 2
            if finished < len(windows) and self.device.type == "cuda":
                self._uploads = None
                self._recorded.clear()
                torch.cuda.empty_cache()
        return done[0] if len(done) == 1 else tuple(torch.cat(parts) for parts in zip(*done, strict=True))

    def _run_part(
        self, function: Function, part: Sequence[torch.Tensor] | torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        if self.device.type != "cuda":
            return function(part if isinstance(part, torch.Tensor) else torch.stack(list(part)))
        samples = part[0].shape[-1]
        if self._uploads is None or self._uploads.shape != (self.at_once, samples):
            self._uploads = _Uploads(self.device, (self.at_once, samples))
            self._recorded.clear()
        if function not in self._recorded:
            shape = (self.at_once, samples)
            self._recorded[function] = _Recorded(function, shape, self.device, self._records)
        recorded = self._recorded[function]
        self._uploads.send(part, recorded.input)
        return tuple(output[: len(part)].clone() for output in recorded.replay())


class _Recorded:
    """A function on batches of one shape, recorded as a CUDA graph.

    Args:
        function: what is recorded.
        shape: of a batch.
        device: where.
        records: False only calls the function again every time.

    Attributes:
        input: to be filled before a replay.
    """

    def __init__(self, function: Function, shape: tuple[int, int], device: torch.device, records: bool) -> None:
        self.input = torch.zeros(shape, device=device, dtype=torch.float32)
        self._function, self._device = function, device
        self._graph: torch.cuda.CUDAGraph | None = None
        if not records:
            return
        with torch.cuda.device(device):  # a graph is recorded on the current device, whatever the tensors are on
            beside = torch.cuda.Stream(device)
            beside.wait_stream(torch.cuda.current_stream(device))
            with torch.cuda.stream(beside):  # libraries make their handles and choose their algorithms first
                for _ in range(2):
                    function(self.input)
            torch.cuda.current_stream(device).wait_stream(beside)
            self._graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graph, stream=torch.cuda.Stream(device)):
                self._outputs = function(self.input)

    def replay(self) -> tuple[torch.Tensor, ...]:
        """What comes of ``input``; overwritten by the next replay."""
        if self._graph is None:
            return self._function(self.input)
        with torch.cuda.device(self._device):
            self._graph.replay()
        return self._outputs


class _Uploads:
    """Two pinned buffers, filled in turn: one is filled while the other one is on its way.

    Args:
        device: where to.
        shape: of a batch.
    """

    def __init__(self, device: torch.device, shape: tuple[int, int]) -> None:
        self.shape, self._device = shape, device
        kind = torch.float32  # whatever torch's default is
        self._pinned = [torch.zeros(shape, dtype=kind, device="cpu", pin_memory=True).numpy() for _ in range(2)]
        self._there = [torch.zeros(shape, dtype=kind, device=device) for _ in range(2)]
        self._sent = [torch.cuda.Event() for _ in range(2)]
        self._taken = [torch.cuda.Event() for _ in range(2)]
        self._copying = torch.cuda.Stream(device)
        self._copying.wait_stream(torch.cuda.current_stream(device))  # the buffers are zeroed there
        self._turn = 0

    def send(self, windows: Sequence[torch.Tensor] | torch.Tensor, target: torch.Tensor) -> None:
        """Fill ``target`` with windows, and the rest of it with silence; the current stream waits, the host not."""
        if windows[0].device == target.device:
            target[len(windows) :].zero_()
            for row, window in zip(target, windows, strict=False):
                row.copy_(window)
            return
        turn, working = self._turn, torch.cuda.current_stream(self._device)
        self._turn = 1 - turn
        self._sent[turn].synchronize()  # what was in this buffer is on the device
        pinned = self._pinned[turn]
        for row, window in zip(pinned, windows, strict=False):
            np.copyto(row, window.numpy())  # torch would wake all its threads for a megabyte
        pinned[len(windows) :] = 0
        with torch.cuda.stream(self._copying):
            self._copying.wait_event(self._taken[turn])
            self._there[turn].copy_(torch.from_numpy(pinned), non_blocking=True)
            self._sent[turn].record(self._copying)
        working.wait_event(self._sent[turn])
        target.copy_(self._there[turn])
        self._taken[turn].record(working)


def _first_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:160]
