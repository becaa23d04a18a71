"""Notes to samples: always in one way, so that how they are played is never the difference between two clips.

Same notes, same samples, bit for bit, in every process. Every note is played at the sample that is nearest to its
onset. Players are loud by their velocity and by their part's volume as SoundFont's default modulators say (40 dB
for each factor of ten), and stand where their part's panning puts them. There is no room and no chorus.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from degrade_bench.clip.notes.notes import HIGHEST, Note, Notes, ordered
from degrade_bench.clip.notes.soundfont import SoundFont, Zone
from degrade_bench.clip.notes.voices import SAMPLE_RATE, Voices, release

RENDERER = "1"
"""Changes whenever the same notes would give other samples."""

BUILT_IN = Path(__file__).parent / "data" / "FluidR3Mono.sf3"
FADE_SECONDS = 0.25
LUFS, PEAK = -20.0, 0.89
"""The loudness that clips are played at, and the peak that they keep under."""


def played(notes: Notes, seconds: float) -> torch.Tensor:
    """The music: ``float32``, two channels at 44.1 kHz, faded out at its end.

    Args:
        notes: what is played.
        seconds: how long the recording is.

    Raises:
        AudioError: a sound font that cannot be read.
    """
    count = round(seconds * SAMPLE_RATE)
    output = np.zeros((2, count), dtype=np.float32)
    voices = voices_of(notes.soundfont)
    programs = [voices.font.nearest(part.program, part.drums) for part in notes.parts]
    for note in ordered(notes.notes):
        part = notes.parts[note.part]
        level = notes.gain * (note.velocity * part.volume / HIGHEST**2) ** 2
        for zone in voices.font.playing(programs[note.part], part.drums, note.pitch, note.velocity):
            _add(output, voices, zone, note, level, part.pan)
    fade = min(count, round(FADE_SECONDS * SAMPLE_RATE))
    if fade:
        output[:, -fade:] *= (0.5 + 0.5 * np.cos(np.pi * np.arange(1, fade + 1) / fade)).astype(np.float32)
    return torch.from_numpy(output)


def _add(output: np.ndarray, voices: Voices, zone: Zone, note: Note, level: float, pan: int) -> None:
    start = max(0, round(note.onset * SAMPLE_RATE))
    if start >= output.shape[1]:
        return
    let_go = max(1, round(note.length * SAMPLE_RATE))
    tail = release(zone.release)
    sound = voices.held(zone, note.pitch, min(let_go + len(tail), output.shape[1] - start))
    place = min(max((pan - 64) / HIGHEST + zone.pan, -0.5), 0.5)
    if len(sound) > let_go:
        sound = sound.copy()  # what is held stays as it is
        sound[let_go:] *= tail[: len(sound) - let_go]
    for channel, share in enumerate((np.cos, np.sin)):
        gain = np.float32(level * zone.gain * share((place + 0.5) * np.pi / 2))
        output[channel, start : start + len(sound)] += gain * sound


@lru_cache(maxsize=2)
def voices_of(soundfont: Path | None) -> Voices:
    """A sound font, ready to play; None for the one that comes with the package.

    Raises:
        AudioError: it cannot be read.
    """
    return Voices(SoundFont(soundfont or BUILT_IN))


def levelled(notes: Notes, seconds: float) -> Notes:
    """The notes with the gain that brings them to −20 LUFS, or as near as their peak allows.

    Args:
        notes: what is played.
        seconds: how long the recording is.
    """
    from degrade_bench.clip.loudness import integrated_lufs

    samples = played(notes, seconds)
    peak = float(samples.abs().max()) if samples.numel() else 0.0
    if not peak:
        return notes
    lufs = integrated_lufs(samples, SAMPLE_RATE)
    wanted = 10 ** ((LUFS - lufs) / 20) if np.isfinite(lufs) else np.inf
    return Notes(notes.notes, notes.parts, notes.soundfont, float(notes.gain * min(wanted, PEAK / peak)))
