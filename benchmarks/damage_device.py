"""What a GPU saves the workers: damage, the panel's features, and whole sweeps, beside the processor.

    python benchmarks/damage_device.py [--device cuda:0] [--workers N] [--sweeps-only] [--out FILE]

Writes ``benchmarks/damage_device.md``. Needs a CUDA device; ``--device cpu:0`` tries the script itself without one.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from degrading.report import machine, table

from degrade_bench._support.accelerator import working_on
from degrade_bench._support.caching import forget
from degrade_bench.clip import Clip
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade.seeds import generator
from degrade_bench.degrade.suites import resolve
from degrade_bench.metric.catalogue import PANEL, load_metric
from degrade_bench.metric.hearing.heard import Heard
from degrade_bench.metric.hearing.listener import Listener, heard_by
from degrade_bench.sweep.device import device_model
from degrade_bench.sweep.worker import single_threaded

PAGE = Path(__file__).resolve().parent / "damage_device.md"
DAMAGES = (
    *("white_noise", "pink_noise", "low_pass", "telephone_band", "spectral_holes", "reverb", "phase_scrambling"),
    *("wow", "speed_change", "fractional_delay", "subsonic_filter"),
)
LEVEL, ROUNDS = 3, 7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--workers", type=int, default=max(2, (os.cpu_count() or 2) - 2))
    parser.add_argument("--sweeps-only", action="store_true", help="leave out the single damages")
    parser.add_argument("--out", type=Path, default=PAGE)
    options = parser.parse_args()
    command = f"python benchmarks/damage_device.py --workers {options.workers}"
    where = f"{device_model(options.device)}; {machine()}"
    parts = [f"# Damage and features on a GPU\n\n{where}\n\nMade by `{command}`."]
    if not options.sweeps_only:
        clip = next(source for source in builtin_sources() if source.id == "rock_band").load()
        with single_threaded():
            parts += [damages(clip, options.device), panel(clip, options.device)]
        print("\n\n".join(parts), flush=True)
    parts.append(sweeps(options.device, options.workers))
    print(parts[-1])
    options.out.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def milliseconds(work: Callable[[], object]) -> float:
    """The median of some rounds, after one that is not counted."""
    work()
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - started))
    return statistics.median(taken)


def damages(clip: Clip, device: str) -> str:
    """Single damages: what they take, and how far the samples are from the processor's."""
    rows = []
    for damage in resolve((), DAMAGES, ()).degradations:
        if damage.name not in DAMAGES:
            continue
        forget(lambda owner: False)
        params = damage.render(clip, LEVEL, generator(7)).plan.params
        expected = damage.damage(clip, params)
        here = milliseconds(lambda damage=damage, params=params: damage.damage(clip, params))
        forget(lambda owner: False)
        with working_on(device):
            made = damage.damage(clip, params)
            there = milliseconds(lambda damage=damage, params=params: damage.damage(clip, params))
        apart = float((made - expected).abs().max() / expected.abs().max())
        rows.append((f"`{damage.name}`", f"{here:.1f}", f"{there:.1f}", f"{here / there:.1f}", f"{apart:.0e}"))
    seconds = f"{clip.duration:.0f} s of {clip.sample_rate} Hz, {clip.channels} channels"
    return (
        f"## Single damages\n\n`damage` at level {LEVEL} of a clip of {seconds}, one thread; medians of {ROUNDS}. "
        "What levels share is made before the clock starts; the copy back to the processor is counted. The "
        "difference is the largest one of a sample, as a share of the peak.\n\n"
        + table(("damage", "processor, ms", "GPU, ms", "ratio", "difference"), rows)
    )


def panel(clip: Clip, device: str) -> str:
    """What the panel takes to hear a cell."""
    metrics = [metric for name in PANEL if isinstance(metric := load_metric(name, {}, "cpu"), Listener)]
    low_pass = next(one for one in resolve((), ("low_pass",), ()).degradations if one.name == "low_pass")
    degraded = low_pass.render(clip, LEVEL, generator(7)).clip.samples

    def cell(clean: Heard, samples: torch.Tensor) -> list[float]:
        return heard_by(metrics, Heard(samples, clip.sample_rate, clean))

    clean = Heard(clip.samples, clip.sample_rate)
    expected, here = cell(clean, degraded), milliseconds(lambda: cell(clean, degraded))
    with working_on(device):
        clean = Heard(clip.samples, clip.sample_rate)
        scores, there = cell(clean, degraded), milliseconds(lambda: cell(clean, degraded))
        sent = milliseconds(lambda: cell(clean, degraded.clone()))
    apart = max(abs(a - b) / max(abs(b), 1e-9) for a, b in zip(scores, expected, strict=True))
    return (
        f"## The panel\n\nAll {len(metrics)} metrics hear a cell of the same clip in **{here:.1f} ms** on the "
        f"processor, in **{there:.1f} ms** with the GPU where the cell was made there, and in {sent:.1f} ms where "
        f"it has to be sent. The scores differ by {apart:.0e} at most, relatively."
    )


def sweeps(device: str, workers: int) -> str:
    """Whole sweeps of the built-in corpus with the panel."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, on in (("processor", "cpu"), ("GPU", device)):
            rows.append([name, *sweep(Path(folder) / name, on, workers)])
            print(rows[-1], flush=True)
    head = ("signals on", "cells", "cells a second", "worker ms a cell", "of these")
    return (
        f"## Sweeps\n\n`--suite signal --levels 3` on the built-in corpus with the panel, {workers} workers. What "
        f"a cell takes a worker, from the `timings` of `run.json`.\n\n{table(head, rows)}"
    )


def sweep(out: Path, device: str, workers: int) -> list[str]:
    """One sweep: its cells, cells a second, a cell's milliseconds, and where they went."""
    command = [sys.executable, "-m", "degrade_bench", "run", "--suite", "signal", "--levels", "3"]
    command += ["--metric", ",".join(PANEL), "--out", str(out), "--workers", str(workers)]
    command += ["--damage-device", device]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    record = json.loads((out / "run.json").read_text())
    cells, timings = record["counts"]["cells"], record["timings"]
    of_workers = {name: 1000 * part["seconds"] / cells for name, part in timings["of_workers"].items()}
    largest = sorted(of_workers.items(), key=lambda item: -item[1])[:5]
    return [
        str(cells),
        f"{cells / timings['scoring_seconds']:.0f}",
        f"{sum(of_workers.values()):.1f}",
        ", ".join(f"{name} {value:.1f}" for name, value in largest),
    ]


if __name__ == "__main__":
    main()
