"""The samples of a file, or of a part of it, in one array, and no more memory than that."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from degrade_bench._support.numbers import fixed, number
from degrade_bench._support.reading import size_text
from degrade_bench.clip.decode.sound import Sound
from degrade_bench.errors import AudioError

MOST_BYTES = 256 << 20
"""How many bytes of float32 samples a clip may have: 12 minutes and a half of 44.1 kHz stereo. A block holds some
twenty renderings of a clip at once, and a file of a few kilobytes may hold hours of silence."""

TOLERANCE = 0.95
"""A file with this share of the samples that its header promises is whole: MPEG headers only estimate."""


@dataclass(frozen=True)
class Decoded:
    """What was read of a file.

    Attributes:
        samples: float32, ``(channels, time)``, in WAV's order of channels.
        sample_rate: Hz.
        damage: what is wrong with the file and how far it was read, in a clause such as ``cut off: 2.8 s of 6 s are
            there``; None for a file that is whole, as far as is seen.
    """

    samples: np.ndarray
    sample_rate: int
    damage: str | None


def decode(path: Path, start: float, duration: float | None, most_bytes: int) -> Decoded:
    """Decode a file, or a part of it.

    Args:
        path: the file.
        start: seconds to skip.
        duration: seconds to read at most; None for all that is left.
        most_bytes: how many bytes of float32 samples to decode at most.

    Raises:
        AudioError: cannot be decoded, or what was asked for is longer than ``most_bytes``.
        OSError: cannot be opened, or is no regular file.
    """
    with Sound(path) as sound:
        first = round(start * sound.rate)
        count = _length(sound, first, duration, most_bytes, path)
        samples = np.empty((sound.channels, count), np.float32)
        filled = 0
        if count:
            for block in sound.blocks(first):
                taken = block[: count - filled]
                samples[:, filled : filled + len(taken)] = taken.T
                filled += len(taken)
                if filled == count:
                    break
        to_the_end = duration is None or filled < round(duration * sound.rate)
        damage = _damage(sound, first + filled) if to_the_end else None
        return Decoded(_shortened(samples, filled), sound.rate, damage)


def _length(sound: Sound, first: int, duration: float | None, most_bytes: int, path: Path) -> int:
    """How many samples per channel to make room for; few more than there are."""
    most = most_bytes // (4 * sound.channels)
    asked = None if duration is None else round(duration * sound.rate)
    left = None if sound.frames is None else max(0, sound.frames - first)
    lengths = [length for length in (asked, left) if length is not None]
    if lengths and min(lengths) <= most:
        return min(lengths)
    if left is None or not sound.reaches(first + most):  # no header, or one that may be wrong
        counted = 0
        for block in sound.blocks(first):
            counted += len(block)
            if counted > most:
                break
        if counted <= most:
            return counted
    seconds, there = most / sound.rate, "more than that is there"
    if lengths:
        there = f"{number(min(lengths) / sound.rate, 6)} s would be {size_text(4 * sound.channels * min(lengths))}"
    raise AudioError(
        f"{path}: too long to be decoded whole: {there}; at most {size_text(most_bytes)} of samples are "
        f"decoded, {number(seconds, 4)} s of its {_channels(sound.channels)} at {sound.rate} Hz; read a part of it "
        "(--max-seconds, --excerpt, or start and duration in a manifest)"
    )


def _channels(count: int) -> str:
    return "1 channel" if count == 1 else f"{count} channels"


def _shortened(samples: np.ndarray, length: int) -> np.ndarray:
    """The first samples of all channels, contiguous, in the memory of the whole."""
    channels, room = samples.shape
    if length == room:
        return samples
    flat = samples.reshape(-1)
    for channel in range(1, channels):
        flat[channel * length : (channel + 1) * length] = flat[channel * room : channel * room + length]
    return flat[: channels * length].reshape(channels, length)


def _damage(sound: Sound, end: int) -> str | None:
    """The clause for a file that was read up to ``end``, from where on there is no more; None if it is whole."""
    promised = sound.promised_frames
    missing = promised is not None and end < TOLERANCE * promised
    if sound.damage is None and not missing:
        return None
    name, there = sound.damage or "cut off or damaged", _seconds(end / sound.rate)
    if missing and promised is not None:
        return f"{name}: {there} of {_seconds(promised / sound.rate)} s are there"
    return f"{name}: {there} s are there"


def _seconds(value: float) -> str:
    return number(value) if value < 100 else fixed(value, 0)
