"""Which metrics of several runs are one metric.

A metric is known by its name and its fingerprint. The same name and the same fingerprint in two runs is one metric,
as long as its scores agree; anything else is kept apart, as ``name@folder``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from degrade_bench._support import numbers
from degrade_bench._support.numbers import counted
from degrade_bench.compare.runs import Run
from degrade_bench.compare.words import listed, where

AGREE = 1e-6
"""Scores of one metric agree if they differ by no more than this share of the larger one, or of their spread."""

ROW = ["clip_hash", "degradation", "level", "replicate"]


def one_column_each(rows: pd.DataFrame, runs: Sequence[Run]) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Name the metrics of several runs apart, and put those together that are one.

    Args:
        rows: paired rows, with ``run``.
        runs: all of them, by the number that ``run`` is.

    Returns:
        the rows, with the name in ``metric`` and one row per metric and cell; one row per metric: ``metric``,
        ``name``, ``fingerprint``, ``runs``; and notes.
    """
    notes: list[str] = []
    others: list[str] = []
    names: dict[tuple[int, str], str] = {}
    facts = []
    for metric in dict.fromkeys(rows["metric"]):
        of_metric = rows[rows["metric"] == metric]
        prints = of_metric.groupby("run")["fingerprint"].agg(
            lambda fingerprints: "+".join(sorted(set(fingerprints)))
        )
        if prints.nunique() > 1:
            shown = {runs[int(number)].label: fingerprint[:8] for number, fingerprint in prints.items()}
            others.append(f"{metric} ({where(shown)})")
        parts, more = _parts(str(metric), of_metric, prints, runs)
        notes += more
        for members in parts:
            labels = [runs[number].label for number in members]
            name = str(metric) if len(parts) == 1 else f"{metric}@{'+'.join(labels)}"
            names.update({(number, str(metric)): name for number in members})
            facts.append(
                {"metric": name, "name": metric, "fingerprint": prints[members[0]], "runs": ", ".join(labels)}
            )
    if others:
        notes.insert(0, f"not the same metric in every run, by its fingerprint, so kept apart: {listed(others)}")
    pairs = pd.MultiIndex.from_frame(rows[["run", "metric"]])
    rows = rows.assign(metric=pairs.map(names), name=rows["metric"])
    # of the rows that are one, the first that has a score, and says whether it is of the floor
    order = rows.assign(
        _no_score=rows["status"] != "ok", _silent=rows["nuisance"].isna(), _place=np.arange(len(rows))
    )
    order = order.sort_values(["_no_score", "_silent", "run", "_place"], kind="stable")
    kept = order.index[~order.duplicated(["metric", *ROW])]
    rows = rows.loc[np.sort(kept.to_numpy())]
    counts = rows["nuisance"].where(rows["nuisance"].notna(), rows["role"] == "control").astype(bool)
    return rows.assign(nuisance=counts).reset_index(drop=True), pd.DataFrame.from_records(facts), notes


def _parts(
    metric: str, rows: pd.DataFrame, prints: pd.Series, runs: Sequence[Run]
) -> tuple[list[list[int]], list[str]]:
    """The runs in which this is one metric, part by part, and notes."""
    by_print: dict[str, list[int]] = {}
    for number, fingerprint in prints.items():
        by_print.setdefault(str(fingerprint), []).append(int(str(number)))
    notes, parts = [], []
    for members in by_print.values():
        cells, furthest = _disagreement(rows[rows["run"].isin(members)])
        if cells:
            labels = " and ".join(runs[number].label for number in members)
            notes.append(
                f"{metric}: the same fingerprint in {labels}, but its scores differ in {counted(cells, 'row')}, "
                f"by up to {numbers.number(furthest)}: kept apart"
            )
            parts += [[number] for number in members]
        else:
            parts.append(members)
    return parts, notes


def _disagreement(rows: pd.DataFrame) -> tuple[int, float]:
    """In how many rows the runs give other scores, and the largest difference."""
    usable = rows[(rows["status"] == "ok") & rows["score"].notna()]
    scores = usable.groupby(ROW, sort=False)["score"].agg(["min", "max", "count"])
    scores = scores[scores["count"] > 1]
    low, high = scores["min"].to_numpy(dtype=float), scores["max"].to_numpy(dtype=float)
    finite = usable["score"].to_numpy(dtype=float)
    finite = finite[np.isfinite(finite)]
    spread = float(np.ptp(finite)) if len(finite) else 0.0
    same = low == high
    low, high = low[~same], high[~same]  # two infinities have no difference
    apart = (high - low) > AGREE * np.maximum(np.maximum(np.abs(low), np.abs(high)), spread)
    return int(apart.sum()), float((high - low)[apart].max()) if apart.any() else 0.0
