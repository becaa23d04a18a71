"""The analysis of one metric, put together: effects, curves, multiplicity, verdicts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from degrade_bench.analysis import statistics as stat
from degrade_bench.analysis.curves import curve_facts
from degrade_bench.analysis.effects import clean_sd, control_effects, level_effects
from degrade_bench.analysis.floor import nuisance_floor
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.planning import design_of, outlook
from degrade_bench.analysis.power import Design
from degrade_bench.analysis.resampling import Resampler
from degrade_bench.analysis.selectivity import selectivity
from degrade_bench.analysis.sensitivity import family_sensitivity, genre_sensitivity
from degrade_bench.analysis.verdicts import LevelStats, is_real, is_reversed, rule, sentence
from degrade_bench.analysis.wide import MetricDrops


class OneMetric:
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
        self.designs: dict[str, Design | None] = {}
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
        self.designs[name] = design
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
