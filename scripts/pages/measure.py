"""What every degradation does to the built-in corpus, measured clip by clip.

A clip is decoded once and meets every degradation in turn, so that analysis which several of them share (beats,
separation, loudness) is done once and forgotten with the clip.
"""

from __future__ import annotations

import math
import multiprocessing
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from degrade_bench.clip import Clip
from degrade_bench.clip.loudness import clip_lufs, integrated_lufs
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.corpus.builtin_notes import builtin_notes
from degrade_bench.corpus.source import ClipSource
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.plan import Rendered
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.errors import NotApplicableError

RUN_SEED = 0
"""The default of ``degrade-bench run``: the pages show what a default run renders."""

PLACEBO_CLIPS = 4
"""A placebo is measured on so many clips, the corpus's first, at its lowest and its highest level."""

Task, Answer = TypeVar("Task"), TypeVar("Answer")


@dataclass(frozen=True)
class Row:
    """One rendering.

    Attributes:
        name: the degradation or the placebo.
        clip: the clip's id.
        level: from 1.
        achieved: strength achieved, in the ladder's unit; None where it cannot be measured.
        loudness_change: LU, output against clean; None for silence.
        gain_db: the matching gain.
        peak_change_db: sample peak, output against clean; None for silence.
        reason: why the damage does not apply; None where it does.
    """

    name: str
    clip: str
    level: int
    achieved: float | None = None
    loudness_change: float | None = None
    gain_db: float = 0.0
    peak_change_db: float | None = None
    reason: str | None = None


def rendered(degradation: Degradation, clip: Clip, level: int) -> Rendered:
    """As a default run renders it.

    Args:
        degradation: a degradation or a placebo.
        clip: what it damages.
        level: from 1.
    """
    seed = cell_seed(RUN_SEED, clip.hash, *degradation.seed_key, 0)
    return degradation.render(clip, level, generator(seed))


def measure_all(names: Sequence[str], jobs: int) -> dict[str, list[Row]]:
    """The rows of each degradation and each placebo by name, in the order of the corpus."""
    tasks = [
        (source, meant)
        for of_notes in (False, True)
        if (meant := tuple(name for name in names if is_symbolic(name) == of_notes))
        for source in corpus(of_notes)
    ]
    table: dict[str, list[Row]] = {}
    for rows in in_parallel(measured_on, tasks, jobs):
        for row in rows:
            table.setdefault(row.name, []).append(row)
    return table


def is_symbolic(name: str) -> bool:
    """Whether a degradation is one of notes."""
    return name in catalogue.SYMBOLIC


def corpus(of_notes: bool) -> Sequence[ClipSource]:
    """The clips that pages measure on: recordings, or the same pieces played from their notes."""
    if not of_notes:
        return builtin_sources()
    kept = {source.id for source in builtin_sources()}
    return [source for source in builtin_notes() if source.id in kept]


def measured_on(task: tuple[ClipSource, tuple[str, ...]]) -> list[Row]:
    """The rows of one clip, every degradation with its placebo right behind each level."""
    source, names = task
    clip = source.load()
    with_placebo = source.id in {first.id for first in builtin_sources()[:PLACEBO_CLIPS]}
    rows = []
    for name in names:
        degradation = catalogue.get(name)
        placebo = degradation.placebo if with_placebo else None
        placebo_levels = {} if placebo is None else dict.fromkeys(ends(placebo.ladder.levels))
        for level in degradation.ladder.levels:
            rows.append(row(degradation, clip, level))
            if placebo is not None and level in placebo_levels:
                rows.append(row(placebo, clip, level))
    return rows


def ends(levels: Sequence[int]) -> list[int]:
    """The lowest and the highest level, once each."""
    return sorted({levels[0], levels[-1]})


def row(degradation: Degradation, clip: Clip, level: int) -> Row:
    """Render and measure once.

    Args:
        degradation: a degradation or a placebo.
        clip: what it damages.
        level: from 1.
    """
    try:
        result = rendered(degradation, clip, level)
    except NotApplicableError as error:
        return Row(degradation.name, clip.id, level, reason=str(error))
    loudness = integrated_lufs(result.clip.samples, clip.sample_rate) - clip_lufs(clip)
    peaks = [float(version.samples.abs().max()) for version in (clip, result.clip)]
    return Row(
        name=degradation.name,
        clip=clip.id,
        level=level,
        achieved=degradation.achieved(clip, result),
        loudness_change=loudness if math.isfinite(loudness) else None,
        gain_db=result.plan.gain_db,
        peak_change_db=20 * math.log10(peaks[1] / peaks[0]) if min(peaks) > 0 else None,
    )


def in_parallel(function: Callable[[Task], Answer], tasks: Sequence[Task], jobs: int) -> Iterable[Answer]:
    """``map`` over processes with one thread each; in this process where there is one job, or one task.

    Args:
        function: of one task; must pickle, unless it runs in this process.
        tasks: what it is given, one after the other; answers come in their order.
        jobs: processes.
    """
    if 1 in (jobs, len(tasks)):
        yield from map(function, tasks)
        return
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), one_thread) as pool:
        yield from pool.map(function, tasks)


def one_thread() -> None:
    """Processes share the cores; threads inside them would only get in each other's way."""
    import torch

    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)
