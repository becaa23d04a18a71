"""Ours beside theirs: the damage alone, on the same samples, taken in turns."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from degrade_bench.clip import Clip
from degrade_bench.clip.loudness import clip_lufs, matching_gain_db
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.plan import Drawn
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.errors import NotApplicableError
from degrading.settings import Call, Pair, Setting

LEAST_REPETITIONS, MOST_SECONDS = 2, 60.0
"""An operation that has taken a minute is not repeated more than twice."""
OURS, FIRST, MATCHING = "ours", "ours, first level", "loudness matching"


@dataclass
class Compared:
    """One of our degradations timed beside its peers.

    Attributes:
        pair: what was compared.
        seconds: by side, one time (the mean over the levels) per repetition and clip, in the same order on all.
        agreement_db: by peer, how far under theirs the difference between theirs and ours lies, on the first clip.
        skipped: what could not be done, by label or by clip.
        repetitions: how many rounds were counted.
    """

    pair: Pair
    seconds: dict[str, list[float]] = field(default_factory=dict)
    agreement_db: dict[str, float] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    repetitions: int = 0

    def median_ms(self, side: str) -> float:
        """Median milliseconds of a side."""
        return 1000 * statistics.median(self.seconds[side])

    @property
    def peers(self) -> list[str]:
        """The peers that ran, the faster first; those that do the same before those that do not."""
        ran = [label for label in self.pair.peers if label in self.seconds]
        return sorted(ran, key=lambda label: (label in self.pair.kin, self.median_ms(label)))

    @property
    def ratio(self) -> float | None:
        """The faster peer's time over ours, the median over pairs; None where no peer does the same."""
        same = [label for label in self.peers if label not in self.pair.kin]
        if not same or OURS not in self.seconds:
            return None
        pairs = zip(self.seconds[same[0]], self.seconds[OURS], strict=True)
        return statistics.median(theirs / ours for theirs, ours in pairs)


def compare(pair: Pair, clips: Sequence[Clip], repetitions: int) -> Compared:
    """Time our damage and the peers' on the same clips, taken in turns, with the order changed every time.

    A turn is a ladder, as in a sweep: ours is ``draw`` and ``damage`` at each level of a clip that it has not seen,
    so that what is analysed once per clip is paid for once; theirs is a call at each level, set to the same
    strength. CPU time of all threads, so that neither gains by using more.

    Args:
        pair: the damage and its peers.
        clips: the music.
        repetitions: turns on each clip.
    """
    result = Compared(pair)
    degradation = catalogue.get(pair.name)
    started = time.monotonic()
    _one_turn(result, degradation, clips[0], 0, counted=False)  # imports, caches of code
    while result.repetitions < repetitions:
        if result.repetitions >= LEAST_REPETITIONS and time.monotonic() - started > MOST_SECONDS:
            break
        for index, clip in enumerate(clips):
            _one_turn(result, degradation, clip, result.repetitions + index, counted=True)
        result.repetitions += 1
    return result


def _one_turn(result: Compared, degradation: Degradation, clip: Clip, turn: int, *, counted: bool) -> None:
    """Every side once through the ladder of one clip."""
    settings: dict[int, Setting] = {}
    for level in result.pair.levels or degradation.ladder.levels:
        try:
            drawn = _drawn(degradation, replace(clip), level)
        except NotApplicableError as error:
            result.skipped[f"{clip.id}, level {level}"] = str(error)
            continue
        settings[level] = Setting(clip, degradation.ladder.strength(level), drawn.params)
    if not settings:
        return
    fresh = replace(clip)
    calls: dict[str, list[Callable[[], Any]]] = {OURS: [_ours(degradation, fresh, level) for level in settings]}
    for label, make in result.pair.peers.items():
        if label in result.skipped:
            continue
        try:
            calls[label] = _theirs(result, degradation, label, make, settings)
        except Exception as error:  # a peer may raise anything; the report says what
            result.skipped[label] = f"{type(error).__name__}: {error}".splitlines()[0]
    order = list(calls)
    for side in order[turn % len(order) :] + order[: turn % len(order)]:
        times, output = [], None
        for call in calls[side]:
            seconds, output = _timed(call)
            times.append(seconds)
        if not counted:
            continue
        result.seconds.setdefault(side, []).append(statistics.fmean(times))
        if side == OURS:
            result.seconds.setdefault(FIRST, []).append(times[0])
            if degradation.matches_loudness:
                clip_lufs(clip)  # of the clean clip, once
                spent, _ = _timed(partial(matching_gain_db, output, clip))
                result.seconds.setdefault(MATCHING, []).append(spent)


def _theirs(
    result: Compared,
    degradation: Degradation,
    label: str,
    make: Callable[[Setting], Call],
    settings: Mapping[int, Setting],
) -> list[Callable[[], Any]]:
    """A peer's calls, one per level, each on a copy of the clip: some peers write into what they are given."""
    made = {level: make(setting) for level, setting in settings.items()}
    if label not in result.agreement_db:  # once, in the round that is not counted
        level = sorted(settings)[len(settings) // 2]
        clip = settings[level].clip
        ours = _ours(degradation, replace(clip), level)().numpy()
        result.agreement_db[label] = agreement_db(np.asarray(made[level](clip.samples.numpy().copy())), ours)
    return [partial(call, settings[level].clip.samples.numpy().copy()) for level, call in made.items()]


def _drawn(degradation: Degradation, clip: Clip, level: int) -> Drawn:
    rng = generator(cell_seed(0, clip.hash, *degradation.seed_key, 0))
    degradation.check_needs(clip)
    return degradation.draw(clip, level, degradation.ladder.strength(level), rng)


def _ours(degradation: Degradation, clip: Clip, level: int) -> Callable[[], Any]:
    """Draw and damage; the generator is made beforehand, since making it hashes the clip."""
    rng = generator(cell_seed(0, clip.hash, *degradation.seed_key, 0))
    strength = degradation.ladder.strength(level)

    def call() -> Any:
        return degradation.damage(clip, degradation.draw(clip, level, strength, rng).params)

    return call


def _timed(call: Callable[[], Any]) -> tuple[float, Any]:
    started = time.process_time()
    result = call()
    return time.process_time() - started, result


def agreement_db(theirs: np.ndarray, ours: np.ndarray) -> float:
    """How far under theirs the difference from ours lies, in dB, when ours is brought to their level."""
    if theirs.shape != ours.shape:
        return float("nan")
    x, y = theirs.astype(np.float64).ravel(), ours.astype(np.float64).ravel()
    gain = float(x @ y) / max(float(y @ y), 1e-30)
    rest = float(np.square(x - gain * y).sum())
    return 10 * float(np.log10(max(float(x @ x), 1e-30) / max(rest, 1e-30)))
