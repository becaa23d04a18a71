"""What the command line shows last of a run: a table of verdicts, what stands beside it, and the one next step."""

from __future__ import annotations

from pathlib import Path

from degrade_bench._support.addresses import shown
from degrade_bench._support.terminal import print_table, table_of
from degrade_bench._support.terminal import shown as as_text

STYLES = {
    "sensitive": "blue",
    "faint": "cyan",
    "blind": "bright_black",
    "inverted": "red",
    "artefact": "yellow",
    "failed": "bold red",
}
"""Colours of the verdicts' columns, on a terminal that has some."""


def print_summary(folder: Path) -> None:
    """The verdicts of a run directory, what was left out, where the report is, and what to do next."""
    from degrade_bench.reports.text import summary_lines
    from degrade_bench.runs.names import ANALYSIS, RECORD, REPORT
    from degrade_bench.runs.stored import fetched

    with fetched(folder, (RECORD, ANALYSIS, REPORT)) as place:
        lines = [line.replace(str(place), shown(folder)) for line in summary_lines(place)]
        print_verdicts(place)
    for line in lines:
        print(line)


def print_verdicts(folder: Path) -> None:
    """A row per metric: how many damages have which verdict, and from which level on half of those heard are."""
    from rich.text import Text

    from degrade_bench.analysis.verdicts import VERDICT_MARKS
    from degrade_bench.reports.in_short import heard_from, in_short
    from degrade_bench.reports.inputs import load_run
    from degrade_bench.reports.words import number

    run = load_run(folder)
    found = in_short(run)
    occurring = {said.verdict for one in found for said in one.statements}
    verdicts = [verdict for verdict in VERDICT_MARKS if verdict in occurring]
    table = table_of("metric", *(f"{VERDICT_MARKS[verdict]} {verdict}>" for verdict in verdicts), "heard from>")
    for column, verdict in zip(table.columns[1:], verdicts, strict=False):
        column.style = STYLES.get(verdict, "")
    for one in found:
        counts = {said.verdict: said.count for said in one.statements}
        level = heard_from(run, one.metric)
        cells = [number(counts[verdict]) if verdict in counts else "" for verdict in verdicts]
        table.add_row(as_text(one.metric), *map(Text, cells), "" if level is None else f"level {level}")
    print()
    print_table(table)
