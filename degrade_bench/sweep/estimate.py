"""How long a run will take, measured before it starts, and shown while it goes on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from degrade_bench._support.durations import human_seconds
from degrade_bench.errors import DegradeBenchError
from degrade_bench.metric.base import Metric
from degrade_bench.runs.columns import CLEAN
from degrade_bench.runs.record import ClipRecord
from degrade_bench.sweep.block import BlockResult
from degrade_bench.sweep.crew import Crew
from degrade_bench.sweep.worker import ClipRead, ClipUnusable, Message, Task, Work

MOST_PROBES = 16
"""Blocks that are timed; of more, evenly spaced ones stand for their neighbours."""


@dataclass(frozen=True)
class Estimate:
    """Expected seconds of a run, and how they were measured.

    Attributes:
        seconds: of the run.
        basis: how they were measured.
        vector_bytes: of the vectors that workers make for metrics of sets.
    """

    seconds: float
    basis: str
    vector_bytes: float = 0.0

    def __str__(self) -> str:
        return f"about {human_seconds(self.seconds)} ({self.basis})"


def estimate(
    tasks: Sequence[Task],
    work: Work,
    heavy: Sequence[Metric],
    crew: Crew,
) -> Estimate | None:
    """Time one level of some blocks on the first readable clip, and scale it to all that is left.

    Clips are scaled by duration where it is known. None where there is nothing to do, no clip can be read, or what
    is timed fails: the run itself will say why.

    Args:
        tasks: what is left, by clip.
        work: what every worker knows.
        heavy: metrics that are scored apart from the damage.
        crew: does what is timed, and is to do the rest.
    """
    try:
        return _measured([task for task in tasks if task.todo], work, heavy, crew)
    except DegradeBenchError:
        raise
    except Exception:  # whatever it stumbles over, the run will say it in its place
        return None


def _measured(tasks: Sequence[Task], work: Work, heavy: Sequence[Metric], crew: Crew) -> Estimate | None:
    """As :func:`estimate`, and it may fail.

    Args:
        tasks: with something to do.
        work: what every worker knows.
        heavy: metrics that are scored apart from the damage.
        crew: does what is timed.
    """
    for task in tasks:
        blocks = [block for block in work.blocks() if block.name in task.todo]
        timed = {block.name: task.todo[block.name] for block in blocks[:: -(-len(blocks) // MOST_PROBES)]}
        probed = replace(work, levels=(5,), replicates=1, checks_batches=False)
        with closing(crew.probe(Task(task.source, timed), probed)) as messages:
            times = _timed(crew, messages, heavy)
        if times is None:
            continue
        if times.clip is None or not times.per_block:
            return None
        sizes = {block.name: len(block.cells) for block in probed.blocks()}
        cells = sum(len(block.cells) for block in blocks)
        per_block = _without_first_use(times.per_block)
        per_cell = sum(per_block.values()) / sum(sizes[name] for name in per_block)
        light_seconds = sum(
            len(block.cells) * (per_block[block.name] / sizes[block.name] if block.name in per_block else per_cell)
            for block in blocks
        )
        clips = _clip_equivalents(tasks, times.clip.seconds, {block.name: len(block.cells) for block in blocks})
        seconds = clips * light_seconds / min(crew.workers, len(tasks)) + clips * cells * times.heavy
        some = "every block" if len(timed) == len(blocks) else f"{len(timed)} of {len(blocks)} blocks"
        basis = f"measured on one level of {some} of clip {times.clip.id!r}"
        return Estimate(seconds, basis, clips * cells * times.vector_bytes)
    return None


def _without_first_use(per_block: Mapping[str, float]) -> Mapping[str, float]:
    """The blocks' seconds without the clean clip's: whoever scores first imports and compiles, once in a process.

    That took three seconds with the built-in metrics, as much as sixty cells.
    """
    others = {name: seconds for name, seconds in per_block.items() if name != CLEAN}
    return others or per_block


@dataclass(frozen=True)
class _Times:
    """What a clip took that was timed.

    Attributes:
        clip: which.
        per_block: seconds of each of its blocks.
        heavy: seconds of one cell with every heavy metric.
        vector_bytes: of the vectors of one cell.
    """

    clip: ClipRecord | None
    per_block: Mapping[str, float]
    heavy: float
    vector_bytes: float


def _timed(crew: Crew, messages: Iterable[Message], heavy: Sequence[Metric]) -> _Times | None:
    """What the blocks of a clip take, as far as a worker came; None where the clip cannot be used.

    Args:
        crew: that did them.
        messages: what happened.
        heavy: metrics that are timed apart.
    """
    clip: ClipRecord | None = None
    usable, first = True, dict[str, float]()
    per_cell: dict[str, float] = {}
    per_block: dict[str, float] = {}
    vectors: dict[str, list[int]] = {}
    for message in messages:
        if isinstance(message, ClipRead):
            clip = message.clip
        elif isinstance(message, ClipUnusable):
            usable = False  # what it is told last: heard to the end, a worker can go on with other work
        elif isinstance(message, BlockResult) and clip is not None:
            per_block[message.block] = message.seconds
            for name, made in message.vectors.items():
                vectors.setdefault(name, []).extend(one.nbytes for one in made if one is not None)
            for metric in heavy:
                cells = [cell for cell in message.inputs.get(metric.name, ()) if cell.shape is not None][:1]
                if not cells or metric.name in per_cell:
                    continue
                seconds = crew.seconds_of_one(metric, cells, message.sample_rate)
                if metric.name in first:  # the first call may compile or allocate
                    per_cell[metric.name] = seconds
                first.setdefault(metric.name, seconds)
    if not usable:
        return None
    vector_bytes = sum(sum(sizes) / len(sizes) for sizes in vectors.values() if sizes)
    return _Times(clip, per_block, sum({**first, **per_cell}.values()), vector_bytes)


def _clip_equivalents(tasks: Sequence[Task], probe_seconds: float, cells: Mapping[str, int]) -> float:
    """How many clips like the probe the tasks amount to; a clip of unknown length is taken to be as long.

    Args:
        tasks: with something to do.
        probe_seconds: the probe's length.
        cells: of its blocks, by name.
    """
    clips = 0.0
    for task in tasks:
        hint = task.source.seconds_hint
        share = sum(cells.get(block, 0) for block in task.todo) / sum(cells.values())
        clips += share * (1.0 if hint is None else hint / probe_seconds)
    return clips
