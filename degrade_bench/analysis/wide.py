"""The drops of one metric as arrays, clips by cells: what every statistic is computed from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from degrade_bench.analysis.drops import coded, drop_table, is_usable, single_level_placebos
from degrade_bench.analysis.means import Clustered

LADDER = ["group", "family", "degradation", "level", "strength", "unit"]


@dataclass(frozen=True, eq=False)
class MetricDrops:
    """Everything that is known of one metric's drops, paired with each clip's own clean score; NaN where unknown.

    Attributes:
        metric: its name.
        clips: ``(clips,)``, ids in alphabetical order.
        track: ``(clips,)``, the track of each clip, 0 to ``tracks - 1``.
        tracks: how many there are.
        clip_group: ``(clips,)``, what the manifest calls the clip's group, or None.
        clean: ``(clips,)``, clean scores.
        cells: the tested cells, one row each, degradation by degradation with rising levels.
        drops: ``(clips, cells)``.
        placebo: ``(clips, cells)``, the drop of the placebo that stands beside the cell.
        controls, control_drops: the controls' cells (with ``nuisance``) and ``(clips, controls)``.
        placebos, placebo_drops: the placebos' own cells (with ``placebo_of``) and ``(clips, placebos)``.
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

    @property
    def net(self) -> np.ndarray:
        """The drop beyond the placebo's, ``(clips, cells)``; NaN where there is no placebo."""
        return self.drops - self.placebo

    def ladders(self) -> Iterator[tuple[str, slice]]:
        """Each tested degradation with its columns."""
        names = self.cells["degradation"].to_numpy()
        starts = [index for index in range(len(names)) if index == 0 or names[index] != names[index - 1]]
        for start, end in pairwise([*starts, len(names)]):
            yield str(names[start]), slice(start, end)

    def clustered(self, values: np.ndarray) -> Clustered:
        """Values of this metric's clips, ``(clips, columns)``, by track."""
        return Clustered.of(values, self.track, self.tracks)


def metric_drops(scores: pd.DataFrame) -> Iterator[MetricDrops]:
    """The drops of every metric of a score table, in the order in which the metrics appear."""
    metrics = [str(name) for name in pd.unique(scores["metric"])]
    scores = coded(scores)
    table, single = drop_table(scores), single_level_placebos(scores)
    tested, controls = ladder_of(scores, "test"), ladder_of(scores, "control")
    placebos = ladder_of(scores, "placebo")
    parents = _first(scores, "placebo")["placebo_of"]
    placebos = placebos.assign(placebo_of=placebos["degradation"].map(parents))
    beside = _beside(tested, placebos, single)
    score = scores["score"].to_numpy(dtype=float, na_value=np.nan)
    known_clean = (scores["role"] == "clean").to_numpy() & (scores["status"] == "ok").to_numpy() & is_usable(score)
    cleans = scores.loc[known_clean, ["metric", "clip_id", "score"]]
    for metric in metrics:
        of_metric = scores[(scores["metric"] == metric).to_numpy()]
        firsts = of_metric.drop_duplicates("clip_id").sort_values("clip_id")
        place = np.full(len(scores["clip_id"].cat.categories), -1)
        place[firsts["clip_id"].cat.codes.to_numpy()] = np.arange(len(firsts))
        track, names = pd.factorize(firsts["track"], sort=True)
        clean = np.full(len(firsts), np.nan)
        own_clean = cleans[(cleans["metric"] == metric).to_numpy()]
        clean[place[own_clean["clip_id"].cat.codes.to_numpy()]] = own_clean["score"].to_numpy(dtype=float)
        own = table[(table["metric"] == metric).to_numpy()]
        rows = place[own["clip_id"].cat.codes.to_numpy()]
        placebo_drops = _filled(own, rows, len(firsts), placebos, "placebo")
        padded = np.column_stack([placebo_drops, np.full(len(firsts), np.nan)])
        counted = _first(of_metric, "control")["nuisance"]
        yield MetricDrops(
            metric=metric,
            clips=firsts["clip_id"].astype(object).to_numpy(),
            track=track,
            tracks=len(names),
            clip_group=firsts["clip_group"].astype(object).to_numpy(),
            clean=clean,
            cells=tested,
            drops=_filled(own, rows, len(firsts), tested, "test"),
            placebo=padded[:, beside],
            controls=controls.assign(nuisance=[bool(counted.get(name, True)) for name in controls["degradation"]]),
            control_drops=_filled(own, rows, len(firsts), controls, "control"),
            placebos=placebos,
            placebo_drops=placebo_drops,
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


def _filled(own: pd.DataFrame, rows: np.ndarray, clips: int, cells: pd.DataFrame, role: str) -> np.ndarray:
    """The drops of the cells of a role: ``(clips, cells)``."""
    filled = np.full((clips, len(cells)), np.nan)
    of_role = (own["role"] == role).to_numpy()
    names = own["degradation"].cat.categories
    levels = max(int(own["level"].max()) if len(own) else 0, int(cells["level"].max()) if len(cells) else 0) + 1
    column = np.full(len(names) * levels, -1)
    codes = names.get_indexer(pd.Index(cells["degradation"], dtype=object))
    column[codes * levels + cells["level"].to_numpy(dtype=np.int64)] = np.arange(len(cells))
    at = column[
        own["degradation"].cat.codes.to_numpy().astype(np.int64) * levels + own["level"].to_numpy(dtype=np.int64)
    ]
    use = of_role & (at >= 0)
    filled[rows[use], at[use]] = own["drop"].to_numpy()[use]
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
