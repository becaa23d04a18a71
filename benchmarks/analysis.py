"""Time and memory of the analysis of a large score table; writes ``analysis.md``.

    python benchmarks/analysis.py [--rows 1000000] [--times 3] [--scores DIR]

Each measurement is a separate process: reading ``scores.parquet``, analysing it, writing ``summary.csv`` and
``analysis.json``. Tables: simulated metrics on many clips; the same with 2 % of the rows failed at
random, so that every cell has other clips; and, with ``--scores``, the table of a real run, repeated with a
little noise.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from degrade_bench.metric.simulated.truths import TRUTHS
from degrade_bench.runs.columns import SCHEMA
from degrade_bench.runs.names import SCORES
from degrade_bench.runs.scores import write_table
from degrade_bench.selftest.table import score_table, suite_cells

ONE = """
import resource, sys, time
from pathlib import Path
started = time.perf_counter()
from degrade_bench.conclude import conclude
conclude(Path(sys.argv[1]))
print(time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def tables(rows: int, scores: Path | None) -> Iterator[tuple[str, pd.DataFrame]]:
    """Titles, and score tables of about ``rows`` rows; the last repeats the run directory ``scores``, if any."""
    rng = np.random.Generator(np.random.Philox(key=1))
    cells, truths = suite_cells(), list(TRUTHS.values())
    clips = -(-rows // (len(cells.frame) * len(truths)))
    plain = score_table(cells, truths, clips, rng)
    yield f"{len(truths)} simulated metrics × {clips} clips", plain
    failed = (rng.random(len(plain)) < 0.02) & (plain["role"] != "clean").to_numpy()
    status = np.where(failed, "failed", "ok")
    yield "the same, 2 % of the rows failed", plain.assign(status=status, score=plain["score"].mask(failed))
    if scores is not None:
        real = pd.read_parquet(scores / SCORES)
        copies = []
        for copy in range(-(-rows // len(real))):
            noise = 1 + 1e-3 * rng.standard_normal(len(real))
            names = {name: real[name].astype(str) + f"/{copy}" for name in ("clip_id", "track")}
            copies.append(real.assign(score=real["score"] * noise, **names))
        made = pd.concat(copies, ignore_index=True)
        yield f"a real run of {made['metric'].nunique()} metrics, {len(copies)} times over", made


def whole(frame: pd.DataFrame) -> pa.Table:
    """A score table with every column of a run's; those that the analysis does not read are empty or zero."""
    columns = []
    for field in SCHEMA:
        if field.name in frame:
            columns.append(pa.Array.from_pandas(frame[field.name], type=field.type))
        elif field.nullable:
            columns.append(pa.nulls(len(frame), field.type))
        else:
            empty = "" if pa.types.is_string(field.type) else 0
            columns.append(pa.repeat(pa.scalar(empty, field.type), len(frame)))
    return pa.table(columns, schema=SCHEMA)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--scores", type=Path, help="a run directory")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "analysis.md")
    options = parser.parse_args()
    lines = ["| table | rows | seconds | peak memory, MiB |", "| --- | --- | --- | --- |"]
    for title, table in tables(options.rows, options.scores):
        with tempfile.TemporaryDirectory() as folder:
            write_table(Path(folder) / SCORES, whole(table))
            runs = []  # seconds and MiB
            for _ in range(options.times):
                made = subprocess.run(
                    [sys.executable, "-c", ONE, folder], capture_output=True, text=True, check=True
                )
                runs.append([float(word) for word in made.stdout.split()])
        seconds = ", ".join(f"{run[0]:.1f}" for run in runs)
        lines.append(f"| {title} | {len(table):,} | {seconds} | {max(run[1] for run in runs):.0f} |")
        print(lines[-1], flush=True)
    command = "python benchmarks/analysis.py" + (" --scores DIR" if options.scores else "")
    head = [
        "# The analysis of large tables",
        "",
        f"Made by `{command}`: each figure is a process that reads a table, analyses it and writes.",
        f"Python {platform.python_version()}, {os.cpu_count()} cores, shared. The bound is 60 s and 2 GB.",
        "",
    ]
    options.out.write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
