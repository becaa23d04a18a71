"""Controls in the notes: what no judge of music should mind.

Another instrument of the same family is a control of timbre: somebody may well mind it. It is reported as the
others are, and is no part of the nuisance floor.

Source: this project's; swapping the sound font is a control of TuneJury's.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from degrade_bench.clip.notes.notes import HIGHEST
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.symbolic.base import Edited, Music, NotesDamage, within
from degrade_bench.errors import NotApplicableError

TAKE_VELOCITY = 4.0
"""By how many steps of velocity a player varies, as a standard deviation."""


class NotesControl(NotesDamage):
    """A change of the notes that should not matter."""

    group = "control"

    def make_placebo(self) -> Degradation | None:
        """A control has none."""
        return None


class AnotherTake(NotesControl):
    """The same players once more."""

    name = "another_take"
    family = "take"
    default_ladder = Ladder((2.0, 3.0, 4.0, 5.0, 6.0), "ms RMS")
    summary = (
        "plays all of it once more: every note a few milliseconds and a few steps of velocity from where it was"
    )

    def edit(self, music: Music, level: int, strength: float, rng: np.random.Generator) -> Edited:
        """Draw the take; levels scale it."""
        notes = music.notes.notes
        late, loud = rng.uniform(-1.0, 1.0, (2, len(notes)))
        late *= strength / 1000 / np.sqrt(np.mean(late**2))
        loud *= TAKE_VELOCITY * strength / 4 / np.sqrt(np.mean(loud**2))
        taken = [
            note._replace(onset=max(0.0, note.onset + by), velocity=min(max(note.velocity + round(up), 1), HIGHEST))
            for note, by, up in zip(notes, late.tolist(), loud.tolist(), strict=True)
        ]
        return Edited(taken, strength)


class Earlier(NotesControl):
    """Everything a little earlier."""

    name = "earlier_notes"
    family = "crop"
    default_ladder = Ladder((2.0, 4.0, 8.0, 16.0, 32.0), "ms")
    summary = "plays everything some milliseconds earlier"

    def edit(self, music: Music, level: int, strength: float, rng: np.random.Generator) -> Edited:
        """Nothing is random."""
        notes = [note._replace(onset=max(0.0, note.onset - strength / 1000)) for note in music.notes.notes]
        return Edited(notes, strength)


class SemitoneUp(NotesControl):
    """The whole piece in the next key."""

    name = "semitone_up"
    family = "transposition"
    default_ladder = Ladder((1.0,), "semitones")
    summary = "plays the whole piece a semitone higher, as a singer may ask for it"

    def edit(self, music: Music, level: int, strength: float, rng: np.random.Generator) -> Edited:
        """Nothing is random."""
        notes = list(music.notes.notes)
        for k in music.pitched:
            notes[k] = notes[k]._replace(pitch=within(notes[k].pitch + round(strength)))
        return Edited(notes, strength, annotations=music.clip.annotations.transposed(round(strength)))


class OtherInstruments(NotesControl):
    """Other instruments of the same families."""

    name = "other_instruments"
    family = "timbre"
    default_ladder = Ladder((1.0,), "instruments from each")
    in_floor = False
    summary = "plays every part on another instrument of its family"

    def edit(self, music: Music, level: int, strength: float, rng: np.random.Generator) -> Edited:
        """Take the next instrument that the sound font has in the family."""
        from degrade_bench.clip.notes.rendering import voices_of  # late: a listing does without
        from degrade_bench.clip.notes.soundfont import FAMILY

        font = voices_of(music.notes.soundfont).font
        known = font.programs(drums=False)
        parts = []
        for part in music.notes.parts:
            now = font.nearest(part.program, part.drums)
            kin = [program for program in known if program // FAMILY == now // FAMILY]
            other = kin[(kin.index(now) + 1) % len(kin)] if not part.drums and now in kin else part.program
            parts.append(replace(part, program=other))
        if all(
            font.nearest(one.program, one.drums) == new.program
            for one, new in zip(music.notes.parts, parts, strict=True)
        ):
            raise NotApplicableError("the sound font has no other instrument of any part's family")
        return Edited(music.notes.notes, strength, parts=parts)
