"""Print what damage costs in audio beside what its twin costs in the notes, as Markdown.

    python scripts/twin_table.py DIR

DIR is a run directory of ``--suite structural,symbolic``. Nothing is scored.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from degrade_bench.analysis.notebook import load
from degrade_bench.analysis.twins import twins
from degrade_bench.errors import DegradeBenchError
from degrade_bench.reports.words import number


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="DIR", help="a run directory")
    options = parser.parse_args(arguments)
    try:
        table = twins(load(options.folder).net_drops)
    except DegradeBenchError as error:
        print(f"{parser.prog}: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    print("\n".join(lines(table)))
    return 0


def lines(table: pd.DataFrame) -> Iterator[str]:
    """The table, a metric after the other."""
    if table.empty:
        yield "No damage of this run has its twin beside it."
    for metric, rows in table.groupby("metric", sort=True, observed=True):
        agreeing = int(rows["agrees"].sum())
        yield f"### {metric}: {agreeing} of {len(rows)} pairs agree"
        yield ""
        yield "| damage | level | clips | net in audio | drop in the notes | difference | |"
        yield "| --- | --- | --- | --- | --- | --- | --- |"
        for row in rows.to_dict("records"):
            ends = (
                f"{number(row['difference'])} ({number(row['difference_low'])} to {number(row['difference_high'])})"
            )
            says = "" if row["agrees"] else "more in audio" if row["difference"] > 0 else "less in audio"
            nets = f"{number(row['audio_net'])} | {number(row['notes_drop'])}"
            yield f"| `{row['degradation']}` | {row['level']} | {row['tracks']} | {nets} | {ends} | {says} |"
        yield ""


if __name__ == "__main__":
    sys.exit(main())
