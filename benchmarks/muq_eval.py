"""MuQ-Eval's fast path beside ``muq``'s own forward: agreement, speed, memory.

    python benchmarks/muq_eval.py [--music DIR] [--clips N] [--only SECTION ...] [--quick] [--compile] [--keep DIR]
                                  [--out FILE]
    python benchmarks/muq_eval.py --gpu [--out FILE]

One random checkpoint of the published sizes and formats is made for the purpose (1.3 GB in a temporary folder);
what is measured does not depend on the weights. All run in one process, in turn: for agreement on all cores that it
may use, for speed on one thread, in processor seconds. ``--music`` adds real recordings to the built-in clips.
Writes ``benchmarks/muq_eval.md``; with ``--gpu``, which needs a CUDA device, ``benchmarks/muq_eval_gpu.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import torch
from listening import agreement, measure
from listening.networks import BFLOAT16, FLOAT32, MIXED, MIXED_FROM, MUQ, Files, build, load, rounded
from listening.work import multiplies_bfloat16, products, sums
from threadpoolctl import threadpool_limits

from degrade_bench.clip import Clip
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.corpus.inputs import sources_from
from degrade_bench.metric.muq_eval.checkpoint import StrictWeights, read_state
from degrade_bench.metric.muq_eval.contract import WINDOW_SAMPLES, preprocessed
from degrade_bench.metric.muq_eval.network import Network

PAGE = Path(__file__).resolve().parent / "muq_eval.md"
WANTED = {FLOAT32: 1.5, MIXED: 1.7, BFLOAT16: 2.8}
LARGEST_SHARE = {MIXED: 0.01, BFLOAT16: 0.02}
"""Of the scores' standard deviation, that a type may move a score by."""
BATCHES = (1, 4)
SECTIONS = ("agreement", "speed", "memory")
NO_INSTRUCTIONS = "This processor has no instructions for bfloat16"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few clips and repetitions: a trial, not a result")
    parser.add_argument("--music", type=Path, help="a folder of recordings to try as well")
    parser.add_argument("--clips", type=int, default=210, help="how many clean and damaged clips to agree on")
    parser.add_argument("--only", choices=SECTIONS, nargs="+", default=SECTIONS, help="these sections")
    parser.add_argument("--compile", action="store_true", help="also time torch.compile, its start included")
    parser.add_argument("--gpu", action="store_true", help="on a CUDA device, and nothing on the CPU")
    parser.add_argument("--keep", type=Path, help="a folder where what was agreed on is kept, to go on from")
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
    command += f" --clips {options.clips}" if options.clips != 210 else ""
    command += " --music DIR" if options.music else ""
    command += f" --only {' '.join(options.only)}" if options.only != SECTIONS else ""
    parts = [f"# MuQ-Eval: agreement, speed and memory\n\n{machine()}\n\nMade by `{command}`."]
    rough = (MIXED, BFLOAT16) if multiplies_bfloat16() else ()
    encoders = {which: load(which, files) for which in (MUQ, FLOAT32, *rough)}
    steps: dict[str, Callable[[], str]] = {
        "agreement": lambda: agree(files, encoders, options),
        "speed": lambda: speed(files, encoders, options),
        "memory": lambda: memory(files),
    }
    for name in options.only:
        parts.append(steps[name]())
        print(parts[-1], flush=True)
    return parts


def machine() -> str:
    """Processor, cores, versions and threads."""
    from degrading.report import machine as described

    return f"{described()} Transformers and muq as installed."


# -- agreement -----------------------------------------------------------------------------------------


def agree(files: Files, encoders: dict, options: argparse.Namespace) -> str:
    """The section on how well the encoders agree.

    Args:
        files: the checkpoint.
        encoders: by name.
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

    kept = [None if options.keep is None else options.keep / f"{name}.jsonl" for name in ("exact", "rough")]
    exact = agreement.compare(encoders[MUQ], {FLOAT32: encoders[FLOAT32]}, score, clips, kept[0])[FLOAT32]
    text = f"""## Agreement

{len(exact.first)} clips, fast float32 beside `muq`'s forward: largest relative L2 error of a clip's features
**{max(exact.features):.1e}** (bound 1e-5), largest difference of a score **{exact.difference:.1e}** (bound 1e-4);
the scores' standard deviation between clips is {exact.spread:.3f}."""
    note = ""
    rough = {which: encode for which, encode in encoders.items() if which in LARGEST_SHARE}
    if rough:
        rough |= {which: load(which, files) for which in MIXED_FROM}
    else:
        rough = {MIXED: rounded(load(MIXED, files))}
        note = f""" {NO_INSTRUCTIONS}:
mixed multiplied in float32 here what it had rounded to bfloat16, which errs as much, and bfloat16 itself was not
tried."""
    many = list(islice(agreement.damaged(clips[:14], agreement.MORE_DAMAGES), options.clips))
    agreed = agreement.compare(encoders[FLOAT32], rough, score, many, kept[1])
    damages = ", ".join(f"{name} {level}" for name, level in agreement.MORE_DAMAGES)
    head = (
        "",
        "largest error of features",
        "Spearman",
        "largest difference of a score",
        "of the scores' SD",
        "holds",
    )
    rows = [
        (
            which,
            f"{max(half.features):.1e}",
            f"**{half.spearman:.5f}** (at least 0.999)",
            f"{half.difference:.1e}",
            f"**{100 * half.difference / half.spread:.2f} %** (at most {100 * share(which):.0f} %)",
            "yes" if agrees(which, half) else "no",
        )
        for which, half in agreed.items()
    ]
    return f"""{text}

{len(many)} clips, the first of these: 14 clean ones, and then all of them under each of these damages and levels:
{damages}. Beside fast float32.{note}

{table(head, rows)}"""


def agrees(which: str, half: agreement.Agreement) -> bool:
    """Whether a rough type agrees well enough with float32."""
    return half.spearman >= 0.999 and half.difference <= share(which) * half.spread


def share(which: str) -> float:
    """Of the scores' standard deviation: the most that a type may move a score by."""
    return LARGEST_SHARE[MIXED if which in MIXED_FROM else which]


# -- speed ---------------------------------------------------------------------------------------------


@contextmanager
def one_thread() -> Iterator[None]:
    """Every library on one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(limits=1):
            yield
    finally:
        torch.set_num_threads(before)


def speed(files: Files, encoders: dict, options: argparse.Namespace) -> str:
    """The section on how fast the encoders are.

    Args:
        files: the checkpoint.
        encoders: by name.
        options: of the command line.
    """
    repetitions = 2 if options.quick else 5
    clips = [source.load() for source in builtin_sources()[: max(BATCHES)]]
    audio = torch.cat([preprocessed(clip.samples[None], clip.sample_rate) for clip in clips])
    runs: dict[str, measure.Run] = {}
    for which, encode in encoders.items():
        for batch in BATCHES:
            runs[f"{which}/{batch}"] = lambda encode=encode, batch=batch: encode(audio[:batch])
    types = [torch.float32, torch.bfloat16] if BFLOAT16 in encoders else [torch.float32]
    tried = {dtype: products(dtype) for dtype in types}
    for dtype, named in tried.items():
        runs.update({f"{dtype}, {name}": product.run for name, product in named.items()})
    note = ""
    with one_thread():
        if options.compile:
            started = time.perf_counter()
            compiled = torch.compile(encoders[FLOAT32])
            compiled(audio[:4])
            note = f"\n\n`torch.compile` took {time.perf_counter() - started:.0f} s to start"
            runs["compiled/4"] = lambda: compiled(audio[:4])
        timed = measure.interleaved(runs, repetitions, clock=time.process_time)
        done = {which: sums(encode, audio[:1]) for which, encode in encoders.items()}
    best: dict[torch.dtype, tuple[float, str]] = {}
    for dtype, named in tried.items():
        rates = {name: product.flops / timed[f"{dtype}, {name}"].median for name, product in named.items()}
        name = max(rates, key=rates.__getitem__)
        best[dtype] = rates[name], name
    rows, work = [], files.architecture.flops(WINDOW_SAMPLES)
    for which in encoders:
        floor = sum(flops / best[dtype][0] for dtype, flops in done[which].items())
        taken = [timed[f"{which}/{batch}"].median / batch for batch in BATCHES]
        ratios = [measure.ratio(timed[f"{MUQ}/{batch}"], timed[f"{which}/{batch}"]) for batch in BATCHES]
        wanted = f" (at least {WANTED[which]})" if which in WANTED else ""
        rows.append(
            (
                which,
                *(f"{seconds:.2f}" for seconds in taken),
                *(f"**{ratio:.2f}**{wanted}" for ratio in ratios),
                f"{sum(done[which].values()) / 1e9:.0f}",
                f"{100 * floor / min(taken):.0f} %",
            )
        )
    if options.compile:
        gain = measure.ratio(timed[f"{FLOAT32}/4"], timed["compiled/4"])
        note += f", and then ran {gain:.2f} times as fast as without (float32, batch 4)."
    if BFLOAT16 not in encoders:
        note += f"\n\n{NO_INSTRUCTIONS}: the types that need them were not timed."
    head = ("", "s a clip, batch 1", "batch 4", "times as fast as muq, batch 1", "batch 4")
    head += ("GFLOP done", "share of the best matrix rate")
    fastest = "; ".join(f"{dtype}: {rate / 1e9:.0f} GFLOP/s by {name}" for dtype, (rate, name) in best.items())
    return f"""## Speed on a CPU

10 s clips; one thread, processor seconds, medians of {repetitions} rounds, everything in turn; a ratio is the
median of the rounds' ratios. A clip is {work / 1e9:.0f} GFLOP, counted as plain sums of products; what is really
done, Winograd's transforms with it, is counted while it is done. The share is of the fastest matrix product that
any library at hand did in the same rounds ({fastest}).

{table(head, rows)}{note}"""


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    from degrading.report import table as drawn

    return drawn(head, rows)


# -- memory --------------------------------------------------------------------------------------------


def memory(files: Files) -> str:
    """The section on the peak memory of each encoder."""
    rows = []
    for which in (MUQ, FLOAT32, *((MIXED, BFLOAT16) if multiplies_bfloat16() else ())):
        arguments = ["--memory-of", which, str(files.checkpoint), str(files.encoder)]
        rows.append((which, f"{measure.peak_mebibytes(Path(__file__), arguments):.0f}"))
    return f"""## Memory

Peak resident memory of a process that loads the checkpoint and hears eight clips, four at a time. The checkpoint is
mapped, and its pages count while they are in use.

{table(("", "MiB"), rows)}"""


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
