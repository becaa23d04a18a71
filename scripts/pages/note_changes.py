"""What a piano roll does not show: notes that are played a little sooner or later, harder or softer, by others."""

from __future__ import annotations

from collections.abc import Sequence

from degrade_bench.clip.notes.notes import Note, Notes
from degrade_bench.degrade.plan import Rendered
from degrade_bench.degrade.symbolic.base import notes_of
from degrade_bench.reports.style import FAINT
from pages.canvas import Subject, new_figure

SMALL_SECONDS = 0.2
"""A shift that is hardly seen where a whole clip is drawn 180 pixels wide."""
COLOURS = ("#5aa9e6", "#c2571a", "#4b1d6b", "#3f8f5f", "#d9a400", "#b04a78", "#7a7a7a", "#2b5d8c")
WORDS = ("light blue", "orange", "violet", "green", "yellow", "pink", "grey", "dark blue")
"""The colours of the parts, and what they are called."""

TIMING = (
    "Every dot is a note: at its place in the clean clip, and as high as it is played later there, in "
    "milliseconds; below the line it is sooner. A colour for each part. {parts}"
)
DYNAMICS = (
    "Every dot is a note, as high as its velocity, which says how hard it is played. A colour for "
    "each part. {parts}"
)
Pair = tuple[Note, Note]


def draw(shown: Subject):  # noqa: ANN201 - a matplotlib figure
    """The figure and its caption; None where a piano roll shows what changes."""
    clean = notes_of(shown.clip)
    versions = [pairs(clean, output) for output in shown.outputs.values()]
    if any(found is None for found in versions):
        return None
    levels = [found for found in versions if found is not None]
    every = [pair for found in levels for pair in found]
    shift = max((abs(new.onset - old.onset) for old, new in every), default=0.0)
    mapped = all(output.plan.time_map is not None for output in shown.outputs.values())
    if 0 < shift <= SMALL_SECONDS or (shift and mapped):
        return _timing(shown, levels), TIMING.format(parts=parts_in_colour(clean))
    if not shift and any(new.velocity != old.velocity for old, new in every):
        return _dynamics(shown, clean, levels), DYNAMICS.format(parts=parts_in_colour(clean))
    return None


def pairs(clean: Notes, output: Rendered) -> list[Pair] | None:
    """Every note before and after; None where notes come or go, or have another pitch or player."""
    params = output.plan.params
    if params["removed"] or params["added"] or params["parts"]:
        return None
    changed = params["changed"]
    found = [(note, Note(*changed.get(str(k), note))) for k, note in enumerate(clean.notes)]
    same = all((old.pitch, old.part) == (new.pitch, new.part) for old, new in found)
    return found if same else None


def parts_in_colour(notes: Notes) -> str:
    """Which colour is whose, as a sentence."""
    named = (f"{part.name} ({WORDS[k % len(WORDS)]})" for k, part in enumerate(notes.parts))
    return f"From the first part on: {', '.join(named)}."


def players_of(notes: Notes, output: Rendered) -> str:
    """Which part is played by whom instead, as a sentence; empty where all stay.

    Args:
        notes: of the clean clip.
        output: a rendering.
    """
    others = output.plan.params["parts"]
    if not others or len(others) != len(notes.parts):
        return ""
    numbered = (
        f"{part.name} {part.program + 1} → {other[1] + 1}"
        for part, other in zip(notes.parts, others, strict=True)
        if part.program != other[1]
    )
    return f" The notes stay; their General MIDI programs, counted from 1, do not: {', '.join(numbered)}."


def _timing(shown: Subject, levels: Sequence[Sequence[Pair]]):  # noqa: ANN202 - a matplotlib figure
    figure = new_figure(shown, 3.0, "when notes are played")
    axes = figure.subplots(1, len(levels), squeeze=False, sharey=True)[0]
    for axis, (heading, _), found in zip(axes, shown.panels[1:], levels, strict=True):
        axis.set_title(heading)
        axis.axhline(0, color="#d6d6d6", linewidth=1, zorder=0)
        axis.scatter(
            [old.onset for old, _ in found],
            [1000 * (new.onset - old.onset) for old, new in found],
            s=7,
            color=[COLOURS[old.part % len(COLOURS)] for old, _ in found],
            linewidths=0,
        )
        axis.set_xlim(0, shown.clip.duration)
        axis.set_xlabel("place in the clean clip, s")
    axes[0].set_ylabel("played later by, ms", color=FAINT)
    return figure


def _dynamics(shown: Subject, clean: Notes, levels: Sequence[Sequence[Pair]]):  # noqa: ANN202 - a matplotlib figure
    figure = new_figure(shown, 3.0, "how hard notes are played")
    versions = [clean.notes, *([new for _, new in found] for found in levels)]
    axes = figure.subplots(1, len(versions), squeeze=False, sharey=True)[0]
    for axis, (heading, _), notes in zip(axes, shown.panels, versions, strict=True):
        axis.set_title(heading)
        axis.scatter(
            [note.onset for note in notes],
            [note.velocity for note in notes],
            s=7,
            color=[COLOURS[note.part % len(COLOURS)] for note in notes],
            linewidths=0,
        )
        axis.set_xlim(0, shown.clip.duration)
        axis.set_xlabel("s")
    axes[0].set_ylim(0, 130)
    axes[0].set_ylabel("velocity", color=FAINT)
    return figure
