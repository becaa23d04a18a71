"""What the scripts are asked, and what they have seen."""

from __future__ import annotations

import argparse
import atexit
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Tally:
    """What a script has seen: cases, what came of them, and what is wrong."""

    script: str
    seed: int
    cases: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)
    alike: dict[str, list[str]] = field(default_factory=dict)
    closed: bool = False

    def __post_init__(self) -> None:
        atexit.register(self.close)  # a script that is stopped says what it has seen

    def came(self, outcome: str) -> None:
        """Count a case and what came of it."""
        self.cases += 1
        self.outcomes[outcome] += 1

    def wrong(self, case: int, kind: str, detail: str, what: str = "") -> None:
        """Enter a finding, and print it."""
        self.findings[kind] += 1
        line = f"FOUND {kind}: {self.script} --seed {self.seed} --only {case} [{what}] {' '.join(detail.split())}"
        self.alike.setdefault(f"{kind}: {re.sub(r'[0-9]+', '#', detail)[:60]}", []).append(line)
        print(line.encode("utf-8", "backslashreplace").decode(), flush=True)

    def take(self, cases: Iterator[tuple[int, str | None, str | None]]) -> int:
        """Enter what :func:`in_children` gives, and close."""
        for case, came, wrong in cases:
            self.came(came or "wrong")
            if wrong:
                kind, _, detail = wrong.partition("\t")
                self.wrong(case, kind, detail)
        return self.close()

    def close(self) -> int:
        """Print what was found, alike together, and the counts in one line; the exit code: 1 for a finding."""
        if self.closed:
            return 1
        self.closed = True
        for lines in sorted(self.alike.values(), key=len):
            print(f"{len(lines)} × {lines[0]}".encode("utf-8", "backslashreplace").decode()[:400])
        names = ("traceback", "lost", "doubled", "wrong")
        counted = [f"{self.findings[name]} {name}" for name in names]
        counted += [f"{count} {kind}" for kind, count in sorted(self.findings.items()) if kind not in names]
        outcomes = ", ".join(f"{count} {outcome}" for outcome, count in sorted(self.outcomes.items()))
        print(f"{self.script} --seed {self.seed}: {self.cases} cases ({outcomes}): {', '.join(counted)}")
        return 1 if self.findings else 0


def parser(text: str | None, cases: int) -> argparse.ArgumentParser:
    """The options that every script has.

    Args:
        text: the script's docstring.
        cases: how many it does where nobody says otherwise.
    """
    made = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--seed", type=int, default=1)
    made.add_argument("--cases", type=int, default=cases, help=f"at most so many  [default: {cases}]")
    made.add_argument("--minutes", type=float, help="go on for so long, whatever --cases says")
    made.add_argument("--first", type=int, default=0, help="begin with this case  [default: 0]")
    made.add_argument("--only", type=int, help="do this case alone: one that was found")
    made.add_argument("--keep", type=Path, help="copy the folders of findings here")
    return made


def numbers(options: argparse.Namespace) -> Iterator[int]:
    """The cases that were asked for, until the time is over."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # what was started is ended
    if options.only is not None:
        yield options.only
        return
    until = None if options.minutes is None else time.monotonic() + 60 * options.minutes
    case = options.first
    while (case < options.first + options.cases) if until is None else (time.monotonic() < until):
        yield case
        case += 1
