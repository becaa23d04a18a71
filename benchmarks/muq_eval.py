"""MuQ-Eval's fast path beside ``muq``'s own forward: agreement, speed, memory.

    python benchmarks/muq_eval.py [--music DIR] [--quick] [--compile] [--out FILE]
    python benchmarks/muq_eval.py --gpu [--out FILE]

One random checkpoint of the published sizes and formats is made for the purpose (1.3 GB in a temporary folder);
what is measured does not depend on the weights. Both run in one process, in turn, on all cores that it may use.
``--music`` adds real recordings to the built-in clips. Writes ``benchmarks/muq_eval.md``; with ``--gpu``, which
needs a CUDA device, ``benchmarks/muq_eval_gpu.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from listening import agreement, measure
from listening.networks import BFLOAT16, FLOAT32, MUQ, Files, build, load

from degrade_bench.clip import Clip
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.corpus.inputs import sources_from
from degrade_bench.metric.muq_eval.checkpoint import StrictWeights, read_state
from degrade_bench.metric.muq_eval.contract import WINDOW_SAMPLES, preprocessed
from degrade_bench.metric.muq_eval.network import Network

PAGE = Path(__file__).resolve().parent / "muq_eval.md"
DTYPE = {MUQ: torch.float32, FLOAT32: torch.float32, BFLOAT16: torch.bfloat16}
WANTED = {FLOAT32: 1.25, BFLOAT16: 2.5}
BATCHES = (1, 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few clips and repetitions: a trial, not a result")
    parser.add_argument("--music", type=Path, help="a folder of recordings to try as well")
    parser.add_argument("--compile", action="store_true", help="also time torch.compile, its start included")
    parser.add_argument("--gpu", action="store_true", help="on a CUDA device, and nothing on the CPU")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--memory-of", nargs=3, help=argparse.SUPPRESS)  # the process that is measured
    options = parser.parse_args()
    if options.memory_of:
        which, checkpoint, encoder = options.memory_of
        print(json.dumps(memory_of(which, Files(Path(checkpoint), Path(encoder)))))
        return
    if options.gpu:
        from listening.gpu import report

        out = options.out or PAGE.with_name("muq_eval_gpu.md")
        out.write_text(report(), encoding="utf-8")
        print(f"wrote {out.name}")
        return
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        text = "\n\n".join(sections(build(Path(folder) / "files"), options))
    minutes = (time.monotonic() - started) / 60
    out = options.out or PAGE
    out.write_text(f"{text}\n\n---\n\nTook {minutes:.0f} minutes.\n", encoding="utf-8")
    print(f"wrote {out.name}")


def sections(files: Files, options: argparse.Namespace) -> list[str]:
    """The report's sections, printed as they come."""
    command = "python benchmarks/muq_eval.py" + options.quick * " --quick" + options.compile * " --compile"
    command += " --music DIR" if options.music else ""
    parts = [f"# MuQ-Eval: agreement, speed and memory\n\n{machine()}\n\nMade by `{command}`."]
    encoders = {which: load(which, files) for which in (MUQ, FLOAT32, BFLOAT16)}
    steps: list[Callable[[], str]] = [
        lambda: agree(files, encoders, options),
        lambda: speed(files, encoders, options),
        lambda: memory(files),
    ]
    for step in steps:
        parts.append(step())
        print(parts[-1], flush=True)
    return parts


def machine() -> str:
    """Processor, cores, versions and threads."""
    from degrading.report import machine as described

    return f"{described()} {torch.get_num_threads()} threads; transformers and muq as installed."


# -- agreement -----------------------------------------------------------------------------------------


def agree(files: Files, encoders: dict, options: argparse.Namespace) -> str:
    """The section on how well the encoders agree.

    Args:
        files: the checkpoint.
        encoders: the three, by name.
        options: of the command line.
    """
    clips: list[Clip] = [source.load() for source in builtin_sources()]
    if options.music:
        sources, _ = sources_from([options.music])
        clips += [source.load() for source in sources]
    if options.quick:
        clips = clips[:3]
    path = files.checkpoint / "model_state_dict.pt"
    network = Network(torch.nn.Identity(), StrictWeights(read_state(path), path), files.architecture.dim, False)

    def score(frames: torch.Tensor) -> torch.Tensor:
        return network.score(network.pooled(frames))

    exact = agreement.compare(encoders[MUQ], encoders[FLOAT32], score, clips)
    many = list(agreement.damaged(clips[:14]))
    half = agreement.compare(encoders[FLOAT32], encoders[BFLOAT16], score, many)
    damages = ", ".join(f"{name} level {level}" for name, level in agreement.DAMAGES)
    return f"""## Agreement

{len(exact.first)} clips, fast float32 beside `muq`'s forward: largest relative L2 error of a clip's features
**{max(exact.features):.1e}** (bound 1e-5), largest difference of a score **{exact.difference:.1e}** (bound 1e-4);
the scores' standard deviation between clips is {exact.spread:.3f}.

{len(half.first)} clips, clean and damaged ({damages}), bfloat16 beside float32: largest relative L2 error of the
features {max(half.features):.1e}, Spearman **{half.spearman:.5f}** (bound 0.999), largest difference of a score
{half.difference:.1e}, which is **{100 * half.difference / half.spread:.1f} %** of the scores' standard deviation
between clips (bound 2 %). {verdict(half)}"""


def verdict(half: agreement.Agreement) -> str:
    """Whether bfloat16 agrees well enough with float32, in a sentence."""
    agrees = half.spearman >= 0.999 and half.difference <= 0.02 * half.spread
    return "Both hold." if agrees else "Not both hold: bfloat16 is there for the asking, and is no default."


# -- speed ---------------------------------------------------------------------------------------------


def speed(files: Files, encoders: dict, options: argparse.Namespace) -> str:
    """The section on how fast the encoders are.

    Args:
        files: the checkpoint.
        encoders: the three, by name.
        options: of the command line.
    """
    repetitions = 2 if options.quick else 5
    clips = [source.load() for source in builtin_sources()[: max(BATCHES)]]
    audio = torch.cat([preprocessed(clip.samples[None], clip.sample_rate) for clip in clips])
    runs: dict[str, measure.Run] = {}
    for which, encode in encoders.items():
        for batch in BATCHES:
            runs[f"{which}/{batch}"] = lambda encode=encode, batch=batch: encode(audio[:batch])
    products = {dtype: measure.product(dtype) for dtype in (torch.float32, torch.bfloat16)}
    for dtype, (run, _) in products.items():
        runs[str(dtype)] = run
    note = ""
    if options.compile:
        started = time.perf_counter()
        compiled = torch.compile(encoders[FLOAT32])
        compiled(audio[:4])
        note = f"\n\n`torch.compile` took {time.perf_counter() - started:.0f} s to start"
        runs["compiled/4"] = lambda: compiled(audio[:4])
    timed = measure.interleaved(runs, repetitions)
    per_clip = {name: timed[name].median / int(name.rpartition("/")[2]) for name in runs if "/" in name}
    best = {which: min(per_clip[f"{which}/{batch}"] for batch in BATCHES) for which in encoders}
    rates = {dtype: flops / timed[str(dtype)].median for dtype, (_, flops) in products.items()}
    work = files.architecture.flops(WINDOW_SAMPLES)
    rows = []
    for which in encoders:
        share = work / best[which] / rates[DTYPE[which]]
        ratio = best[MUQ] / best[which]
        wanted = f" (at least {WANTED[which]})" if which in WANTED else ""
        seconds = [f"{per_clip[f'{which}/{batch}']:.2f}" for batch in BATCHES]
        rows.append((which, *seconds, f"**{ratio:.2f}**{wanted}", f"{100 * share:.0f} %"))
    if options.compile:
        gain = per_clip[f"{FLOAT32}/4"] / per_clip["compiled/4"]
        note += f", and then ran {gain:.2f} times as fast as without (float32, batch 4)."
    head = ("", "s a clip, batch 1", "batch 4", "clips a second, as a multiple", "share of the matrix rate")
    return f"""## Speed on a CPU

10 s clips; medians of {repetitions} rounds, everything in turn. A clip is {work / 1e9:.0f} GFLOP, counted as plain
sums of products; the machine's matrix products of {2048} by 4096 by 4096, measured in the same rounds, run at
{rates[torch.float32] / 1e9:.0f} GFLOP/s in float32 and {rates[torch.bfloat16] / 1e9:.0f} in bfloat16. A share above
100 % is possible, since Winograd's convolutions need fewer products than are counted.

{measure_table(head, rows)}{note}"""


def measure_table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    from degrading.report import table

    return table(head, rows)


# -- memory --------------------------------------------------------------------------------------------


def memory(files: Files) -> str:
    """The section on the peak memory of each encoder."""
    rows = []
    for which in (MUQ, FLOAT32, BFLOAT16):
        arguments = ["--memory-of", which, str(files.checkpoint), str(files.encoder)]
        rows.append((which, f"{measure.peak_mebibytes(Path(__file__), arguments):.0f}"))
    return f"""## Memory

Peak resident memory of a process that loads the checkpoint and hears eight clips, four at a time. The checkpoint is
mapped, and its pages count while they are in use.

{measure_table(("", "MiB"), rows)}"""


def memory_of(which: str, files: Files) -> float:
    """Peak memory in MiB of this process once it has loaded an encoder and encoded eight clips."""
    with torch.inference_mode():
        encode = load(which, files)
        for source in builtin_sources()[:2]:
            clip = source.load()
            encode(preprocessed(clip.samples[None], clip.sample_rate).repeat(4, 1))
    return measure.own_peak_mebibytes()


if __name__ == "__main__":
    main()
