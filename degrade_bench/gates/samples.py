"""What a gate has to tell apart: the quality of clean, of harmlessly edited and of damaged clips, by metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from degrade_bench.analysis.wide import MetricDrops, drops_by_metric
from degrade_bench.errors import RunFolderError


@dataclass(frozen=True, eq=False)
class Detector:
    """A metric as a gate asks it: a clip is rejected where its quality lies under a threshold.

    Attributes:
        metric: its name.
        is_drop: whether the quality is the drop from the clean clip, with its sign turned; else it is the score,
            with its sign turned where lower is better.
        sign: of the score: 1 where higher is better.
        clean: ``(clips,)``, of the clean clips.
        controls: ``(clips, controls)``, of harmlessly edited ones.
        damaged: ``(clips, cells)``.
    """

    metric: str
    is_drop: bool
    sign: float
    clean: np.ndarray
    controls: np.ndarray
    damaged: np.ndarray

    @property
    def accepted(self) -> np.ndarray:
        """What is to be accepted, ``(clips, columns)``: clean clips; of drops, which these lack, controls, too."""
        clean = self.clean[:, None]
        return np.column_stack([clean, self.controls]) if self.is_drop else clean

    def shown(self, quality: float) -> float:
        """A quality as the metric's score, or as its drop."""
        return -quality if self.is_drop else self.sign * quality


@dataclass(frozen=True, eq=False)
class Samples:
    """The qualities of all clips by all detectors.

    Attributes:
        detectors: the metrics that a gate may ask.
        track: ``(clips,)``, the recording of each clip, 0 to ``tracks - 1``.
        tracks: how many there are.
        cells: the damaged cells: ``group``, ``family``, ``degradation``, ``level``.
    """

    detectors: tuple[Detector, ...]
    track: np.ndarray
    tracks: int
    cells: pd.DataFrame

    @classmethod
    def of(cls, scores: pd.DataFrame, reference: bool, metrics: Sequence[str] = ()) -> Samples:
        """The qualities in a score table; of replicates the first.

        Args:
            scores: the table.
            reference: whether metrics without a reference may be asked for their drop from it.
            metrics: only these; all by default.

        Raises:
            RunFolderError: no metric has a clean and a damaged clip.
        """
        rows = scores[scores["replicate"] == 0]
        if metrics:
            rows = rows[rows["metric"].isin(metrics)]
        by_metric = drops_by_metric(rows)
        clips = rows.drop_duplicates("clip_id").sort_values("clip_id")
        names = pd.Index(clips["clip_id"].astype(object))
        track, recordings = pd.factorize(clips["track"], sort=True)
        cells = _cells([drops.cells for drops in by_metric.values()])
        higher = rows.drop_duplicates("metric").set_index("metric")["higher_is_better"]
        detectors = []
        for name, drops in by_metric.items():
            kinds = (True,) if drops.needs_reference else (False, True) if reference else (False,)
            for is_drop in kinds:
                detectors.append(_detector(drops, is_drop, 1.0 if higher[name] else -1.0, names, cells))
        usable = tuple(
            one for one in detectors if np.isfinite(one.accepted).any() and np.isfinite(one.damaged).any()
        )
        if not usable:
            raise RunFolderError("no metric has scores of clean and of damaged clips")
        return cls(usable, track, len(recordings), cells)

    @cached_property
    def layout(self) -> tuple[int, int, np.ndarray, np.ndarray]:
        """How many families and levels there are, and of each damaged cell the number of both."""
        families = {family: number for number, family in enumerate(self.families())}
        levels = {level: number for number, level in enumerate(self.level_names())}
        pairs = zip(self.cells["group"], self.cells["family"], strict=True)
        of_family = np.array([families[group, family] for group, family in pairs])
        of_level = np.array([levels[int(level)] for level in self.cells["level"]])
        return len(families), len(levels), of_family, of_level

    def level_names(self) -> list[int]:
        """The levels of damage, rising."""
        return sorted({int(level) for level in self.cells["level"]})

    def families(self) -> list[tuple[str, str]]:
        """The groups and families of damage."""
        pairs = self.cells[["group", "family"]].drop_duplicates()
        return [(str(group), str(family)) for group, family in pairs.itertuples(index=False)]


def _cells(of_metrics: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The damaged cells of all metrics, each once."""
    columns = ["group", "family", "degradation", "level"]
    every = pd.concat([cells[columns].astype(object) for cells in of_metrics], ignore_index=True)
    return every.drop_duplicates(["degradation", "level"]).reset_index(drop=True)


def _detector(drops: MetricDrops, is_drop: bool, sign: float, clips: pd.Index, cells: pd.DataFrame) -> Detector:
    """A metric's qualities, laid out by all clips and all cells.

    Args:
        drops: of the metric.
        is_drop: whether its quality is the drop.
        sign: of its score.
        clips: of all metrics.
        cells: of all metrics.
    """
    start = np.zeros(len(drops.clips)) if is_drop else sign * drops.clean
    nuisance = drops.controls["nuisance"].to_numpy(dtype=bool)
    place = clips.get_indexer(pd.Index(drops.clips))
    keys = pd.MultiIndex.from_frame(cells[["degradation", "level"]].astype({"level": int}))
    mine = pd.MultiIndex.from_frame(drops.cells[["degradation", "level"]].astype({"level": int}))
    damaged = np.full((len(clips), len(cells)), np.nan)
    damaged[np.ix_(place, keys.get_indexer(mine))] = start[:, None] - drops.drops
    controls = np.full((len(clips), int(nuisance.sum())), np.nan)
    controls[place] = start[:, None] - drops.control_drops[:, nuisance]
    clean = np.full(len(clips), np.nan)
    clean[place] = np.where(np.isfinite(drops.clean), start, np.nan)
    return Detector(drops.metric, is_drop, sign, clean, controls, damaged)
