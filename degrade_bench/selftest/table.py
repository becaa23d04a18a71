"""Score tables of simulated metrics: a small suite, made in no time, with every column that the analysis reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from degrade_bench.degrade.ladder import LEVEL_COUNT, LEVELS
from degrade_bench.metric.simulated.truths import Truth
from degrade_bench.runs.columns import ANALYSED, CLEAN, Role

DAMAGES = (
    ("white_noise", "signal", "noise"),
    ("hard_clipping", "signal", "clipping"),
    ("mp3", "signal", "codec"),
    ("bar_shuffle", "structural", "order"),
    ("tempo_jitter", "structural", "tempo"),
    ("key_break", "structural", "pitch"),
)
CONTROLS = (
    "gain",
    "polarity",
    "resampling",
    "dither",
    "crop_offset",
    "fractional_delay",
    "subsonic_filter",
    "mp3_transparent",
)


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of one clip, one row each: the ladder's columns of the score table, ``role`` and ``damaged``.

    Attributes:
        frame: the rows.
    """

    frame: pd.DataFrame

    def drops(self, truth: Truth) -> np.ndarray:
        """What a clip of mean sensitivity loses in each cell; the ceiling aside."""
        rows = self.frame[["role", "damaged", "family", "level"]].itertuples(index=False, name=None)
        return np.array([truth.drop(*row) for row in rows])

    def gains(self) -> np.ndarray:
        """The share of the largest gain in each cell."""
        is_gain = (self.frame["degradation"] == "gain").to_numpy()
        return np.where(is_gain, self.frame["level"].to_numpy() / LEVEL_COUNT, 0.0)


def suite_cells() -> Cells:
    """Clean, six damages with placebos, eight controls; five levels each, one for a signal damage's placebo."""
    rows: list[dict[str, Any]] = [_row(CLEAN, CLEAN, CLEAN, CLEAN, 0, CLEAN, None)]
    for name, group, family in DAMAGES:
        rows += [_row(name, group, group, family, level, "test", None) for level in LEVELS]
        beside = (1,) if group == "signal" else LEVELS
        rows += [_row(f"{name}_placebo", "control", group, family, level, "placebo", name) for level in beside]
    for name in CONTROLS:
        rows += [_row(name, "control", "control", name, level, "control", None) for level in LEVELS]
    return Cells(pd.DataFrame.from_records(rows))


def _row(
    name: str, group: str, damaged: str, family: str, level: int, role: Role, of: str | None
) -> dict[str, Any]:
    strength = float(level) if level else None
    return {
        "degradation": name,
        "group": group,
        "damaged": damaged,
        "family": family,
        "level": level,
        "strength": strength,
        "unit": "step" if level else None,
        "achieved": strength,
        "role": role,
        "placebo_of": of,
        "replicate": 0,
    }


def score_table(cells: Cells, truths: Sequence[Truth], clips: int, rng: np.random.Generator) -> pd.DataFrame:
    """One simulated run: every metric on as many clips, each a track of its own.

    Args:
        cells: :func:`suite_cells`.
        truths: the metrics.
        clips: how many.
        rng: where chance comes from.
    """
    per_clip = cells.frame.drop(columns="damaged")
    gains = cells.gains()
    frames = []
    for truth in truths:
        scores = truth.scores(rng, cells.drops(truth), gains, clips)
        frame = per_clip.loc[np.tile(per_clip.index, clips)].reset_index(drop=True)
        ids = np.repeat([f"clip{index:04d}" for index in range(clips)], len(per_clip))
        frame = frame.assign(
            clip_id=ids,
            clip_group=None,
            track=ids,
            metric=truth.name,
            score=scores.ravel(),
            higher_is_better=True,
            needs_reference=False,
            status="ok",
            error=None,
            nuisance=(frame["role"] == "control") & ~frame["degradation"].isin(truth.hears),
        )
        frames.append(frame[list(ANALYSED)])
    return pd.concat(frames, ignore_index=True)


def true_drops(cells: Cells, truth: Truth, draws: int, rng: np.random.Generator) -> np.ndarray:
    """The population's mean drop in each cell, ``(cells,)``.

    Args:
        cells: :func:`suite_cells`.
        truth: the metric.
        draws: how many clips are simulated where a ceiling leaves no formula; a multiple of 1,000.
        rng: where chance comes from.
    """
    drops = cells.drops(truth)
    if truth.ceiling is None:
        return drops
    gains = cells.gains()
    scores = np.concatenate(
        [truth.scores(rng, drops, gains, 1000).mean(axis=0, keepdims=True) for _ in range(draws // 1000)]
    )
    values: np.ndarray = scores[:, :1].mean() - scores.mean(axis=0)
    return values
