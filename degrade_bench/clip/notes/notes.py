"""The notes of a clip: who plays what, when and how loud. The field's word is *symbolic*.

Times are seconds from the clip's first sample. Where beats, bars, sections, chords and key lie is said by the
annotations of the clip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

HIGHEST = 127
"""Of pitches and velocities."""


class Note(NamedTuple):
    """One note.

    Attributes:
        onset, length: seconds.
        pitch: a MIDI number, C4 = 60; of drums, which one.
        velocity: 1 to 127.
        part: the index of who plays it.
    """

    onset: float
    length: float
    pitch: int
    velocity: int
    part: int

    @property
    def end(self) -> float:
        """When it is let go, in seconds."""
        return self.onset + self.length


@dataclass(frozen=True)
class Part:
    """A player.

    Attributes:
        name: such as ``violin 1``.
        program: General MIDI program, counted from 0; of drums, the kit.
        drums: whether pitches are drums.
        volume, pan: MIDI controllers 7 and 10, 0 to 127.
    """

    name: str
    program: int
    drums: bool = False
    volume: float = 100
    pan: int = 64


@dataclass(frozen=True, eq=False)
class Notes:
    """All notes of a clip, and how they are played.

    Attributes:
        notes: in order of :func:`ordered`.
        parts: the players.
        soundfont: what they play on; None for the one that comes with the package.
        gain: the factor of amplitude that all of it is played with.
    """

    notes: tuple[Note, ...]
    parts: tuple[Part, ...]
    soundfont: Path | None = None
    gain: float = 1.0

    @property
    def pitched(self) -> tuple[int, ...]:
        """Which parts play pitches, and play at all."""
        playing = {note.part for note in self.notes}
        return tuple(k for k, part in enumerate(self.parts) if k in playing and not part.drums)

    @property
    def end(self) -> float:
        """When the last note is let go, in seconds."""
        return max((note.end for note in self.notes), default=0.0)

    def with_notes(self, notes: Sequence[Note]) -> Notes:
        """Other notes, played by the same players."""
        return replace(self, notes=ordered(notes))

    def cut(self, start: float, seconds: float) -> Notes:
        """The notes that begin in a part of the music; what is held at its end is let go there.

        Args:
            start: where the part begins, in seconds; the new zero.
            seconds: how long it is.
        """
        inside = (note for note in self.notes if start <= note.onset < start + seconds)
        return self.with_notes(
            [
                note._replace(onset=note.onset - start, length=min(note.length, start + seconds - note.onset))
                for note in inside
            ]
        )


def ordered(notes: Sequence[Note]) -> tuple[Note, ...]:
    """Notes by onset, part and pitch: equal ones make equal sums, whatever order they came in."""
    return tuple(sorted(notes, key=lambda note: (note.onset, note.part, note.pitch, note.length, note.velocity)))
