"""The analysis of one metric, step by step: effects, curves, multiplicity, verdicts, and what sums them up."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from degrade_bench.analysis.claims import CLAIM_COLUMNS, Claims, claims_of, covered_levels
from degrade_bench.analysis.controls import control_effects, placebo_effects
from degrade_bench.analysis.curves import COURSE_COLUMNS, Curves, curves_of, scored_columns
from degrade_bench.analysis.detection import DETECTION_COLUMNS, Detection, detection_row
from degrade_bench.analysis.failures import Failed
from degrade_bench.analysis.floor import Floor, nuisance_floor
from degrade_bench.analysis.frames import Column, Frame, interval
from degrade_bench.analysis.genres import EVENNESS_COLUMNS, genre_sensitivity
from degrade_bench.analysis.influence import INFLUENCE_COLUMNS, Influence, influence_of
from degrade_bench.analysis.judge import claims_so_far
from degrade_bench.analysis.levels import LEVELS, LevelInputs, level_effects
from degrade_bench.analysis.looks import ONCE, Looks
from degrade_bench.analysis.means import clean_sd
from degrade_bench.analysis.multiplicity import CURVE_COLUMNS, adjust
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.people import agreement
from degrade_bench.analysis.planning import OUTLOOK_COLUMNS, MarginFacts, Within, design_of, outlook
from degrade_bench.analysis.resampling import Resampler
from degrade_bench.analysis.rules import Damage, LevelStats, Ruling, rulings_of
from degrade_bench.analysis.selectivity import selectivity
from degrade_bench.analysis.sensitivity import family_sensitivity
from degrade_bench.analysis.sentences import Said, detection_words, remarked, sentence
from degrade_bench.analysis.shape import SHAPE_COLUMNS, shapes
from degrade_bench.analysis.verdicts import Verdict
from degrade_bench.analysis.wide import MetricDrops

METRICS = Frame(
    "metrics",
    "a metric",
    (
        Column("metric", "text", "which metric"),
        Column("higher_is_better", "flag", "whether a higher score is better"),
        Column("needs_reference", "flag", "whether it compares with the clean clip"),
        Column("nuisance_floor", "number", "the nuisance floor", "the metric's"),
        *interval("floor", "its bootstrap interval over tracks", "the metric's"),
        Column("margin", "number", "what counts as no drop", "the metric's"),
        Column(
            "margin_is",
            "text",
            "what the margin is: `effect`, `controls`, `shift`, `resolution`, `rounding`, `given` or `none`; under "
            "rules 1 `floor` for the first three",
        ),
        Column(
            "effect",
            "number",
            "the smallest effect of interest: what counts as no drop beyond the placebo's; under rules 1 the "
            "margin",
            "the metric's",
        ),
        Column("margin_control", "text", "the control that decided the margin, if one did"),
        Column("margin_without", "number", "what the margin would be without that control", "the metric's"),
        Column("margin_error", "number", "the margin's standard error; 0 for one that was given", "the metric's"),
        Column(
            "noticed_from",
            "number",
            "what a single clip's drop exceeds where it raises an alarm: the floor's quantile of the controls' "
            "drops with their sign; under rules 1 the margin",
            "the metric's",
        ),
        Column("left_out", "text", "controls that are no part of the floor: the metric is meant to hear them"),
        Column("clean_mean", "number", "mean of the clean clips' scores", "the metric's"),
        Column("clean_sd", "number", "standard deviation of the clean clips' scores", "the metric's"),
        Column("tracks", "count", "recordings"),
        Column("confirmatory_tests", "count", "tests in the confirmatory family"),
        Column("positive_control", "text", "the damage or control that moved the metric most, of those that did"),
        *INFLUENCE_COLUMNS,
        Column("rows_ok", "count", "rows of the score table that hold a score"),
        Column("rows_not_applicable", "count", "rows that do not apply to the metric"),
        Column("rows_failed", "count", "rows that failed"),
        Column("rows_infinite", "count", "rows whose score is infinite, and gives no drop"),
    ),
)

VERDICTS = Frame(
    "verdicts",
    "a metric × tested degradation",
    (
        Column("metric", "text", "which metric, and which tested damage"),
        Column("group", "text", "which metric, and which tested damage"),
        Column("family", "text", "which metric, and which tested damage"),
        Column("degradation", "text", "which metric, and which tested damage"),
        Column("verdict", "text", "see *Verdicts*"),
        Column("reason", "text", "the rule that decided"),
        Column(
            "sentence", "text", "the verdict, why, its figures and what would change it, as a paper could print it"
        ),
        Column("unit", "text", "of the ladder's strengths"),
        *CLAIM_COLUMNS,
        *SHAPE_COLUMNS,
        *COURSE_COLUMNS,
        *CURVE_COLUMNS,
        *DETECTION_COLUMNS,
        *EVENNESS_COLUMNS,
        *OUTLOOK_COLUMNS,
    ),
)


@dataclass(frozen=True)
class MetricRows:
    """What the score table says of a metric: its direction and kind, and rows by what became of them."""

    higher_is_better: bool
    needs_reference: bool
    rows_ok: int
    rows_not_applicable: int
    rows_failed: int
    rows_infinite: int


@dataclass(frozen=True, eq=False)
class MetricAnalysis:
    """The analysis of one metric: its part of every frame of ``Analysis``."""

    metrics: pd.DataFrame
    levels: pd.DataFrame
    verdicts: pd.DataFrame
    families: pd.DataFrame
    selectivity: pd.DataFrame
    genres: pd.DataFrame
    controls: pd.DataFrame
    placebos: pd.DataFrame
    people: pd.DataFrame


def analyse_metric(
    metric_drops: MetricDrops,
    drops_by_metric: Mapping[str, MetricDrops],
    rows: MetricRows,
    resampler: Resampler,
    options: AnalysisOptions,
    looks: Looks = ONCE,
) -> MetricAnalysis:
    """Analyse one metric.

    Args:
        metric_drops: the metric's drops.
        drops_by_metric: all metrics' drops by name, the one that measures physical change among them.
        rows: what the score table says of the metric.
        resampler: draws tracks.
        options: thresholds.
        looks: at the scores, these the last.
    """
    floor = nuisance_floor(metric_drops, resampler, options)
    inputs = LevelInputs(metric_drops, floor, resampler, options)
    effects = level_effects(inputs)
    controls = control_effects(metric_drops, floor, resampler, options)
    curves = curves_of(metric_drops, effects, floor, resampler, options)
    slices = [columns for _, columns in metric_drops.ladders()]
    tops = [_top(columns, effects, options) for columns in slices]
    adjusted = adjust(effects, tops, curves.table["page_p"].to_numpy(dtype=float))
    effects = effects.join(adjusted.levels)
    names = [name for name, _ in metric_drops.ladders()]
    claims = dict(zip(names, claims_of(inputs, effects, slices, looks.share(options.alpha)), strict=True))
    claims = claims_so_far(metric_drops, effects, claims, looks, resampler, options)
    figures = {name: effects[name].tolist() for name in _ASKED}
    damages = {
        name: _damage(figures, columns, claims[name], metric_drops.failures.get(name))
        for name, columns in metric_drops.ladders()
    }
    positive_control, rulings = rulings_of(damages, controls, floor.margin, options)
    influence = Influence()
    if options.influence and options.rules != 1 and len(looks.shares) < 2:
        influence = influence_of(metric_drops, options, floor.counts_as_none.control, positive_control)
    genres = genre_sensitivity(metric_drops, tops, resampler, options)
    course = curves.table.assign(page_holm=adjusted.page_holm, shape=shapes(inputs, effects, slices, curves.table))
    verdicts = _verdicts(inputs, effects, damages, rulings, curves, course, adjusted.tests)
    verdicts["sentence"] = [remarked(text, looks.words(options)) for text in verdicts["sentence"]]
    verdict_names = effects["degradation"].map({name: ruling.verdict.value for name, ruling in rulings.items()})
    return MetricAnalysis(
        metrics=_metric_row(metric_drops, floor, adjusted.tests, positive_control, rows, influence),
        levels=LEVELS.table(effects.assign(verdict=verdict_names)),
        verdicts=VERDICTS.table(verdicts.assign(evenness=genres.evenness)),
        families=family_sensitivity(metric_drops, floor, resampler, options),
        selectivity=selectivity(metric_drops, drops_by_metric, resampler, options),
        genres=genres.table,
        controls=controls,
        placebos=placebo_effects(metric_drops, resampler, options),
        people=agreement(metric_drops, resampler, options),
    )


def _level_stats(figures: Mapping[str, list[Any]], rows: Sequence[int]) -> list[LevelStats]:
    """What the rules ask of some rows of ``Analysis.levels``, from its columns :data:`_ASKED`."""
    return [
        LevelStats(
            level=int(row["level"]),
            strength=float(row["strength"]),
            unit=str(row["unit"]),
            n=int(row["n"]),
            tracks=int(row["tracks"]),
            drop=row["drop_mean"],
            low=row["drop_low"],
            high=row["drop_high"],
            equivalence_low=row["drop_equivalence_low"],
            equivalence_high=row["drop_equivalence_high"],
            p_blind=row["p_blind"],
            p_top=row["p_top"],
            placebo_drop=row["placebo_drop"],
            net=row["net_drop"],
            net_low=row["net_low"],
            net_high=row["net_high"],
            net_equivalence_high=row["net_equivalence_high"],
            p_beyond=row["p_beyond"],
            told=row["told"],
            counted_tracks=int(row["counted_tracks"]),
        )
        for row in ({name: values[at] for name, values in figures.items()} for at in rows)
    ]


_ASKED = (
    *("level", "strength", "unit", "n", "tracks", "drop_mean", "drop_low", "drop_high", "drop_equivalence_low"),
    *("drop_equivalence_high", "p_blind", "p_top", "placebo_drop", "net_drop", "net_low", "net_high"),
    *("net_equivalence_high", "p_beyond", "told", "counted_tracks"),
)
"""The columns that the rules ask for."""


def _top(columns: slice, effects: pd.DataFrame, options: AnalysisOptions) -> int | None:
    """The row of the level that decides: the highest that was scored, under rules 2 of those that are covered."""
    ladder = (
        scored_columns(columns, effects)
        if options.rules == 1
        else covered_levels(effects["counted_tracks"].to_numpy(), columns)
    )
    return int(ladder[-1]) if len(ladder) else None


def _damage(figures: Mapping[str, list[Any]], columns: slice, claims: Claims, failed: Failed | None) -> Damage:
    """What the rules are told of one damage.

    Args:
        figures: the columns :data:`_ASKED`, by cell.
        columns: the damage's cells.
        claims: on it.
        failed: what failed of it.
    """
    levels = _level_stats(figures, range(columns.start, columns.stop))
    covered = covered_levels(np.array(figures["counted_tracks"]), columns)
    return Damage(levels, [levels[at - columns.start] for at in covered], claims, failed)


def _verdicts(
    inputs: LevelInputs,
    effects: pd.DataFrame,
    damages: Mapping[str, Damage],
    rulings: Mapping[str, Ruling],
    curves: Curves,
    course: pd.DataFrame,
    tests: int,
) -> pd.DataFrame:
    """One row per degradation: the columns of :data:`VERDICTS` but for the evenness.

    Args:
        inputs: of the metric's levels.
        effects: its :data:`~degrade_bench.analysis.levels.LEVELS`, but for the verdict.
        damages: what the rules were told, by name.
        rulings: what they said.
        curves: where each is detected, and where it saturates.
        course: one row for each: the columns that describe its curve.
        tests: how many tests the confirmatory family holds.
    """
    metric_drops, floor, options = inputs.metric_drops, inputs.floor, inputs.options
    tests = tests if options.rules == 1 else len(damages)
    facts = MarginFacts(floor.margin, floor.margin_error, metric_drops.tracks, tests, floor.effect)
    rows = []
    cells = metric_drops.cells[["group", "family", "unit"]].to_dict("records")
    figures = {name: effects[name].to_numpy() for name in ("tracks", "drop_mean", "drop_track_sd", "net_track_sd")}
    shares = effects[["excerpt_share", "draw_share"]].to_numpy(dtype=float).tolist()
    shape = course["shape"].tolist()
    for place, (name, columns) in enumerate(metric_drops.ladders()):
        ruling, damage, cell = rulings[name], damages[name], cells[columns.start]
        ladder = damage.ladder if options.rules == 1 else damage.covered
        detection, steady = curves.detections[place], curves.saturation_levels[place]
        if options.rules != 1:
            detection = replace(detection, level=damage.claims.first_level)
        if ruling.verdict not in (Verdict.SENSITIVE, Verdict.ARTEFACT):
            detection, steady = Detection(), None
        design = design_of({kind: values[columns] for kind, values in figures.items()}, facts, options)
        top = _top(columns, effects, options)
        plan = outlook(design, ladder, ruling, options, None if top is None else Within(*shares[top]))
        words = detection_words(detection, cell["unit"])
        said = Said(metric_drops.metric, name, floor.margin, detection.level, words, shape[place], plan.power_note)
        row = {
            "metric": metric_drops.metric,
            "group": cell["group"],
            "family": cell["family"],
            "degradation": name,
            "verdict": ruling.verdict.value,
            "reason": ruling.reason,
            "sentence": sentence(damage, ruling, said, options),
            "unit": cell["unit"],
        }
        row |= damage.claims.columns()
        row |= detection_row(detection, steady, ladder[-1].level if ladder else None)
        row |= asdict(plan)
        rows.append(row)
    names = [column.name for column in VERDICTS.columns]
    kept = [name for name in names if name not in course and name != "evenness"]
    return pd.DataFrame.from_records(rows, columns=kept).join(course)


def _metric_row(
    metric_drops: MetricDrops,
    floor: Floor,
    tests: int,
    positive_control: str | None,
    rows: MetricRows,
    influence: Influence,
) -> pd.DataFrame:
    """The metric's row of :data:`METRICS`."""
    clean = metric_drops.clean[np.isfinite(metric_drops.clean)]
    row = {
        "metric": metric_drops.metric,
        "nuisance_floor": floor.value,
        "floor_low": floor.low,
        "floor_high": floor.high,
        "margin": floor.margin,
        "margin_is": floor.source,
        "effect": floor.effect,
        "margin_control": floor.counts_as_none.control,
        "margin_without": floor.counts_as_none.without,
        "margin_error": floor.margin_error,
        "noticed_from": floor.alarm,
        "left_out": ", ".join(floor.left_out),
        "clean_mean": float(clean.mean()) if len(clean) else math.nan,
        "clean_sd": clean_sd(clean, float(metric_drops.ties.reach())),
        "tracks": metric_drops.tracks,
        "confirmatory_tests": tests,
        "positive_control": positive_control,
    }
    return METRICS.rows([row | influence.columns() | asdict(rows)])
