"""Twins side by side: what a damage costs in audio beyond its placebo, and all that its twin costs in the notes.

A twin draws what its audio damage draws, on the same clip, level and seed, and plays it anew: it has no trace of an
edit. Where the audio damage's net drop is larger than the twin's, the placebo has missed some of the trace; where
it is smaller, the placebo has taken away some of the music's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from degrade_bench.analysis.frames import Column, Frame, interval
from degrade_bench.analysis.resampling import Resampler
from degrade_bench.runs.names import TWIN_PREFIX

TWINS = Frame(
    "twins",
    "a metric × audio damage that has a twin × level",
    (
        Column("metric", "text", "which metric"),
        Column("degradation", "text", "the damage in audio; its twin is called as it is, after `symbolic_`"),
        Column("level", "count", "the ladder's level"),
        Column("tracks", "count", "tracks on which both have a drop and a placebo's"),
        Column("audio_net", "number", "mean net drop in audio", "the metric's"),
        Column("notes_drop", "number", "mean drop of the twin, which has no trace of an edit", "the metric's"),
        Column("difference", "number", "how much more the audio damage costs", "the metric's"),
        *interval("difference", "how much more the audio damage costs", "the metric's"),
        Column("agrees", "flag", "whether the interval holds zero"),
    ),
)

KEYS = ["metric", "degradation", "level", "track"]


def twins(net: pd.DataFrame, resamples: int = 2000, seed: int = 0, confidence: float = 0.95) -> pd.DataFrame:
    """The columns of :data:`TWINS`, from net drops; empty where no damage has its twin beside it.

    Args:
        net: the columns of ``NET_DROPS``.
        resamples: of the bootstrap over tracks.
        seed: of the bootstrap.
        confidence: of the intervals.
    """
    tested = net[net["role"].astype(str) == "test"]
    means = tested.assign(degradation=tested["degradation"].astype(str), metric=tested["metric"].astype(str))
    means = means.groupby(KEYS, observed=True)[["net", "drop"]].mean().dropna().reset_index()
    is_twin = means["degradation"].str.startswith(TWIN_PREFIX)
    audio, notes = means[~is_twin], means[is_twin]
    notes = notes.assign(degradation=notes["degradation"].str.removeprefix(TWIN_PREFIX))
    pairs = audio.merge(notes, on=KEYS, suffixes=("_audio", "_notes"))
    return TWINS.rows(list(_rows(pairs, Resampler(resamples, seed), confidence)))


def _rows(pairs: pd.DataFrame, resampler: Resampler, confidence: float) -> Iterator[dict[str, Any]]:
    for (metric, degradation, level), rows in pairs.groupby(KEYS[:3], sort=True):
        values = rows[["net_audio", "drop_notes"]].to_numpy(dtype=float)
        difference = (values[:, :1] - values[:, 1:]) / len(values)
        drawn = resampler.evaluate(lambda totals, of=difference: totals(of), len(values))  # type: ignore[misc]
        low, high = drawn.intervals([confidence])[0][:, 0]
        yield {
            "metric": metric,
            "degradation": degradation,
            "level": int(level),
            "tracks": len(values),
            "audio_net": float(values[:, 0].mean()),
            "notes_drop": float(values[:, 1].mean()),
            "difference": float(difference.sum()),
            "difference_low": float(low),
            "difference_high": float(high),
            "agrees": bool(np.isnan(low) or low <= 0 <= high),
        }
