"""Drops of one metric made from arrays, for tests of what is concluded from them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from degrade_bench.analysis import AnalysisOptions, analyse
from degrade_bench.analysis.judge import Judgement, judged
from degrade_bench.analysis.wide import MetricDrops
from degrade_bench.runs.columns import SCHEMA

FEW = 300
"""Resamples, where only verdicts matter."""


def generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=seed))


def made(
    clean: np.ndarray,
    damages: Mapping[str, np.ndarray],
    controls: Mapping[str, np.ndarray],
    placebos: Mapping[str, np.ndarray] | None = None,
    needs_reference: bool = False,
) -> MetricDrops:
    """Drops by damage, control and placebo.

    Args:
        clean: ``(clips,)``, clean scores.
        damages: by name ``(clips, levels)``.
        controls: by name ``(clips,)`` or ``(clips, levels)``.
        placebos: by damage, in its shape; none for a damage without one.
        needs_reference: whether clean scores say nothing of the music.
    """
    clips = len(clean)
    drops, cells = _beside(damages, clips)
    control_drops, control_cells = _beside(controls, clips)
    placebo = np.full(drops.shape, np.nan)
    for name, values in (placebos or {}).items():
        placebo[:, (cells["degradation"] == name).to_numpy()] = np.asarray(values, dtype=float).reshape(clips, -1)
    return MetricDrops(
        metric="made",
        clips=np.array([f"clip{index:03d}" for index in range(clips)], dtype=object),
        track=np.arange(clips),
        tracks=clips,
        clip_group=np.full(clips, None),
        clean=np.asarray(clean, dtype=float),
        cells=cells,
        drops=drops,
        placebo=placebo,
        controls=control_cells.assign(nuisance=True),
        control_drops=control_drops,
        placebos=cells.iloc[:0].assign(placebo_of=None),
        placebo_drops=np.zeros((clips, 0)),
        needs_reference=needs_reference,
    )


def _beside(values: Mapping[str, np.ndarray], clips: int) -> tuple[np.ndarray, pd.DataFrame]:
    """Arrays side by side, and their cells."""
    rows, columns = [], [np.zeros((clips, 0))]
    for name, drops in values.items():
        columns.append(np.asarray(drops, dtype=float).reshape(clips, -1))
        rows += [(name, level) for level in range(1, columns[-1].shape[1] + 1)]
    cells = pd.DataFrame(rows, columns=["degradation", "level"])
    strength = cells["level"].astype(float)
    cells = cells.assign(group="signal", family="noise", strength=strength, unit="step")
    return np.concatenate(columns, axis=1), cells


def scored(drops: MetricDrops) -> pd.DataFrame:
    """A score table with these drops, higher scores being better; placebos have the level of their damage."""
    clean = drops.clean[:, None]
    tested = drops.cells.assign(placebo_of=None)
    beside = drops.cells.assign(
        degradation=drops.cells["degradation"] + "_placebo", placebo_of=drops.cells["degradation"], group="control"
    )
    controls = drops.controls.assign(placebo_of=None, group="control")
    clean_cell = pd.DataFrame([{"degradation": "clean", "level": 0, "group": "clean", "family": "clean"}])
    parts = [
        _rows(drops, clean_cell, clean, "clean"),
        _rows(drops, tested, clean - drops.drops, "test"),
        _rows(drops, beside, clean - drops.placebo, "placebo"),
        _rows(drops, controls, clean - drops.control_drops, "control"),
    ]
    return pd.concat(parts, ignore_index=True)[SCHEMA.names]


def _rows(drops: MetricDrops, cells: pd.DataFrame, scores: np.ndarray, role: str) -> pd.DataFrame:
    clip, cell = (index.ravel() for index in np.indices(scores.shape))
    kept = np.isfinite(scores.ravel())
    constant = {"clip_hash": "", "clip_group": None, "version": "1", "replicate": 0, "seed": 0, "fingerprint": "f"}
    constant |= {"status": "ok", "error": None, "seconds": 0.0, "window_scores": None, "achieved": None}
    rows = cells.iloc[cell].reset_index(drop=True).assign(**constant)
    rows = rows.assign(
        clip_id=drops.clips[clip],
        track=np.char.add("track", drops.track[clip].astype(str)).astype(object),
        role=role,
        metric=drops.metric,
        score=scores.ravel(),
        higher_is_better=True,
        needs_reference=drops.needs_reference,
        nuisance=role == "control",
    )
    return rows.reindex(columns=SCHEMA.names)[kept]


def by_rules_1(drops: MetricDrops, **options) -> dict[str, str]:
    """The verdicts by damage that the first rules give, as text."""
    given = {"rules": 1, "resamples": FEW, "flips": 100, "positive_control": False} | options
    frame = analyse(scored(drops), AnalysisOptions(**given)).verdicts
    return dict(zip(frame["degradation"], frame["verdict"], strict=True))


def concluded(drops: MetricDrops, **options) -> Judgement:
    """The verdicts, with no positive control asked for unless the options do."""
    given = {"resamples": FEW, "positive_control": False} | options
    return judged(drops, AnalysisOptions(**given))


def verdicts(drops: MetricDrops, **options) -> dict[str, str]:
    """The verdicts by damage, as text."""
    return {name: ruling.verdict.value for name, ruling in concluded(drops, **options).rulings.items()}
