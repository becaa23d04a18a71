"""Damage to melody: pitches in another order, intervals of another size, leaps by octaves. The rhythm stays.

Source: this project's.
"""

from __future__ import annotations

import numpy as np

from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.symbolic.base import Edited, Music, NotesDamage, chosen, within
from degrade_bench.degrade.symbolic.harmony import moved
from degrade_bench.errors import NotApplicableError


class MelodyShuffle(NotesDamage):
    """The pitches of the melody in another order."""

    name = "melody_shuffle"
    family = "melody"
    default_ladder = Ladder((20.0, 40.0, 60.0, 80.0, 100.0), "% of melody notes")
    summary = "plays the pitches of the melody in another order, in the same rhythm: from two swapped to all"

    def edit(self, music: Music, level: int, strength: float, rng: np.random.Generator) -> Edited:
        """Hand each pitch of those that are taken to the next one."""
        line = music.of_part(music.melody)
        taken = chosen(line, level, strength, rng, "melody notes", least=2)
        pitches = [music.notes.notes[k].pitch for k in taken]
        shifts = {k: pitches[i - 1] - pitches[i] for i, k in enumerate(taken)}
        return moved(music, shifts, 100 * len(taken) / len(line))


class IntervalScaling(NotesDamage):
    """Widens or squeezes the melody around its middle."""

    name = "interval_scaling"
    family = "melody"
    default_ladder = Ladder((20.0, 40.0, 60.0, 80.0, 100.0), "% of each interval")
    summary = "widens the steps of the melody, or squeezes them: to twice their size, or to one pitch"

    def edit(self, music: Music, level: int, strength: float, rng: np.random.Generator) -> Edited:
        """Draw which of the two."""
        factor = 1 + strength / 100 * (1 if rng.random() < 0.5 else -1)
        line = music.of_part(music.melody)
        pitches = np.asarray([music.notes.notes[k].pitch for k in line])
        if np.ptp(pitches) < 4:
            raise NotApplicableError("needs a melody of more than four semitones")
        middle = round(float(np.median(pitches)))
        shifts = {
            k: round(middle + factor * (pitch - middle)) - int(pitch)
            for k, pitch in zip(line, pitches.tolist(), strict=True)
        }
        return moved(music, {k: shift for k, shift in shifts.items() if shift}, strength)


class OctaveLeaps(NotesDamage):
    """Moves a share of the pitches by an octave."""

    name = "octave_leaps"
    family = "melody"
    default_ladder = Ladder((4.0, 10.0, 20.0, 35.0, 60.0), "% of notes")
    summary = "throws notes an octave up or down: from a leap here and there to a scattered texture"

    def edit(self, music: Music, level: int, strength: float, rng: np.random.Generator) -> Edited:
        """Draw a direction for each note."""
        notes = music.notes.notes
        steps = rng.choice([-12, 12], len(notes)).tolist()
        taken = chosen(music.pitched, level, strength, rng)
        shifts = {k: steps[k] if within(notes[k].pitch + steps[k]) != notes[k].pitch else -steps[k] for k in taken}
        edited = moved(music, shifts)
        return Edited(edited.notes, edited.achieved)  # key and chords stay
