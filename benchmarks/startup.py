"""Processor time of commands that compute nothing, and what they import; writes ``startup.md``.

    python benchmarks/startup.py [--times 7] [--beside TREE]

Each figure is of whole processes, user and system time together. ``--beside`` names a checkout to measure in turn
with this one, such as one of the commit before a change. ``analysis``, ``report`` and ``compare`` get an empty
folder: they import what they need to begin, look for a file and refuse.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
FOLDER = "FOLDER"
COMMANDS = (
    "--help",
    "run --help",
    "analysis --help",
    "report --help",
    "list degradations",
    "list degradations --json",
    "list metrics",
    "list metrics --json",
    "list suites",
    "list suites --json",
    f"analysis {FOLDER}",
    f"report {FOLDER}",
    f"compare {FOLDER}",
    "doctor",
)
HEAVY = ("numpy", "pydantic", "pyarrow", "pandas", "scipy", "torch", "huggingface_hub", "matplotlib")


def one(tree: Path, arguments: Sequence[str]) -> tuple[float, str]:
    """Seconds of one process, and what it wrote to standard error.

    Args:
        tree: the checkout that it runs.
        arguments: of Python.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run([sys.executable, *arguments], env=environment, cwd="/", capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stderr


def heavy(tree: Path, arguments: Sequence[str]) -> str:
    """Which of the large packages a command imports."""
    _, traced = one(tree, ["-X", "importtime", *arguments])
    lines = [line for line in traced.splitlines() if line.startswith("import time:")]
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}
    return ", ".join(name for name in HEAVY if name in imported) or "none"


def main() -> int:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=7)
    parser.add_argument("--beside", type=Path, help="another checkout")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".md"))
    options = parser.parse_args()
    trees = [HERE] if options.beside is None else [options.beside.resolve(), HERE]
    names = ["processor seconds"] if options.beside is None else ["before", "processor seconds"]
    rows = [
        f"| command | {' | '.join(names)} | imports, of the large packages |",
        f"| --- | {' | '.join('---' for _ in names)} | --- |",
    ]
    with tempfile.TemporaryDirectory() as folder:
        for command in COMMANDS:
            arguments = ["-m", "degrade_bench", *command.replace(FOLDER, folder).split()]
            imports = heavy(HERE, arguments)
            seconds: list[list[float]] = [[] for _ in trees]
            for _ in range(options.times + 1):
                for taken, tree in zip(seconds, trees, strict=True):
                    taken.append(one(tree, arguments)[0])
            told = [f"{statistics.median(taken[1:]):.2f} (from {min(taken[1:]):.2f})" for taken in seconds]
            rows.append(f"| `{command}` | {' | '.join(told)} | {imports} |")
            print(rows[-1], flush=True)
    head = [
        "# Processor time of commands that compute nothing",
        "",
        "Made by `python benchmarks/startup.py`"
        + (", `--beside` a checkout of the commit before" if options.beside else "")
        + f": medians (and the least) of {options.times} processes, which took turns; a first one is not counted.",
        f"Python {platform.python_version()}, {os.cpu_count()} cores, shared.",
        "`analysis`, `report` and `compare` get an empty folder: they import what they need to begin, and refuse.",
        "`doctor` loads torch, because whether torch can be loaded is what it looks at.",
        "",
    ]
    options.out.write_text("\n".join([*head, *rows]) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
