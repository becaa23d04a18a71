"""Bars of other pieces, on their own instruments or on this piece's.

The donor is what :mod:`~degrade_bench.degrade.structural.foreign_bars` draws for the clip: a piece of the built-in
corpus in another style, at the clip's tempo, each foreign bar beginning with a downbeat of it.

Source: this project's; COCOLA, a contrastive model of coherence, learns from mixes of unrelated parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

import numpy as np

from degrade_bench.clip.notes.notes import Note, Notes, Part
from degrade_bench.degrade.plan import Drawn
from degrade_bench.degrade.structural.foreign_bars import ForeignBars
from degrade_bench.degrade.symbolic.base import Edited, Music
from degrade_bench.degrade.symbolic.harmony import EARLY_SECONDS
from degrade_bench.degrade.symbolic.twins import Twin
from degrade_bench.errors import NotApplicableError
from degrade_bench.runs.names import TWIN_PREFIX


@lru_cache(maxsize=14)
def donor_notes(name: str) -> Notes:
    """The notes of a built-in piece, levelled."""
    from degrade_bench.corpus.builtin_notes import builtin_notes  # late: a listing does without

    notes = next(source for source in builtin_notes() if source.id == name).load().notes
    assert notes is not None  # of every piece
    return notes


class SymbolicForeignBars(Twin):
    """Bars of another piece, on its own instruments."""

    kind = ForeignBars

    def done(self, music: Music, drawn: Drawn) -> Edited:
        """Put the donor's notes in place of the clip's."""
        notes, rate = music.notes, music.clip.sample_rate
        donor, tempo = donor_notes(drawn.params["donor"]["id"]), drawn.params["donor"]["rate"]
        who = self.players(notes, donor)
        kept: list[Note | None] = list(notes.notes)
        added = []
        for (first, last), place in zip(drawn.params["spans"], drawn.params["places"], strict=True):
            start, end, from_ = first / rate, last / rate, place / rate
            for k, note in enumerate(notes.notes):
                if start - EARLY_SECONDS <= note.onset < end - EARLY_SECONDS:
                    kept[k] = None
            for note in donor.notes:
                onset = note.onset / tempo - from_
                if note.part in who and -EARLY_SECONDS <= onset < end - start - EARLY_SECONDS:
                    at = max(0.0, start + onset)
                    added.append(Note(at, note.length / tempo, note.pitch, note.velocity, who[note.part]))
        if not added:
            raise NotApplicableError("the donor plays nothing in the bars that were drawn")
        parts = self.parts(notes, donor)
        return Edited(kept, drawn.achieved or 0.0, added, parts, drawn.annotations)

    def players(self, notes: Notes, donor: Notes) -> Mapping[int, int]:
        """Who plays each of the donor's parts, by their places."""
        return {part: len(notes.parts) + part for part in range(len(donor.parts))}

    def parts(self, notes: Notes, donor: Notes) -> tuple[Part, ...]:
        """The clip's parts and the donor's, the latter as loud as they are in the donor."""
        factor = float(np.sqrt(donor.gain / notes.gain))
        return notes.parts + tuple(replace(part, volume=part.volume * factor) for part in donor.parts)


class ForeignBarsOwnSound(SymbolicForeignBars):
    """Bars of another piece, played by this piece's players."""

    kind = ForeignBars
    name = f"{TWIN_PREFIX}foreign_bars_own_sound"
    summary = "plays bars of another piece on this piece's instruments: the sound stays, the music does not"

    def players(self, notes: Notes, donor: Notes) -> Mapping[int, int]:
        """By register, the lowest for the lowest; drums for drums, where there are any."""
        mine, theirs = by_register(notes), by_register(donor)
        share = max(len(theirs) - 1, 1)
        who = {part: mine[round(k * (len(mine) - 1) / share)] for k, part in enumerate(theirs)}
        drums = [k for k, part in enumerate(notes.parts) if part.drums]
        return who | {k: drums[0] for k, part in enumerate(donor.parts) if part.drums and drums}

    def parts(self, notes: Notes, donor: Notes) -> tuple[Part, ...]:
        """The clip's parts."""
        return ()


def by_register(notes: Notes) -> list[int]:
    """The parts with pitches, the lowest first."""
    means = {part: np.mean([note.pitch for note in notes.notes if note.part == part]) for part in notes.pitched}
    return sorted(means, key=lambda part: means[part])
