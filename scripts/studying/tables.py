"""Tables of one run: its setting, its metrics in a few words, verdicts, and which metrics say the same."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from degrade_bench.analysis.verdicts import VERDICT_MARKS, VERDICT_MEANINGS
from degrade_bench.compare import CompareOptions, compare
from degrade_bench.reports.in_short import in_short, profile
from degrade_bench.reports.inputs import RunView, load_run
from degrade_bench.reports.words import fixed, records


def of_run(folder: Path) -> Iterator[str]:
    """The part of a page about one run."""
    run = load_run(folder)
    yield from setting(run)
    yield from metrics(run)
    yield from families(run)
    yield from damages(run)
    yield from together(folder, run)


def setting(run: RunView) -> Iterator[str]:
    """What was run."""
    record = run.record
    counts, levels = record.counts, ", ".join(map(str, record.request.levels))
    yield f"## {run.folder.name}"
    yield ""
    yield (
        f"{counts.clips} clips ({', '.join(record.request.input)}), {counts.cells} cells at levels {levels}, "
        f"{counts.ok} scores, {counts.not_applicable} not applicable, {counts.failed} failed; seed "
        f"{record.request.seed}, degrade-bench {record.package_version}."
    )
    yield f"\n```sh\n{' '.join(record.command)}\n```\n"


def metrics(run: RunView) -> Iterator[str]:
    """What every metric hears, in words."""
    for found in in_short(run):
        noted = f" ({found.note})" if found.note else ""
        yield f"**{found.metric}**{noted} hears {found.heard} of {found.judged} damages; {found.facts}."
        yield ""
        yield from (f"- {said.mark} {said.opening}: {said.text}" for said in found.statements)
        if found.next_step:
            yield f"- {found.next_step}"
        yield ""


def families(run: RunView) -> Iterator[str]:
    """Families of damages by metric: verdicts, and from which level on they are heard."""
    yield "### Families\n"
    yield "How many damages of a family have which verdict, and from which level on half of those heard are heard."
    yield ""
    yield from table(
        ["family", *run.metrics],
        (
            [
                f"{row.group}: {row.family}",
                *(
                    " ".join(f"{mark}{count}" for _, mark, count in cell.counts)
                    + ("" if cell.heard_from is None else f" from {cell.heard_from}")
                    for cell in row.cells
                ),
            ]
            for row in profile(run)
        ),
    )


def damages(run: RunView) -> Iterator[str]:
    """The verdict of every metric on every damage."""
    verdicts = records(run.analysis.verdicts)
    by_place = {(row["degradation"], row["metric"]): row for row in verdicts}
    occurring = [verdict for verdict in VERDICT_MARKS if any(row["verdict"] == verdict for row in verdicts)]
    yield "\n### Every damage\n"
    yield (
        "; ".join(f"{VERDICT_MARKS[verdict]} {verdict}: {VERDICT_MEANINGS[verdict]}" for verdict in occurring) + "."
    )
    yield "The number is the lowest level from which on the mean drop lies above the metric's margin."
    yield ""
    rows = []
    for name in run.degradations:
        cells = []
        for metric in run.metrics:
            row = by_place.get((name, metric))
            level = None if row is None else row["detection_level"]
            cells.append(
                "" if row is None else VERDICT_MARKS[row["verdict"]] + ("" if level is None else f" {level:.0f}")
            )
        rows.append([f"`{name}`", *cells])
    yield from table(["damage", *run.metrics], rows)


def together(folder: Path, run: RunView) -> Iterator[str]:
    """Rank correlations of the metrics' drops."""
    if len(run.metrics) < 2:
        return
    frame = compare([folder], CompareOptions()).redundancy
    both = pd.concat([frame, frame.rename(columns={"metric": "other", "other": "metric"})])
    rho = {(row.metric, row.other): row for row in both.itertuples()}
    yield "\n### Which say the same\n"
    yield "Spearman's correlation of two metrics' mean drops over the damages and levels that both have."
    yield ""
    yield from table(
        ["", *run.metrics],
        (
            [one, *(fixed(rho[one, other].rho) if one != other else "" for other in run.metrics)]
            for one in run.metrics
        ),
    )
    known = [row for row in frame.itertuples() if not math.isnan(row.rho)]
    closest = sorted(known, key=lambda row: -abs(row.rho))[:5]
    yield (
        "\nThe closest, with 95 % intervals over recordings: "
        + "; ".join(
            f"{row.metric} and {row.other} {fixed(row.rho)} ({fixed(row.rho_low)} to {fixed(row.rho_high)}, "
            f"{row.cells} cells)"
            for row in closest
        )
        + "."
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]] | Iterator[Sequence[str]]) -> Iterator[str]:
    """A Markdown table."""
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
