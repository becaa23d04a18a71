"""What metrics of other people's packages say of some damage, and what they cost.

    python benchmarks/packaged_metrics.py [NAME...]

NAME is a heading of ``packaged_metrics.md``; without one, all whose packages are installed. The others stay as they
are. On one thread; seconds are the processor's, of a pair of clips.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.metric.base import Metric
from degrade_bench.metric.catalogue import describe_metrics, load_metric
from degrade_bench.sweep.worker import single_threaded

REPORT = Path(__file__).with_suffix(".md")
METRICS: dict[str, tuple[str, dict[str, str]]] = {
    "basic-pitch": ("basic-pitch", {}),
    "basic-pitch-onset": ("basic-pitch", {"posteriors": "onset"}),
    "basic-pitch-contour": ("basic-pitch", {"posteriors": "contour"}),
    "zimtohrli": ("zimtohrli", {}),
    "visqol": ("visqol", {}),
    "haaqi": ("haaqi", {}),
}
"""What is measured, by which metric with which settings."""
SECONDS = {"haaqi": 3.0}
"""What is compared only as far, because it takes long; the others hear whole clips."""
NOISE = "noise"
NOISE_DB = (60, 50, 40, 30, 20, 10, 0, -10)
CLIPS = ("piano_solo", "string_quartet", "rock_band", "electronic")
DAMAGES = (
    *(("gain", 5), ("white_noise", 3), ("white_noise", 4), ("white_noise", 5), ("low_pass", 2), ("low_pass", 5)),
    *(("mp3", 5), ("pitch_shift", 1), ("pitch_shift", 2), ("bar_shuffle", 5)),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *METRICS, NOISE])
    options = parser.parse_args()
    available = {entry["name"] for entry in describe_metrics() if entry["available"]}
    ready = [name for name, (metric, _) in METRICS.items() if metric in available]
    asked = options.names or [*ready, NOISE]
    sections = told_before()
    with single_threaded():
        rendered = renderings()
        for name in asked:
            if name == NOISE:
                sections[name] = more_noise({name: loaded(name) for name in ready if name not in SECONDS})
            else:
                sections[name] = section(loaded(name), rendered)
            print(f"## {name}\n\n{sections[name]}\n", flush=True)
            write(sections)


def write(sections: Mapping[str, str]) -> None:
    """The report, of what is known so far."""
    intro = (
        "# Metrics of other people's packages\n\nMade by `python benchmarks/packaged_metrics.py`, on one thread; "
        "seconds are the processor's, the median over pairs, both clips anew each time. The clips are four of the "
        "built-in corpus, 14 to 18 s long, whole where nothing else is said."
    )
    listed = [f"## {name}\n\n{sections.get(name, 'Not measured.')}" for name in (*METRICS, NOISE)]
    REPORT.write_text("\n\n".join([intro, *listed]) + "\n", encoding="utf-8")


def loaded(name: str) -> Metric:
    """The metric under a heading."""
    metric, settings = METRICS[name]
    return load_metric(metric, settings, "cpu")


def told_before() -> dict[str, str]:
    """The sections as they were written last, by metric."""
    written = REPORT.read_text(encoding="utf-8") if REPORT.is_file() else ""
    parts = re.split(r"^## (\S+)\n\n", written, flags=re.MULTILINE)[1:]
    return {name: text.strip() for name, text in zip(parts[::2], parts[1::2], strict=True)}


def renderings() -> list[tuple[str, list[tuple[Clip, torch.Tensor]]]]:
    """By what was done, each clip and what it became."""
    clips = [source.load() for source in builtin_sources() if source.id in CLIPS]
    clips.sort(key=lambda clip: CLIPS.index(clip.id))
    rendered = [("nothing", [(clip, clip.samples) for clip in clips])]
    for name, level in DAMAGES:
        degradation = catalogue.get(name)
        words = f"`{name}`, {degradation.ladder.strength(level):g} {degradation.ladder.unit}"
        made = []
        for clip in clips:
            seed = cell_seed(0, clip.hash, *degradation.seed_key)
            made.append((clip, degradation.render(clip, level, generator(seed)).clip.samples))
        rendered.append((words, made))
    return rendered


def section(metric: Metric, rendered: Sequence[tuple[str, list[tuple[Clip, torch.Tensor]]]]) -> str:
    """Scores by damage and clip, and seconds."""
    seconds = []
    first = rendered[0][1][0]
    score(metric, *first)  # what is compiled or loaded at first is not the metric's cost
    lines = [f"| damage | {' | '.join(CLIPS)} |", "| --- |" + " --- |" * len(CLIPS)]
    for words, pairs in rendered:
        cells = []
        for clip, damaged in pairs:
            started = time.process_time()
            cells.append(f"{score(metric, clip, damaged):.4f}")
            seconds.append(time.process_time() - started)
        lines.append(f"| {words} | {' | '.join(cells)} |")
    better = "Higher" if metric.higher_is_better else "Lower"
    part = f" Of each clip the first {SECONDS[metric.name]:g} s are heard." if metric.name in SECONDS else ""
    return f"{better} is better. A pair takes {np.median(seconds):.2f} s.{part}\n\n" + "\n".join(lines)


def more_noise(metrics: Mapping[str, Metric]) -> str:
    """Scores of six seconds of one clip under more and more white noise."""
    clip = next(source.load() for source in builtin_sources() if source.id == "string_quartet")
    clean = clip.samples[:, : 6 * clip.sample_rate]
    noise = torch.from_numpy(generator(0).standard_normal(tuple(clean.shape))).float()
    noise *= torch.linalg.vector_norm(clean) / torch.linalg.vector_norm(noise)
    lines = [f"| SNR | {' | '.join(metrics)} |", "| --- |" + " --- |" * len(metrics)]
    for snr_db in NOISE_DB:
        damaged = clean + noise * 10 ** (-snr_db / 20)
        scores = [float(metric.score(damaged[None], clip.sample_rate, clean[None])) for metric in metrics.values()]
        lines.append(f"| {snr_db} dB | {' | '.join(f'{value:.4f}' for value in scores)} |")
    return "White noise under the first six seconds of `string_quartet`.\n\n" + "\n".join(lines)


def score(metric: Metric, clip: Clip, damaged: torch.Tensor) -> float:
    """The score of a clip; both are brought to one length, that of the shorter or what the metric is given of them.

    Args:
        metric: which compares them.
        clip: the clean one.
        damaged: its samples, damaged.
    """
    length = min(clip.samples.shape[1], damaged.shape[1])
    if metric.name in SECONDS:
        length = min(length, round(SECONDS[metric.name] * clip.sample_rate))
    batch, reference = damaged[None, :, :length], clip.samples[None, :, :length]
    return float(metric.score(batch, clip.sample_rate, reference))


if __name__ == "__main__":
    main()
