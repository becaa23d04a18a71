"""Analyses with every frame and column that a report can show, filled with numbers made up for the purpose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from degrade_bench.analysis import Analysis
from degrade_bench.degrade.reproduction.pmqd_ratings import MEAN_RATINGS, UNDAMAGED_RATING

POWER = "With {clips} clips a drop of {drop:.2g} would be found in 8 of 10 runs; to find the one seen takes {more}."


def fabricated(analysis: Analysis, *, people: bool = True, genres: bool = True) -> Analysis:
    """The same analysis with everything added; what was there stays."""
    rng = np.random.Generator(np.random.Philox(key=7))
    metrics = analysis.metrics.assign(
        floor_low=analysis.metrics["nuisance_floor"] * 0.8,
        floor_high=analysis.metrics["nuisance_floor"] * 1.3,
        left_out=["gain, resampling", *[""] * (len(analysis.metrics) - 1)],
    )
    made = replace(
        analysis,
        metrics=metrics,
        levels=_levels(analysis, rng),
        verdicts=_verdicts(analysis, rng),
        controls=_controls(analysis, rng),
        families=_families(analysis, rng),
        selectivity=_selectivity(analysis, rng),
        genres=_genres(analysis, rng) if genres else pd.DataFrame(),
    )
    return _with_people(made, rng) if people else replace(made, people=pd.DataFrame(), human_curves=pd.DataFrame())


def _levels(analysis: Analysis, rng: np.random.Generator) -> pd.DataFrame:
    levels = analysis.levels
    top = levels.groupby(["metric", "degradation"])["level"].transform("max") == levels["level"]
    share = levels["concordance"]
    return levels.assign(
        drop_sd=levels["drop_mean"] / 3,
        drop_floor=levels["drop_mean"] / 7,
        concordance_low=share - 0.1,
        concordance_high=(share + 0.1).clip(upper=1),
        aces_tau=2 * share - 1,
        p_flip=rng.random(len(levels)) / 50,
        confirmatory=top & (levels["n"] > 0),
    )


def _verdicts(analysis: Analysis, rng: np.random.Generator) -> pd.DataFrame:
    verdicts = analysis.verdicts
    ladders = analysis.levels.drop_duplicates(["degradation", "level"]).set_index(["degradation", "level"])
    rows = []
    for row in verdicts.to_dict("records"):
        ladder = ladders.loc[row["degradation"]]["strength"].sort_index()
        detected = pd.notna(row["detection_level"])
        at = float(row["detection_level"]) - 0.4 if detected else np.nan
        high = at + 0.9 if at + 0.9 <= ladder.index.max() else np.nan
        row |= {f"detection_at{end}": value for end, value in (("", at), ("_low", at - 0.3), ("_high", high))}
        row |= {
            f"detection_strength{end}": np.interp(row[f"detection_at{end}"], ladder.index, ladder.to_numpy())
            if row[f"detection_at{end}"] >= ladder.index.min()
            else np.nan
            for end in ("", "_low", "_high")
        }
        unsure = row["verdict"] == "inconclusive"
        smallest, more = float(rng.gamma(2.0, 0.02)), int(rng.integers(15, 400))
        tau = row["monotonicity"]
        row |= {
            "saturation_level": 3.0 if detected and rng.random() < 0.4 else np.nan,
            "monotonicity_low": tau - 0.15,
            "monotonicity_high": min(1.0, tau + 0.1) if tau == tau else np.nan,
            "page_holm": 0.00012 if tau == tau else np.nan,
            "smallest_detectable": smallest,
            "clips_to_detect": more if unsure else None,
            "clips_to_exclude": more // 2 if unsure else None,
            "power_note": POWER.format(clips=14, drop=smallest, more=more) if unsure else None,
            "evenness": float(rng.random()) if tau == tau else np.nan,
        }
        rows.append(row)
    return pd.DataFrame.from_records(rows)


def _controls(analysis: Analysis, rng: np.random.Generator) -> pd.DataFrame:
    controls = analysis.controls
    meant = (controls["metric"] == analysis.metrics["metric"].iloc[0]) & controls["degradation"].isin(
        ["gain", "resampling"]
    )
    return controls.assign(
        drop_low=controls["drop_mean"] - 0.01,
        drop_high=controls["drop_mean"] + 0.01,
        nuisance=~meant,
        reaction=rng.choice(["reacts", "indifferent", "unclear"], len(controls)),
    )


def _families(analysis: Analysis, rng: np.random.Generator) -> pd.DataFrame:
    cells = analysis.levels.drop_duplicates("degradation")
    rows = []
    for metric in analysis.metrics["metric"]:
        for group, of_group in cells.groupby("group", sort=False):
            for family, kin in [*of_group.groupby("family", sort=False), ("", of_group)]:
                noticed = float(np.clip(rng.normal(0.6, 0.35), -0.1, 1))
                if rng.random() < 0.08 and family:
                    noticed = np.nan
                rows.append(
                    {
                        "metric": metric,
                        "group": group,
                        "family": family,
                        "degradations": len(kin),
                    }
                    | _interval("noticed", noticed, noticed - 0.08, min(1, noticed + 0.07))
                    | _interval("area_floor", 9 * noticed, 8 * noticed, 11 * noticed)
                )
    return pd.DataFrame.from_records(rows)


def _selectivity(analysis: Analysis, rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for place, metric in enumerate(analysis.metrics["metric"]):
        index = np.nan if place == 1 else float(rng.uniform(-0.8, 0.9))
        rows.append(
            {
                "metric": metric,
                "distance": "log-mel" if place != 1 else None,
                "bins": 0 if place == 1 else 6,
                "cells": 0 if place == 1 else 42,
                "signal": 1 + index,
                "structural": 1 - index,
                "note": "too few cells change the audio <alike>" if place == 1 else "",
            }
            | _interval("index", index, max(-1, index - 0.2), min(1, index + 0.15))
        )
    return pd.DataFrame.from_records(rows)


def _genres(analysis: Analysis, rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    tops = analysis.levels[analysis.levels["n"] > 0].drop_duplicates(["metric", "degradation"], keep="last")
    for row in tops.to_dict("records"):
        for place, name in enumerate(["solo piano", "string quartet", "rock & <roll>"]):
            drop = row["drop_mean"] * float(rng.uniform(0.5, 1.5))
            spread = abs(drop) / 5 if place else np.nan
            rows.append(
                {
                    "metric": row["metric"],
                    "degradation": row["degradation"],
                    "clip_group": name,
                    "n": 3 + place,
                    "tracks": 3,
                    "drop_mean": drop,
                    "drop_low": drop - spread,
                    "drop_high": drop + spread,
                }
            )
    return pd.DataFrame.from_records(rows)


def _with_people(analysis: Analysis, rng: np.random.Generator) -> Analysis:
    human = pd.DataFrame.from_records(
        [
            {
                "degradation": damage,
                "level": level,
                "strength": 20.0 * level - 10,
                "unit": "% intensity",
                "rating": rating,
                "human_drop": UNDAMAGED_RATING - rating,
            }
            for damage, ratings in MEAN_RATINGS.items()
            for level, rating in enumerate(ratings, start=1)
        ]
    )
    template = analysis.levels.iloc[[0]]
    levels, people = [], []
    for metric in analysis.metrics["metric"]:
        size = float(10 ** rng.uniform(-2, 2))
        for cell in human.to_dict("records"):
            drop = size * (cell["human_drop"] + float(rng.normal(0, 0.4)))
            levels.append(
                template.assign(
                    metric=metric,
                    group="signal",
                    family="people",
                    degradation=cell["degradation"],
                    level=cell["level"],
                    strength=cell["strength"],
                    unit=cell["unit"],
                    drop_mean=drop,
                    drop_low=drop - size / 5,
                    drop_high=drop + size / 5,
                )
            )
        for damage in ["all", *MEAN_RATINGS]:
            rho = float(rng.uniform(-0.2, 0.95))
            people.append(
                {
                    "metric": metric,
                    "damage": damage,
                    "cells": 20 if damage == "all" else 5,
                }
                | _interval("rho", rho, rho - 0.2, min(1.0, rho + 0.15))
            )
    return replace(
        analysis,
        levels=pd.concat([analysis.levels, *levels], ignore_index=True),
        people=pd.DataFrame.from_records(people),
        human_curves=human,
    )


def _interval(column: str, value: float, low: float, high: float) -> dict[str, float]:
    return {column: value, f"{column}_low": low, f"{column}_high": high}
