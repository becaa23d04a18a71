"""Print a run's verdicts as Markdown: for each metric what it scores, and a table with a row per degradation.

    python scripts/verdict_table.py DIR [--metric NAME ...]

It reads ``analysis.json`` and ``run.json`` of a run directory. Nothing is scored.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from degrade_bench.analysis.verdicts import Verdict
from degrade_bench.errors import DegradeBenchError, UnknownNameError
from degrade_bench.metric.traits import domain_note
from degrade_bench.reports.inputs import RunView, load_run
from degrade_bench.reports.words import MARGINS, detection, missing, number, records, with_interval

COLUMNS = (
    "family",
    "degradation",
    "verdict",
    "crosses the margin at",
    "top level",
    "drop there",
    "beyond the placebo",
)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="DIR", help="a run directory")
    parser.add_argument("--metric", nargs="+", metavar="NAME", help="these metrics only")
    options = parser.parse_args(arguments)
    try:
        text = tables(load_run(options.folder), options.metric)
    except DegradeBenchError as error:
        print(f"{parser.prog}: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    print(text)
    return 0


def tables(run: RunView, metrics: Sequence[str] | None = None) -> str:
    """The Markdown of some metrics of a run, or of all.

    Raises:
        UnknownNameError: the run has no such metric.
    """
    for name in metrics or ():
        if name not in run.metrics:
            raise UnknownNameError("metric", name, run.metrics)
    return "\n\n".join("\n".join(_of_metric(run, name)) for name in metrics or run.metrics)


def _margin_words(facts: Mapping[str, Any]) -> str:
    words = MARGINS.get(facts.get("margin_is") or "")
    return f" ({words})" if words else ""


def _of_metric(run: RunView, name: str) -> Iterator[str]:
    analysis = run.analysis
    facts = next(row for row in records(analysis.metrics) if row["metric"] == name)
    described = next(metric for metric in run.record.metrics if metric.name == name)
    note = domain_note(described.domain)
    yield f"### `{name}`" + (f" ({note})" if note else "")
    yield ""
    yield _facts(facts, described.fingerprint)
    verdicts = records(analysis.verdicts[analysis.verdicts["metric"] == name])
    levels = analysis.levels[analysis.levels["metric"] == name]
    for group in dict.fromkeys(row["group"] for row in verdicts):
        of_group = [row for row in verdicts if row["group"] == group]
        yield ""
        yield f"{str(group).capitalize()} damage: {_counts(of_group)}."
        yield ""
        yield "| " + " | ".join(COLUMNS) + " |"
        yield "| " + " | ".join("---" for _ in COLUMNS) + " |"
        families = list(dict.fromkeys(row["family"] for row in of_group))
        for row in sorted(of_group, key=lambda row: families.index(row["family"])):
            yield "| " + " | ".join(_cells(run, row, levels[levels["degradation"] == row["degradation"]])) + " |"
    notes = [row for row in verdicts if row["verdict"] == Verdict.INCONCLUSIVE and not missing(row["power_note"])]
    if notes:
        yield ""
        yield "What the inconclusive ones would need:"
        yield ""
        yield from (f"- `{row['degradation']}`: {row['power_note']}" for row in notes)


def _facts(facts: Mapping[str, Any], fingerprint: str) -> str:
    direction = "Higher" if facts["higher_is_better"] else "Lower"
    control, left_out = facts["positive_control"], facts["left_out"]
    return (
        f"{direction} is better. Clean clips score {number(facts['clean_mean'])}, standard deviation "
        f"{number(facts['clean_sd'])}. Nuisance floor "
        f"{with_interval(facts['nuisance_floor'], facts['floor_low'], facts['floor_high'])}, margin "
        f"{number(facts['margin'])}{_margin_words(facts)}. "
        f"{f'No part of the floor: {left_out}. ' if left_out else ''}"
        f"{f'Positive control: `{control}`.' if control else 'No positive control fired.'} "
        f"Fingerprint `{fingerprint}`."
    )


def _counts(verdicts: Sequence[Mapping[str, Any]]) -> str:
    counts = pd.Series([row["verdict"] for row in verdicts]).value_counts()
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.items())


def _cells(run: RunView, row: Mapping[str, Any], levels: pd.DataFrame) -> Iterator[str]:
    """Family, name, verdict, where it is detected, and the highest level that was scored with its drops."""
    yield str(row["family"])
    yield f"`{row['degradation']}`"
    yield str(row["verdict"])
    detected, interval = detection(row, run.strengths(row["degradation"]))
    yield f"{detected} ({interval})" if interval else detected
    scored = records(levels[levels["n"] > 0].sort_values("level"))
    if not scored:
        yield from ("–", "–", "–")
        return
    top = scored[-1]
    yield f"{top['level']}: {number(top['strength'])} {top['unit']}"
    yield with_interval(top["drop_mean"], top["drop_low"], top["drop_high"])
    yield with_interval(top["net_drop"], top["net_low"], top["net_high"])


if __name__ == "__main__":
    raise SystemExit(main())
