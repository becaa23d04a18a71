"""How long a run will take, measured before it starts, and shown while it goes on."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from degrade_bench.corpus.source import MemorySource
from degrade_bench.errors import DegradeBenchError
from degrade_bench.metric.base import Metric
from degrade_bench.sweep.block import BlockResult
from degrade_bench.sweep.scoring import MetricInput, score_cells
from degrade_bench.sweep.worker import Task, Work, single_threaded, work_on

MOST_PROBES = 16
"""Blocks that are timed; of more, evenly spaced ones stand for their neighbours."""


@dataclass(frozen=True)
class Estimate:
    """Expected seconds of a run, and how they were measured."""

    seconds: float
    basis: str

    def __str__(self) -> str:
        return f"about {human_seconds(self.seconds)} ({self.basis})"


def estimate(tasks: Sequence[Task], work: Work, heavy: Sequence[Metric], workers: int) -> Estimate | None:
    """Time one level of some blocks on the first readable clip, and scale it to all that is left.

    Clips are scaled by duration where it is known. None where there is nothing to do or no clip can be read.

    Args:
        tasks: what is left, by clip.
        work: what every worker knows.
        heavy: the metrics that this process scores.
        workers: processes.
    """
    tasks = [task for task in tasks if task.todo]
    for task in tasks:
        try:
            with single_threaded():
                clip = task.source.load()
        except DegradeBenchError:
            continue
        blocks = [block for block in work.blocks() if block.name in task.todo]
        timed = {block.name: task.todo[block.name] for block in blocks[:: -(-len(blocks) // MOST_PROBES)]}
        probe = Work(work.seed, (5,), 1, work.degradations, work.light, work.heavy)
        probed = {block.name: len(block.cells) for block in probe.blocks()}
        heavy_seconds = 0.0
        per_block: dict[str, float] = {}
        for message in work_on(Task(MemorySource(task.source.id, clip), timed), probe):
            if not isinstance(message, BlockResult):
                continue
            per_block[message.block] = message.seconds
            if heavy_seconds == 0.0:
                heavy_seconds = sum(_time_one(metric, message.inputs, clip.sample_rate) for metric in heavy)
        cells = sum(len(block.cells) for block in blocks)
        per_cell = sum(per_block.values()) / max(1, sum(probed[name] for name in per_block))
        light_seconds = sum(
            len(block.cells) * (per_block[block.name] / probed[block.name] if block.name in per_block else per_cell)
            for block in blocks
        )
        clips = _clip_equivalents(tasks, clip.duration)
        seconds = clips * light_seconds / min(workers, len(tasks)) + clips * cells * heavy_seconds
        some = "every block" if len(timed) == len(blocks) else f"{len(timed)} of {len(blocks)} blocks"
        return Estimate(seconds, f"measured on one level of {some} of clip {clip.id!r}")
    return None


def _clip_equivalents(tasks: Sequence[Task], probe_seconds: float) -> float:
    """How many clips of the probe's length the tasks amount to; a clip of unknown length counts as one."""
    hints = [task.source.seconds_hint for task in tasks]
    return sum(1.0 if hint is None else hint / probe_seconds for hint in hints)


def _time_one(metric: Metric, inputs: Mapping[str, Sequence[MetricInput]], sample_rate: int) -> float:
    cells = [cell for cell in inputs.get(metric.name, []) if cell.samples is not None][:1]
    if not cells:
        return 0.0
    score_cells(metric, cells, sample_rate, 1)  # warm up: the first call may compile or allocate
    started = time.perf_counter()
    score_cells(metric, cells, sample_rate, 1)
    return time.perf_counter() - started


def human_seconds(seconds: float) -> str:
    """Such as ``40 s``, ``6 min`` or ``2 h 10 min``."""
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
