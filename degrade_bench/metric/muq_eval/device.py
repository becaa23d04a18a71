"""Batches on a device: how many windows at once, how they get there, and what happens when memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch

from degrade_bench.errors import MetricError
from degrade_bench.metric.memory import is_out_of_memory

CPU_WINDOWS, MOST_WINDOWS = 4, 64
BYTES_PER_WINDOW = {torch.float32: 400_000_000, torch.bfloat16: 250_000_000}
"""Peak memory of one 10 s window in the front end, with what the convolution's own workspace takes beside it."""


def checked_device(name: str) -> torch.device:
    """The device of that name.

    Raises:
        MetricError: there is no such device here.
    """
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise MetricError(f"muq-eval: device {name!r}: expected cpu, cuda or cuda:N") from error
    if device.type == "cuda":
        if not torch.cuda.is_available():
            raise MetricError(f"muq-eval: device {name}: torch {torch.__version__} finds no CUDA device; use cpu")
        if device.index is not None and device.index >= torch.cuda.device_count():
            raise MetricError(
                f"muq-eval: device {name}: there are {torch.cuda.device_count()} CUDA devices, from 0"
            )
    return device


def windows_at_once(device: torch.device, dtype: torch.dtype) -> int:
    """How many windows to begin with: on a CPU always the same, on a GPU what its free memory holds."""
    if device.type != "cuda":
        return CPU_WINDOWS
    free, _ = torch.cuda.mem_get_info(device)
    return max(1, min(MOST_WINDOWS, int(0.8 * free) // BYTES_PER_WINDOW[dtype]))


class Batches:
    """Runs a function over many windows, some at a time; halves how many when they do not fit into memory.

    Args:
        device: where.
        at_once: how many windows to begin with.
    """

    def __init__(self, device: torch.device, at_once: int) -> None:
        self.device, self.at_once = device, at_once

    def run(self, function: Callable[[torch.Tensor], torch.Tensor], windows: torch.Tensor) -> torch.Tensor:
        """``(n, samples)`` to whatever ``function`` makes of it, ``(n, ...)``.

        Raises:
            MetricError: not even one window fits.
        """
        done: list[torch.Tensor] = []
        finished = 0
        while finished < len(windows):
            rest = windows[finished:]
            try:
                for part in self._uploaded(rest.split(self.at_once)):
                    done.append(function(part))
                    finished += len(part)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                if self.at_once == 1:
                    raise MetricError(
                        f"muq-eval: {self.device} has too little memory for one window: {_first_line(error)}"
                    ) from error
                self.at_once //= 2
            if self.device.type == "cuda" and finished < len(windows):
                torch.cuda.empty_cache()
        return torch.cat(done)

    def _uploaded(self, parts: Sequence[torch.Tensor]) -> Iterator[torch.Tensor]:
        """The parts on the device; on a GPU the next one is on its way while this one is worked on."""
        if self.device.type != "cuda" or (parts and parts[0].device == self.device):
            yield from parts
            return
        copying, working = torch.cuda.Stream(self.device), torch.cuda.current_stream(self.device)

        def upload(part: torch.Tensor) -> torch.Tensor:
            with torch.cuda.stream(copying):
                return part.pin_memory().to(self.device, non_blocking=True)

        coming = upload(parts[0]) if parts else None
        for index in range(len(parts)):
            working.wait_stream(copying)
            here = coming
            assert here is not None
            here.record_stream(working)
            coming = upload(parts[index + 1]) if index + 1 < len(parts) else None
            yield here


def _first_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:160]
