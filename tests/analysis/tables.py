"""Score tables with known truth, for tests of what is concluded from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from degrade_bench.sweep.schema import SCHEMA

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
                "clip_id": f"clip{clip:03d}", "clip_hash": f"hash{clip}", "clip_group": None,
                "track": (tracks or {}).get(clip, f"track{clip:03d}"), "group": group, "family": family,
                "degradation": name, "version": "1", "level": level,
                "strength": float(level) if level else None, "unit": "x" if level else None,
                "achieved": float(level) if level else None, "role": role, "placebo_of": of, "replicate": rep,
                "seed": 0, "metric": metric, "fingerprint": "f", "score": score(name, role, level, clip),
                "higher_is_better": higher_is_better, "needs_reference": False, "status": "ok", "error": None,
                "seconds": 0.0, "window_scores": None, "nuisance": role == "control",
            }
        )  # fmt: skip

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
