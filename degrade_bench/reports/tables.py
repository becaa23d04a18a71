"""The report's tables as the template takes them: rows of plain values, None for what is not known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from degrade_bench.reports.family import family_rows
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.words import detection, level_and_strength, missing, records

Rows = list[dict[str, Any]]


def of_metric(rows: Rows, metric: str) -> Rows:
    """The rows of one metric."""
    return [row for row in rows if row["metric"] == metric]


def verdict_rows(run: RunView) -> Rows:
    """Verdicts, each with words for where the damage is detected and where the curve saturates."""
    rows = records(run.analysis.verdicts)
    for row in rows:
        strengths = run.strengths(row["degradation"])
        row["detected"], row["detected_interval"] = detection(row, strengths)
        row["saturates"] = level_and_strength(row["saturation_level"], strengths, row["unit"])
    return rows


def control_rows(run: RunView) -> Rows:
    """Controls, each with whether it is part of the nuisance floor: it is unless the analysis says otherwise."""
    return [
        row | {"part_of_floor": missing(row["nuisance"]) or bool(row["nuisance"])}
        for row in records(run.analysis.controls)
    ]


def family_table(run: RunView) -> dict[str, Any] | None:
    """Rows of families and groups, a cell per metric; None where nothing is known of families."""
    families = run.analysis.families
    if not families["noticed"].notna().any():
        return None
    metrics = _in_order(run.metrics, families["metric"])
    cells = {(row["group"], row["family"] or "", row["metric"]): row for row in records(families)}
    return {
        "metrics": metrics,
        "rows": [
            {"label": row.label, "whole": not row.family, "cells": [cells.get((*key, name)) for name in metrics]}
            for row in family_rows(families)
            for key in [(row.group, row.family)]
        ],
    }


def people_table(run: RunView) -> dict[str, Any] | None:
    """Rank correlation with people: a row per metric, a cell per damage, all of them first; None without any."""
    people = run.analysis.people
    people = people[people["damage"].notna() & people["rho"].notna()]
    if people.empty:
        return None
    damages = sorted(dict.fromkeys(people["damage"].astype(str)), key=lambda name: name != "all")
    cells = {(row["metric"], row["damage"]): row for row in records(people)}
    return {
        "damages": [{"name": name, "cells": _largest(people, "damage", name, "cells")} for name in damages],
        "rows": [
            {"metric": name, "cells": [cells.get((name, damage)) for damage in damages]}
            for name in _in_order(run.metrics, people["metric"])
        ],
    }


def genre_tables(run: RunView) -> dict[str, Any] | None:
    """Evenness by degradation and metric, and for each metric the drops by degradation and clip group."""
    genres = run.analysis.genres
    genres = genres[genres["clip_group"].notna() & genres["drop_mean"].notna()]
    if genres.empty:
        return None
    metrics = _in_order(run.metrics, genres["metric"])
    degradations = _in_order(run.degradations, genres["degradation"])
    evenness = {(row["metric"], row["degradation"]): row["evenness"] for row in records(run.analysis.verdicts)}
    groups = list(dict.fromkeys(genres["clip_group"].astype(str)))
    cells = {(row["metric"], row["degradation"], str(row["clip_group"])): row for row in records(genres)}
    return {
        "metrics": metrics,
        "evenness": [
            {"degradation": name, "cells": [evenness.get((metric, name)) for metric in metrics]}
            for name in degradations
        ],
        "groups": [{"name": name, "n": _largest(genres, "clip_group", name, "n")} for name in groups],
        "drops": {
            metric: [
                {"degradation": name, "cells": [cells.get((metric, name, group)) for group in groups]}
                for name in degradations
            ]
            for metric in metrics
        },
    }


def selectivity_rows(run: RunView) -> Rows:
    """Selectivity, a row per metric."""
    return records(run.analysis.selectivity)


def achieved_rows(run: RunView) -> Rows:
    """A row per degradation with its summary and its steps, each with the strength asked for and achieved."""
    summaries = {degradation.name: degradation.summary for degradation in run.record.degradations}
    rows: dict[str, dict[str, Any]] = {}
    for row in records(run.analysis.achieved):
        entry = rows.setdefault(
            row["degradation"],
            {**row, "summary": summaries.get(row["degradation"], ""), "steps": []},
        )
        entry["steps"].append(row)
    return list(rows.values())


def _in_order(order: Sequence[str], names: pd.Series) -> list[str]:
    present = set(names)
    return [name for name in order if name in present]


def _largest(frame: pd.DataFrame, key: str, name: str, column: str) -> int | None:
    """The largest count in the rows of one name, for the head of its column."""
    counts = frame.loc[frame[key].astype(str) == name, column].dropna()
    return int(counts.max()) if len(counts) else None
