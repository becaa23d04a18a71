"""What a metric loses by genre (the manifest's group of a clip), and how even that is: ``Analysis.genres``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from degrade_bench.analysis.bounds import mean_intervals
from degrade_bench.analysis.frames import Column, Frame, interval
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.resampling import Resampler
from degrade_bench.analysis.wide import MetricDrops

GENRES = Frame(
    "genres",
    "a metric × tested degradation × genre, at the highest level that was scored, where the manifest names groups",
    (
        Column("metric", "text", "which metric, and which tested damage"),
        Column("degradation", "text", "which metric, and which tested damage"),
        Column("clip_group", "text", "the genre: what the manifest calls the clips' group"),
        Column("n", "count", "clips with a drop"),
        Column("tracks", "count", "the recordings that they are from"),
        Column("drop_mean", "number", "the mean drop over clips", "the metric's"),
        *interval("drop", "interval of the mean drop over tracks, as in `levels`", "the metric's"),
    ),
)

EVENNESS_COLUMNS = (
    Column(
        "evenness",
        "number",
        "of the top level's drop over the manifest's genres: Pielou's, 1 where every genre loses alike, 0 where "
        "one loses everything",
    ),
)


@dataclass(frozen=True, eq=False)
class GenreSensitivity:
    """What a metric loses by genre.

    Attributes:
        table: the columns of :data:`GENRES`.
        evenness: for each degradation, how even its drop is over genres; NaN where that is not known.
    """

    table: pd.DataFrame
    evenness: tuple[float, ...]


def genre_sensitivity(
    metric_drops: MetricDrops, tops: Sequence[int | None], resampler: Resampler, options: AnalysisOptions
) -> GenreSensitivity:
    """The drop at the top level by genre, and how even it is over genres.

    Genres of at least two tracks are taken, where there are at least two such genres. *Evenness* is Pielou's: the
    entropy of the genres' shares of the drop over the largest that so many genres could have. Genres that lose
    nothing have no share.

    Args:
        metric_drops: the metric's drops.
        tops: for each degradation, the column of the highest level that was scored, or None.
        resampler: draws tracks.
        options: thresholds.
    """
    clip_group, track = metric_drops.clip_group, metric_drops.track
    genres = sorted({str(genre) for genre in clip_group if not pd.isna(genre)})
    genres = [genre for genre in genres if len(set(track[clip_group == genre])) > 1]
    columns = [top for top in tops if top is not None]
    if len(genres) < 2 or not columns:
        return GenreSensitivity(GENRES.empty(), (math.nan,) * len(tops))
    tables = []
    for genre in genres:
        in_genre = (clip_group == genre)[:, None]
        drops = metric_drops.clustered(np.where(in_genre, metric_drops.drops[:, columns], math.nan))
        low, high = mean_intervals(drops, resampler, (options.confidence,), options)[0]
        tables.append(
            metric_drops.cells.iloc[columns][["degradation"]].assign(
                metric=metric_drops.metric,
                clip_group=genre,
                n=drops.clips,
                tracks=drops.tracks,
                drop_mean=drops.means,
                drop_low=low,
                drop_high=high,
            )
        )
    means = {column: [table["drop_mean"].iloc[place] for table in tables] for place, column in enumerate(columns)}
    evenness = tuple(math.nan if top is None else pielou(np.array(means[top])) for top in tops)
    return GenreSensitivity(GENRES.joined(tables), evenness)


def pielou(drops: np.ndarray) -> float:
    """Pielou's evenness of genres' mean drops ``(genres,)``; NaN with fewer than two genres or without any loss.

    >>> print(f"{pielou(np.array([2.0, 2.0, 2.0])):.3f}, {pielou(np.array([3.0, 1.0])):.3f}")
    1.000, 0.811
    """
    finite = drops[np.isfinite(drops)]
    lost = np.maximum(finite, 0.0)
    if len(finite) < 2 or lost.sum() == 0:
        return math.nan
    shares = lost[lost > 0] / lost.sum()
    return float(-(shares * np.log(shares)).sum() / math.log(len(finite)))
