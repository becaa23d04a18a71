"""Short clips that metrics are probed with: chords and a drum pattern, made here, and the same under noise."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch

from degrade_bench.clip import Clip

SAMPLE_RATE = 44100
_BEAT_SECONDS = (0.5, 0.4)
_ROOTS_HZ = ((220.0, 261.63, 196.0), (246.94, 185.0, 293.66))
_PEAK = 0.5


@lru_cache(maxsize=4)
def probe_clip(which: int, seconds: float) -> Clip:
    """A clip of stereo music at 44.1 kHz, always the same.

    Args:
        which: of two pieces, 0 or 1.
        seconds: how long it is.
    """
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    beat, noise = _BEAT_SECONDS[which], _noise(which, len(time))
    roots = np.array(_ROOTS_HZ[which])[(time // (2 * beat)).astype(int) % len(_ROOTS_HZ[which])]
    phase = 2 * np.pi * roots * time
    chord = sum(np.sin(phase * ratio * partial) / partial for ratio in (1, 5 / 4, 3 / 2) for partial in (1, 2, 3))
    chord = chord * np.exp(-1.5 * (time % (2 * beat)))
    since, off_beat = time % beat, (time // beat).astype(int) % 2
    kick = np.sin(2 * np.pi * 60 * since) * np.exp(-12 * since) * (1 - off_beat)
    drums = kick + noise[0] * np.exp(-20 * since) * off_beat / 3
    drums = drums + noise[1] * np.exp(-60 * (time % (beat / 2))) / 10
    stereo = np.stack([0.15 * chord + 0.5 * drums, 0.1 * chord + 0.4 * drums])
    samples = torch.from_numpy((_PEAK * stereo / np.abs(stereo).max()).astype(np.float32))
    return Clip(f"probe {which + 1}", samples, SAMPLE_RATE)


def under_noise(clip: Clip, which: int) -> Clip:
    """The clip and as much white noise as music, together as loud as the clip was.

    Args:
        clip: the clean one.
        which: of two, 0 or 1, so that both have noise of their own.
    """
    samples = clip.samples.double().numpy()
    noise = _noise(which + len(_ROOTS_HZ), samples.shape[1])
    noise = noise * np.sqrt(np.square(samples).mean() / np.square(noise).mean())
    mixed = ((samples + noise) / np.sqrt(2)).astype(np.float32)
    return clip.with_samples(torch.from_numpy(mixed))


def _noise(key: int, count: int) -> np.ndarray:
    return np.random.Generator(np.random.Philox(key=key)).standard_normal((2, count))
