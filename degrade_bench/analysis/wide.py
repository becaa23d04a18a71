"""The drops of one metric as arrays, clips by cells: what every statistic is computed from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
import pandas as pd

from degrade_bench._support.rounding import Ties
from degrade_bench.analysis.drops import (
    coded,
    drop_table,
    is_usable,
    net_drops,
    single_level_placebos,
    ties_by_metric,
)
from degrade_bench.analysis.failures import Failed, failed_cells
from degrade_bench.analysis.means import Clustered

LADDER = ["group", "family", "degradation", "level", "strength", "unit"]


@dataclass(frozen=True, eq=False)
class MetricDrops:
    """One metric's drops, each from the clip's own clean score; NaN where there is none.

    Attributes:
        metric: its name.
        clips: ``(clips,)``, ids in alphabetical order.
        track: ``(clips,)``, the track of each clip, 0 to ``tracks - 1``.
        tracks: how many there are.
        clip_group: ``(clips,)``, the genre: what the manifest calls the clip's group, or None.
        clean: ``(clips,)``, clean scores.
        cells: the tested cells, one row each, degradation by degradation with rising levels.
        drops: ``(clips, cells)``.
        placebo: ``(clips, cells)``, the drop of the placebo that stands beside the cell.
        controls, control_drops: the controls' cells (with ``nuisance``) and ``(clips, controls)``.
        placebos, placebo_drops: the placebos' own cells (with ``placebo_of``) and ``(clips, placebos)``.
        failures: what failed, by tested degradation.
        ties: how close scores are that count as equal.
        needs_reference: whether it compares with the clean clip, so that clean scores say nothing of the music.
        draw_variance: ``(clips, cells)``, the variance of a mean over replicates, by what these differ; NaN with
            one. None for one replicate throughout.
    """

    metric: str
    clips: np.ndarray
    track: np.ndarray
    tracks: int
    clip_group: np.ndarray
    clean: np.ndarray
    cells: pd.DataFrame
    drops: np.ndarray
    placebo: np.ndarray
    controls: pd.DataFrame
    control_drops: np.ndarray
    placebos: pd.DataFrame
    placebo_drops: np.ndarray
    failures: Mapping[str, Failed] = field(default_factory=dict)
    ties: Ties = field(default_factory=Ties)
    needs_reference: bool = False
    draw_variance: np.ndarray | None = None

    @cached_property
    def net(self) -> np.ndarray:
        """The drop beyond the placebo's, ``(clips, cells)``; NaN where there is no placebo."""
        return net_drops(self.ties, self.clean[:, None], self.drops, self.placebo)

    @cached_property
    def has_placebo(self) -> np.ndarray:
        """Whether each cell's degradation has a placebo, ``(cells,)``."""
        has_drop = np.isfinite(self.placebo).any(axis=0)
        anywhere: np.ndarray = np.zeros_like(has_drop)
        for _, columns in self.ladders():
            anywhere[columns] = has_drop[columns].any()
        return anywhere

    @property
    def counted(self) -> np.ndarray:
        """The drop that counts, ``(clips, cells)``: beyond the placebo's, where the degradation has a placebo."""
        return np.where(self.has_placebo, self.net, self.drops)

    def ladders(self) -> Iterator[tuple[str, slice]]:
        """Each tested degradation with its columns."""
        return iter(self._ladders)

    @cached_property
    def _ladders(self) -> list[tuple[str, slice]]:
        names = self.cells["degradation"].tolist()
        starts = [index for index in range(len(names)) if index == 0 or names[index] != names[index - 1]]
        return [(str(names[start]), slice(start, end)) for start, end in pairwise([*starts, len(names)])]

    def of_clips(self, kept: np.ndarray) -> MetricDrops:
        """The drops of some of the clips, ``(clips,)`` True where a clip is kept; tracks are numbered anew."""
        names, codes = np.unique(self.track[kept], return_inverse=True)
        return replace(
            self,
            clips=self.clips[kept],
            track=codes,
            tracks=len(names),
            clip_group=self.clip_group[kept],
            clean=self.clean[kept],
            drops=self.drops[kept],
            placebo=self.placebo[kept],
            control_drops=self.control_drops[kept],
            placebo_drops=self.placebo_drops[kept],
            draw_variance=None if self.draw_variance is None else self.draw_variance[kept],
        )

    def clustered(self, values: np.ndarray) -> Clustered:
        """Values of this metric's clips, ``(clips, columns)``, by track."""
        return Clustered.of(values, self.track, self.tracks)


def drops_by_metric(scores: pd.DataFrame, table: pd.DataFrame | None = None) -> dict[str, MetricDrops]:
    """The drops of every metric of a score table, by name, in the order in which the metrics appear.

    Args:
        scores: the score table.
        table: its :func:`~degrade_bench.analysis.drops.drop_table`, where it was made already.
    """
    names = [str(name) for name in pd.unique(scores["metric"])]
    scores = coded(scores)
    table = drop_table(scores) if table is None else table
    cells = _Cells.of(scores)
    ties = ties_by_metric(scores)
    score = scores["score"].to_numpy(dtype=float, na_value=np.nan)
    is_clean = (scores["role"] == "clean").to_numpy() & (scores["status"] == "ok").to_numpy() & is_usable(score)
    cleans = scores.loc[is_clean, ["metric", "clip_id", "score"]]
    by_metric = {}
    for name in names:
        of_scores, of_cleans, of_table = (
            part[(part["metric"] == name).to_numpy()] for part in (scores, cleans, table)
        )
        by_metric[name] = replace(_drops_of(of_scores, of_cleans, of_table, cells), ties=ties[name])
    return by_metric


@dataclass(frozen=True, eq=False)
class _Cells:
    """The cells of a score table, and for each tested cell the column of the placebo that stands beside it."""

    tested: pd.DataFrame
    controls: pd.DataFrame
    placebos: pd.DataFrame
    beside: np.ndarray

    @classmethod
    def of(cls, scores: pd.DataFrame) -> _Cells:
        tested, placebos = ladder_of(scores, "test"), ladder_of(scores, "placebo")
        parents = _first(scores, "placebo")["placebo_of"]
        placebos = placebos.assign(placebo_of=placebos["degradation"].map(parents))
        beside = _beside(tested, placebos, single_level_placebos(scores))
        return cls(tested, ladder_of(scores, "control"), placebos, beside)


def _drops_of(scores: pd.DataFrame, cleans: pd.DataFrame, table: pd.DataFrame, cells: _Cells) -> MetricDrops:
    """One metric's drops from its rows of the score table, of the clean scores and of the drop table."""
    firsts = scores.drop_duplicates("clip_id").sort_values("clip_id")
    place = np.full(len(scores["clip_id"].cat.categories), -1)
    place[firsts["clip_id"].cat.codes.to_numpy()] = np.arange(len(firsts))
    track, tracks = pd.factorize(firsts["track"], sort=True)
    clean = np.full(len(firsts), np.nan)
    clean[place[cleans["clip_id"].cat.codes.to_numpy()]] = cleans["score"].to_numpy(dtype=float)
    rows = place[table["clip_id"].cat.codes.to_numpy()]
    placebo_drops = _filled(table, rows, len(firsts), cells.placebos, "placebo")
    padded = np.column_stack([placebo_drops, np.full(len(firsts), np.nan)])
    nuisance = _first(scores, "control")["nuisance"]
    is_nuisance = [bool(nuisance.get(name, True)) for name in cells.controls["degradation"]]
    return MetricDrops(
        metric=str(scores["metric"].iloc[0]),
        clips=firsts["clip_id"].astype(object).to_numpy(),
        track=track,
        tracks=len(tracks),
        clip_group=firsts["clip_group"].astype(object).to_numpy(),
        clean=clean,
        cells=cells.tested,
        drops=_filled(table, rows, len(firsts), cells.tested, "test"),
        placebo=padded[:, cells.beside],
        controls=cells.controls.assign(nuisance=is_nuisance),
        control_drops=_filled(table, rows, len(firsts), cells.controls, "control"),
        placebos=cells.placebos,
        placebo_drops=placebo_drops,
        failures=failed_cells(scores),
        needs_reference=bool(scores["needs_reference"].iloc[0]),
        draw_variance=_filled(table, rows, len(firsts), cells.tested, "test", "draw_variance"),
    )


def ladder_of(scores: pd.DataFrame, role: str) -> pd.DataFrame:
    """Every degradation × level of a role, scored or not, degradations in the table's order."""
    rows = scores[(scores["role"] == role).to_numpy()]
    cells = (
        rows[LADDER]
        .drop_duplicates(["degradation", "level"])
        .astype({name: object for name in ("group", "family", "degradation", "unit")})
    )
    order = {name: index for index, name in enumerate(dict.fromkeys(cells["degradation"]))}
    cells = cells.assign(_order=cells["degradation"].map(order).astype(int)).sort_values(["_order", "level"])
    return cells.drop(columns="_order").reset_index(drop=True)


def _first(scores: pd.DataFrame, role: str) -> pd.DataFrame:
    """One row per degradation of a role, by name."""
    rows = scores[(scores["role"] == role).to_numpy()].drop_duplicates("degradation")
    return rows.astype({"degradation": object, "placebo_of": object}).set_index("degradation")


def _filled(
    table: pd.DataFrame, rows: np.ndarray, clips: int, cells: pd.DataFrame, role: str, column_name: str = "drop"
) -> np.ndarray:
    """The drops of the cells of a role, or another column of theirs: ``(clips, cells)``.

    Args:
        table: the drop table.
        rows: the clip of each of its rows, by number.
        clips: how many there are.
        cells: of the role.
        role: which.
        column_name: of the table.
    """
    filled = np.full((clips, len(cells)), np.nan)
    names = table["degradation"].cat.categories
    highest = [int(frame["level"].max()) for frame in (table, cells) if len(frame)]
    levels = max(highest, default=0) + 1
    column = np.full(len(names) * levels, -1)
    codes = names.get_indexer(pd.Index(cells["degradation"], dtype=object))
    column[codes * levels + cells["level"].to_numpy(dtype=np.int64)] = np.arange(len(cells))
    degradation = table["degradation"].cat.codes.to_numpy().astype(np.int64)
    at = column[degradation * levels + table["level"].to_numpy(dtype=np.int64)]
    use = (table["role"] == role).to_numpy() & (at >= 0)
    filled[rows[use], at[use]] = table[column_name].to_numpy()[use]
    return filled


def _beside(tested: pd.DataFrame, placebos: pd.DataFrame, single: set[str]) -> np.ndarray:
    """For each tested cell, the column of the placebo beside it; the column behind the last for none."""
    exact, shared = {}, {}
    for index, row in enumerate(placebos.itertuples()):
        if row.degradation in single:
            shared[row.placebo_of] = index
        else:
            exact[row.placebo_of, row.level] = index
    none = len(placebos)
    return np.array(
        [exact.get((row.degradation, row.level), shared.get(row.degradation, none)) for row in tested.itertuples()],
        dtype=np.int64,
    )
