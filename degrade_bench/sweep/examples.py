"""The examples that the report plays and shows: one clip, clean and damaged, and recordings that stand out.

All excerpts of the clip share one gain, so that what was matched in loudness still is; they are MP3, which every
browser plays. :mod:`degrade_bench.sweep.heard` says which there are, how long, and at which bit rate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from degrade_bench._support.files import name_word, replacing
from degrade_bench._support.interrupts import never_a_row
from degrade_bench.clip import Clip
from degrade_bench.corpus.source import ClipSource
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.memory import forget_damage
from degrade_bench.errors import DegradeBenchError
from degrade_bench.runs.columns import CLEAN
from degrade_bench.runs.names import AUDIO
from degrade_bench.runs.ownership import claim, listed, remove
from degrade_bench.runs.played import Example, Panel, Picture, StandsOut
from degrade_bench.sweep.excerpts import clean_version, common_gain, damaged_version, mp3
from degrade_bench.sweep.heard import Heard, choose, shown
from degrade_bench.sweep.pictures.draw import drawn
from degrade_bench.sweep.pictures.version import Version
from degrade_bench.sweep.standing_out import Extreme, recorded

LONGEST_DRAWN = 300.0
"""Seconds of a clip of which every damage is drawn. Of a longer one only those are that are played as well, since
rendering takes long."""


@dataclass(frozen=True)
class Played:
    """What the report plays and shows, for ``run.json``, and the files.

    Attributes:
        examples: excerpts of one clip, clean and damaged.
        pictures: of damages of this clip.
        recordings: that stand out.
        files: their content, by their paths inside the run directory.
    """

    examples: tuple[Example, ...] = ()
    pictures: tuple[Picture, ...] = ()
    recordings: tuple[StandsOut, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Playing:
    """What is to be played.

    Attributes:
        source: of the clip.
        degradations: of the run, controls included; only damage is played, with its placebo.
        levels: of the run.
        seed: the run seed.
        metrics: how many the run has.
        extremes: recordings that stand out.
    """

    source: ClipSource
    degradations: tuple[Degradation, ...]
    levels: tuple[int, ...]
    seed: int
    metrics: int = 1
    extremes: tuple[Extreme, ...] = ()

    def made(self) -> Played | None:
        """The excerpts; None where the clip cannot be read."""
        with never_a_row():
            try:
                clip = self.source.load()
            except (DegradeBenchError, OSError):
                return None
            of_clip = excerpts(clip, self)
            examples, files = of_clip.examples, dict(of_clip.files)
            recordings = []
            for extreme in self.extremes:
                if (one := recorded(extreme, self.seed)) is not None:
                    recordings.append(one[0])
                    files |= one[1]
            return Played(examples, of_clip.pictures, tuple(recordings), files)


def excerpts(clip: Clip, playing: Playing) -> Played:
    """The clean clip at each bit rate; of damage, the levels of the run and its placebo at the highest; pictures.

    Args:
        clip: what is damaged.
        playing: what is asked for.
    """
    damages = shown(playing.degradations, playing.levels)
    of_recordings = sum(extreme.most_bytes for extreme in playing.extremes)
    heard, form = choose(damages, playing.metrics, of_recordings)
    clean = clean_version(clip, form.seconds)
    sounds: list[tuple[Example, Version]] = []
    for kbps in sorted({form.kbps_of(one.damage) for one in heard} or {form.kbps}, reverse=True):
        sounds.append((_clean(clip, kbps, first=not sounds), clean))
    pictures, files = [], dict[str, bytes]()
    for one in damages if clip.duration <= LONGEST_DRAWN else heard:
        made = []
        for degradation, level in one.made:
            version = damaged_version(clip, degradation, level, playing.seed, form.seconds)
            if version is not None:
                made.append((degradation, level, version))
        forget_damage(clip)
        if all(degradation is not one.damage for degradation, _, _ in made):
            continue  # a placebo alone says nothing
        picture, png = _picture(clip, one, clean, made)
        pictures.append(picture)
        files[picture.file] = png
        if one in heard:
            kbps = form.kbps_of(one.damage)
            sounds += [
                (_damaged(clip, one, degradation, level, kbps), version) for degradation, level, version in made
            ]
    gain = common_gain(version for _, version in sounds)
    files |= {example.file: mp3(version, gain, example.kbps or form.kbps) for example, version in sounds}
    return Played(tuple(example for example, _ in sounds), tuple(pictures), files=files)


def write_examples(folder: Path, played: Played) -> None:
    """Write ``audio/*`` in place of what a run wrote there before.

    Args:
        folder: the run directory.
        played: what is played and shown.

    Raises:
        RunFolderError: the files cannot be written.
    """
    claim(folder, set(played.files))
    remove(folder, (name for name in listed(folder) - set(played.files) if name.startswith(f"{AUDIO}/")))
    for name, content in played.files.items():
        with replacing(folder / name) as temporary:
            temporary.write_bytes(content)


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


def _damaged(clip: Clip, one: Heard, degradation: Degradation, level: int, kbps: int) -> Example:
    """What is said of a damaged excerpt.

    Args:
        clip: what was damaged.
        one: the damage that is played.
        degradation: what was rendered, the damage or its placebo.
        level: of it.
        kbps: the bit rate, in kbit/s.
    """
    return Example(
        file=f"{AUDIO}/{name_word(degradation.name)}_level{level}.mp3",
        clip_id=clip.id,
        degradation=degradation.name,
        level=level,
        strength=degradation.ladder.strength(level),
        unit=degradation.ladder.unit,
        summary=degradation.summary,
        placebo_of=None if degradation is one.damage else one.damage.name,
        kbps=kbps,
    )


def _picture(
    clip: Clip, one: Heard, clean: Version, made: Sequence[tuple[Degradation, int, Version]]
) -> tuple[Picture, bytes]:
    """What is said of a damage's picture, and its file.

    Args:
        clip: what was damaged.
        one: the damage.
        clean: the clean clip.
        made: of the damage and of its placebo: what, at which level, and the rendering.
    """
    image = drawn(one.damage, clip, [clean, *(version for _, _, version in made)])
    panels = [
        Panel(
            degradation=CLEAN, level=0, strength=None, unit=None, begins=image.spans[0][0], ends=image.spans[0][1]
        )
    ]
    for (degradation, level, _), (begins, ends) in zip(made, image.spans[1:], strict=True):
        ladder = degradation.ladder
        panels.append(
            Panel(
                degradation=degradation.name,
                level=level,
                strength=ladder.strength(level),
                unit=ladder.unit,
                begins=begins,
                ends=ends,
            )
        )
    return Picture(
        file=f"{AUDIO}/{name_word(one.damage.name)}.png",
        clip_id=clip.id,
        degradation=one.damage.name,
        summary=one.damage.summary,
        caption=image.caption,
        panels=tuple(panels),
    ), image.png
