"""How ``degrade-bench selftest`` shows what came of it."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd

from degrade_bench._support.files import write_text
from degrade_bench._support.numbers import fixed, number, percent
from degrade_bench.analysis.frames import csv_text
from degrade_bench.runs.names import SELFTEST_ERRORS, SELFTEST_FILES
from degrade_bench.runs.ownership import begin, claim
from degrade_bench.selftest.summary import SHOWN, claims, confusion, false_alarms, write_summary
from degrade_bench.selftest.trials import Trials, run_trials

WIDEST = 120
"""Columns that the table takes; a narrower terminal breaks its lines."""


def selftest_with_progress(
    runs: int, clips: int, seed: int, workers: int, out: Path | None, errors: bool = False
) -> bool:
    """Run the self-test, print what came of it and, where asked, write it; whether every claim holds.

    Args:
        runs: simulated runs.
        clips: of each run.
        seed: of all of them.
        workers: processes.
        out: the folder to write figures and ``selftest.json`` into; None to write nothing.
        errors: whether it is counted instead how often every claim is wrong.

    Raises:
        ConfigError: no runs, or too few clips.
        RunFolderError: the folder cannot be written, or is not empty and not ours.
    """
    if errors:
        return errors_with_progress(runs, seed, workers, out)
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    if out is not None:
        begin(out, SELFTEST_FILES)
    console = Console(stderr=True, highlight=False)
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("simulated runs"), TimeRemainingColumn())
    with Bar(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("runs", total=runs)
        trials = run_trials(runs, clips, seed, workers, progress=lambda done: bar.update(task, completed=done))
    print_trials(trials)
    if out is not None:
        from degrade_bench.selftest.figures import write_figures

        print(f"wrote {write_summary(trials, out)}")
        for path in write_figures(confusion(trials), trials.coverage, out):
            print(f"wrote {path}")
    return all(made.holds for made in claims(trials))


def errors_with_progress(runs: int, seed: int, workers: int, out: Path | None) -> bool:
    """Count how often every claim is wrong, print it and, where asked, write it; whether every bound holds.

    Args:
        runs: of every scenario.
        seed: of all of them.
        workers: processes.
        out: the folder to write ``selftest_errors.csv`` into; None to write nothing.

    Raises:
        ConfigError: no runs.
        RunFolderError: the folder cannot be written, or is not empty and not ours.
    """
    from rich.console import Console
    from rich.progress import Progress as Bar

    from degrade_bench.selftest.errors import failing, looked_at_thrice, run_errors, scenarios

    if out is not None:
        begin(out, SELFTEST_FILES)
    console = Console(stderr=True, highlight=False)
    work = [*scenarios(), *looked_at_thrice()]
    with Bar(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("scenarios", total=len(work))
        errors = run_errors(work, runs, seed, workers, lambda done: bar.update(task, completed=done))
    print(error_table(errors))
    if out is not None:
        claim(out, [SELFTEST_ERRORS])
        write_text(out / SELFTEST_ERRORS, csv_text(errors))
        print(f"wrote {out / SELFTEST_ERRORS}")
    return bool(failing(errors).empty)


def error_table(errors: pd.DataFrame) -> str:
    """The errors as a table in Markdown, in percent.

    Args:
        errors: what :func:`~degrade_bench.selftest.errors.run_errors` gave.
    """
    from degrade_bench.selftest.errors import failing

    failed = set(failing(errors).index)
    lines = [
        "| noise | truth | recordings | damages | wrong yes: verdicts, runs | wrong no: verdicts, runs | right "
        "| covered | |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in errors.itertuples():
        cells = [
            f"{fixed(100 * row.wrong_yes)}, {fixed(100 * row.runs_yes, 1)}",
            f"{fixed(100 * row.wrong_no)}, {fixed(100 * row.runs_no, 1)}",
            "" if math.isnan(row.right) else fixed(100 * row.right, 1),
            "" if math.isnan(row.covered) else fixed(100 * row.covered, 1),
            "FAILS" if row.Index in failed else "holds",
        ]
        recordings = f"{row.recordings} in {row.looks} looks" if row.looks > 1 else str(row.recordings)
        lines.append("| " + " | ".join([row.noise, row.case, recordings, str(row.damages), *cells]) + " |")
    return "\n".join(lines)


def print_trials(trials: Trials) -> None:
    """The confusion matrix, the false alarms and the claims."""
    from rich.console import Console
    from rich.table import Table

    console = Console(width=max(Console().width, WIDEST), highlight=False)
    console.print(f"{trials.runs} simulated runs of {trials.clips} clips, seed {trials.seed}; shares in %\n")
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("metric", "damage", "right", *SHOWN):
        table.add_column(column, justify="right" if column in SHOWN else "left")
    before = None
    for row in confusion(trials).to_dict("records"):
        shares = [fixed(100 * row[verdict], 1) if row[verdict] else "" for verdict in SHOWN]
        case = row["case"].removeprefix("simulated-")
        table.add_row(case if case != before else "", row["kind"], row["expected"], *shares)
        before = case
    console.print(table)
    console.print("\nfalse alarms where nothing is heard (sensitive or inverted): verdicts, and runs with any")
    for row in false_alarms(trials).to_dict("records"):
        case = row["case"].removeprefix("simulated-")
        console.print(f"  {percent(row['share'], 2):>8}  {percent(row['runs'], 2):>8}  {case}")
    console.print("\nclaims")
    for made in claims(trials):
        bounds = f"{number(100 * made.low)} to {percent(made.high)}"
        mark = "[green]holds[/green]" if made.holds else "[red]FAILS[/red]"
        console.print(f"  {mark}  {percent(made.share, 2):>8}  ({bounds}, {made.trials})  {made.text}")
