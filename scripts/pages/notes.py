"""Piano rolls: which notes are played, before and after."""

from __future__ import annotations

import numpy as np

from degrade_bench.degrade.symbolic.base import notes_after, notes_of
from degrade_bench.reports.style import FAINT
from degrade_bench.sweep.pictures.rolls import NoteRows
from pages import note_changes
from pages.canvas import Subject, new_figure
from pages.note_changes import COLOURS, parts_in_colour, players_of

CAPTION = (
    "Every bar is a note, as high as its pitch and as long as it lasts, a colour for each part; drums lie below, a "
    "row for each. What differs from the clean clip has a dark edge; vertical lines are bar lines. {parts}"
)
TALL = 0.8
"""How tall a note is, in semitones."""


def draw(shown: Subject):  # noqa: ANN201 - a matplotlib figure
    """The figure and its caption."""
    if (drawn := note_changes.draw(shown)) is not None:
        return drawn
    clean = notes_of(shown.clip)
    versions = [clean, *(notes_after(clean, output.plan.params) for output in shown.outputs.values())]
    lengths = [shown.clip.duration, *(output.clip.duration for output in shown.outputs.values())]
    lines = [
        shown.clip.annotations.downbeats,
        *(output.clip.annotations.downbeats for output in shown.outputs.values()),
    ]
    rows = NoteRows(versions)
    figure = new_figure(shown, 3.3, "which notes are played")
    axes = figure.subplots(1, len(versions), squeeze=False, sharey=True)[0]
    before = set(clean.notes)
    for axis, (heading, _), notes, seconds, bars in zip(axes, shown.panels, versions, lengths, lines, strict=True):
        axis.set_title(heading)
        for bar in bars:
            axis.axvline(bar, color="#efefef", linewidth=0.6, zorder=0)
        for is_new in (False, True):
            meant = [note for note in notes.notes if (note not in before) == is_new]
            axis.barh(
                [rows(notes, note) for note in meant],
                [max(note.length, seconds / 250) for note in meant],
                height=TALL,
                left=[note.onset for note in meant],
                color=[COLOURS[note.part % len(COLOURS)] for note in meant],
                edgecolor="black" if is_new else "none",
                linewidth=0.5 if is_new else 0,
                zorder=3 if is_new else 2,
            )
        axis.set_xlim(0, max(lengths))
        axis.set_xlabel("s")
    axes[0].set_ylabel("pitch, MIDI number", color=FAINT)
    heights = [rows(notes, note) for notes in versions for note in notes.notes]
    axes[0].set_ylim(min(heights) - 2, max(heights) + 2)
    pitches = np.arange(24, 109, 12)
    axes[0].set_yticks(pitches[(pitches > rows.lowest) & (pitches < max(heights) + 2)])
    others = players_of(clean, shown.outputs[max(shown.outputs)])
    return figure, CAPTION.format(parts=parts_in_colour(clean) + others)
