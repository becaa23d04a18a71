"""Drops of one metric made from arrays, for tests of what is concluded from them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from degrade_bench.analysis import AnalysisOptions
from degrade_bench.analysis.judge import Judgement, judged
from degrade_bench.analysis.wide import MetricDrops

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


def concluded(drops: MetricDrops, **options) -> Judgement:
    """The verdicts, with no positive control asked for unless the options do."""
    given = {"resamples": FEW, "positive_control": False} | options
    return judged(drops, AnalysisOptions(**given))


def verdicts(drops: MetricDrops, **options) -> dict[str, str]:
    """The verdicts by damage, as text."""
    return {name: ruling.verdict.value for name, ruling in concluded(drops, **options).rulings.items()}
