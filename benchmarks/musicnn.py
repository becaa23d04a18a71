"""musicnn in torch beside TensorFlow, what it costs, and what its similarities say of some damage.

    python benchmarks/musicnn.py [--theirs DIR AUDIO...]

DIR holds what the package ``musicnn`` itself makes of the audio files, written by
``python scripts/musicnn_golden.py --whole DIR AUDIO...`` in an environment with TensorFlow; without it the section
on agreement is left as it is in ``musicnn.md``. On one thread; seconds are the processor's.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
import torchaudio

from degrade_bench.clip import Clip
from degrade_bench.clip.audio import read_audio
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.metric.musicnn import contract
from degrade_bench.metric.musicnn.embedder import MusicnnEmbedder, TrainedOn, network_of
from degrade_bench.metric.musicnn.network import Layers
from degrade_bench.sweep.worker import single_threaded

REPORT = Path(__file__).with_suffix(".md")
TRAINED_ON: tuple[TrainedOn, ...] = ("mtt", "msd")
LAYERS = ("timbral", "temporal", "cnn1", "cnn2", "cnn3", "mean_pool", "max_pool", "penultimate", "tags")
DAMAGES = (
    *(("gain", 5), ("polarity", 5), ("crop_offset", 5)),
    *(("white_noise", 3), ("white_noise", 5), ("low_pass", 2), ("low_pass", 5), ("mp3", 5), ("reverb", 5)),
    *(("bar_shuffle", 5), ("beat_shuffle", 5), ("tempo_change", 5), ("pitch_shift", 5)),
)
AGREEMENT, REST = "## Agreement with TensorFlow", "## Cost"
Damage = Callable[[Clip], torch.Tensor]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--theirs", type=Path, metavar="DIR")
    parser.add_argument("files", type=Path, nargs="*", metavar="AUDIO")
    options = parser.parse_args()
    with single_threaded():
        told = agreement(options.theirs, options.files) if options.theirs else told_before()
        sections = [f"{AGREEMENT}\n\n{told}", f"{REST}\n\n{cost()}", f"## Similarities\n\n{similarities()}"]
    intro = "# musicnn\n\nMade by `python benchmarks/musicnn.py`, on one thread; seconds are the processor's."
    text = "\n\n".join([intro, *sections]) + "\n"
    print(text)
    REPORT.write_text(text, encoding="utf-8")


def told_before() -> str:
    """The section on agreement, as it was written last."""
    written = REPORT.read_text(encoding="utf-8") if REPORT.is_file() else ""
    match = re.search(f"{AGREEMENT}\n\n(.*)\n\n{REST}", written, flags=re.DOTALL)
    return match[1] if match else "Not measured."


def agreement(folder: Path, files: Sequence[Path]) -> str:
    """Largest differences of every layer on the same mel spectrogram, and of the whole chain from a file."""
    differences: dict[str, list[float]] = {layer: [] for layer in LAYERS}
    largest: dict[str, list[float]] = {layer: [] for layer in LAYERS}
    chain: dict[str, list[tuple[float, float, float]]] = {"resampy's filter": [], "torchaudio's default": []}
    patches = 0
    for path in files:
        with np.load(folder / f"{path.stem}.npz") as file:
            theirs = dict(file)
        patches += len(theirs["mel"])
        heard = dict(zip(chain, map(contract.patches_of, resampled(path)), strict=True))
        for trained_on in TRAINED_ON:
            ours = in_parts(trained_on, contract.compressed(torch.from_numpy(theirs["mel"])))
            for layer in LAYERS:
                expected = theirs[f"{trained_on}.{layer}"]
                differences[layer].append(float(np.abs(ours[layer] - expected).max()))
                largest[layer].append(float(np.abs(expected).max()))
            for name, spectrogram in heard.items():
                ours = in_parts(trained_on, spectrogram)
                tags = np.abs(ours["tags"] - theirs[f"{trained_on}.tags"])
                pair = (ours["penultimate"].mean(axis=0), theirs[f"{trained_on}.penultimate"].mean(axis=0))
                chain[name].append((float(tags.max()), float(np.median(tags)), 1 - cosine(*pair)))
    lines = ["| layer | largest difference | largest value |", "| --- | --- | --- |"]
    lines += [f"| `{layer}` | {max(differences[layer]):.1e} | {max(largest[layer]):.1f} |" for layer in LAYERS]
    lines += [
        f"\nBoth networks, {patches} patches of {len(files)} recordings, from the same mel spectrogram "
        "(musicnn's own, float16).\n",
        "The whole chain, from the file:\n",
        "| resampled by | largest difference of a tag | median | 1 − cosine of mean embeddings, largest |",
        "| --- | --- | --- | --- |",
    ]
    for name, figures in chain.items():
        tag, median, apart = np.array(figures).T
        lines.append(f"| {name} | {tag.max():.4f} | {np.median(median):.1e} | {apart.max():.1e} |")
    return "\n".join(lines)


def resampled(path: Path) -> Iterator[torch.Tensor]:
    """A recording at 16 kHz, by the filter that the contract has, and by torchaudio's default one."""
    samples, rate = read_audio(path)
    yield contract.mono_at_16_khz(samples[None], rate)[0]
    yield torchaudio.functional.resample(samples.mean(dim=0), rate, contract.SAMPLE_RATE)


def in_parts(trained_on: TrainedOn, patches: torch.Tensor) -> dict[str, np.ndarray]:
    """Every layer, one patch at a time."""
    made: list[Layers] = [network_of(trained_on, "cpu").layers(patch) for patch in patches.split(1)]
    return {layer: torch.cat([getattr(layers, layer) for layers in made]).numpy() for layer in LAYERS}


def cost() -> str:
    """Seconds of an embedding, of ten seconds of every built-in clip."""
    seconds: dict[str, list[float]] = {"resampling": [], "the rest": []}
    embedder = MusicnnEmbedder("mtt")
    for source in builtin_sources():
        clip = source.load()
        samples = clip.samples[None, :, : 10 * clip.sample_rate]
        started = time.process_time()
        audio = embedder.converted(samples, clip.sample_rate)
        converted = time.process_time()
        embedder.embed(audio)
        seconds["resampling"].append(converted - started)
        seconds["the rest"].append(time.process_time() - converted)
    parts = ", ".join(f"{name} {np.median(values):.3f} s" for name, values in seconds.items())
    return (
        f"An embedding of ten seconds of 44.1 kHz stereo ({embedder.dim} numbers for each of three patches), "
        f"median over the built-in clips: {parts}."
    )


def similarities() -> str:
    """Mean similarity to the clean clip over the built-in corpus, by damage."""
    clips = [source.load() for source in builtin_sources()]
    clean = {on: [vector(on, clip.samples, clip.sample_rate) for clip in clips] for on in TRAINED_ON}
    lines = ["| damage | `musicnn-mtt` | lowest | `musicnn-msd` | lowest |", "| --- | --- | --- | --- | --- |"]
    for words, damage in damages():
        cells = []
        for trained_on in TRAINED_ON:
            found = [
                cosine(before, vector(trained_on, damage(clip), clip.sample_rate))
                for clip, before in zip(clips, clean[trained_on], strict=True)
            ]
            cells += [f"{np.mean(found):.3f}", f"{min(found):.3f}"]
        lines.append(f"| {words} | {' | '.join(cells)} |")
    cells = []
    for trained_on in TRAINED_ON:
        vectors = clean[trained_on]
        found = [cosine(x, y) for index, x in enumerate(vectors) for y in vectors[:index]]
        cells += [f"{np.mean(found):.3f}", f"{min(found):.3f}"]
    lines.append(f"| another clip of the corpus, clean | {' | '.join(cells)} |")
    return "\n".join([f"Mean over the {len(clips)} built-in clips, and the lowest of them.\n", *lines])


def damages() -> Iterator[tuple[str, Damage]]:
    """Some degradations in words, and what they make of a clip."""
    yield "half seconds in random order, cut hard", shuffled
    for name, level in DAMAGES:
        degradation = catalogue.get(name)

        def damage(clip: Clip, name: str = name, level: int = level) -> torch.Tensor:
            degradation = catalogue.get(name)
            seed = cell_seed(0, clip.hash, *degradation.seed_key)
            return degradation.render(clip, level, generator(seed)).clip.samples

        yield f"`{name}`, {degradation.ladder.strength(level):g} {degradation.ladder.unit}", damage


def shuffled(clip: Clip) -> torch.Tensor:
    """Half seconds of a clip in another order, the last part of one left out."""
    pieces = list(clip.samples.split(clip.sample_rate // 2, dim=1))
    whole = [piece for piece in pieces if piece.shape[1] == clip.sample_rate // 2]
    order = generator(0).permutation(len(whole))
    return torch.cat([whole[index] for index in order], dim=1)


def vector(trained_on: TrainedOn, samples: torch.Tensor, sample_rate: int) -> np.ndarray:
    """The mean embedding of a clip.

    Args:
        trained_on: which network.
        samples: ``(channels, time)``.
        sample_rate: in Hz.
    """
    embedder = MusicnnEmbedder(trained_on)
    mean: np.ndarray = (
        embedder.embed(embedder.converted(samples[None], sample_rate))[0].double().mean(dim=0).numpy()
    )
    return mean


def cosine(x: np.ndarray, y: np.ndarray) -> float:
    """Of two vectors."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    return float(x @ y / np.sqrt((x @ x) * (y @ y)))


if __name__ == "__main__":
    main()
