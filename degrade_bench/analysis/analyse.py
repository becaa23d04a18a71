"""From the score table to an :class:`~degrade_bench.analysis.result.Analysis`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from degrade_bench.analysis import statistics as stat
from degrade_bench.analysis.drops import Drops, paired_drops
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.result import Analysis
from degrade_bench.analysis.verdicts import LevelStats, Ruling, detection_level, is_real, rule, sentence
from degrade_bench.errors import RunFolderError

SCORES = "scores.parquet"
NEEDED = (
    "clip_id", "track", "group", "family", "degradation", "level", "strength", "unit", "achieved", "role",
    "placebo_of", "replicate", "metric", "score", "higher_is_better", "needs_reference", "status",
)  # fmt: skip
STATISTICS = (
    "drop_mean", "drop_median", "drop_low", "drop_high", "drop_low_90", "drop_high_90", "effect_dz",
    "concordance", "p_value", "placebo_drop", "net_drop", "net_low", "net_high",
)  # fmt: skip
"""Columns that are NaN where nothing can be said."""


def load_scores(folder: Path) -> pd.DataFrame:
    """The score table of a run directory.

    Raises:
        RunFolderError: missing, unreadable or with other columns.
    """
    path = folder / SCORES
    if not path.is_file():
        raise RunFolderError(f"{folder} has no {SCORES}: no run has finished there")
    try:
        scores = pd.read_parquet(path)
    except (OSError, ValueError) as error:  # pyarrow's errors derive from both
        raise RunFolderError(f"{path} cannot be read: {error}") from error
    missing = [name for name in NEEDED if name not in scores.columns]
    if missing:
        raise RunFolderError(f"{path} is no score table: it lacks the column {missing[0]!r}")
    return scores


def analyse_folder(folder: Path, options: AnalysisOptions | None = None) -> Analysis:
    """Analyse the score table of a run directory.

    Raises:
        RunFolderError: missing or unreadable.
    """
    return analyse(load_scores(folder), options)


def analyse(scores: pd.DataFrame, options: AnalysisOptions | None = None) -> Analysis:
    """Conclude from a score table. The order of its rows does not matter.

    Raises:
        RunFolderError: the table is empty.
    """
    options = options or AnalysisOptions()
    if scores.empty:
        raise RunFolderError("the score table is empty")
    drops = paired_drops(scores)
    cells = _tested_cells(scores)
    metrics, levels, verdicts = [], [], []
    for metric, own in scores.groupby("metric", sort=False):
        part = _OneMetric(str(metric), own, drops, cells, options)
        metrics.append(part.facts)
        levels.append(part.levels)
        verdicts.extend(part.verdicts)
    frame = pd.concat(levels, ignore_index=True) if levels else pd.DataFrame()
    return Analysis(
        metrics=pd.DataFrame.from_records(metrics),
        levels=frame,
        verdicts=pd.DataFrame.from_records(verdicts),
        controls=_controls(drops, scores),
        placebos=_placebos(drops, scores, options),
        achieved=_achieved(scores),
        options=options,
    )


def _tested_cells(scores: pd.DataFrame) -> pd.DataFrame:
    """Every tested degradation × level of the table, scored or not, in the table's order."""
    tests = scores[scores["role"] == "test"]
    columns = ["group", "family", "degradation", "level", "strength", "unit"]
    cells = tests[columns].drop_duplicates(["degradation", "level"])
    order = {name: index for index, name in enumerate(dict.fromkeys(tests["degradation"]))}
    return (
        cells.assign(_order=cells["degradation"].map(order)).sort_values(["_order", "level"]).drop(columns="_order")
    )


@dataclass(frozen=True, eq=False)
class _Weights:
    """Bootstrap weights by number of tracks, made once each."""

    options: AnalysisOptions
    known: dict[int, np.ndarray]

    def of(self, tracks: int) -> np.ndarray:
        if tracks not in self.known:
            self.known[tracks] = stat.bootstrap_weights(tracks, self.options.resamples, self.options.seed)
        return self.known[tracks]


class _OneMetric:
    """The analysis of one metric: facts, a row per level, a verdict per degradation."""

    def __init__(
        self, name: str, scores: pd.DataFrame, drops: Drops, cells: pd.DataFrame, options: AnalysisOptions
    ) -> None:
        self.name, self.options = name, options
        self.weights = _Weights(options, {})
        table = drops.table[drops.table["metric"] == name]
        self.tests = dict(list(table[table["role"] == "test"].groupby(["degradation", "level"])))
        self.nets = dict(list(drops.net[drops.net["metric"] == name].groupby(["degradation", "level"])))
        controls = table.loc[table["role"] == "control", "drop"].abs()
        self.floor = float(controls.quantile(options.floor_quantile)) if len(controls) else math.nan
        if options.margin is not None:
            self.margin = options.margin
        else:
            self.margin = self.floor if math.isfinite(self.floor) else 0.0
        self.levels = self._levels(cells)
        stats = {key: self._level_stats(group) for key, group in self.levels.groupby("degradation", sort=False)}
        self.positive_control = self._positive_control(stats)
        self.verdicts = [self._verdict(name, each, cells, table) for name, each in stats.items()]
        by_name = {each["degradation"]: each["verdict"] for each in self.verdicts}
        self.levels["verdict"] = self.levels["degradation"].map(by_name)
        self.facts = self._facts(scores, drops)

    def _levels(self, cells: pd.DataFrame) -> pd.DataFrame:
        rows = [{"metric": self.name, **cell, **self._statistics(cell)} for cell in cells.to_dict("records")]
        frame = pd.DataFrame.from_records(rows)
        frame["p_holm"] = stat.holm(frame["p_value"])
        tops = frame[frame["n"] > 0].groupby("degradation")["level"].transform("max").reindex(frame.index)
        is_top = (frame["level"] == tops) & (frame["n"] > 0)
        frame["p_top"] = math.nan
        frame.loc[is_top, "p_top"] = stat.holm(frame.loc[is_top, "p_value"])
        return frame

    def _statistics(self, cell: dict) -> dict:
        key = (cell["degradation"], cell["level"])
        drops, nets = self.tests.get(key), self.nets.get(key)
        confidences = (self.options.confidence, 1 - 2 * self.options.alpha)
        row: dict = {"n": 0, "tracks": 0, "ties": 0}
        row.update(dict.fromkeys(STATISTICS, math.nan))
        if drops is not None:
            values = drops["drop"].to_numpy(dtype=float)
            means = stat.track_means(drops, "drop")
            (low, high), (low_90, high_90) = self._intervals(drops, "drop", confidences)
            share, ties = stat.concordance(values)
            row |= {
                "n": len(values), "tracks": len(means), "ties": ties, "concordance": share,
                "drop_mean": float(values.mean()), "drop_median": float(np.median(values)),
                "drop_low": low, "drop_high": high, "drop_low_90": low_90, "drop_high_90": high_90,
                "effect_dz": stat.effect_dz(means), "p_value": stat.wilcoxon_p(means),
            }  # fmt: skip
        if nets is not None:
            (net_low, net_high), _ = self._intervals(nets, "net", confidences)
            row |= {
                "placebo_drop": float(nets["placebo_drop"].mean()), "net_drop": float(nets["net"].mean()),
                "net_low": net_low, "net_high": net_high,
            }  # fmt: skip
        return row

    def _intervals(
        self, values: pd.DataFrame, column: str, confidences: tuple[float, float]
    ) -> list[stat.Interval]:
        tracks = sorted(values["track"].unique())
        sums, counts = stat.track_sums(values, column, tracks)
        return stat.bca_intervals(sums, counts, self.weights.of(len(tracks)), confidences)

    def _level_stats(self, group: pd.DataFrame) -> list[LevelStats]:
        return [
            LevelStats(
                level=int(row["level"]), strength=float(row["strength"]), unit=str(row["unit"]), n=int(row["n"]),
                tracks=int(row["tracks"]), drop=row["drop_mean"], low=row["drop_low"], high=row["drop_high"],
                low_90=row["drop_low_90"], high_90=row["drop_high_90"], p_top=row["p_top"],
                placebo_drop=row["placebo_drop"], net=row["net_drop"], net_low=row["net_low"],
                net_high=row["net_high"],
            )
            for row in group.to_dict("records")
        ]  # fmt: skip

    def _positive_control(self, stats: dict) -> str | None:
        """The degradation with the largest real drop at its top level."""
        fired = []
        for name, levels in stats.items():
            known = [each for each in levels if each.n > 0]
            if known and is_real(known[-1], self.margin, self.options.alpha):
                fired.append((known[-1].drop, str(name)))
        return max(fired)[1] if fired else None

    def _verdict(
        self, degradation: object, levels: list[LevelStats], cells: pd.DataFrame, table: pd.DataFrame
    ) -> dict:
        ruling: Ruling = rule(levels, self.margin, self.positive_control, self.options)
        cell = cells[cells["degradation"] == degradation].iloc[0]
        found = detection_level(levels, self.margin) if ruling.verdict in ("sensitive", "artefact") else None
        own = table[(table["role"] == "test") & (table["degradation"] == degradation)]
        return {
            "metric": self.name, "group": cell["group"], "family": cell["family"], "degradation": degradation,
            "verdict": ruling.verdict, "reason": ruling.reason,
            "sentence": sentence(self.name, levels, ruling, self.options),
            "detection_level": found.level if found else None,
            "detection_strength": found.strength if found else None,
            "unit": cell["unit"],
            "monotonicity": stat.kendall_with_level(own),
        }  # fmt: skip

    def _facts(self, scores: pd.DataFrame, drops: Drops) -> dict:
        clean = scores[(scores["role"] == "clean") & (scores["status"] == "ok")]["score"].to_numpy(dtype=float)
        clean = clean[np.isfinite(clean)]
        status = scores["status"].value_counts()
        return {
            "metric": self.name,
            "higher_is_better": bool(scores["higher_is_better"].iloc[0]),
            "needs_reference": bool(scores["needs_reference"].iloc[0]),
            "nuisance_floor": self.floor,
            "margin": self.margin,
            "clean_mean": float(clean.mean()) if len(clean) else math.nan,
            "clean_sd": float(clean.std(ddof=1)) if len(clean) > 1 else math.nan,
            "positive_control": self.positive_control,
            "rows_ok": int(status.get("ok", 0)),
            "rows_not_applicable": int(status.get("not-applicable", 0)),
            "rows_failed": int(status.get("failed", 0)),
            "rows_infinite": int(drops.infinite.get(self.name, 0)),
        }


def _controls(drops: Drops, scores: pd.DataFrame) -> pd.DataFrame:
    table = drops.table[drops.table["role"] == "control"]
    grouped = table.groupby(["metric", "degradation", "level"], sort=False)["drop"]
    frame = grouped.agg(n="count", drop_mean="mean", drop_abs_max=lambda d: d.abs().max()).reset_index()
    return _with_ladder(frame, scores)


def _placebos(drops: Drops, scores: pd.DataFrame, options: AnalysisOptions) -> pd.DataFrame:
    table = drops.table[drops.table["role"] == "placebo"]
    weights = _Weights(options, {})
    keys = ["metric", "degradation", "placebo_of", "level"]
    rows = []
    for names, own in table.groupby(keys, sort=False):
        tracks = sorted(own["track"].unique())
        sums, counts = stat.track_sums(own, "drop", tracks)
        [(low, high)] = stat.bca_intervals(sums, counts, weights.of(len(tracks)), (options.confidence,))
        found = {"n": len(own), "drop_mean": float(own["drop"].mean()), "drop_low": low, "drop_high": high}
        rows.append(dict(zip(keys, names, strict=True)) | found)
    if not rows:
        return pd.DataFrame(columns=[*keys, "n", "drop_mean", "drop_low", "drop_high", "strength", "unit"])
    return _with_ladder(pd.DataFrame.from_records(rows), scores)


def _with_ladder(frame: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    ladder = scores.drop_duplicates(["degradation", "level"])[["degradation", "level", "strength", "unit"]]
    return frame.merge(ladder, on=["degradation", "level"], how="left")


def _achieved(scores: pd.DataFrame) -> pd.DataFrame:
    """Strengths asked for and achieved, over clips and replicates, whatever the metric."""
    cells = scores[scores["role"].isin(["test", "control"])]
    cells = cells.drop_duplicates(["clip_id", "degradation", "level", "replicate"])
    keys = ["group", "family", "degradation", "level", "strength", "unit"]
    frame = cells.groupby(keys, sort=False, dropna=False)["achieved"].agg(["count", "mean", "min", "max"])
    return frame.reset_index().rename(columns={"count": "n"})
