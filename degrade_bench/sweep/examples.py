"""The few examples that the report plays: one clip, clean and damaged.

All excerpts of a run share one gain, so that what was matched in loudness still is; they are MP3 at
256 kbps, which every browser plays and which hides none of the damage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from degrade_bench._support.files import file_word, replacing
from degrade_bench._support.interrupts import never_a_row
from degrade_bench.clip import Clip
from degrade_bench.corpus.source import ClipSource
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.calling import calling
from degrade_bench.degrade.dsp import codec
from degrade_bench.degrade.memory import forget_damage
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.errors import DegradeBenchError
from degrade_bench.runs.columns import CLEAN
from degrade_bench.runs.names import AUDIO
from degrade_bench.runs.ownership import claim, listed, remove
from degrade_bench.runs.played import Example

EXCERPT_SECONDS = 5.0
KBPS = 256
MOST_EXCERPTS = 44
"""Some 9 MB inside a report."""
CEILING = 0.97  # leaves room for what the codec adds to peaks
RATE = 44100


@dataclass(frozen=True)
class Playing:
    """What is to be played.

    Attributes:
        source: of the clip.
        degradations: of the run, controls included; only damage is played, with its placebo.
        levels: of the run.
        seed: the run seed.
    """

    source: ClipSource
    degradations: tuple[Degradation, ...]
    levels: tuple[int, ...]
    seed: int

    def made(self) -> tuple[Played, ...] | None:
        """The excerpts; None where the clip cannot be read."""
        with never_a_row():
            try:
                clip = self.source.load()
            except (DegradeBenchError, OSError):
                return None
            return excerpts(clip, self.degradations, self.levels, self.seed)


@dataclass(frozen=True)
class Played:
    """An excerpt: what ``run.json`` says of it, and the bytes of its file."""

    example: Example
    mp3: bytes


def excerpts(
    clip: Clip, degradations: Sequence[Degradation], levels: Sequence[int], seed: int
) -> tuple[Played, ...]:
    """The clean clip, and damage at some levels with its placebo at the highest.

    Of many degradations fewer levels are played; of very many, one degradation of each family.

    Args:
        clip: what is damaged.
        degradations: of the run, controls included.
        levels: of the run.
        seed: the run seed.
    """
    clean = Example(
        file=f"{AUDIO}/clean.mp3",
        clip_id=clip.id,
        degradation=CLEAN,
        level=0,
        strength=None,
        unit=None,
        summary="as it came",
    )
    made_of = [(clean, _excerpt(clip, clip.duration / 2), clip.sample_rate)]
    for degradation, played in _chosen(degradations, sorted(levels)):
        for made, level in played:
            rng = generator(cell_seed(seed, clip.hash, *made.seed_key))
            try:
                with calling(made):
                    rendered = made.render(clip, level, rng)
            except Exception:  # the table already says why this cell is not there
                continue
            middle_seconds = clip.duration / 2
            if rendered.plan.time_map is not None:
                middle_seconds = float(rendered.plan.time_map(np.asarray(middle_seconds)))
            example = Example(
                file=f"{AUDIO}/{file_word(made.name)}_level{level}.mp3",
                clip_id=clip.id,
                degradation=made.name,
                level=level,
                strength=made.ladder.strength(level),
                unit=made.ladder.unit,
                summary=made.summary,
                placebo_of=None if made is degradation else degradation.name,
            )
            excerpt = _excerpt(rendered.clip, middle_seconds)
            made_of.append((example, excerpt, rendered.clip.sample_rate))
        forget_damage(clip)
    peak = max(float(samples.abs().max()) for _, samples, _ in made_of)
    gain = min(1.0, CEILING / peak) if peak > 0 else 1.0
    return tuple(Played(example, _mp3(samples * gain, rate)) for example, samples, rate in made_of)


def write_examples(folder: Path, played: Sequence[Played]) -> tuple[Example, ...]:
    """Write ``audio/*.mp3`` in place of what a run wrote there before.

    Args:
        folder: the run directory.
        played: the excerpts.

    Returns:
        what was written, for ``run.json``.

    Raises:
        RunFolderError: the files cannot be written.
    """
    wanted = {one.example.file for one in played}
    claim(folder, wanted)
    remove(folder, (name for name in listed(folder) - wanted if name.startswith(f"{AUDIO}/")))
    for one in played:
        with replacing(folder / one.example.file) as temporary:
            temporary.write_bytes(one.mp3)
    return tuple(one.example for one in played)


def _chosen(
    degradations: Sequence[Degradation], levels: Sequence[int]
) -> list[tuple[Degradation, list[tuple[Degradation, int]]]]:
    """What is played of which degradation: itself at some levels, then its placebo at the highest.

    Args:
        degradations: of the run, controls included.
        levels: of the run, rising.
    """
    tested = [degradation for degradation in degradations if degradation.group != "control"]
    first_of_family: dict[tuple[str, str], Degradation] = {}
    for one in tested:
        first_of_family.setdefault((one.group, one.family), one)
    of_each_family = list(first_of_family.values())
    lowest, middle, top = levels[0], levels[len(levels) // 2], levels[-1]
    for ones, played in (
        (tested, {lowest, middle, top}),
        (tested, {middle, top}),
        (tested, {top}),
        (of_each_family, {middle, top}),
        (of_each_family, {top}),
    ):
        chosen = [(one, [*((one, level) for level in sorted(played)), *_placebo(one, top)]) for one in ones]
        if sum(len(made) for _, made in chosen) <= MOST_EXCERPTS:
            break
    return chosen


def _placebo(degradation: Degradation, level: int) -> list[tuple[Degradation, int]]:
    """The placebo at a level, or at its highest where its ladder is shorter; nothing without a placebo."""
    placebo = degradation.placebo
    return [] if placebo is None else [(placebo, min(level, max(placebo.ladder.levels)))]


def _excerpt(clip: Clip, middle_seconds: float) -> torch.Tensor:
    """At most :data:`EXCERPT_SECONDS` around a point, with 20 ms fades at its ends."""
    count = min(clip.num_samples, round(EXCERPT_SECONDS * clip.sample_rate))
    start = min(max(0, round(middle_seconds * clip.sample_rate) - count // 2), clip.num_samples - count)
    samples = clip.samples[:2, start : start + count].clone()
    fade = min(count // 2, round(0.02 * clip.sample_rate))
    if fade:
        ramp = torch.linspace(0, 1, fade)
        samples[:, :fade] *= ramp
        samples[:, -fade:] *= ramp.flip(0)
    return samples


def _mp3(samples: torch.Tensor, sample_rate: int) -> bytes:
    import soxr

    audio = samples.numpy()
    if sample_rate != RATE:
        audio = soxr.resample(audio.T, sample_rate, RATE).T
    return codec.encode(np.ascontiguousarray(audio, np.float32), RATE, KBPS)
