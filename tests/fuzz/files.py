"""Damaged audio files of every format, through the reader: samples or an :class:`~degrade_bench.errors.AudioError`.

Every case is read in a child process, so that a decoder that crashes or hangs is seen.

    python tests/fuzz/files.py --minutes 10 --seed 1
"""

from __future__ import annotations

import io
import random
import struct
import sys
from functools import cache
from pathlib import Path

import numpy as np

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.fuzz import children, tallying

RATE = 16000
FORMATS = {
    ".wav": ("WAV", ("PCM_16", "PCM_24", "FLOAT", "DOUBLE", "ULAW", "IMA_ADPCM", "MS_ADPCM", "GSM610", "PCM_U8")),
    ".flac": ("FLAC", ("PCM_16", "PCM_24", "PCM_S8")),
    ".ogg": ("OGG", ("VORBIS",)),
    ".opus": ("OGG", ("OPUS",)),
    ".mp3": ("MP3", ("MPEG_LAYER_III",)),
    ".aiff": ("AIFF", ("PCM_16", "PCM_24", "FLOAT", "ALAW", "IMA_ADPCM")),
    ".au": ("AU", ("PCM_16", "G721_32", "FLOAT")),
    ".caf": ("CAF", ("PCM_16", "ALAC_16", "FLOAT")),
    ".w64": ("W64", ("PCM_16", "FLOAT")),
    ".rf64": ("RF64", ("PCM_16",)),
}
"""What libsndfile writes, by suffix."""

MOST_SAMPLES = 2**28
"""A damaged header may promise any length; more than this of a few kilobytes is not read into memory."""


@cache
def encoded(suffix: str, subtype: str, channels: int) -> bytes:
    """Two seconds of a chord, encoded."""
    import soundfile

    times = np.arange(2 * RATE) / RATE
    samples = np.stack([0.3 * np.sin(2 * np.pi * 220 * (1 + channel) * times) for channel in range(channels)], 1)
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, RATE, format=FORMATS[suffix][0], subtype=subtype)
    return buffer.getvalue()


def chosen(rng: random.Random) -> tuple[str, bytes]:
    """A format that is written here, and a file of it."""
    import soundfile

    while True:
        suffix = rng.choice(sorted(FORMATS))
        kind, subtypes = FORMATS[suffix]
        subtype, channels = rng.choice(subtypes), rng.choice((1, 1, 2, 6))
        if subtype == "GSM610":
            channels = 1
        if not soundfile.check_format(kind, subtype):
            continue
        try:
            return suffix, encoded(suffix, subtype, channels)
        except (soundfile.LibsndfileError, ValueError):  # such as six channels in MP3
            continue


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Bytes changed, lost, doubled or put in; the first hundred, where headers are, as often as the rest."""
    made = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 30))):
        end = len(made) if rng.random() < 0.5 else min(len(made), 120)
        at = rng.randrange(max(1, end))
        kind = rng.randrange(9)
        if kind == 0:
            del made[at:]
        elif kind == 1:
            del made[at : at + rng.choice((1, 4, 417, 4096))]
        elif kind == 2:
            made[at:at] = rng.randbytes(rng.choice((1, 4, 500)))
        elif kind == 3:
            made[at : at + 4] = struct.pack(rng.choice("<>") + "I", rng.choice((0, 1, 2**31 - 1, 2**32 - 1, 2**31)))
        elif kind == 4:
            made[at:at] = made[at : at + 1000]
        elif kind == 5:
            made[at : at + 100] = bytes(min(100, len(made) - at))
        elif made:
            made[min(at, len(made) - 1)] ^= 1 << rng.randrange(8)
    return bytes(made)


def check(rng: random.Random, folder: Path) -> str:
    """Read one damaged file, whole or a part of it."""
    from degrade_bench.clip.audio import SUFFIXES, checked, duration_hint, read_audio
    from degrade_bench.errors import AudioError

    suffix, data = chosen(rng)
    named = suffix if rng.random() < 0.9 else rng.choice(SUFFIXES)
    path = folder / f"x{named}"
    path.write_bytes(damaged(data, rng))
    part = rng.choice(((None, None), (None, None), (0.5, 1.0), (100.0, 1.0), (None, 1e9)))
    duration_hint(path)
    try:
        samples, rate = read_audio(path, *part)
        if samples.ndim != 2 or not samples.numel() or rate <= 0 or samples.element_size() != 4:
            raise AssertionError(f"samples {tuple(samples.shape)}, {samples.dtype}, {rate} Hz")
        if samples.numel() > MOST_SAMPLES:
            raise AssertionError(f"{samples.numel()} samples from {len(data)} bytes")
        checked(samples, rate, path)
    except AudioError:
        return f"{suffix} refused"
    return f"{suffix} read"


def main(arguments: list[str] | None = None) -> int:
    """Damage and read until the cases or the time is over."""
    parser = tallying.parser(__doc__, cases=500)
    parser.add_argument("--seconds", type=float, default=20.0, help="what one file may take  [default: 20]")
    options = parser.parse_args(arguments)
    import pedalboard.io  # noqa: F401

    tally = tallying.Tally("files.py", options.seed)
    return tally.take(children.in_children(check, options.seed, tallying.numbers(options), options.seconds))


if __name__ == "__main__":
    sys.exit(main())
