"""Piano rolls: which notes are played, and which of them are not the clean clip's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from degrade_bench.clip import Clip
from degrade_bench.clip.notes.notes import Note, Notes
from degrade_bench.degrade.symbolic.base import notes_after, notes_of
from degrade_bench.sweep.pictures.raster import COLUMNS, ROWS, blank
from degrade_bench.sweep.pictures.version import Version

DRUM = 1.2
"""How far rows of drums lie apart, in semitones."""
KEPT, NEW = 0.4, 1.0
"""Ink of notes of the clean clip, and of the others."""


def told_by(versions: Sequence[Version]) -> bool:
    """Whether every plan says what became of the notes: the placebo of a plug-in may be damage to audio."""
    plans = [version.plan for version in versions if version.plan is not None]
    return all({"removed", "changed", "added", "parts"} <= set(plan.params) for plan in plans)


def rolls(clip: Clip, versions: Sequence[Version]) -> tuple[list[np.ndarray], str]:
    """A panel for each version with the notes of its excerpt, and what they show.

    Args:
        clip: the clean clip, with notes.
        versions: the clean clip first.
    """
    clean = notes_of(clip)
    played = [clean if one.plan is None else notes_after(clean, one.plan.params) for one in versions]
    heights = NoteRows(played)
    lowest, highest = heights.ends
    before = {_rounded(note) for note in clean.notes}
    panels = []
    seconds = max(version.ends - version.begins for version in versions)
    for version, notes in zip(versions, played, strict=True):
        ink = blank()
        for note in notes.notes:
            start, end = (
                (time - version.begins) / seconds * COLUMNS for time in (note.onset, note.onset + note.length)
            )
            if end <= 0 or start >= version.columns_of(seconds):
                continue
            row = round((ROWS - 2) * (highest - heights(notes, note)) / (highest - lowest))
            columns = slice(max(0, round(start)), max(1, round(start) + 1, round(end) - 1))
            shade = KEPT if _rounded(note) in before else NEW
            ink[row : row + 2, columns] = np.maximum(
                ink[row : row + 2, columns], shade * (0.4 + 0.6 * note.velocity / 127)
            )
        panels.append(ink)
    return (
        panels,
        "Notes by pitch, drums below; dark: notes that the clean clip does not have, or not so; louder is darker",
    )


class NoteRows:
    """Where a note lies: at its pitch; a drum under all pitches, in the row of its instrument.

    Args:
        versions: of the notes.

    Attributes:
        lowest: of the drums' rows, the one that is nearest to the pitches.
    """

    def __init__(self, versions: Sequence[Notes]) -> None:
        every = {(notes.parts[note.part].drums, note.pitch) for notes in versions for note in notes.notes}
        self._drums = sorted({pitch for drums, pitch in every if drums})
        pitches = [pitch for drums, pitch in every if not drums]
        self._highest = max(pitches, default=60)
        self.lowest = min(pitches, default=60) - 3

    def __call__(self, notes: Notes, note: Note) -> float:
        """The height of a note, in semitones.

        Args:
            notes: of its version.
            note: one of them.
        """
        if notes.parts[note.part].drums:
            return self.lowest - DRUM * (len(self._drums) - 1 - self._drums.index(note.pitch))
        return note.pitch

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest row, a semitone of room included."""
        drums = max(0, len(self._drums) - 1) * DRUM
        return self.lowest - drums - 1, self._highest + 1


def _rounded(note: Note) -> tuple[float, ...]:
    return (note.part, note.pitch, note.velocity, round(note.onset, 6), round(note.length, 6))
