"""Print a self-test's claims and false alarms as Markdown.

    python scripts/selftest_page.py DIR

It reads ``selftest.json``, which ``degrade-bench selftest --out DIR`` wrote.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any


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


if __name__ == "__main__":
    sys.exit(main())
