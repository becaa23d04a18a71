"""Print a self-test's claims and false alarms as Markdown, and how often claims are wrong where it is hardest.

    python scripts/selftest_page.py DIR

It reads ``selftest.json``, which ``degrade-bench selftest --out DIR`` wrote, and ``selftest_errors.csv``, which
``degrade-bench selftest --errors --out DIR`` wrote, where that is there.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

KINDS = ("yes", "no")
RIGHT = ("nothing", "one clean standard deviation", "the placebo's alone")
"""Cases in which one verdict is right, in the order of their columns."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="DIR", help="where selftest.json is")
    path = parser.parse_args(arguments).folder / "selftest.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        print(f"{parser.prog}: {path} cannot be read: {error}", file=sys.stderr)
        return 2
    print("\n".join([*_claims(record), "", *_alarms(record)]))
    errors = path.with_name("selftest_errors.csv")
    if errors.is_file():
        print("\n".join(["", *_errors(pd.read_csv(errors))]))
    return 0


def _claims(record: Mapping[str, Any]) -> Iterator[str]:
    yield "| claim | bound, % | found, % | of | |"
    yield "| --- | --- | --- | --- | --- |"
    for claim in record["claims"]:
        bound = f"{100 * claim['low']:g} to {100 * claim['high']:g}"
        holds = "holds" if claim["holds"] else "**does not hold**"
        yield f"| {claim['text']} | {bound} | {100 * claim['share']:.2f} | {claim['trials']} | {holds} |"


def _alarms(record: Mapping[str, Any]) -> Iterator[str]:
    yield "| metric | verdicts, % | runs, % |"
    yield "| --- | --- | --- |"
    for row in record["false_alarms"]:
        yield f"| {row['case']} | {100 * row['share']:.2f} | {100 * row['runs']:.2f} |"


def _errors(errors: pd.DataFrame) -> Iterator[str]:
    """For every noise and number of recordings the largest errors over the cases, what was right, and coverage."""
    yield (
        "| noise | recordings | damages | wrong yes at worst: verdicts, runs | wrong no at worst: verdicts, runs "
        "| blind where it hears nothing | sensitive to one clean SD | artefact where it is one | covered |"
    )
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    groups = ["looks", "damages", "noise", "recordings"]
    for (looks, damages, noise, recordings), rows in errors.groupby(groups, sort=False):
        right = rows.set_index("case")["right"]
        covered = rows["covered"].dropna()
        cells = [
            str(noise),
            str(recordings) if looks == 1 else f"{recordings} in {looks} looks",
            str(damages),
            *(f"{100 * rows[f'wrong_{kind}'].max():.2f}, {100 * rows[f'runs_{kind}'].max():.1f}" for kind in KINDS),
            *(f"{100 * right[case]:.0f}" if case in right else "" for case in RIGHT),
            f"{100 * covered.iloc[0]:.1f}" if len(covered) else "",
        ]
        yield f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
