"""What a sweep on a cluster costs the command that hands it out, beside the same sweep on this machine.

    python benchmarks/cluster.py [--clips 14] [--out FILE]

Starts a Ray cluster of two processors here. Both sweeps are of suite `quick` with two metrics of the panel. Counted
are processor seconds of the command's own process from the estimate to the table, without what its workers take,
and what the table takes in memory. Writes ``benchmarks/cluster.md``.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from degrading.report import machine, table

from degrade_bench.bench.request import resolve_request
from degrade_bench.runs.folder import RunFolder
from degrade_bench.sweep.config import RunConfig
from degrade_bench.sweep.execute import SweepResult, execute

PAGE = Path(__file__).resolve().parent / "cluster.md"
ASKED = {"suite": "quick", "metric": "loudness,log-mel", "workers": 2}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=14)
    parser.add_argument("--out", type=Path, default=PAGE)
    options = parser.parse_args()
    rows, tables = [], []
    with tempfile.TemporaryDirectory() as scratch:
        for engine in ({}, {"engine": "ray", "ray_address": "local"}):
            name = engine.get("engine", "local")
            config = RunConfig(out=Path(scratch) / name, limit_clips=options.clips, **ASKED, **engine)
            result, seconds = swept(config)
            blocks = len(
                {(row["clip_id"], row["placebo_of"] or row["degradation"]) for row in result.table.to_pylist()}
            )
            rows.append((name, str(blocks), f"{1000 * seconds / blocks:.1f}", f"{result.seconds:.0f}"))
            tables.append(result.table.drop_columns(["seconds"]))
    assert tables[0].equals(tables[1]), "another table"
    taken = tables[0].nbytes / tables[0].num_rows
    command = f"python benchmarks/cluster.py --clips {options.clips}"
    head = f"# A sweep on a cluster\n\n{machine()}\n\nMade by `{command}`.\n\n"
    columns = ("engine", "blocks", "processor ms a block, in the command", "seconds")
    told = f"\nBoth tables are equal. A row takes {taken:.0f} bytes in the command's memory.\n"
    options.out.write_text(head + table(columns, rows) + told, encoding="utf-8")
    print(options.out.read_text(encoding="utf-8"))


def swept(config: RunConfig) -> tuple[SweepResult, float]:
    """A sweep, and processor seconds of this process on it."""
    resolved = resolve_request(config)
    with RunFolder(config.out) as folder:
        started = time.process_time()
        result = execute(resolved.sweep, folder, engine=resolved.engine)
        return result, time.process_time() - started


if __name__ == "__main__":
    main()
