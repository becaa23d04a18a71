"""What whole suites cost, and how much memory they take."""

from __future__ import annotations

import ctypes
import json
import multiprocessing
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from degrade_bench.clip import Clip
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.errors import NotApplicableError
from degrading.clips import Excerpt, excerpts

SUITES = ("signal", "structural")
CORES = 2


@dataclass
class Cost:
    """CPU seconds of one degradation on one clip, summed over its levels.

    Attributes:
        name: the degradation.
        clip: the clip's id.
        rendered, placebo, measured: CPU seconds of rendering, of rendering the placebo, of measuring.
        renderings, placebos: how many; 0 where the damage does not apply.
    """

    name: str
    clip: str
    rendered: float = 0.0
    placebo: float = 0.0
    measured: float = 0.0
    renderings: int = 0
    placebos: int = 0


M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Of glibc's ``mallopt``."""


def keep_freed_memory() -> bool:
    """Have this process keep what arrays gave back, so that the next ones have it; whether its C library can.

    A signal is some megabytes. Whether its pages are fresh ones, a fault for each, hangs on what was freed before:
    by chance one side paid twice its time for them.
    """
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        sizes = ((M_MMAP_THRESHOLD, 32 * 2**20), (M_TRIM_THRESHOLD, 512 * 2**20))
        return all(libc.mallopt(*size) == 1 for size in sizes)
    return False


def single_thread() -> None:
    """One thread for torch, numpy and everything else that counts threads."""
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(1)
    threadpool_limits(1)


def members(group: str) -> list[Degradation]:
    """The registered degradations of a group."""
    every = (catalogue.get(name) for name in catalogue.names())
    return [degradation for degradation in every if degradation.group == group]


def suite_names() -> dict[str, list[str]]:
    """The degradations of each suite."""
    return {group: [degradation.name for degradation in members(group)] for group in SUITES}


def suite_costs(names: Sequence[str], count: int) -> list[Cost]:
    """Render everything on ``count`` clips, two at a time, in CPU time, so that neither disturbs the other."""
    tasks = [(excerpt, tuple(names)) for excerpt in excerpts(count)]
    with ProcessPoolExecutor(CORES, multiprocessing.get_context("spawn"), single_thread) as pool:
        return [cost for costs in pool.map(_costs_of_clip, tasks) for cost in costs]


def _costs_of_clip(task: tuple[Excerpt, tuple[str, ...]]) -> list[Cost]:
    excerpt, names = task
    clip = excerpt.load()
    warm_up(clip)
    costs = []
    for name in names:
        degradation = catalogue.get(name)
        cost = Cost(name, clip.id)
        for level in degradation.ladder.levels:
            _add_level(cost, degradation, clip, level)
        costs.append(cost)
    return costs


def warm_up(clip: Clip) -> None:
    """Import what rendering imports, before the clock starts."""
    degradation = catalogue.get("low_pass")
    render(degradation, clip, 1)


def _add_level(cost: Cost, degradation: Degradation, clip: Clip, level: int) -> None:
    try:
        started = time.process_time()
        rendered = render(degradation, clip, level)
        cost.rendered += time.process_time() - started
        cost.renderings += 1
        started = time.process_time()
        degradation.measure(clip, rendered.clip)
        cost.measured += time.process_time() - started
        placebo = degradation.placebo
        if placebo is not None and level in placebo.ladder.levels:
            started = time.process_time()
            render(placebo, clip, level)
            cost.placebo += time.process_time() - started
            cost.placebos += 1
    except NotApplicableError:
        return


def render(degradation: Degradation, clip: Clip, level: int):  # noqa: ANN201 - Rendered
    """As a run renders it: drawn, damaged, matched in loudness.

    Args:
        degradation: a degradation or a placebo.
        clip: what it damages.
        level: from 1.
    """
    return degradation.render(clip, level, generator(cell_seed(0, clip.hash, *degradation.seed_key, 0)))


# -- memory ----------------------------------------------------------------------------------------


def peak_megabytes(count: int) -> dict[str, float]:
    """Peak memory in MiB of a new process that renders ``count`` clips, and after its first clip."""
    command = [sys.executable, str(Path(__file__).resolve().parents[1] / "degrade.py"), "--memory-of", str(count)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def render_and_report(count: int) -> None:
    """Render one degradation of each family at level 3 on ``count`` clips; print the peak of the memory."""
    single_thread()
    chosen = one_per_family()
    first = 0.0
    for index, excerpt in enumerate(excerpts(count)):
        clip = excerpt.load()
        for degradation in chosen:
            try:
                render(degradation, clip, min(3, len(degradation.ladder.levels)))
            except NotApplicableError:
                continue
        if index == 15:  # every excerpt once
            first = _peak()
    print(json.dumps({"clips": count, "peak": _peak(), "after_sixteen": first, "degradations": len(chosen)}))


def one_per_family() -> list[Degradation]:
    """The first degradation of each family of both suites."""
    first: dict[str, Degradation] = {}
    for name in SUITES:
        for degradation in members(name):
            first.setdefault(degradation.family, degradation)
    return list(first.values())


def _peak() -> float:
    """Highest resident set so far, in MiB."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
