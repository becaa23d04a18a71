"""From the score table to an :class:`~degrade_bench.analysis.result.Analysis`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from degrade_bench.analysis import statistics as stat
from degrade_bench.analysis.curves import curve_facts
from degrade_bench.analysis.drops import coded
from degrade_bench.analysis.effects import clean_sd, control_effects, level_effects, placebo_effects
from degrade_bench.analysis.floor import nuisance_floor
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.people import agreement, human_curves
from degrade_bench.analysis.planning import design_of, outlook
from degrade_bench.analysis.resampling import Resampler
from degrade_bench.analysis.result import Analysis
from degrade_bench.analysis.selectivity import selectivity
from degrade_bench.analysis.sensitivity import family_sensitivity, genre_sensitivity
from degrade_bench.analysis.table import load_needed
from degrade_bench.analysis.verdicts import LevelStats, is_real, is_reversed, rule, sentence
from degrade_bench.analysis.wide import MetricDrops, metric_drops
from degrade_bench.errors import RunFolderError


def analyse_folder(folder: Path, options: AnalysisOptions | None = None) -> Analysis:
    """Analyse the score table of a run directory.

    Raises:
        RunFolderError: missing or unreadable.
    """
    return analyse(load_needed(folder), options)


def analyse(scores: pd.DataFrame, options: AnalysisOptions | None = None) -> Analysis:
    """Conclude from a score table. The order of its rows does not matter.

    Raises:
        RunFolderError: the table is empty.
    """
    options = options or AnalysisOptions()
    if scores.empty:
        raise RunFolderError("the score table is empty")
    resampler = Resampler(options.resamples, options.seed)
    facts = _metric_facts(scores)
    scores = coded(scores)
    every = {own.metric: own for own in metric_drops(scores)}
    parts = [_OneMetric(own, every, facts[name], resampler, options) for name, own in every.items()]
    first = next(iter(every.values()))
    return Analysis(
        metrics=pd.DataFrame.from_records([part.facts for part in parts]),
        levels=_together([part.levels for part in parts]),
        verdicts=pd.DataFrame.from_records([row for part in parts for row in part.verdicts]),
        families=_together([part.families for part in parts]),
        selectivity=pd.DataFrame.from_records([part.selectivity for part in parts]),
        genres=_together([part.genres for part in parts]),
        controls=_together([part.controls for part in parts]),
        placebos=_together([placebo_effects(part.own, resampler, options) for part in parts]),
        people=pd.DataFrame.from_records(
            [row for part in parts for row in agreement(part.own, resampler, options)]
        ),
        human_curves=human_curves(first.cells),
        achieved=_achieved(scores),
        options=options,
    )


def _together(frames: list[pd.DataFrame]) -> pd.DataFrame:
    some = [frame for frame in frames if len(frame)]
    if some:
        return pd.concat(some, ignore_index=True)
    return frames[0].reset_index(drop=True) if frames else pd.DataFrame()


class _OneMetric:
    """The analysis of one metric: its facts, a row per level, a verdict per degradation, and what sums them up."""

    def __init__(
        self,
        own: MetricDrops,
        every: Mapping[str, MetricDrops],
        counts: Mapping[str, Any],
        resampler: Resampler,
        options: AnalysisOptions,
    ) -> None:
        self.own, self.options = own, options
        self.floor = nuisance_floor(own, resampler, options)
        self.levels = level_effects(own, self.floor, resampler, options)
        self.controls = control_effects(own, self.floor, resampler, options)
        curves = curve_facts(own, self.levels, self.floor, resampler, options)
        self.tops = [self._top(columns) for _, columns in own.ladders()]
        self._adjust(curves)
        stats = {name: self._stats(columns) for name, columns in own.ladders()}
        self.positive_control = self._positive_control(stats)
        self.genres, evenness = genre_sensitivity(own, self.tops, resampler, options)
        self.verdicts = [
            self._verdict(name, columns, stats[name], curve, even)
            for (name, columns), curve, even in zip(own.ladders(), curves, evenness, strict=True)
        ]
        by_name = {each["degradation"]: each["verdict"] for each in self.verdicts}
        self.levels["verdict"] = self.levels["degradation"].map(by_name)
        self.families = family_sensitivity(own, self.floor, resampler, options)
        self.selectivity = selectivity(own, every, resampler, options)
        self.facts = self._facts(counts)

    def _top(self, columns: slice) -> int | None:
        """The column of the highest level that was scored."""
        known = np.flatnonzero(self.levels["n"].to_numpy()[columns] > 0)
        return int(columns.start + known[-1]) if len(known) else None

    def _adjust(self, curves: list[dict[str, Any]]) -> None:
        """Holm's correction: over all cells; over the confirmatory tests; over those beyond the placebo."""
        levels, tops = self.levels, [top for top in self.tops if top is not None]
        levels["p_holm"] = stat.holm(levels["p_value"])
        p_top = levels["p_value"].to_numpy()[tops]
        confirmatory = stat.holm([*p_top, *(curve["page_p"] for curve in curves)])
        self.tests = int(np.isfinite(confirmatory).sum())
        column = np.full(len(levels), math.nan)
        column[tops] = confirmatory[: len(tops)]
        levels["p_top"] = column
        levels["confirmatory"] = np.isin(np.arange(len(levels)), tops)
        for curve, adjusted in zip(curves, confirmatory[len(tops) :], strict=True):
            curve["page_holm"] = adjusted
        beyond = np.full(len(levels), math.nan)
        # both the drop and the drop beyond the placebo have to be real, so the larger p is the pair's
        p_net = levels["p_net"].to_numpy()[tops]
        beyond[tops] = stat.holm(np.where(np.isnan(p_net), math.nan, np.fmax(p_top, p_net)))
        levels["p_beyond"] = beyond

    def _stats(self, columns: slice) -> list[LevelStats]:
        return [
            LevelStats(
                level=int(row["level"]), strength=float(row["strength"]), unit=str(row["unit"]), n=int(row["n"]),
                tracks=int(row["tracks"]), drop=row["drop_mean"], low=row["drop_low"], high=row["drop_high"],
                low_90=row["drop_low_90"], high_90=row["drop_high_90"], p_blind=row["p_blind"],
                p_top=row["p_top"], placebo_drop=row["placebo_drop"], net=row["net_drop"],
                net_low=row["net_low"], net_high=row["net_high"], net_high_90=row["net_high_90"],
                p_beyond=row["p_beyond"],
            )
            for row in self.levels.iloc[columns].to_dict("records")
        ]  # fmt: skip

    def _positive_control(self, stats: Mapping[str, list[LevelStats]]) -> str | None:
        """What moved this metric most at its top level, a damage or a control that it is meant to hear."""
        margin, alpha = self.floor.margin, self.options.alpha
        fired = []
        for name, levels in stats.items():
            known = [each for each in levels if each.n > 0]
            if known and (is_real(known[-1], margin, alpha) or is_reversed(known[-1], margin, alpha)):
                fired.append((abs(known[-1].drop), name))
        tops = self.controls.drop_duplicates("degradation", keep="last")
        p_holm = stat.holm(tops["p_value"])
        for control, p in zip(tops.itertuples(), p_holm, strict=True):
            if control.reaction == "reacts" and p < alpha:
                fired.append((abs(control.drop_mean), str(control.degradation)))
        return max(fired)[1] if fired else None

    def _verdict(
        self, name: str, columns: slice, stats: list[LevelStats], curve: dict[str, Any], evenness: float
    ) -> dict[str, Any]:
        margin = self.floor.margin
        ruling = rule(stats, margin, self.positive_control, self.options)
        if ruling.verdict not in ("sensitive", "artefact"):
            blank = [key for key in curve if key.startswith("detection_") and key != "detection_level"]
            curve = curve | dict.fromkeys(blank, math.nan) | {"detection_level": None, "saturation_level": None}
        cell = self.own.cells.iloc[columns.start]
        detected = _detected(curve, cell["unit"])
        design = design_of(self.levels.iloc[columns], self.own, columns, self.floor, self.tests, self.options)
        plan = outlook(design, stats, ruling, self.options)
        return {
            "metric": self.own.metric, "group": cell["group"], "family": cell["family"], "degradation": name,
            "verdict": ruling.verdict, "reason": ruling.reason,
            "sentence": sentence(self.own.metric, stats, ruling, margin, self.options, detected),
            "unit": cell["unit"], **curve, "evenness": evenness, **plan,
        }  # fmt: skip

    def _facts(self, counts: Mapping[str, Any]) -> dict[str, Any]:
        clean = self.own.clean[np.isfinite(self.own.clean)]
        return {
            "metric": self.own.metric,
            "higher_is_better": counts["higher_is_better"],
            "needs_reference": counts["needs_reference"],
            "nuisance_floor": self.floor.value, "floor_low": self.floor.low, "floor_high": self.floor.high,
            "margin": self.floor.margin, "margin_is": self.floor.source,
            "left_out": ", ".join(self.floor.left_out),
            "clean_mean": float(clean.mean()) if len(clean) else math.nan,
            "clean_sd": clean_sd(clean),
            "tracks": self.own.tracks,
            "confirmatory_tests": self.tests,
            "positive_control": self.positive_control,
            **{name: counts[name] for name in ("rows_ok", "rows_not_applicable", "rows_failed", "rows_infinite")},
        }  # fmt: skip


def _detected(curve: Mapping[str, Any], unit: str) -> str | None:
    """From where on a drop is beyond the margin, in words."""
    at, strength = curve["detection_at"], curve["detection_strength"]
    if not math.isfinite(at):
        return None
    if at < 1:
        return f"beyond the margin already before level 1 ({strength:.3g} {unit})"
    text = f"beyond the margin from {strength:.3g} {unit} on"
    ends = [curve[f"detection_strength_{end}"] for end in ("low", "high")]
    if all(math.isfinite(end) for end in ends):
        text += f" ({ends[0]:.3g} to {ends[1]:.3g})"
    return text


def _metric_facts(scores: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Per metric, in the table's order: direction, kind, and rows by what became of them."""
    infinite = np.isinf(scores["score"].to_numpy(dtype=float, na_value=np.nan))
    facts = {}
    for name, own in scores.assign(_infinite=infinite).groupby("metric", sort=False, observed=True):
        status = own["status"].value_counts()
        facts[str(name)] = {
            "higher_is_better": bool(own["higher_is_better"].iloc[0]),
            "needs_reference": bool(own["needs_reference"].iloc[0]),
            "rows_ok": int(status.get("ok", 0)),
            "rows_not_applicable": int(status.get("not-applicable", 0)),
            "rows_failed": int(status.get("failed", 0)),
            "rows_infinite": int(own["_infinite"].sum()),
        }
    return facts


def _achieved(scores: pd.DataFrame) -> pd.DataFrame:
    """Strengths asked for and achieved, over clips and replicates, whatever the metric."""
    cells = scores[scores["role"].isin(["test", "control"])]
    cells = cells.drop_duplicates(["clip_id", "degradation", "level", "replicate"])
    keys = ["group", "family", "degradation", "level", "strength", "unit"]
    cells = cells.astype({name: object for name in ("group", "family", "degradation", "unit")})
    frame = cells.groupby(keys, sort=False, dropna=False)["achieved"].agg(["count", "mean", "min", "max"])
    return frame.reset_index().rename(columns={"count": "n"})
