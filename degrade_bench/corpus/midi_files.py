"""Clips that are played from notes: MIDI files, and the built-in pieces as such."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from degrade_bench._support.plain_text import plain
from degrade_bench.clip import Clip
from degrade_bench.clip.audio import MIN_SECONDS, checked
from degrade_bench.clip.notes.midi import read_midi
from degrade_bench.clip.notes.rendering import BUILT_IN, RENDERER, levelled, played
from degrade_bench.clip.notes.voices import SAMPLE_RATE
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.corpus.content import digest_of
from degrade_bench.corpus.files import FileSource
from degrade_bench.corpus.source import ClipSource
from degrade_bench.errors import AudioError


def midi_clip(source: FileSource) -> Clip:
    """A MIDI file, or a part of it, played; its beats are those of the file.

    Raises:
        AudioError: a file that cannot be used, a part with nothing in it, or a sound font that cannot be read.
    """
    piece = read_midi(source.path)
    start = source.start or 0.0
    seconds = piece.seconds - start if source.duration is None else min(source.duration, piece.seconds - start)
    if seconds < MIN_SECONDS:
        raise AudioError(f"{source.path}: too short: {max(seconds, 0):.3g} s, expected {MIN_SECONDS:g} s or more")
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


def midi_identity(source: FileSource) -> str:
    """The content of the file and of the sound font, the part that is read, and which renderer plays it."""
    told: dict[str, str | None] = {
        "notes": digest_of(source.path),
        "start": str(float(source.start or 0.0)),
        "seconds": None if source.duration is None else str(float(source.duration)),
        "font": digest_of(source.soundfont or BUILT_IN),
        "renderer": RENDERER,
        "group": source.group,
        "track": source.track,
    }
    return "; ".join(f"{name} {value}" for name, value in told.items() if value is not None)


@dataclass(frozen=True)
class BuiltinNotesSource(ClipSource):
    """A piece of the built-in corpus, played from its notes.

    Attributes:
        id: of the built-in clip.
        style: the clip's group.
        soundfont: what it is played on; None for what comes with the package.
    """

    style: str
    soundfont: Path | None = None

    def load(self) -> Clip:
        """Play it.

        Raises:
            AudioError: a sound font that cannot be read, or a damaged installation.
        """
        return self._file.load()

    @property
    def identity(self) -> str:
        """The content of the notes and of the sound font, and which renderer plays them."""
        return f"builtin notes:{self.id}; {self._file.identity}"

    @property
    def seconds_hint(self) -> float | None:
        """The piece's duration."""
        return self._file.seconds_hint

    @property
    def _file(self) -> FileSource:
        path = Path(str(files("degrade_bench.corpus"))) / "data" / "midi" / f"{self.id}.mid"
        return FileSource(self.id, path=path, group=self.style, track=self.id, soundfont=self.soundfont)


def builtin_notes(soundfont: Path | None = None) -> list[BuiltinNotesSource]:
    """Every piece of the built-in corpus, in the corpus's order."""
    return [BuiltinNotesSource(source.id, source.style, soundfont) for source in builtin_sources()]
