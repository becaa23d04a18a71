"""How much memory a run takes: of an hour of music, of a surround file at a high rate, of many files.

    python benchmarks/memory.py
    python benchmarks/memory.py hour    # one input only: hour, surround or folder

The inputs are made of the built-in corpus. Every run is ``degrade-bench run --suite quick --levels 5`` with the
whole panel. Four times a second the memory of its processes is added up, what they share counted once
(proportional set size; Linux only).
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import soundfile
import soxr

from degrade_bench.corpus.builtin import builtin_sources

RATE = 44100
EVERY_SECONDS = 0.25


@dataclass(frozen=True)
class Case:
    """A run: what is made for it, and how it is asked for."""

    name: str
    options: tuple[str, ...]
    workers: int


CASES = (
    Case("hour", ("--max-seconds", "30", "--windows", "2"), 1),
    Case("hour", ("--max-seconds", "30", "--windows", "2"), 2),
    Case("surround", (), 1),
    Case("folder", (), 1),
    Case("folder", (), 2),
)


def music() -> Iterator[np.ndarray]:
    """The built-in pieces over and over, ``(time, 2)`` at 44.1 kHz."""
    clips = [source.load() for source in builtin_sources()]
    pieces = [soxr.resample(clip.samples.numpy().T, clip.sample_rate, RATE) for clip in clips]
    return itertools.cycle(piece if piece.shape[1] == 2 else piece[:, [0, 0]] for piece in pieces)


def make_hour(folder: Path) -> None:
    """60 minutes of 44.1 kHz stereo in one FLAC file."""
    left = 3600 * RATE
    with soundfile.SoundFile(folder / "hour.flac", "w", RATE, 2, "PCM_16") as file:
        for piece in music():
            file.write(piece[:left])
            left -= piece.shape[0]
            if left <= 0:
                return


def make_surround(folder: Path) -> None:
    """20 s of six channels at 96 kHz and 24 bits."""
    pieces = [soxr.resample(piece[: 20 * RATE], RATE, 96000) for piece in itertools.islice(music(), 3)]
    shortest = min(piece.shape[0] for piece in pieces)
    channels = np.concatenate([np.resize(piece, (shortest, 2)) for piece in pieces], axis=1)
    soundfile.write(folder / "surround.wav", np.resize(channels, (20 * 96000, 6)), 96000, "PCM_24")


def make_folder(folder: Path) -> None:
    """180 excerpts of 5 s, and 20 files that cannot be used."""
    for number, piece in enumerate(itertools.islice(music(), 180)):
        begin = number * 997 % (piece.shape[0] - 5 * RATE)
        soundfile.write(folder / f"{number}.wav", piece[begin : begin + 5 * RATE], RATE)
    whole = (folder / "0.wav").read_bytes()
    rng = np.random.default_rng(0)
    for number in range(5):
        (folder / f"cut-{number}.wav").write_bytes(whole[: 40 + 100 * number])
        (folder / f"noise-{number}.mp3").write_bytes(rng.bytes(4000))
        (folder / f"empty-{number}.flac").write_bytes(b"")
        soundfile.write(folder / f"silent-{number}.wav", np.zeros((5 * RATE, 2)), RATE)


MAKERS = {"hour": make_hour, "surround": make_surround, "folder": make_folder}


def held(process: psutil.Process) -> int:
    """Bytes that a process and its children hold now, what they share counted once."""
    total = 0
    for member in [process, *process.children(recursive=True)]:
        try:
            total += member.memory_full_info().pss
        except psutil.Error:  # it has ended
            continue
    return total


def measured(case: Case, folder: Path) -> str:
    """One row of the table."""
    out = folder / f"out-{case.workers}"
    command = [sys.executable, "-m", "degrade_bench", "run", "--suite", "quick", "--levels", "5"]
    command += ["--input", str(folder / "in"), "--out", str(out), "--workers", str(case.workers), *case.options]
    started, peak = time.monotonic(), 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        process = psutil.Process(run.pid)
        while run.poll() is None:
            peak = max(peak, held(process))
            time.sleep(EVERY_SECONDS)
    counts = json.loads((out / "run.json").read_text())["counts"]
    options = " ".join((*case.options, "--workers", str(case.workers)))
    return (
        f"| {MAKERS[case.name].__doc__} | `{options}` | {peak / 1e9:.2f} | {time.monotonic() - started:.0f} | "
        f"{counts['clips']} | {counts['clips_skipped']} | {counts['failed']} | {run.returncode} |"
    )


def main(only: list[str]) -> None:
    """Make the inputs, or only these, run, and print the table."""
    asked = [case for case in CASES if not only or case.name in only]
    print("| input | options | peak, GB | seconds | clips | left out | failed rows | exit code |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as name:
        for kind, cases in itertools.groupby(asked, lambda case: case.name):
            folder = Path(name, kind)
            (folder / "in").mkdir(parents=True)
            MAKERS[kind](folder / "in")
            for case in cases:
                print(measured(case, folder), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
