"""The examples that the report plays: one clip, clean and damaged.

All excerpts of a run share one gain, so that what was matched in loudness still is; they are MP3, which every
browser plays. :mod:`degrade_bench.sweep.heard` says which there are, how long, and at which bit rate.
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
from degrade_bench.sweep.heard import choose

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
        metrics: how many the run has.
    """

    source: ClipSource
    degradations: tuple[Degradation, ...]
    levels: tuple[int, ...]
    seed: int
    metrics: int = 1

    def made(self) -> tuple[Played, ...] | None:
        """The excerpts; None where the clip cannot be read."""
        with never_a_row():
            try:
                clip = self.source.load()
            except (DegradeBenchError, OSError):
                return None
            return excerpts(clip, self.degradations, self.levels, self.seed, self.metrics)


@dataclass(frozen=True)
class Played:
    """An excerpt: what ``run.json`` says of it, and the bytes of its file."""

    example: Example
    mp3: bytes


def excerpts(
    clip: Clip, degradations: Sequence[Degradation], levels: Sequence[int], seed: int, metrics: int = 1
) -> tuple[Played, ...]:
    """The clean clip at each bit rate, and damage at the levels of the run with its placebo at the highest.

    Args:
        clip: what is damaged.
        degradations: of the run, controls included.
        levels: of the run.
        seed: the run seed.
        metrics: how many the run has: the more there are, the less room is left in the report.
    """
    heard, form = choose(degradations, levels, metrics)
    made_of: list[tuple[Example, torch.Tensor, int]] = []
    clean = _excerpt(clip, clip.duration / 2, form.seconds)
    for kbps in sorted({form.kbps_of(one.damage) for one in heard} or {form.kbps}, reverse=True):
        made_of.append((_clean(clip, kbps, first=not made_of), clean, clip.sample_rate))
    for one in heard:
        for made, level in one.made:
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
                placebo_of=None if made is one.damage else one.damage.name,
                kbps=form.kbps_of(one.damage),
            )
            excerpt = _excerpt(rendered.clip, middle_seconds, form.seconds)
            made_of.append((example, excerpt, rendered.clip.sample_rate))
        forget_damage(clip)
    peak = max(float(samples.abs().max()) for _, samples, _ in made_of)
    gain = min(1.0, CEILING / peak) if peak > 0 else 1.0
    return tuple(
        Played(example, _mp3(samples * gain, rate, example.kbps or form.kbps)) for example, samples, rate in made_of
    )


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


def _clean(clip: Clip, kbps: int, first: bool) -> Example:
    return Example(
        file=f"{AUDIO}/clean.mp3" if first else f"{AUDIO}/clean_{kbps}.mp3",
        clip_id=clip.id,
        degradation=CLEAN,
        level=0,
        strength=None,
        unit=None,
        summary="as it came",
        kbps=kbps,
    )


def _excerpt(clip: Clip, middle_seconds: float, most_seconds: float) -> torch.Tensor:
    """At most so many seconds around a point, with 20 ms fades at their ends."""
    count = min(clip.num_samples, round(most_seconds * clip.sample_rate))
    start = min(max(0, round(middle_seconds * clip.sample_rate) - count // 2), clip.num_samples - count)
    samples = clip.samples[:2, start : start + count].clone()
    fade = min(count // 2, round(0.02 * clip.sample_rate))
    if fade:
        ramp = torch.linspace(0, 1, fade)
        samples[:, :fade] *= ramp
        samples[:, -fade:] *= ramp.flip(0)
    return samples


def _mp3(samples: torch.Tensor, sample_rate: int, kbps: int) -> bytes:
    import soxr

    audio = samples.numpy()
    if sample_rate != RATE:
        audio = soxr.resample(audio.T, sample_rate, RATE).T
    return codec.encode(np.ascontiguousarray(audio, np.float32), RATE, kbps)
