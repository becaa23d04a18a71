"""What a windowed metric hears of a degraded clip: the same music as of the clean one.

A metric with a window of W seconds is given W seconds, around the middle of the clean clip, or around the place
where a damage moved that middle. Where a clip is too short for a damage to leave W seconds around that point, the
window shrinks, for the clean clip and all its cells alike, so that nothing is compared with padding that the damage
made. A metric that cuts its window by itself (``crops``) is given all that lies evenly around the same point.

A metric that hops (``hop_seconds``) is not windowed in this sense: it is given the whole clip, clean and damaged,
and what is compared is the mean over all its windows. All the music is in both, so nothing has to be matched; a
damage that changes the duration changes the number of windows, and each window counts for as much as any other.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch

from degrade_bench.clip import Clip, TimeMap
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.calling import calling
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.sweep.cells import Block

ROUNDING = 2
"""So many samples a window may lack at an edge, since its middle lies between two samples; it is moved by them."""


def shared_window(clip: Clip, blocks: Iterable[Block], run_seed: int, window: float) -> float | None:
    """The seconds that every cell of a clip fills around the clip's middle; None where all fill ``window``.

    Only degradations that move time are asked, and they only draw; nothing is rendered. A control that is
    meant to move the window (``moves_window``) does not count: where it cannot fill the window, it is the
    one that does not apply.

    Args:
        clip: the clean clip.
        blocks: of the run.
        run_seed: from which the cells' draws follow.
        window: of the metric, in seconds.
    """
    available = clip.duration
    for block in blocks:
        for cell in block.cells:
            degradation = cell.degradation
            if degradation is None or degradation.moves_window:
                continue
            if not (degradation.changes_duration or degradation.moves_time):
                continue
            time_map = _drawn_map(clip, degradation, cell.level, cell.replicate, run_seed)
            if time_map is not None:
                available = min(available, 2 * _half_width(clip, time_map))
    filled = min(window, clip.duration)
    return None if available >= filled - 1 / clip.sample_rate else available


def _drawn_map(clip: Clip, degradation: Degradation, level: int, replicate: int, run_seed: int) -> TimeMap | None:
    seed = cell_seed(run_seed, clip.hash, *degradation.seed_key, replicate)
    try:
        with calling(degradation):
            before = degradation.undamaged(clip)
            degradation.check_needs(before)
            strength = degradation.ladder.strength(level)
            return degradation.draw(before, level, strength, generator(seed)).time_map
    except Exception:  # of a plug-in too
        return None  # the cell itself will say why it cannot be made


def _half_width(clip: Clip, time_map: TimeMap) -> float:
    start, middle, end = (float(t) for t in time_map([0.0, clip.duration / 2, clip.duration]))
    return min(middle - start, end - middle)


def window_samples(
    clean: Clip, degraded: Clip, time_map: TimeMap | None, window: float, shrunk: float | None
) -> torch.Tensor:
    """The window of a metric, and nothing beside it.

    Args:
        clean: the clip before the damage; its middle is what the window is centred on.
        degraded: the clip after it (the same clip for the clean cell).
        time_map: how the damage moved time, or None.
        window: the metric's window in seconds.
        shrunk: what :func:`shared_window` gave for the clip.

    Returns:
        ``(channels, time)``: ``window`` seconds to the sample; ``shrunk`` seconds where that is not None, and all
        that there is around the middle where a clip is shorter than the window.
    """
    around = matched_samples(clean, degraded, time_map, window, shrunk)
    count = round(window * degraded.sample_rate)
    surplus = around.shape[1] - count
    if shrunk is None and -ROUNDING <= surplus < 0 and degraded.num_samples >= count:
        around, surplus = degraded.samples, degraded.num_samples - count
        first = _centre(clean, degraded, time_map) - count // 2
        return around[:, min(max(0, first), surplus) :][:, :count]
    return around if surplus <= 0 else around[:, surplus // 2 :][:, :count]


def matched_samples(
    clean: Clip, degraded: Clip, time_map: TimeMap | None, window: float, shrunk: float | None
) -> torch.Tensor:
    """The samples to give to a metric that cuts a window of ``window`` seconds out of the middle by itself.

    Args:
        clean: the clip before the damage; its middle is what the window is centred on.
        degraded: the clip after it (the same clip for the clean cell).
        time_map: how the damage moved time, or None.
        window: the metric's window in seconds.
        shrunk: what :func:`shared_window` gave for the clip.

    Returns:
        ``(channels, time)``: everything that lies evenly around the middle, or ``shrunk`` seconds of it.
    """
    limit = shrunk if shrunk is not None else min(clean.duration, degraded.duration)
    if shrunk is None and (time_map is None or clean.duration >= window):
        limit = degraded.duration
    if time_map is None and limit == degraded.duration:
        return degraded.samples
    centre = _centre(clean, degraded, time_map)
    half = min(centre, degraded.num_samples - centre, round(limit * degraded.sample_rate / 2))
    return degraded.samples[:, centre - half : centre + half]


def _centre(clean: Clip, degraded: Clip, time_map: TimeMap | None) -> int:
    """The sample of the degraded clip at which the clean clip's middle is heard."""
    middle = degraded.duration / 2 if time_map is None else float(time_map(clean.duration / 2))
    return round(middle * degraded.sample_rate)


def as_long(one: torch.Tensor, other: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Two signals, ``(channels, time)``, the longer one cut evenly at both ends to the length of the other."""
    count = min(one.shape[1], other.shape[1])
    first, second = ((samples.shape[1] - count) // 2 for samples in (one, other))
    return one[:, first : first + count], other[:, second : second + count]
