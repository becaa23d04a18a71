"""Score tables with known truth, for tests of what is concluded from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import scipy.stats

from degrade_bench.runs.columns import SCHEMA

Score = Callable[[str, str, int, int], float]
"""(degradation or "clean", role, level, clip) to a score."""

SIGNAL = ("noise_like", "signal", "noise")
ORDER = ("order_like", "structural", "order")


def table(
    score: Score,
    *,
    clips: int = 24,
    degradations: tuple[tuple[str, str, str], ...] = (SIGNAL, ORDER),
    levels: tuple[int, ...] = (1, 2, 3, 4, 5),
    metric: str = "made",
    higher_is_better: bool = True,
    tracks: Mapping[int, str] | None = None,
    replicates: int = 1,
    single_placebo: tuple[str, ...] = ("noise_like",),
) -> pd.DataFrame:
    """Clean, test, placebo and control rows of one metric, every column of the schema."""
    rows = []

    def add(clip: int, name: str, group: str, family: str, level: int, role: str, of: str | None, rep: int) -> None:
        rows.append(
            {
                "clip_id": f"clip{clip:03d}",
                "clip_hash": f"hash{clip}",
                "clip_group": None,
                "track": (tracks or {}).get(clip, f"track{clip:03d}"),
                "group": group,
                "family": family,
                "degradation": name,
                "version": "1",
                "level": level,
                "strength": float(level) if level else None,
                "unit": "x" if level else None,
                "achieved": float(level) if level else None,
                "role": role,
                "placebo_of": of,
                "replicate": rep,
                "seed": 0,
                "metric": metric,
                "fingerprint": "f",
                "score": score(name, role, level, clip),
                "higher_is_better": higher_is_better,
                "needs_reference": False,
                "status": "ok",
                "error": None,
                "seconds": 0.0,
                "window_scores": None,
                "nuisance": role == "control",
            }
        )

    for clip in range(clips):
        add(clip, "clean", "clean", "clean", 0, "clean", None, 0)
        for name, group, family in degradations:
            for level in levels:
                for rep in range(replicates):
                    add(clip, name, group, family, level, "test", None, rep)
            for level in (1,) if name in single_placebo else levels:
                for rep in range(replicates):
                    add(clip, f"{name}_placebo", "control", family, level, "placebo", name, rep)
        for level in (1, 2, 3):
            add(clip, "gain_like", "control", "level", level, "control", None, 0)
    return pd.DataFrame(rows)[SCHEMA.names]


def noisy(truth: Callable[[str, str, int], float], sd: float = 0.05, clip_sd: float = 1.0, seed: int = 0) -> Score:
    """A score that starts from the clip's own, loses ``truth(degradation, role, level)``, and has noise in it."""
    rng = np.random.default_rng(seed)
    base: dict[int, float] = {}

    def score(name: str, role: str, level: int, clip: int) -> float:
        if clip not in base:
            base[clip] = 3 + clip_sd * rng.standard_normal()
        if role == "clean":
            return base[clip]
        return base[clip] - truth(name, role, level) + sd * rng.standard_normal()

    return score


# -- a small table with everything awkward in it, and plain pandas to say what it holds -----------------------

RAMP = ("ramp", "signal", "noise")
SHUFFLE = ("shuffle", "structural", "order")
DULL = ("dull", "structural", "tempo")
AWKWARD_TRACKS = {0: "a", 1: "a", 2: "b", 3: "b", 4: "b", 5: "b", 10: "h", 11: "h"}
"""Of twelve clips: three tracks of several clips, the others of one."""


def awkward(*, higher_is_better: bool = True, seed: int = 3, metric: str = "made", clips: int = 12) -> pd.DataFrame:
    """Scores in eighths, so that ties and zeros are exact: replicates, missing, failed and infinite cells.

    ``ramp`` has a placebo of one level, ``shuffle`` one at each level, ``dull`` none.
    """
    rng = np.random.default_rng(seed)
    sign = 1 if higher_is_better else -1
    base = [3 + rng.integers(-8, 9) / 8 for _ in range(clips)]

    def score(name: str, role: str, level: int, clip: int) -> float:
        if role == "clean":
            return sign * base[clip]
        steepness = {"test": {"ramp": 4, "shuffle": 2, "dull": 0}.get(name, 0), "placebo": 1, "control": 0}[role]
        return sign * (base[clip] - (steepness * level + rng.integers(-3, 4)) / 8)

    scores = table(
        score,
        clips=clips,
        degradations=(RAMP, SHUFFLE, DULL),
        levels=(1, 2, 4),
        metric=metric,
        replicates=2,
        higher_is_better=higher_is_better,
        single_placebo=("ramp",),
        tracks={**AWKWARD_TRACKS},
    )
    scores = scores[scores.degradation != "dull_placebo"]
    clip, name, level = scores.clip_id, scores.degradation, scores.level
    scores = scores[~((clip == "clip006") & (name == "shuffle") & (level == 2))].copy()
    clip, name, level = scores.clip_id, scores.degradation, scores.level
    failed = (clip == "clip003") & (name == "ramp") & (level == 4) & (scores.replicate == 0)
    scores.loc[failed, ["score", "status"]] = [np.nan, "failed"]
    gone = (clip == "clip007") & (name == "ramp") & (level == 1)
    scores.loc[gone, ["score", "status"]] = [np.nan, "not-applicable"]
    scores.loc[(clip == "clip008") & (name == "shuffle") & (level == 4), "score"] = np.inf
    scores.loc[(clip == "clip009") & (name == "shuffle_placebo") & (level == 1), "score"] = -np.inf
    lost = (clip == "clip005") & (scores.role == "clean")
    scores.loc[lost, ["score", "status"]] = [np.nan, "failed"]
    return scores


def plain_drops(scores: pd.DataFrame) -> pd.DataFrame:
    """Drops by merging every row with its clip's clean row: one row per metric, degradation, level and clip."""
    usable = scores[(scores.status == "ok") & np.isfinite(scores.score.astype(float))]
    clean = usable[usable.role == "clean"][["metric", "clip_id", "score"]].rename(columns={"score": "clean"})
    rows = usable[usable.role != "clean"].merge(clean, on=["metric", "clip_id"])
    rows["drop"] = (rows["clean"] - rows["score"]).where(rows.higher_is_better, rows["score"] - rows["clean"])
    keys = ["metric", "role", "degradation", "level", "clip_id", "track", "nuisance"]
    return rows.groupby(keys, as_index=False)["drop"].mean()


def skewed_t_interval(by_track: pd.DataFrame, confidence: float) -> tuple[float, float]:
    """The interval of rules 2 of a mean over clips, from each track's ``sum`` and ``count``."""
    tracks, mean = len(by_track), by_track["sum"].sum() / by_track["count"].sum()
    apart = (by_track["sum"] - by_track["count"] * mean) / by_track["count"].mean()
    error = np.sqrt((apart**2).sum() / (tracks * (tracks - 1)))
    skewness = scipy.stats.skew(apart, bias=False) if tracks > 2 and np.ptp(apart) > 0 else 0.0
    reach = scipy.stats.t.ppf((1 + confidence) / 2, tracks - 1)
    out = min(reach, scipy.stats.t.ppf(0.975, tracks - 1))
    low, high = (
        reach + max(0.0, side) * (1 + 2 * out**2) / (6 * np.sqrt(tracks)) for side in (-skewness, skewness)
    )
    return mean - error * low, mean + error * high
