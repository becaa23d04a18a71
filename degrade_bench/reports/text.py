"""What the command line prints last: verdicts, what was left out, and where the report is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from degrade_bench.analysis.verdicts import VERDICT_MARKS, Verdict
from degrade_bench.metric import OUTSIDE_RANGE
from degrade_bench.metric.domain import HOME, domain_note
from degrade_bench.reports.inputs import load_run
from degrade_bench.reports.words import number

POWER = (
    ("smallest_detectable", "smallest detectable drop"),
    ("clips_to_detect", "clips needed to show a drop"),
    ("clips_to_exclude", "clips needed to show that there is none"),
)
"""What an inconclusive verdict could have shown, and what it would take to conclude: columns and words."""


def summary_lines(folder: Path) -> list[str]:
    """The lines.

    Raises:
        RunFolderError: there is no analysis or no record, or they cannot be read.
    """
    run = load_run(folder)
    domains = {each["name"]: each.get("domain", HOME) for each in run.record.get("metrics", [])}
    lines = ["", *verdict_lines(run.analysis.verdicts, domains), ""]
    for kind in ("metric", "clip"):
        for each in run.record.get(f"{kind}s_skipped", []):
            lines.append(f"left out: {kind} {each.get('name', each.get('id'))}: {each['reason']}")
    lines.append(counts_line(run.record))
    lines += [f"failed: {text}" for text in failure_lines(run.record)]
    lines += [f"note: {text}" for text in metric_lines(run.record)]
    report = folder / "report.html"
    if report.is_file():
        lines.append(f"report: {report}")
    return lines


def verdict_lines(verdicts: pd.DataFrame, domains: Mapping[str, str]) -> list[str]:
    """For each metric its verdicts, each with the degradations that it holds for.

    Args:
        verdicts: the analysis's.
        domains: what metrics were made for, by name; music where nothing is said.
    """
    lines = []
    for metric, own in verdicts.groupby("metric", sort=False):
        note = domain_note(domains.get(str(metric), HOME))
        lines.append(f"{metric} ({note})" if note else str(metric))
        for verdict, mark in VERDICT_MARKS.items():
            names = own.loc[own["verdict"] == verdict, "degradation"]
            if len(names):
                lines.append(f"  {mark} {verdict:<14} {', '.join(names)}")
            if len(names) and verdict == Verdict.INCONCLUSIVE:
                lines += [f"    {line}" for line in power_lines(own[own["verdict"] == verdict])]
    return lines


def power_lines(unsure: pd.DataFrame) -> list[str]:
    """What one metric's inconclusive verdicts could have shown and what they would need, in a line or none.

    Args:
        unsure: the metric's inconclusive verdicts.
    """
    parts = []
    for column, what in POWER:
        values = pd.to_numeric(unsure.get(column, pd.Series(dtype=float)), errors="coerce").astype(float)
        known = values[np.isfinite(values)]
        if len(unsure) == 1 and len(known):
            parts.append(f"{what} {number(known.iloc[0])}")
        elif len(known):
            median = known.median() if column == "smallest_detectable" else math.ceil(known.median())
            worst = unsure.loc[known.idxmax(), "degradation"]
            parts.append(f"{what} {number(median)} in the median, {number(known.max())} at worst ({worst})")
    if not parts and "power_note" in unsure:
        parts = [str(note) for note in unsure["power_note"].dropna().unique()[:1]]
    return ["; ".join(parts)] if parts else []


def counts_line(record: Mapping[str, Any]) -> str:
    """What was scored, in one line."""
    counts = record.get("counts", {})
    parts = [
        f"{counts.get('clips', 0)} clips",
        f"{counts.get('cells', 0)} cells",
        f"{counts.get('ok', 0)} scores",
        f"{counts.get('not_applicable', 0)} not applicable",
        f"{counts.get('failed', 0)} failed",
    ]
    if counts.get("clips_skipped"):
        parts.append(f"{counts['clips_skipped']} clips left out")
    return ", ".join(parts)


def failure_lines(record: Mapping[str, Any], most: int = 5) -> list[str]:
    """The first failures, and how many more there are."""
    failures = record.get("failures", [])
    lines = [
        f"{each['metric']} on {each['clip_id']}, {each['degradation']} level {each['level']}: {each['error']}"
        for each in failures[:most]
    ]
    more = int(record.get("counts", {}).get("failed", len(failures))) - len(lines)
    return [*lines, f"{more} more, in scores.parquet"] if more > 0 else lines


def metric_lines(record: Mapping[str, Any]) -> list[str]:
    """What metrics counted while they scored, and scores outside their range; a line for each that happened."""
    lines = []
    for metric in record.get("metrics", []):
        for label, count in metric.get("counts", {}).items():
            if count and label == OUTSIDE_RANGE:
                low, high = metric["score_range"]
                bounds = f"{'−∞' if low is None else f'{low:g}'} to {'∞' if high is None else f'{high:g}'}"
                lines.append(
                    f"{metric['name']}: scores outside its nominal range ({bounds}), kept as they are: {count}"
                )
            elif count:
                lines.append(f"{metric['name']}: {label}: {count}")
    return lines
