"""From some recordings to thresholds, and to the smallest set of metrics that catches a family of damage.

A threshold lies at an order statistic of the recordings' worst accepted clips: so many recordings lie under it as
a gate may reject wrongly and still be shown to keep to its rate, less one for the recording that is not among them
(S. S. Wilks, Annals of Mathematical Statistics 1941). Of several metrics, any of which may reject, each has its
part of that number. A *lavish* threshold lies where the rate was shown to be passed: what even that misses, no
threshold catches.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from degrade_bench.gates.options import GateOptions
from degrade_bench.gates.rates import fewest_wrong, most_wrong
from degrade_bench.gates.samples import Samples

Members = tuple[int, ...]
"""The detectors of a gate, by number."""


@dataclass(frozen=True, eq=False)
class Chooser:
    """Thresholds and sets of metrics, from some of the recordings.

    Attributes:
        samples: of all recordings.
        kept: ``(clips,)``, whether a clip is of those recordings.
        options: the error rates.
        is_lavish: whether thresholds lie where more clean clips are rejected than may be.
    """

    samples: Samples
    kept: np.ndarray
    options: GateOptions
    is_lavish: bool = False

    def _under(self, size: int) -> int:
        """How many recordings each threshold of a gate of so many metrics is to reject."""
        tracks, options = len(np.unique(self.samples.track[self.kept])), self.options
        if self.is_lavish:
            return fewest_wrong(tracks, options.false_reject, options.confidence)
        return max(0, most_wrong(tracks, options.false_reject, options.confidence) // size - 1)

    @cached_property
    def thresholds(self) -> np.ndarray:
        """``(sizes, detectors)``: the threshold of each detector in a gate of so many, less one; −∞ for none."""
        found = np.full((self.options.most_metrics, len(self.samples.detectors)), -math.inf)
        track = self.samples.track[self.kept]
        for number, detector in enumerate(self.samples.detectors):
            worst = _worst_by_track(detector.accepted[self.kept], track)
            for size in range(1, len(found) + 1):
                under = self._under(size)
                if under < len(worst):
                    found[size - 1, number] = worst[under]
                elif self.is_lavish:
                    found[size - 1, number] = math.inf
        return found

    @cached_property
    def misses(self) -> dict[Members, np.ndarray]:
        """Of every possible gate, the share of damaged clips that it accepts here, ``(families, levels)``."""
        shares = {}
        for size in range(1, self.options.most_metrics + 1):
            rejects = [
                _rejects(detector.damaged[self.kept], self.thresholds[size - 1, number])
                for number, detector in enumerate(self.samples.detectors)
            ]
            for members in itertools.combinations(range(len(rejects)), size):
                shares[members] = self._by_family(any_of([rejects[number] for number in members]))
        return shares

    def _by_family(self, rejects: np.ndarray) -> np.ndarray:
        """Shares of damaged clips that are accepted, by family and level."""
        families, levels, cell_family, cell_level = self.samples.layout
        accepted = 1 - rejects
        known = np.isfinite(accepted)
        sums, counts = np.zeros((2, families, levels))
        np.add.at(sums, (cell_family, cell_level), np.where(known, accepted, 0.0).sum(axis=0))
        np.add.at(counts, (cell_family, cell_level), known.sum(axis=0))
        with np.errstate(invalid="ignore", divide="ignore"):
            return sums / counts

    def for_family(self, family: int) -> Members:
        """The smallest set that catches a family's gross damage here.

        Of several the one that does from the lowest level on, then the one that misses least; where none catches
        it, the single metric that misses least.
        """
        return min(self.misses, key=lambda members: self._rank(members, family))

    def _rank(self, members: Members, family: int) -> tuple[bool, int, int, float, Members]:
        miss = self.misses[members][family]
        miss = miss[np.isfinite(miss)]
        caught = miss <= self.options.miss
        if not len(miss) or not caught[-1]:
            return True, len(members), 0, float(miss[-1]) if len(miss) else math.inf, members
        return False, len(members), -_run(caught), float(miss.mean()), members

    def for_all(self) -> Members:
        """The smallest set of those that catch the gross damage of most families here."""
        return min(self.misses, key=self._rank_of_all)

    def _rank_of_all(self, members: Members) -> tuple[int, int, float, Members]:
        misses = self.misses[members]
        tops = np.array([_last(row) for row in misses])
        caught = int((tops <= self.options.miss).sum())
        return -caught, len(members), float(np.nanmean(misses)) if np.isfinite(misses).any() else 1.0, members

    def rejects(self, members: Members, of: np.ndarray, what: str) -> np.ndarray:
        """Which clips a gate with these thresholds rejects: 1, 0, or NaN where no metric has a score.

        Args:
            members: of the gate.
            of: ``(clips,)``, whether a clip is asked about.
            what: ``clean``, ``controls`` or ``damaged``.

        Returns:
            ``(clips asked about, columns)``.
        """
        parts = []
        for number in members:
            qualities = getattr(self.samples.detectors[number], what)
            qualities = qualities[:, None] if qualities.ndim == 1 else qualities
            parts.append(_rejects(qualities[of], self.thresholds[len(members) - 1, number]))
        widest = max(part.shape[1] for part in parts)
        return any_of([_padded(part, widest) for part in parts])


def any_of(parts: list[np.ndarray]) -> np.ndarray:
    """Where any rejects: 1, else 0; NaN where none is known."""
    stacked = np.stack(parts)
    known = np.isfinite(stacked).any(axis=0)
    return np.where(known, np.nan_to_num(stacked).max(axis=0), math.nan)


def _rejects(qualities: np.ndarray, threshold: float) -> np.ndarray:
    return np.where(np.isfinite(qualities), (qualities < threshold).astype(float), math.nan)


def _worst_by_track(accepted: np.ndarray, track: np.ndarray) -> np.ndarray:
    """The lowest accepted quality of each recording, rising."""
    lowest = np.full(int(track.max(initial=-1)) + 1, math.inf)
    for column in accepted.T:
        known = np.isfinite(column)
        np.minimum.at(lowest, track[known], column[known])
    return np.sort(lowest[np.isfinite(lowest)])


def _padded(part: np.ndarray, columns: int) -> np.ndarray:
    """Another metric may have fewer controls that it is not meant to hear."""
    return np.pad(part, ((0, 0), (0, columns - part.shape[1])), constant_values=math.nan)


def _last(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known[-1]) if len(known) else math.inf


def _run(flags: np.ndarray) -> int:
    """How many at the end are true."""
    return int(np.argmin(np.append(flags[::-1], False)))
