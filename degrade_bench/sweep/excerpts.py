"""A part of a clip as it is played: rendered, cut around a moment of the music, faded at its ends, made an MP3."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.calling import calling
from degrade_bench.degrade.dsp import codec
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.sweep.pictures.version import Version

CEILING = 0.97  # leaves room for what the codec adds to peaks
RATE = 44100
FADE_SECONDS = 0.02


def clean_version(clip: Clip, seconds: float) -> Version:
    """The middle of a clean clip.

    Args:
        clip: the clip.
        seconds: of the excerpt, at most.
    """
    return Version.of(clip, clip.duration / 2, seconds)


def damaged_version(clip: Clip, degradation: Degradation, level: int, seed: int, seconds: float) -> Version | None:
    """The same moment of the music in a rendering; None where there is none, for a reason that the table gives.

    Args:
        clip: the clean clip.
        degradation: what is done to it.
        level: of its ladder.
        seed: the run seed.
        seconds: of the excerpt, at most.
    """
    rng = generator(cell_seed(seed, clip.hash, *degradation.seed_key))
    try:
        with calling(degradation):
            rendered = degradation.render(clip, level, rng)
    except Exception:  # the table already says why this cell is not there
        return None
    middle = clip.duration / 2
    if rendered.plan.time_map is not None:
        middle = float(rendered.plan.time_map(np.asarray(middle)))
    return Version.of(rendered, middle, seconds)


def common_gain(versions: Iterable[Version]) -> float:
    """One gain for what is compared, so that what was matched in loudness still is: 1 where nothing is too loud.

    Args:
        versions: what is played side by side.
    """
    peak = max(float(np.abs(version.excerpt).max(initial=0)) for version in versions)
    return min(1.0, CEILING / peak) if peak > 0 else 1.0


def mp3(version: Version, gain: float, kbps: int) -> bytes:
    """A version as MP3, with fades of 20 ms at its ends.

    Args:
        version: what is played.
        gain: to be played with.
        kbps: the bit rate, in kbit/s.
    """
    samples = version.excerpt * np.float32(gain)
    fade = min(samples.shape[1] // 2, round(FADE_SECONDS * version.sample_rate))
    if fade:
        ramp = np.linspace(0, 1, fade, dtype=np.float32)
        samples[:, :fade] *= ramp
        samples[:, -fade:] *= ramp[::-1]
    return codec.encode(codec.resampled(samples, version.sample_rate, RATE), RATE, kbps)
