"""Clips that are played from MIDI files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Protocol

from degrade_bench._support.numbers import fixed, number
from degrade_bench._support.plain_text import plain
from degrade_bench.clip import Clip
from degrade_bench.clip.audio import MIN_SECONDS, checked
from degrade_bench.clip.decode.samples import MOST_BYTES
from degrade_bench.clip.notes.midi import READER, read_midi
from degrade_bench.clip.notes.rendering import BUILT_IN, RENDERER, levelled, played
from degrade_bench.clip.notes.voices import SAMPLE_RATE
from degrade_bench.corpus.content import digest_of
from degrade_bench.errors import AudioError


class Named(Protocol):
    """A MIDI file, or a part of one, as :class:`~degrade_bench.corpus.files.FileSource` names it."""

    @property
    def id(self) -> str:
        """Of the clip."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def start(self) -> float | None:
        """Where the part begins, in seconds."""

    @property
    def duration(self) -> float | None:
        """How long it is, in seconds."""

    @property
    def group(self) -> str | None:
        """What the clip belongs to."""

    @property
    def track(self) -> str | None:
        """The piece that it was cut from."""

    @property
    def soundfont(self) -> Path | None:
        """What it is played on."""


def midi_clip(source: Named) -> Clip:
    """A MIDI file, or a part of it, played; its beats are those of the file.

    Raises:
        AudioError: a file that cannot be used, a part with nothing in it, or a sound font that cannot be read.
    """
    piece = read_midi(source.path)
    start = source.start or 0.0
    seconds = piece.seconds - start if source.duration is None else min(source.duration, piece.seconds - start)
    if seconds < MIN_SECONDS:
        raise AudioError(
            f"{source.path}: too short: {number(max(seconds, 0), 3)} s, expected {MIN_SECONDS:g} s or more"
        )
    fitting = MOST_BYTES / (2 * 4 * SAMPLE_RATE)
    if seconds > fitting:
        raise AudioError(
            f"{source.path}: too long: {fixed(seconds / 60, 1)} minutes, at most {fixed(fitting / 60, 0)} are "
            "played at once; give --max-seconds"
        )
    is_part = source.start is not None or source.duration is not None
    notes = piece.notes.cut(start, seconds) if is_part else piece.notes
    if not notes.notes:
        raise AudioError(f"{source.path}: holds no notes from {start:g} s to {start + seconds:g} s")
    notes = levelled(replace(notes, soundfont=source.soundfont), seconds)
    samples = played(notes, seconds)
    checked(samples, SAMPLE_RATE, source.path)
    return Clip(
        id=source.id,
        samples=samples,
        sample_rate=SAMPLE_RATE,
        annotations=piece.annotations.cut(start, seconds) if is_part else piece.annotations,
        group=source.group,
        track=source.track or plain(source.path.name),
        source=plain(source.path.name),
        notes=notes,
    )


def midi_identity(source: Named) -> str:
    """The content of the file and of the sound font, the part that is read, how, and which renderer plays it."""
    told: dict[str, str | None] = {
        "notes": digest_of(source.path),
        "start": str(float(source.start or 0.0)),
        "seconds": None if source.duration is None else str(float(source.duration)),
        "font": digest_of(source.soundfont or BUILT_IN),
        "reader": READER,
        "renderer": RENDERER,
        "group": source.group,
        "track": source.track,
    }
    return "; ".join(f"{name} {value}" for name, value in told.items() if value is not None)
