"""Analyses of any size, multiplied from a small one: what figures are to be readable with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
import pandas as pd

from degrade_bench.analysis import Analysis, AnalysisOptions, analyse
from degrade_bench.reports.inputs import View
from tests.analysis.tables import noisy, table

BASE = (("hiss", "signal", "noise"), ("hum", "signal", "noise"), ("shuffle", "structural", "order"))
LONG = "a_metric_whose_name_is_longer_than_any_column_of_any_paper_could_ever_hold_in_one_line"
ODD = ("si-sdr", LONG, "$\\frac{x}$", "指标一号", "مقياس", '"><b>x</b>', "log-mel")


@dataclass(frozen=True, eq=False)
class Made(View):
    """An analysis, and drops of recordings made up for it."""

    analysis: Analysis

    @property
    def has_scores(self) -> bool:
        return True

    @cached_property
    def drops(self) -> pd.DataFrame:
        rng = np.random.default_rng(5)
        levels = self.analysis.levels[["metric", "degradation", "level", "drop_mean"]]
        frames = [levels.assign(track=f"recording_{number:02d}") for number in range(14)]
        drops = pd.concat(frames, ignore_index=True)
        spread = 0.1 * rng.standard_t(2, len(drops))
        return drops.assign(drop=drops.pop("drop_mean") * (1 + spread))


@cache
def small() -> Analysis:
    """One metric on three damages, five levels, eight recordings."""
    truth = {"hiss": 0.4, "hum": 0.02, "shuffle": 0.0}

    def falls(name: str, role: str, level: int) -> float:
        return {"test": truth.get(name, 0.0), "placebo": 0.02}.get(role, 0.0) * level

    rows = table(noisy(falls, seed=3), clips=8, degradations=BASE, single_placebo=("hiss",))
    return analyse(rows, AnalysisOptions(resamples=100))


@cache
def made(metrics: int, damages: int, name: str = "") -> Made:
    """So many metrics on so many damages, eight of which are of a family.

    Args:
        metrics: how many; beyond the odd names they are numbered.
        damages: how many.
        name: of every first damage of a family, in place of a plain one.
    """
    analysis = small()
    names = [ODD[number] if number < len(ODD) else f"metric-{number}" for number in range(metrics)]
    ladder = []
    for number in range(damages):
        base, group, _ = BASE[number * len(BASE) // damages]
        family = f"{group} family {number // 8}"
        ladder.append((base, group, family, name if name and number % 8 == 0 else f"{base}_{number}"))

    def of_damages(frame: pd.DataFrame, column: str) -> pd.DataFrame:
        parts = []
        for base, group, family, called in ladder:
            part = frame[frame[column] == base].assign(**{column: called})
            if "family" in frame:
                part = part.assign(group=group, family=family)
            if column == "placebo_of":
                part = part.assign(degradation=f"{called}_placebo")
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    frames = {
        "levels": of_damages(analysis.levels, "degradation"),
        "verdicts": of_damages(analysis.verdicts, "degradation"),
        "placebos": of_damages(analysis.placebos, "placebo_of"),
        "metrics": analysis.metrics,
        "families": analysis.families,
    }
    wide = {
        key: pd.concat([frame.assign(metric=metric) for metric in names], ignore_index=True)
        for key, frame in frames.items()
    }
    none = {key: getattr(analysis, key).iloc[:0] for key in ("selectivity", "controls", "achieved")}
    return Made(replace(analysis, **wide, **none))
