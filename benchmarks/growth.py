"""Whether cost is linear: of 1, 10 and 100 times the cells, of many short clips, of a long file.

    python benchmarks/growth.py [--quick] [--out FILE]

Every case is a sweep in a process of its own, without analysis and report: processor seconds, and the largest
resident memory (Linux). Writes ``benchmarks/growth.md``.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import soundfile
from degrading.report import machine, table

PAGE = Path(__file__).resolve().parent / "growth.md"
RATE = 22050
CELLS = ("--degradation", "white_noise,low_pass,mp3", "--metric", "loudness,log-mel")


@dataclass(frozen=True)
class Cost:
    """What a sweep took.

    Attributes:
        cells: that were scored.
        clips: of them.
        seconds: of the processor, for the second of two sweeps in one process: nothing is imported any more.
        own_seconds: of these, what rendering and scoring took, likewise of the processor.
        peak_bytes: the largest resident memory of the process.
        before_bytes: the same before the sweep began.
    """

    cells: int
    clips: int
    seconds: float
    own_seconds: float
    peak_bytes: int
    before_bytes: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer clips: a trial, not a result")
    parser.add_argument("--out", type=Path, default=PAGE)
    parser.add_argument("--case", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(vars(measured(Path(options.case[0]), options.case[1:]))))
        return
    command = "python benchmarks/growth.py" + " --quick" * options.quick
    parts = [f"# Whether cost is linear\n\n{machine()}\n\nMade by `{command}`. One process, GB are 10⁹ bytes."]
    with tempfile.TemporaryDirectory() as folder:
        for section in (growing, short_clips, long_file):
            parts.append(section(Path(folder), options.quick))
            print(parts[-1], flush=True)
    options.out.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    print(f"wrote {options.out.name}")


def growing(folder: Path, quick: bool) -> str:
    """1, 10 and 100 times the cells of ten clips; and of a single clip what a run costs before its first cell."""
    counts = (1, 10) if quick else (10, 100, 1000)
    make_clips(folder / "clips", counts[-1], 4.0)
    single, *costs = (cost(folder / "clips", "--limit-clips", str(count), *CELLS) for count in (1, *counts))
    first = costs[0]
    rows = [
        [
            str(one.cells),
            f"{1000 * one.seconds / one.cells:.1f}",
            f"{one.seconds / one.cells / (first.seconds / first.cells):.2f}",
            f"{one.peak_bytes / 1e9:.3f}",
            f"{one.peak_bytes / first.peak_bytes:.2f}",
        ]
        for one in costs
    ]
    begun = single.seconds - single.cells * first.seconds / first.cells
    heads = ["cells", "processor ms a cell", "× the first (0.90 to 1.10)", "peak, GB", "× the first (at most 1.15)"]
    return (
        f"## More clips\n\nClips of 4 s, each of them other music.\n\n{table(heads, rows)}\n\n"
        f"A single clip's {single.cells} cells take {1000 * single.seconds / single.cells:.1f} ms each: beside its "
        f"cells a run costs {begun:.2f} s."
    )


def short_clips(folder: Path, quick: bool) -> str:
    """What a clip costs beside its cells."""
    count = 50 if quick else 500
    make_clips(folder / "short", count, 1.0)
    one = cost(folder / "short", *CELLS, "--levels", "5")
    beside = 1000 * (one.seconds - one.own_seconds) / one.clips
    return (
        f"## Short clips\n\n{one.clips} clips of one second, {one.cells} cells. Beside rendering and scoring, a "
        f"clip takes **{beside:.1f} ms** of the processor (at most 30): reading it, finding its beats, its place "
        "in shards, record and table."
    )


def long_file(folder: Path, quick: bool) -> str:
    """A long file, of which excerpts are scored."""
    minutes = 4 if quick else 40
    make_long(folder / "long.flac", minutes)
    one = cost(folder / "long.flac", "--max-seconds", "30", "--windows", "2", "--suite", "quick", "--levels", "5")
    return (
        f"## A long file\n\n{minutes} minutes of 44.1 kHz stereo, `--max-seconds 30 --windows 2 --suite quick "
        f"--levels 5`, the whole panel: {one.cells} cells, a peak of **{one.peak_bytes / 1e9:.2f} GB** "
        f"(at most 1.5), {one.before_bytes / 1e9:.2f} of them before the sweep began."
    )


def cost(source: Path, *arguments: str) -> Cost:
    """What a sweep of some input takes, in a process of its own."""
    command = [sys.executable, __file__, "--case", str(source), *arguments]
    return Cost(**json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.splitlines()[-1]))


def measured(source: Path, arguments: list[str]) -> Cost:
    """The same, in this process.

    Args:
        source: a file or folder.
        arguments: of ``degrade-bench run``.
    """
    from degrade_bench._support import stages
    from degrade_bench.bench import resolve_request
    from degrade_bench.runs.folder import RunFolder
    from degrade_bench.sweep.config import make_config
    from degrade_bench.sweep.execute import execute

    stages.time = SimpleNamespace(perf_counter=time.process_time)  # type: ignore[assignment]  # no waiting for others
    names = [name.removeprefix("--").replace("-", "_") for name in arguments[::2]]
    asked = dict(zip(names, arguments[1::2], strict=True))
    with tempfile.TemporaryDirectory() as out:
        first = {**asked, "limit_clips": 1}
        for number, request in enumerate((first, asked)):
            config = make_config({"input": str(source), "out": f"{out}/{number}", "workers": 1, **request})
            sweep = resolve_request(config).sweep
            with RunFolder(config.out) as folder:
                before, started = peak(), time.process_time()
                with stages.timed() as spent:
                    result = execute(sweep, folder)
                seconds = time.process_time() - started
    counts = result.counts()
    own = sum(value for name, value in spent.elsewhere.items() if name not in ("decode", "beats"))
    return Cost(counts.cells, counts.clips, seconds, own, peak(), before)


def peak() -> int:
    """The largest resident memory that this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def make_clips(folder: Path, count: int, seconds: float) -> None:
    """Clips of decaying chords, each another; their beats are for the bench to find."""
    folder.mkdir()
    for number in range(count):
        rng = np.random.Generator(np.random.Philox(key=number))
        samples = chords(rng, seconds, RATE)
        soundfile.write(folder / f"clip{number:04d}.flac", samples, RATE, "PCM_16")


def chords(rng: np.random.Generator, seconds: float, rate: int) -> np.ndarray:
    """A chord every half second, over a little noise: ``(time,)``."""
    time_of = np.arange(round(seconds * rate)) / rate
    samples = 0.003 * rng.standard_normal(len(time_of))
    for start in np.arange(0.0, seconds, 0.5):
        sounding = slice(*np.searchsorted(time_of, (start, start + 0.5)))
        local = time_of[sounding] - start
        root = 110 * 2 ** (rng.integers(0, 24) / 12)
        for partial in (1, 1.25, 1.5, 4):
            samples[sounding] += 0.12 * np.exp(-4 * local) * np.sin(2 * np.pi * root * partial * local)
    return samples


def make_long(path: Path, minutes: float) -> None:
    """So many minutes of 44.1 kHz stereo in one file."""
    rng = np.random.Generator(np.random.Philox(key=1))
    with soundfile.SoundFile(path, "w", 44100, 2, "PCM_16") as file:
        for _ in range(round(minutes * 6)):
            file.write(np.stack([chords(rng, 10.0, 44100), chords(rng, 10.0, 44100)], axis=1) * 0.7)


if __name__ == "__main__":
    main()
