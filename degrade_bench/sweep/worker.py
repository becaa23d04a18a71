"""What is done with one clip: read it, damage it, and score it with the light metrics.

A worker decodes a clip once, keeps it while its blocks are worked on, and gives the rows of each block as
they are made. For metrics that hold a network or a device it hands over the samples instead; they are
scored where the device is. Everything here runs single-threaded, so that results do not depend on how many
workers share the machine; who is given the blocks has all its threads again meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from threadpoolctl import threadpool_limits

from degrade_bench._support.plain_text import plain
from degrade_bench.corpus.source import ClipSource
from degrade_bench.degrade.base import Degradation
from degrade_bench.errors import DegradeBenchError
from degrade_bench.metric.base import Metric
from degrade_bench.metric.traits import Traits
from degrade_bench.runs.record import ClipRecord
from degrade_bench.sweep.block import BlockResult, block_result, clip_record
from degrade_bench.sweep.cells import Block, expand
from degrade_bench.sweep.window import shared_window


@dataclass(frozen=True)
class Work:
    """What every worker knows from the start.

    Attributes:
        degradations: what to do, in the order of the table.
        light: metrics that are computed here.
        heavy: traits of the metrics that are computed elsewhere.
    """

    seed: int
    levels: tuple[int, ...]
    replicates: int
    degradations: tuple[Degradation, ...]
    light: tuple[Metric, ...]
    heavy: tuple[Traits, ...]

    def blocks(self) -> list[Block]:
        """The blocks of every clip."""
        return expand(self.degradations, self.levels, self.replicates)


@dataclass(frozen=True)
class Task:
    """One clip, and for each of its blocks that is not finished, the metrics that are wanted."""

    source: ClipSource
    todo: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class ClipRead:
    """A clip was read; what the record says of it."""

    clip: ClipRecord


@dataclass(frozen=True)
class ClipUnusable:
    """A clip could not be read or used."""

    clip_id: str
    reason: str


Message = BlockResult | ClipRead | ClipUnusable


@contextmanager
def single_threaded() -> Iterator[None]:
    """Give torch and the BLAS one thread, and give them back their own afterwards."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(limits=1):
            yield
    finally:
        torch.set_num_threads(threads)


def work_on(task: Task, work: Work) -> Iterator[Message]:
    """Read a clip and yield its blocks as they are finished. Never raises for what a clip or a cell does."""
    # no yield inside single_threaded(): between two blocks a network is scored, with every thread that there is
    try:
        with single_threaded():
            clip = task.source.load()
            record = clip_record(clip)
    except DegradeBenchError as error:
        yield ClipUnusable(task.source.id, plain(str(error)))
        return
    yield ClipRead(record)
    blocks = work.blocks()
    with single_threaded():
        windows = {
            traits.name: None
            if traits.matched_window is None
            else shared_window(clip, blocks, work.seed, traits.matched_window)
            for traits in (*map(Traits.of, work.light), *work.heavy)
        }
    for block in blocks:
        wanted = task.todo.get(block.name)
        if wanted:
            light = [metric for metric in work.light if metric.name in wanted]
            heavy = [traits for traits in work.heavy if traits.name in wanted]
            with single_threaded():
                result = block_result(clip, block, work.seed, light, heavy, windows)
            yield result
