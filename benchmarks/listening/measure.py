"""How times, rates and memory are measured."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

Run = Callable[[], object]


@dataclass(frozen=True)
class Timed:
    """Seconds of one thing, over the repetitions."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def interleaved(
    runs: Mapping[str, Run],
    repetitions: int,
    wait: Run = lambda: None,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Timed]:
    """Every run once a round, in turn, so that what else the machine does falls on all alike; first warmed up.

    Args:
        runs: what is timed, by name.
        repetitions: rounds.
        wait: called before and after each run: a device finishes its work there.
        clock: what counts the seconds.
    """
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()
    for _ in range(repetitions):
        for name, run in runs.items():
            wait()
            started = clock()
            run()
            wait()
            seconds[name].append(clock() - started)
    return {name: Timed(tuple(times)) for name, times in seconds.items()}


def ratio(first: Timed, second: Timed) -> float:
    """How many times longer the first took: the median over rounds, each with itself."""
    return statistics.median(a / b for a, b in zip(first.seconds, second.seconds, strict=True))


def product(dtype: torch.dtype, device: str, size: int) -> tuple[Run, float]:
    """A product of two square matrices, and its floating-point operations.

    Args:
        dtype: of both factors.
        device: where they are.
        size: rows and columns.
    """
    left, right = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    return lambda: left @ right, 2.0 * size**3


def peak_mebibytes(script: Path, arguments: list[str]) -> float:
    """Peak resident memory in MiB of a process that runs ``script`` and prints its peak as JSON."""
    done = subprocess.run([sys.executable, str(script), *arguments], check=True, capture_output=True, text=True)
    return float(json.loads(done.stdout.splitlines()[-1]))


def own_peak_mebibytes() -> float:
    """Peak resident memory in MiB of this process since it began; getrusage would include its parent's."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
