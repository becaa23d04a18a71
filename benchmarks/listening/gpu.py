"""The same on a GPU: the authors' loop (batch 8, float32) beside the fast path at the batch that suits it best."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from degrading.report import table

from degrade_bench.metric.muq_eval.contract import WINDOW_SAMPLES
from listening import measure
from listening.networks import BFLOAT16, FLOAT32, MUQ, build, load

DEVICE = "cuda:0"
BATCHES = (1, 4, 8, 16, 32, 64)


def report() -> str:
    """The section on the speed, with a checkpoint that is made for it."""
    audio = 0.1 * torch.randn(max(BATCHES), WINDOW_SAMPLES, device=DEVICE)
    product, flops = measure.product(torch.bfloat16, DEVICE, 8192)
    rows = []
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        files = build(Path(folder) / "files")
        work = files.architecture.flops(WINDOW_SAMPLES)
        rate = flops / _seconds(product)
        loop = 0.0
        for which in (MUQ, FLOAT32, BFLOAT16):
            encode = load(which, files, DEVICE)
            torch.cuda.reset_peak_memory_stats()
            speeds = {}
            for batch in (8,) if which == MUQ else BATCHES:
                speeds[batch] = batch / _seconds(lambda e=encode, n=batch: e(audio[:n]))
            batch = max(speeds, key=lambda size: speeds[size])
            loop = loop or speeds[batch]
            share = f"{100 * work * speeds[batch] / rate:.0f} %" if which == BFLOAT16 else "–"
            peak = torch.cuda.max_memory_allocated() / 2**20
            rows.append(
                (which, str(batch), f"{speeds[batch]:.0f}", f"{speeds[batch] / loop:.1f}", share, f"{peak:.0f}")
            )
            del encode
    head = (
        "",
        "batch",
        "clips a second",
        "as a multiple",
        "share of the bfloat16 matrix rate (at least 40 %)",
        "MiB",
    )
    return f"""## Speed on a GPU

{torch.cuda.get_device_name(0)}; 10 s clips that are on the device already; medians of 5 rounds. The first row is
the authors' loop; the fast path at its best should be at least 10 times as fast. Products of 8192 by 8192 run
at {rate / 1e12:.0f} TFLOP/s in bfloat16.

{table(head, rows)}"""


def _seconds(run: measure.Run) -> float:
    return measure.interleaved({"it": run}, 5, torch.cuda.synchronize)["it"].median
