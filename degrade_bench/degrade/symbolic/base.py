"""Damage to notes: what is played is changed, and all of it is played again, as the clean clip was.

A subclass decides what becomes of the notes. Its plan holds that, note by note, and a replay plays it. Whatever it
does, clean clip, damage and placebo come out of one renderer with one setting, so that no trace of a processing is
left that could be heard in place of the music.

The placebo edits as many notes as the strongest level, the same ones where they go on being there, by what nobody
hears: a millisecond or two of onset and a step of velocity.

Source: this project's; notes are perturbed by MAD (onsets, offsets, pitches) and by midi_degradation_toolkit
(A. McLeod et al., ISMIR 2020).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Annotations, Clip, TimeMap
from degrade_bench.clip.notes.notes import HIGHEST, Note, Notes, Part
from degrade_bench.degrade.base import Degradation, Group, Picture
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import Placebo
from degrade_bench.degrade.plan import Drawn
from degrade_bench.degrade.structural.segments import moved_count
from degrade_bench.errors import NotApplicableError

SMALLEST_MS, LARGEST_MS = 1.0, 2.0
"""By how much a placebo moves a note: under what is heard, and under a player's own accuracy."""
LEAST_POOL = 6
"""Five levels need five different numbers of notes."""


@dataclass(frozen=True)
class Edited:
    """What becomes of the notes.

    Attributes:
        notes: each of the clip's notes as it is then; None for one that is left out.
        achieved: the strength, in the ladder's unit.
        added: notes that were not there.
        parts: who plays: the clip's parts, with other instruments or with others behind them; empty for the clip's.
        annotations: what is true of the music afterwards; None where it stays, or only moves in time.
        time_map: how musical time moved, where it moved.
        seconds: how long the recording is then; None for as long as before.
    """

    notes: Sequence[Note | None]
    achieved: float
    added: Sequence[Note] = ()
    parts: Sequence[Part] = ()
    annotations: Annotations | None = None
    time_map: TimeMap | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Music:
    """What an edit is told of a clip.

    Attributes:
        clip: it.
        notes: its notes.
    """

    clip: Clip
    notes: Notes
    pitched: Sequence[int] = field(init=False)

    def __post_init__(self) -> None:
        drums = [part.drums for part in self.notes.parts]
        pitched = [k for k, note in enumerate(self.notes.notes) if not drums[note.part]]
        object.__setattr__(self, "pitched", pitched)

    def mean_pitch(self, part: int) -> float:
        """Of the notes of a part."""
        return float(np.mean([note.pitch for note in self.notes.notes if note.part == part]))

    def of_part(self, part: int) -> list[int]:
        """Which notes a part plays, in order."""
        return [k for k, note in enumerate(self.notes.notes) if note.part == part]

    @property
    def bass(self) -> int:
        """The lowest of the parts with pitches."""
        return min(self.notes.pitched, key=self.mean_pitch)

    @property
    def melody(self) -> int:
        """The highest of the parts that play as many pitches as there are bars, or the highest of all."""
        least = max(8, len(self.clip.annotations.downbeats) - 1)
        moving = [part for part in self.notes.pitched if len(self.of_part(part)) >= least]
        return max(moving or self.notes.pitched, key=self.mean_pitch)


class NotesDamage(Degradation):
    """Changes notes, and has them played anew."""

    group: Group = "structural"
    needs = frozenset({"notes"})
    picture: Picture = "pitch"
    source = "this project"

    @abstractmethod
    def edit(self, music: Music, level: int, strength: float, rng: np.random.Generator) -> Edited:
        """Decide what becomes of the notes. As for ``draw``, what the levels share is drawn first.

        Args:
            music: the clip's.
            level: from 1.
            strength: of the level, in the ladder's unit.
            rng: in the same state at every level.

        Raises:
            NotApplicableError: there are too few notes, bars or parts.
        """

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Edit, and keep what differs."""
        edited = self.edit(Music(clip, notes_of(clip)), level, strength, rng)
        return Drawn(edit_params(clip, edited), edited.time_map, edited.achieved, edited.annotations)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Play the notes of the plan."""
        from degrade_bench.clip.notes.rendering import played  # late: a listing does without

        return played(notes_after(notes_of(clip), params), params["seconds"])

    def make_placebo(self) -> Degradation | None:
        """As many notes, changed by what nobody hears."""
        return NearlyTheSame(
            self, "moves the notes that the damage changes by one or two milliseconds and one step of velocity"
        )


class NearlyTheSame(Placebo):
    """As many notes as the strongest level changes, changed by what nobody hears. It stands beside every level.

    Args:
        parent: the damage.
        summary: what the placebo does.
    """

    parent: NotesDamage
    picture: Picture = "pitch"

    def __init__(self, parent: NotesDamage, summary: str) -> None:
        super().__init__(parent, summary, Ladder(parent.ladder.strengths[-1:], parent.ladder.unit))

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Take the parent's notes, and others for those that it adds; draw by how much each is moved."""
        strongest = len(self.parent.ladder.levels)
        drawn, notes = self.parent.draw(clip, strongest, strength, rng), notes_of(clip).notes
        touched = {int(k) for k in drawn.params["changed"]} | set(drawn.params["removed"])
        others = [int(k) for k in rng.permutation(len(notes)) if int(k) not in touched]
        touched |= set(others[: len(drawn.params["added"])])
        if drawn.params["parts"]:
            touched |= set(range(len(notes)))
        moves = rng.uniform(SMALLEST_MS, LARGEST_MS, len(notes)) * rng.choice([-1, 1], len(notes)) / 1000
        steps = rng.choice([-1, 1], len(notes))
        nearly: list[Note | None] = list(notes)
        for k in touched:
            note = notes[k]
            velocity = note.velocity + int(steps[k])
            velocity = velocity if 1 <= velocity <= HIGHEST else note.velocity - int(steps[k])
            nearly[k] = note._replace(onset=max(0.0, note.onset + float(moves[k])), velocity=velocity)
        return Drawn(edit_params(clip, Edited(nearly, drawn.achieved or 0.0)), achieved=drawn.achieved)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Play the notes of the plan."""
        return self.parent.damage(clip, params)


def notes_of(clip: Clip) -> Notes:
    """The notes of a clip.

    Raises:
        NotApplicableError: it has none.
    """
    if clip.notes is None:
        raise NotApplicableError("needs notes; the clip is a recording")
    return clip.notes


def edit_params(clip: Clip, edited: Edited) -> dict[str, Any]:
    """What a plan keeps: the notes that differ, by their place in the clip's, as JSON types."""
    before = notes_of(clip).notes
    pairs = list(enumerate(zip(before, edited.notes, strict=True)))
    return {
        "changed": {str(k): list(new) for k, (old, new) in pairs if new is not None and new != old},
        "removed": [k for k, (_, new) in pairs if new is None],
        "added": [list(note) for note in edited.added],
        "parts": [[part.name, part.program, part.drums, part.volume, part.pan] for part in edited.parts],
        "seconds": clip.duration if edited.seconds is None else edited.seconds,
    }


def notes_after(notes: Notes, params: Mapping[str, Any]) -> Notes:
    """The notes that a plan leaves.

    Args:
        notes: of the clip.
        params: of the plan.
    """
    gone, changed = set(params["removed"]), params["changed"]
    kept = [
        Note(*changed[str(k)]) if str(k) in changed else note for k, note in enumerate(notes.notes) if k not in gone
    ]
    added = [Note(*values) for values in params["added"]]
    parts = tuple(Part(*values) for values in params["parts"]) or notes.parts
    return replace(notes, parts=parts).with_notes([*kept, *added])


def chosen(
    pool: Sequence[int], level: int, percent: float, rng: np.random.Generator, what: str = "notes", least: int = 1
) -> list[int]:
    """Those of a pool that a level takes: of one order, so that each level has those of the level below.

    Args:
        pool: what may be taken.
        level: from 1.
        percent: the share that is asked for.
        rng: of the order.
        what: the pool holds, for the message.
        least: how many level 1 takes at least.

    Raises:
        NotApplicableError: there are too few for five levels.
    """
    if len(pool) < LEAST_POOL:
        raise NotApplicableError(f"needs {LEAST_POOL} {what}; the clip has {len(pool)}")
    order = rng.permutation(len(pool))
    return [pool[k] for k in order[: moved_count(len(pool), percent, level, least)]]


def required_parts(music: Music, least: int) -> Sequence[int]:
    """The parts with pitches.

    Raises:
        NotApplicableError: there are fewer than ``least``.
    """
    parts = music.notes.pitched
    if len(parts) < least:
        raise NotApplicableError(f"needs {least} parts with pitches; the clip has {len(parts)}")
    return parts


def within(pitch: int) -> int:
    """A pitch, brought by octaves to where instruments play."""
    while pitch > 108:
        pitch -= 12
    while pitch < 21:
        pitch += 12
    return pitch
