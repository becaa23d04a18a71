"""The verdicts of one metric and nothing else.

A simulation needs thousands of them, and so does what leaving something out changes. :func:`judged` comes to the
verdicts that :func:`~degrade_bench.analysis.metric_analysis.analyse_metric` comes to, but that a control which the
metric is meant to hear is no positive control here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from degrade_bench.analysis import statistics as stat
from degrade_bench.analysis.claims import Claims, claims_of, covered_levels
from degrade_bench.analysis.controls import CONTROLS
from degrade_bench.analysis.floor import Floor, nuisance_floor
from degrade_bench.analysis.levels.against_margin import against_margin
from degrade_bench.analysis.levels.base import LevelInputs
from degrade_bench.analysis.looks import ONCE, Looks, Shown, over_looks
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.resampling import Resampler
from degrade_bench.analysis.rules import Damage, LevelStats, Ruling, rulings_of
from degrade_bench.analysis.wide import MetricDrops

TOP_COLUMNS = ("level", "n", "tracks", "drop_mean", "net_drop", "asked_of")


@dataclass(frozen=True, eq=False)
class Judgement:
    """The verdicts of one metric under rules 2.

    Attributes:
        rulings: by damage.
        claims: by damage.
        effects: one row per cell: the figures that the claims rest on.
        floor: the metric's margin and nuisance floor.
    """

    rulings: Mapping[str, Ruling]
    claims: Mapping[str, Claims]
    effects: pd.DataFrame
    floor: Floor


def judged(
    metric_drops: MetricDrops,
    options: AnalysisOptions,
    resampler: Resampler | None = None,
    positive_control: str | None = None,
    spare: np.ndarray | None = None,
    looks: Looks = ONCE,
) -> Judgement:
    """The verdicts of one metric under rules 2.

    Args:
        metric_drops: its drops.
        options: thresholds.
        resampler: draws tracks; None for one of the options' own.
        positive_control: one that is known to have fired, where no damage does.
        spare: ``(cells,)``, how many recordings were left out on purpose, and count where a number is asked for.
        looks: at the scores, these the last.
    """
    resampler = resampler or Resampler(options.resamples, options.seed)
    floor, effects, claims = _claimed(metric_drops, options, resampler, looks.share(options.alpha))
    claims = claims_so_far(metric_drops, effects, claims, looks, resampler, options)
    effects = effects.assign(asked_of=effects["counted_tracks"] + (0 if spare is None else spare))
    tracks = effects["counted_tracks"].to_numpy()
    tops = {name: covered_levels(tracks, columns) for name, columns in metric_drops.ladders()}
    figures = {name: effects[name].to_numpy() for name in TOP_COLUMNS}
    damages = {
        name: Damage([], _top(figures, tops[name]), claims[name], metric_drops.failures.get(name)) for name in tops
    }
    _, rulings = rulings_of(damages, CONTROLS.empty(), floor.margin, options, positive_control)
    return Judgement(rulings, claims, effects, floor)


def claims_so_far(
    metric_drops: MetricDrops,
    effects: pd.DataFrame,
    claims: Mapping[str, Claims],
    looks: Looks,
    resampler: Resampler,
    options: AnalysisOptions,
) -> dict[str, Claims]:
    """The claims on a metric's damages, with what earlier looks at the scores have shown.

    Args:
        metric_drops: the metric's drops at the last look.
        effects: the figures of every cell there.
        claims: by damage, at the last look.
        looks: at the scores. One at too few recordings to conclude anything has shown nothing.
        resampler: draws tracks.
        options: thresholds.
    """
    shown = []
    for number, clips in enumerate(looks.clips[:-1]):
        there = metric_drops.of_clips(np.isin(metric_drops.clips.astype(str), list(clips)))
        if there.tracks >= options.min_tracks:
            share = looks.share(options.alpha, number)
            _, figures, found = _claimed(there, options, resampler, share)
            shown.append(_shown(there, figures, found, share))
        else:
            shown.append(_shown(there, effects, dict.fromkeys(claims, Claims()), 1.0))
    return over_looks([*shown, _shown(metric_drops, effects, claims, looks.share(options.alpha))], options)


def _shown(metric_drops: MetricDrops, effects: pd.DataFrame, claims: Mapping[str, Claims], share: float) -> Shown:
    """What a look has shown.

    Args:
        metric_drops: the drops there.
        effects: the figures of every cell.
        claims: by damage.
        share: of every level of test.
    """
    tracks, level = (effects[name].to_numpy() for name in ("counted_tracks", "level"))
    covered = {name: covered_levels(tracks, columns) for name, columns in metric_drops.ladders()}
    recordings = {name: int(tracks[rows].min(initial=metric_drops.tracks)) for name, rows in covered.items()}
    levels = {name: tuple(int(at) for at in level[rows]) for name, rows in covered.items()}
    return Shown(claims, recordings, levels, share)


def _claimed(
    metric_drops: MetricDrops, options: AnalysisOptions, resampler: Resampler, share: float
) -> tuple[Floor, pd.DataFrame, dict[str, Claims]]:
    """Margin and floor, the figures that the claims rest on, and the claims by damage.

    Args:
        metric_drops: of a metric.
        options: thresholds.
        resampler: draws tracks.
        share: of every level of test that this look has.
    """
    floor = nuisance_floor(metric_drops, resampler, options)
    inputs = LevelInputs(metric_drops, floor, resampler, options)
    effects = metric_drops.cells.assign(
        n=inputs.drops.clips,
        tracks=inputs.drops.tracks,
        drop_mean=inputs.drops.means,
        net_drop=inputs.nets.means,
        p_value=stat.wilcoxon_p(inputs.drops.track_means, options.tied_exact),
        p_net=stat.wilcoxon_p(inputs.nets.track_means, options.tied_exact),
        **against_margin(inputs),
    )
    ladders = list(metric_drops.ladders())
    claims = claims_of(inputs, effects, [columns for _, columns in ladders], share)
    return floor, effects, dict(zip((name for name, _ in ladders), claims, strict=True))


def _top(figures: Mapping[str, np.ndarray], rows: np.ndarray) -> list[LevelStats]:
    """What rules 2 ask of the level that decides; nothing where nothing was scored.

    Args:
        figures: the columns :data:`TOP_COLUMNS`, by cell.
        rows: of the levels that enough recordings have.
    """
    if not len(rows):
        return []
    unknown, row = math.nan, {name: values[rows[-1]] for name, values in figures.items()}
    return [
        LevelStats(
            level=int(row["level"]),
            strength=unknown,
            unit="",
            n=int(row["n"]),
            tracks=int(row["tracks"]),
            drop=float(row["drop_mean"]),
            low=unknown,
            high=unknown,
            equivalence_low=unknown,
            equivalence_high=unknown,
            p_blind=unknown,
            p_top=unknown,
            net=float(row["net_drop"]),
            counted_tracks=int(figures["asked_of"][rows].min()),
        )
    ]
