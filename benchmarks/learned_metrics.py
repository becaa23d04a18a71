"""What learned metrics cost, at the sizes that are published, with random weights: these change no time.

    python benchmarks/learned_metrics.py

On one thread; seconds are the processor's, the smaller of two. Writes ``benchmarks/learned_metrics.md``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from degrade_bench.metric.extras import not_installed
from degrade_bench.metric.learned import audiobox, clap_contract, songeval
from degrade_bench.metric.learned.networks import asking, making
from degrade_bench.metric.learned.songeval_network import Head, SongevalNetwork
from degrade_bench.metric.muq_eval.architecture import Architecture
from degrade_bench.metric.muq_eval.encoder import Encoder
from degrade_bench.metric.muq_eval.layers import Blueprint
from degrade_bench.sweep.worker import single_threaded

REPORT = Path(__file__).with_suffix(".md")
LENGTHS = (10, 30)
CPU = torch.device("cpu")
Asked = Callable[[torch.Tensor], object]


def main() -> None:
    rows = []
    with single_threaded():
        for name, rate, ask in networks():
            seconds = [cost(ask, 0.1 * torch.randn(length * rate)) for length in LENGTHS]
            rows.append(f"| {name} | {' | '.join(f'{one:.1f}' for one in seconds)} |")
            print(rows[-1], flush=True)
    intro = (
        "Made by `python benchmarks/learned_metrics.py`: networks of the published sizes with random weights, on "
        "one thread, in processor seconds for one signal. `clap` hears ten seconds of each."
    )
    header = f"| metric | {' | '.join(f'{length} s of music' for length in LENGTHS)} |"
    rule = f"| --- | {' | '.join('---' for _ in LENGTHS)} |"
    text = "\n".join(["# What learned metrics cost", "", intro, "", header, rule, *rows, ""])
    REPORT.write_text(text, encoding="utf-8")


def cost(ask: Asked, audio: torch.Tensor) -> float:
    """Processor seconds."""
    taken = []
    for _ in range(2):
        started = time.process_time()
        with asking(CPU):
            ask(audio)
        taken.append(time.process_time() - started)
    return min(taken)


def networks() -> Iterator[tuple[str, int, Asked]]:
    """Name, sample rate, and how each is asked."""
    from transformers import ClapAudioConfig, ClapAudioModelWithProjection, HubertConfig, HubertModel

    with making():
        base = ClapAudioConfig(depths=[2, 2, 12, 2], patch_embeds_hidden_size=128, hidden_size=1024)
        clap = ClapAudioModelWithProjection(base).eval()
        mert = HubertModel(HubertConfig()).eval()

    def ask_clap(audio: torch.Tensor) -> object:
        return clap(clap_contract.mel_decibels(clap_contract.window_of(audio), 50.0, 14000.0))

    yield "clap", 48000, ask_clap
    yield "mert", 24000, lambda audio: mert(audio[None], output_hidden_states=True)
    if not_installed({"audiobox_aesthetics": ""}, "audiobox") is None:
        yield from audiobox_network()
    judge = songeval_network()
    yield "songeval-…, all five", 24000, lambda audio: judge(audio[None])


def audiobox_network() -> Iterator[tuple[str, int, Asked]]:
    from audiobox_aesthetics.model.aes import AesMultiOutput

    with making():
        network = AesMultiOutput(target_transform={}).eval()

    def ask(audio: torch.Tensor) -> object:
        return [
            network({"wav": samples[None, None], "mask": mask[None, None]})
            for samples, mask, _ in audiobox.windows_of(audio)
        ]

    yield "audiobox-…, all four", 16000, ask


def songeval_network() -> SongevalNetwork:
    architecture = Architecture(
        hop_length=240,
        n_mels=128,
        mel_mean=6.77,
        mel_std=18.4,
        conv_dim=512,
        dim=1024,
        depth=songeval.LAYER,
        heads=16,
        feed_forward_dim=4096,
        kernel_size=31,
        activation="swish",
        norm_eps=1e-5,
        time_strides=(2, 2),
    )

    def weights(name: str, *shape: int) -> torch.Tensor:
        return torch.ones(shape) if name.endswith("running_var") else 0.02 * torch.randn(shape)

    with making():
        head = Head(architecture.dim, inner=4096, layers=4, heads=songeval.HEADS, marks=len(songeval.MARKS))
        return SongevalNetwork(Encoder(Blueprint(architecture, weights)), head).eval()


if __name__ == "__main__":
    main()
