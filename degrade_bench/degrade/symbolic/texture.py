"""Damage to texture and expression: parts and notes missing, notes too many, dynamics flattened or scrambled.

Source: this project's; midi_degradation_toolkit adds and removes notes.
"""

from __future__ import annotations

import numpy as np

from degrade_bench.clip.notes.notes import HIGHEST, Note
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.structural.segments import required_bounds
from degrade_bench.degrade.symbolic.base import Edited, Music, NotesDamage, chosen, within
from degrade_bench.degrade.symbolic.harmony import EARLY_SECONDS

DB_OF_VELOCITY = 40.0
"""A factor of ten in velocity, as the renderer plays it."""


class MissingParts(NotesDamage):
    """Parts fall silent for whole bars."""

    name = "missing_parts"
    family = "texture"
    default_ladder = Ladder((10.0, 22.0, 38.0, 56.0, 75.0), "% of parts' bars")
    summary = "lets players miss whole bars: from one who drops out to a piece that is hardly played"

    def edit(self, music: Music, level: int, strength: float, rng: np.random.Generator) -> Edited:
        """Draw the order in which the bars of the parts go."""
        bounds = required_bounds(music.clip, "bar") / music.clip.sample_rate
        bars = np.searchsorted(bounds, [note.onset + EARLY_SECONDS for note in music.notes.notes]).tolist()
        cells = [(note.part, bar) for note, bar in zip(music.notes.notes, bars, strict=True)]
        pool = sorted(set(cells))
        gone = {pool[k] for k in chosen(range(len(pool)), level, strength, rng, "bars of parts")}
        notes = [None if cell in gone else note for note, cell in zip(music.notes.notes, cells, strict=True)]
        return Edited(notes, 100 * len(gone) / len(pool))


class MissingNotes(NotesDamage):
    """Leaves a share of the notes out."""

    name = "missing_notes"
    family = "texture"
    default_ladder = Ladder((5.0, 12.0, 25.0, 45.0, 70.0), "% of notes")
    source = "this project; midi_degradation_toolkit removes notes"
    summary = "leaves notes out: from a few to more than half of them"

    def edit(self, music: Music, level: int, strength: float, rng: np.random.Generator) -> Edited:
        """Draw the order in which notes go."""
        notes: list[Note | None] = list(music.notes.notes)
        gone = chosen(range(len(notes)), level, strength, rng)
        for k in gone:
            notes[k] = None
        return Edited(notes, 100 * len(gone) / len(notes))


class AddedNotes(NotesDamage):
    """Plays notes that nobody has written, beside those that are there."""

    name = "added_notes"
    family = "texture"
    default_ladder = Ladder((5.0, 12.0, 25.0, 45.0, 80.0), "% of notes")
    source = "this project; midi_degradation_toolkit adds notes"
    summary = "adds notes to those that are there, at their moments and at any pitch near them"

    def edit(self, music: Music, level: int, strength: float, rng: np.random.Generator) -> Edited:
        """Draw beside which notes, and how far from them."""
        notes = music.notes.notes
        steps = rng.choice([-6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6], len(notes)).tolist()
        beside = chosen(music.pitched, level, strength, rng)
        added = [notes[k]._replace(pitch=within(notes[k].pitch + steps[k])) for k in beside]
        annotations = music.clip.annotations.without("key", "chords")
        return Edited(notes, 100 * len(added) / len(music.pitched), added, annotations=annotations)


class FlatDynamics(NotesDamage):
    """Brings every note nearer to its part's mean velocity."""

    name = "flat_dynamics"
    family = "expression"
    default_ladder = Ladder((20.0, 40.0, 60.0, 80.0, 100.0), "% flatter")
    summary = "takes accents and swells away: to a piece in which everybody plays every note alike"

    def edit(self, music: Music, level: int, strength: float, rng: np.random.Generator) -> Edited:
        """Nothing is random."""
        notes = music.notes.notes
        means = {
            part: float(np.mean([note.velocity for note in notes if note.part == part]))
            for part in {note.part for note in notes}
        }
        flat = [
            note._replace(velocity=round(note.velocity + strength / 100 * (means[note.part] - note.velocity)))
            for note in notes
        ]
        return Edited(flat, strength)


class ScrambledDynamics(NotesDamage):
    """Makes every note louder or softer by itself."""

    name = "scrambled_dynamics"
    family = "expression"
    default_ladder = Ladder((1.5, 3.0, 5.0, 8.0, 12.0), "dB RMS")
    summary = "makes notes louder and softer at random: from uneven playing to shouts and whispers"

    def edit(self, music: Music, level: int, strength: float, rng: np.random.Generator) -> Edited:
        """Draw a pattern, and scale it."""
        notes = music.notes.notes
        pattern = rng.uniform(-1.0, 1.0, len(notes))
        pattern *= strength / np.sqrt(np.mean(pattern**2))
        changed = [
            note._replace(velocity=min(max(round(note.velocity * 10 ** (db / DB_OF_VELOCITY)), 1), HIGHEST))
            for note, db in zip(notes, pattern.tolist(), strict=True)
        ]
        pairs = zip(notes, changed, strict=True)
        heard = [DB_OF_VELOCITY * np.log10(new.velocity / old.velocity) for old, new in pairs]
        return Edited(changed, float(np.sqrt(np.mean(np.square(heard)))))
