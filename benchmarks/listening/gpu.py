"""MuQ-Eval on a GPU: the network alone, from prepared windows in the host's memory, and agreement."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch
from degrading.report import table
from scipy.stats import spearmanr

from degrade_bench._support.precision import multiplying
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.metric.muq_eval.contract import WINDOW_SAMPLES
from degrade_bench.metric.muq_eval.metric import MuQEval
from degrade_bench.metric.prepared import Prepared
from listening import agreement, measure
from listening.networks import MUQ, Files, build, load

DEVICE = "cuda:0"
THEIR_BATCH = 8
DTYPES = ("float32", "tf32", "bfloat16")
BATCHES, ROUNDS = 8, 3
CPU_CLIPS = 4


def report() -> str:
    """The page, with a checkpoint that is made for it."""
    product, flops = measure.product(torch.bfloat16, DEVICE, 8192)
    rate = flops / _seconds(product)
    with tempfile.TemporaryDirectory() as folder:
        files = build(Path(folder) / "files")
        heard = _windows(32)
        theirs = _theirs(files)
        metrics = {dtype: _metric(files, dtype) for dtype in DTYPES}
        rows = [
            (name, str(THEIR_BATCH), f"{1000 * seconds:.2f}", f"{1 / seconds:.0f}", "–", "–", "–", "–")
            for name, seconds in theirs.items()
        ]
        exact = theirs["muq's own forward, float32 exactly"]
        loop = theirs["muq's own forward, as torch comes (convolutions in TF32)"]
        work = files.architecture.flops(WINDOW_SAMPLES)
        for dtype, metric in metrics.items():
            rows.append((f"fast, {dtype}", *_ours(metric, heard, exact, loop, work / rate)))
        clips = _clips(metrics["float32"])
        agreed = _agreement(metrics, clips, _on_cpu(files, clips[:CPU_CLIPS]))
    head = (
        "",
        "batch",
        "ms a clip",
        "clips a second",
        "times muq's exactly",
        "times muq's as torch comes",
        "device busy",
        "share of the bfloat16 matrix rate",
    )
    return f"""# MuQ-Eval on a GPU

{torch.cuda.get_device_name(0)}, torch {torch.__version__}. Made by `python benchmarks/muq_eval.py --gpu`.

10 s clips. `muq`'s rows are its forward alone on windows that are on the device, at the authors' batch of
{THEIR_BATCH}; the fast rows are scores from prepared windows in the host's memory, with upload and read-back,
medians of {ROUNDS} rounds of {BATCHES} batches. A clip is {work / 1e9:.0f} GFLOP; products of 8192 by 8192 run at
{rate / 1e12:.0f} TFLOP/s in bfloat16 here. *Device busy* is the time that the recorded passes take back to back,
over the time that the scores took.

{table(head, rows)}

{_host(metrics["bfloat16"], heard)}

## Agreement

{agreed}
"""


def _metric(files: Files, dtype: str) -> MuQEval:
    return MuQEval(str(files.checkpoint), str(files.encoder), device=DEVICE, dtype=dtype)  # type: ignore[arg-type]


def _windows(count: int) -> list[Prepared]:
    rng = torch.Generator().manual_seed(0)
    made = (0.1 * torch.randn(1, WINDOW_SAMPLES, generator=rng) for _ in range(count))
    return [Prepared(windows, index.to_bytes(4, "big")) for index, windows in enumerate(made)]


def _theirs(files: Files) -> dict[str, float]:
    """Seconds a clip of ``muq``'s forward, three ways."""
    audio = 0.1 * torch.randn(THEIR_BATCH, WINDOW_SAMPLES, device=DEVICE)
    encode = load(MUQ, files, DEVICE)
    ways: dict[str, Callable] = {
        "muq's own forward, float32 exactly": lambda: multiplying(tf32=False),
        "muq's own forward, as torch comes (convolutions in TF32)": nullcontext,
        "muq's own forward, bfloat16 autocast": lambda: torch.autocast("cuda", dtype=torch.bfloat16),
    }
    seconds = {}
    with torch.inference_mode():
        for name, way in ways.items():
            with way():
                seconds[name] = _seconds(lambda: encode(audio)) / THEIR_BATCH
    return seconds


def _ours(metric: MuQEval, heard: list[Prepared], exact: float, loop: float, floor: float) -> tuple[str, ...]:
    """The cells of a row.

    Args:
        metric: on the device.
        heard: a batch of prepared windows.
        exact: seconds a clip of muq's forward in float32.
        loop: as torch comes.
        floor: seconds a clip at the bfloat16 matrix rate.
    """
    size = metric.windows_at_once

    def whole() -> None:
        finishes = []
        for _ in range(BATCHES):
            metric.listener.remembered.clear()
            finishes.append(metric.begin(heard[:size]))
            if len(finishes) > 2:
                finishes.pop(0)()
        for finish in finishes:
            finish()

    seconds = _seconds(whole) / (BATCHES * size)
    (recorded,) = metric.listener._batches._recorded.values()

    def alone() -> None:
        for _ in range(BATCHES):
            recorded.replay()

    busy = _seconds(alone) / (BATCHES * size) / seconds
    return (
        str(size),
        f"{1000 * seconds:.2f}",
        f"{1 / seconds:.0f}",
        f"**{exact / seconds:.1f}**",
        f"{loop / seconds:.1f}",
        f"{100 * busy:.0f} %",
        f"{100 * floor / seconds:.0f} %",
    )


def _host(metric: MuQEval, heard: list[Prepared]) -> str:
    """How much the calling thread does for a clip while the device is at work."""
    size, spent = metric.windows_at_once, []
    for _ in range(9):
        metric.listener.remembered.clear()
        torch.cuda.synchronize()
        started = time.thread_time()
        finish = metric.begin(heard[:size])
        spent.append((time.thread_time() - started) / size)
        finish()
    return f"The calling thread spends **{1000 * float(np.median(spent)):.2f} ms** a clip (median of 9 batches)."


def _clips(metric: MuQEval) -> list[Prepared]:
    clips = agreement.damaged([source.load() for source in builtin_sources()[:8]])
    return [Prepared.of(metric.preparation, clip.samples, clip.sample_rate) for clip in clips]


def _on_cpu(files: Files, clips: list[Prepared]) -> np.ndarray:
    return MuQEval(str(files.checkpoint), str(files.encoder)).begin(clips)().scores[:, 0].numpy()


def _agreement(metrics: dict[str, MuQEval], clips: list[Prepared], on_cpu: np.ndarray) -> str:
    """A table of how well the types agree with exact float32.

    Args:
        metrics: by type.
        clips: clean and damaged.
        on_cpu: scores of the first clips on the CPU.
    """
    scores = {dtype: metric.begin(clips)().scores[:, 0].numpy() for dtype, metric in metrics.items()}
    first = scores["float32"]
    apart = np.abs(first[: len(on_cpu)] - on_cpu).max()
    rows = []
    for dtype, values in scores.items():
        largest = np.abs(values - first).max()
        rows.append(
            (
                dtype,
                f"{largest:.1e}",
                f"{100 * largest / first.std(ddof=1):.2f} %",
                f"{spearmanr(first, values).statistic:.5f}",
            )
        )
    damages = ", ".join(f"{name} level {level}" for name, level in agreement.DAMAGES)
    head = ("", "largest difference of a score", "of the scores' SD between clips", "Spearman")
    return f"""{len(clips)} clips, clean and damaged ({damages}), beside float32 on this device; random weights
of the published sizes. Float32 here and on the CPU: largest difference of {len(on_cpu)} scores {apart:.1e}.

{table(head, rows)}"""


def _seconds(run: measure.Run) -> float:
    return measure.interleaved({"it": run}, ROUNDS, torch.cuda.synchronize)["it"].median
