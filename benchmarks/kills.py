"""Whether a run that is killed again and again gives the same table.

    python benchmarks/kills.py [--engine local|ray] [--kills 30] [--workers 2] [--out FILE]

A run of two built-in clips is killed (SIGKILL to its process group) at a random moment, started again, and so on;
whenever it comes to its end its table is compared with that of an undisturbed run, and it begins anew. With
``--engine ray`` a cluster is started first, and only the command is killed. Prints a line for every kill; writes
``benchmarks/kills.md``.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from degrading.report import machine, table

from degrade_bench.runs.scores import read_table

PAGE = Path(__file__).resolve().parent / "kills.md"
ASKED = (
    *("--limit-clips", "2", "--metric", "loudness,log-mel", "--degradation"),
    "white_noise,low_pass,mp3,echo,bar_shuffle,tempo_change,key_break,layer_offset",
)
EARLIEST = 0.15
"""Of the seconds of an undisturbed run: before that, only imports are interrupted."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=("local", "ray"), default="local")
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--out", type=Path, default=PAGE)
    options = parser.parse_args()
    engine = [] if options.engine == "local" else ["--engine", "ray"]
    given = [*engine, "--workers", str(options.workers)]
    with tempfile.TemporaryDirectory() as scratch:
        if engine:
            ray("start", "--head", "--num-cpus", str(options.workers), "--include-dashboard", "false")
        try:
            rows = killed(Path(scratch), given, options.kills, random.Random(options.seed))
        finally:
            if engine:
                ray("stop", "--force")
    command = f"python benchmarks/kills.py --engine {options.engine} --kills {options.kills}"
    head = f"# Runs that are killed\n\n{machine()}\n\nMade by `{command}`, {options.workers} workers.\n\n"
    options.out.write_text(
        head + table(("runs that came to an end", "kills", "equal tables"), rows), encoding="utf-8"
    )
    if any(row[0] != row[2] for row in rows):
        sys.exit("a table differs")


def killed(scratch: Path, given: list[str], kills: int, random_: random.Random) -> list[tuple[str, ...]]:
    """Kill runs until there were so many kills, and the last run has come to its end.

    Args:
        scratch: an empty directory.
        given: further options of the runs.
        kills: so many.
        random_: draws the moments.

    Returns:
        one row: runs, kills, equal tables.
    """
    started = time.monotonic()
    run(scratch / "undisturbed", given).wait()
    seconds = time.monotonic() - started
    expected = read_table(scratch / "undisturbed" / "scores.parquet").drop_columns(["seconds"])
    done = ended = equal = 0
    out = scratch / "out"
    while done < kills or out.exists():
        process = run(out, given)
        moment = random_.uniform(EARLIEST, 0.9) * seconds
        try:
            process.wait(None if done >= kills else moment)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            done += 1
            shards = len(list((out / "shards").glob("*.arrow"))) if (out / "shards").is_dir() else 0
            print(f"kill {done} after {moment:.1f} s, {shards} blocks stored", flush=True)
            continue
        if process.returncode:
            sys.exit(f"a run ended with {process.returncode}")
        same = read_table(out / "scores.parquet").drop_columns(["seconds"]).equals(expected)
        ended, equal = ended + 1, equal + same
        print(f"run {ended} came to its end: {'equal' if same else 'ANOTHER TABLE'}", flush=True)
        shutil.rmtree(out)
    return [(str(ended), str(done), str(equal))]


def run(out: Path, given: list[str]) -> subprocess.Popen[bytes]:
    """Start or go on with the run, in a process group of its own."""
    command = [sys.executable, "-m", "degrade_bench", "run", "--out", str(out), *ASKED, *given]
    return subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def ray(*arguments: str) -> None:
    """A command of Ray's."""
    command = [str(Path(sys.executable).with_name("ray")), *arguments]
    quiet = {"RAY_USAGE_STATS_ENABLED": "0"}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, **quiet})


if __name__ == "__main__":
    main()
