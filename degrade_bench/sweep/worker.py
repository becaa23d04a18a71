"""What is done with one clip: read it, damage it, and score it with the light metrics.

A worker decodes a clip once, keeps it while its blocks are worked on, and gives the rows of each block as
they are made. For metrics that hold a network or a device it hands over the samples instead; they are
scored where the device is. Everything here runs single-threaded, so that results do not depend on how many
workers share the machine; who is given the blocks has all its threads again meanwhile.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

import torch
from threadpoolctl import ThreadpoolController

from degrade_bench._support import file_modules
from degrade_bench._support.accelerator import working_on
from degrade_bench._support.addresses import in_full
from degrade_bench._support.interrupts import never_a_row
from degrade_bench._support.object_server import may_pass
from degrade_bench._support.plain_text import plain
from degrade_bench._support.stages import stage, summed, timed
from degrade_bench.corpus.source import ClipSource
from degrade_bench.degrade.base import Degradation
from degrade_bench.errors import DegradeBenchError
from degrade_bench.metric.base import Metric
from degrade_bench.metric.identity import is_foreign
from degrade_bench.metric.memory import is_out_of_memory
from degrade_bench.metric.prepared import Preparation
from degrade_bench.metric.traits import Traits
from degrade_bench.runs.record import ClipRecord
from degrade_bench.sweep.asking import Listeners
from degrade_bench.sweep.batch_check import checked_block
from degrade_bench.sweep.block import BlockResult, block_result, clip_record
from degrade_bench.sweep.cells import Block, expand
from degrade_bench.sweep.scoring import reason_of
from degrade_bench.sweep.window import shared_window

file_modules.install()  # whoever is sent work can import the degradations of it that came from files


@dataclass(frozen=True)
class Work:
    """What every worker knows from the start.

    Attributes:
        degradations: what to do, in the order of the table.
        light: metrics that are computed here.
        heavy: traits of the metrics that are computed elsewhere.
        checks_batches: whether light metrics score one signal of every clip alone, too.
        preparations: what makes of a signal what a heavy metric's network hears, by the metric's name; without one
            the samples are handed on.
        device: where heavy maths on signals is done: ``cpu``, or ``cuda:N``.
    """

    seed: int
    levels: tuple[int, ...]
    replicates: int
    degradations: tuple[Degradation, ...]
    light: tuple[Metric, ...]
    heavy: tuple[Traits, ...]
    checks_batches: bool = True
    preparations: Mapping[str, Preparation] = field(default_factory=dict)
    device: str = "cpu"

    def blocks(self) -> list[Block]:
        """The blocks of every clip."""
        return self._blocks

    @cached_property
    def _blocks(self) -> list[Block]:
        return expand(self.degradations, self.levels, self.replicates)

    @cached_property
    def light_with_traits(self) -> list[tuple[Metric, Traits]]:
        """The metrics that are computed here, each with its traits."""
        return [(metric, Traits.of(metric)) for metric in self.light]

    def guests(self) -> frozenset[str]:
        """Metrics whose code is not ours, and that are called in the worker: a crash of theirs is its end."""
        return frozenset(metric.name for metric in self.light if is_foreign(metric))


@dataclass(frozen=True)
class Task:
    """One clip, and for each of its blocks that is not finished, the metrics that are wanted."""

    source: ClipSource
    todo: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Begun:
    """A clip is about to be read, or one of its blocks to be worked on: whatever happens next happens there.

    Attributes:
        block: None for the reading of the clip.
    """

    clip_id: str
    block: str | None


@dataclass(frozen=True)
class ClipRead:
    """A clip was read.

    Attributes:
        clip: what the record says of it.
        stages: seconds that it took, by stage.
    """

    clip: ClipRecord
    stages: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ClipUnusable:
    """A clip could not be read or used."""

    clip_id: str
    reason: str


@dataclass(frozen=True)
class ClipLost:
    """Work on a clip was broken off for a reason that may not lie in the clip."""

    clip_id: str
    reason: str


@dataclass(frozen=True)
class BlockLost:
    """No rows came of a block, and why.

    Attributes:
        metrics: whose rows; None for all that were wanted.
    """

    clip_id: str
    block: str
    reason: str
    metrics: frozenset[str] | None = None


Message = Begun | BlockResult | ClipRead | ClipUnusable | ClipLost | BlockLost


@lru_cache(maxsize=1)
def _thread_pools(modules: int) -> ThreadpoolController:
    """The libraries that have threads of their own: looking for them takes 3 ms, as much as damaging a short cell.

    Args:
        modules: how many are imported; with any other number, libraries may have come with them.
    """
    return ThreadpoolController()


@contextmanager
def single_threaded() -> Iterator[None]:
    """Give torch and the BLAS one thread, and give them back their own afterwards."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    pools = [(pool, pool.num_threads) for pool in _thread_pools(len(sys.modules)).lib_controllers]
    for pool, _ in pools:
        pool.set_num_threads(1)
    try:
        yield
    finally:
        for pool, before in pools:
            pool.set_num_threads(before)
        torch.set_num_threads(threads)


@contextmanager
def _at_work(device: str) -> Iterator[None]:
    """One thread, and the device that signals are worked on."""
    with single_threaded(), working_on(device):
        yield


def work_on(task: Task, work: Work) -> Iterator[Message]:
    """Read a clip and yield its blocks as they are finished. Never raises for what a clip or a cell does."""
    # no yield inside _at_work(): between two blocks a network is scored, with every thread that there is
    yield Begun(task.source.id, None)
    failure: Message | None = None
    try:
        with _at_work(work.device), never_a_row(), timed() as reading, stage("decode"):
            clip = task.source.load()
            record = clip_record(clip)
    except DegradeBenchError as error:
        unusable = ClipLost if may_pass(error) else ClipUnusable
        failure = unusable(task.source.id, in_full(plain(str(error))))
    except Exception as error:  # whatever a decoder or a user's source raises costs this clip
        unusable = ClipLost if is_out_of_memory(error) or may_pass(error) else ClipUnusable
        failure = unusable(task.source.id, in_full(plain(reason_of(error))))
    if failure is not None:
        yield failure
        return
    yield ClipRead(record, reading.here)
    blocks, listeners = work.blocks(), Listeners()
    listening = work.light_with_traits
    with _at_work(work.device), never_a_row(), timed() as planning, stage("plan"):
        windows = {
            traits.name: None
            if traits.matched_window is None
            else shared_window(clip, blocks, work.seed, traits.matched_window)
            for traits in (*(traits for _, traits in listening), *work.heavy)
        }
    checked = checked_block(blocks) if work.checks_batches else None
    before = planning.here
    for block in blocks:
        wanted = task.todo.get(block.name)
        if wanted:
            yield Begun(task.source.id, block.name)
            light = [(metric, traits) for metric, traits in listening if metric.name in wanted]
            heavy = [traits for traits in work.heavy if traits.name in wanted]
            result: BlockResult | BlockLost
            with _at_work(work.device), timed() as spent:
                try:
                    result = block_result(
                        clip,
                        block,
                        work.seed,
                        light,
                        heavy,
                        windows,
                        listeners,
                        block.name == checked,
                        work.preparations,
                    )
                    result = replace(result, stages=summed(before, spent.here))
                    before = {}
                except Exception as error:  # what no guard of a cell or metric caught: memory ran out
                    result = BlockLost(clip.id, block.name, reason_of(error))
            yield result
