"""A hearing card: what a run found of one metric, short enough for the model card of a hub.

The JSON form holds the numbers, the Markdown form the same for readers; neither says anything that the report does
not.
"""

from __future__ import annotations

from typing import Any

from degrade_bench._support.plain_text import plain
from degrade_bench.analysis.verdicts import Verdict
from degrade_bench.errors import UnknownNameError
from degrade_bench.reports.in_short import in_short, profile
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.markdown import marked
from degrade_bench.reports.tables import of_metric
from degrade_bench.reports.words import level_and_strength, number, records, with_interval
from degrade_bench.runs.columns import CLEAN

FORMAT = 1
"""Rises whenever a reader of an older or newer release would misread a card."""


def hearing_card(run: RunView, metric: str) -> dict[str, Any]:
    """What a run found of one metric, as JSON holds it.

    Args:
        run: with its analysis.
        metric: its name.

    Raises:
        UnknownNameError: the run has no such metric.
    """
    facts = {row["metric"]: row for row in records(run.analysis.metrics)}
    if metric not in facts:
        raise UnknownNameError("metric of this run", metric, list(facts))
    (identity,) = (one for one in run.record.metrics if plain(one.name) == metric)
    verdicts, found = of_metric(records(run.analysis.verdicts), metric), facts[metric]
    selectivity = of_metric(records(run.analysis.selectivity), metric)
    column = run.metrics.index(metric)
    return {
        "format": FORMAT,
        "metric": metric,
        "version": identity.model_dump().get("version"),
        "fingerprint": identity.fingerprint,
        "degrade_bench": run.record.package_version,
        "higher_is_better": found["higher_is_better"],
        "needs_reference": found["needs_reference"],
        "music": list(run.record.request.input),
        "suites": [*run.record.request.suite, *run.record.request.degradation],
        "seed": run.record.request.seed,
        "clips": run.record.counts.clips,
        "recordings": found["tracks"],
        "clean_mean": found["clean_mean"],
        "clean_sd": found["clean_sd"],
        "nuisance_floor": found["nuisance_floor"],
        "margin": found["margin"],
        "selectivity": selectivity[0]["index"] if selectivity else None,
        "verdicts": {
            verdict.value: [row["degradation"] for row in verdicts if row["verdict"] == verdict]
            for verdict in Verdict
        },
        "detected_from": {
            row["degradation"]: level_and_strength(
                row["detection_level"], run.strengths(row["degradation"]), row["unit"]
            )
            for row in verdicts
            if row["verdict"] == Verdict.SENSITIVE
        },
        "heard_from_level": {f"{row.group}/{row.family}": row.cells[column].heard_from for row in profile(run)},
    }


def hearing_card_lines(run: RunView, metric: str) -> list[str]:
    """The same in Markdown.

    Args:
        run: with its analysis.
        metric: its name.

    Raises:
        UnknownNameError: the run has no such metric.
    """
    card = hearing_card(run, metric)
    (short,) = (found for found in in_short(run) if found.metric == metric)
    (facts,) = (row for row in records(run.analysis.metrics) if row["metric"] == metric)
    floor = with_interval(facts["nuisance_floor"], facts["floor_low"], facts["floor_high"])
    lines = [
        f"### What {marked(metric)} hears",
        "",
        f"It hears {short.heard} of {short.judged} damages ({short.facts}).",
        "",
        *(f"- **{said.opening}:** {marked(said.text)}" for said in short.statements),
        *([f"- {short.next_step}"] if short.next_step else []),
        "",
        "| family | damages | half of those heard, from level |",
        "| --- | --- | --- |",
    ]
    for row in profile(run):
        cell = row.cells[run.metrics.index(metric)]
        marks = ", ".join(f"{count} {verdict}" for verdict, _, count in cell.counts)
        lines.append(f"| {marked(row.family)} | {marks} | {number(cell.heard_from)} |")
    fingerprint = f"fingerprint `{card['fingerprint']}`"
    return [
        *lines,
        "",
        f"Nuisance floor {floor}, margin {number(facts['margin'])}, in the metric's unit; {CLEAN} clips score "
        f"{number(facts['clean_mean'])} (standard deviation {number(facts['clean_sd'])}). Made by degrade-bench "
        f"{run.record.package_version}, seed {run.record.request.seed}, {fingerprint}.",
    ]
