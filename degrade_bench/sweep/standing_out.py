"""Recordings that stand out, to be heard: for a metric, the largest and the smallest drop under one damage."""

from __future__ import annotations

from dataclasses import dataclass

from degrade_bench._support.files import name_word
from degrade_bench.corpus.source import ClipSource
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.memory import forget_damage
from degrade_bench.errors import DegradeBenchError
from degrade_bench.runs.names import AUDIO
from degrade_bench.runs.played import StandsOut, Which
from degrade_bench.sweep.excerpts import clean_version, common_gain, damaged_version, mp3
from degrade_bench.sweep.heard import FORM_OF_RECORDINGS


@dataclass(frozen=True)
class Extreme:
    """A recording that stands out.

    Attributes:
        metric: whose score falls.
        which: whether its drop is the largest or the smallest of all recordings.
        source: of its clip.
        degradation: under which.
        level: at which.
        drop: of this clip, in the metric's unit.
        median: of the drops of all clips.
    """

    metric: str
    which: Which
    source: ClipSource
    degradation: Degradation
    level: int
    drop: float
    median: float

    @property
    def most_bytes(self) -> float:
        """Of its two MP3s."""
        return 2 * FORM_OF_RECORDINGS.bytes_at(FORM_OF_RECORDINGS.kbps)


def recorded(extreme: Extreme, seed: int) -> tuple[StandsOut, dict[str, bytes]] | None:
    """What ``run.json`` says of it, and its two files; None where the clip cannot be read or damaged any more.

    Args:
        extreme: the recording.
        seed: the run seed.
    """
    seconds, kbps = FORM_OF_RECORDINGS.seconds, FORM_OF_RECORDINGS.kbps
    try:
        clip = extreme.source.load()
    except (DegradeBenchError, OSError):
        return None
    clean = clean_version(clip, seconds)
    damaged = damaged_version(clip, extreme.degradation, extreme.level, seed, seconds)
    forget_damage(clip)
    if damaged is None:
        return None
    gain = common_gain((clean, damaged))
    name = f"{AUDIO}/{name_word(extreme.metric)}_{extreme.which}"
    files = {f"{name}_clean.mp3": mp3(clean, gain, kbps), f"{name}.mp3": mp3(damaged, gain, kbps)}
    ladder = extreme.degradation.ladder
    return StandsOut(
        metric=extreme.metric,
        which=extreme.which,
        clip_id=clip.id,
        degradation=extreme.degradation.name,
        level=extreme.level,
        strength=ladder.strength(extreme.level),
        unit=ladder.unit,
        drop=extreme.drop,
        median=extreme.median,
        clean_file=f"{name}_clean.mp3",
        file=f"{name}.mp3",
        kbps=kbps,
    ), files
