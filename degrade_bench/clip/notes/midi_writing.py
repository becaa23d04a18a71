"""Pieces written as standard MIDI files, with tempo, metre, key, sections and chords as :mod:`.midi` reads them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from degrade_bench.clip.notes.midi import DRUM_CHANNEL, Piece
from degrade_bench.clip.notes.notes import HIGHEST

KEY = re.compile(r"([A-G][#b]?) (major|minor)")


def write_midi(path: Path, piece: Piece, ticks_per_beat: int = 4800) -> None:
    """Write a piece as a MIDI file of format 1.

    Args:
        path: the file.
        piece: of 16 parts at most; its beats give the tempo, its downbeats the metre.
        ticks_per_beat: of a quarter.
    """
    import mido

    known = piece.annotations
    numerator, denominator = map(int, (known.time_signature or "4/4").split("/"))
    per_bar = len([beat for beat in known.beats if known.downbeats[0] <= beat < known.downbeats[1] - 1e-6])
    quarters = 4 * numerator / denominator / per_bar
    grid = np.arange(len(known.beats)) * quarters * ticks_per_beat

    def tick(seconds: float) -> int:
        after = np.diff(known.beats)[-1]
        beats, ticks = (
            [*known.beats, known.beats[-1] + 1000 * after],
            [*grid, grid[-1] + 1000 * (grid[1] - grid[0])],
        )
        return max(0, round(float(np.interp(seconds, beats, ticks))))

    head = [(0, mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator))]
    if known.key is not None and (match := KEY.fullmatch(known.key)):
        head.append((0, mido.MetaMessage("key_signature", key=match[1] + "m" * (match[2] == "minor"))))
    last = None
    for place, seconds in zip(grid, np.diff(known.beats), strict=False):
        tempo = round(1e6 * seconds / quarters)
        if tempo != last:
            head.append((round(place), mido.MetaMessage("set_tempo", tempo=tempo)))
        last = tempo
    head += [(tick(start), mido.MetaMessage("marker", text=label)) for start, label in known.sections]
    head += [(tick(start), mido.MetaMessage("cue_marker", text=label)) for start, label in known.chords]
    tracks = [_track(mido, head)]
    channels = iter(channel for channel in range(16) if channel != DRUM_CHANNEL)
    for number, part in enumerate(piece.notes.parts):
        channel = DRUM_CHANNEL if part.drums else next(channels)
        messages = [
            (0, mido.MetaMessage("track_name", name=part.name)),
            (0, mido.Message("program_change", channel=channel, program=part.program)),
            (0, mido.Message("control_change", channel=channel, control=7, value=part.volume)),
            (0, mido.Message("control_change", channel=channel, control=10, value=part.pan)),
        ]
        for note in (one for one in piece.notes.notes if one.part == number):
            struck = {"channel": channel, "note": min(max(note.pitch, 0), HIGHEST)}
            on, off = tick(note.onset), tick(note.end)
            messages.append((on, mido.Message("note_on", velocity=note.velocity, **struck)))
            messages.append((max(off, on + 1), mido.Message("note_off", **struck)))
        tracks.append(_track(mido, messages))
    mido.MidiFile(type=1, ticks_per_beat=ticks_per_beat, tracks=tracks).save(path)


def _track(mido: Any, messages: Sequence[tuple[int, Any]]) -> Any:
    """A track; at one tick notes end before others begin."""
    track, last = mido.MidiTrack(), 0
    for tick, message in sorted(messages, key=lambda pair: (pair[0], pair[1].type == "note_on")):
        track.append(message.copy(time=tick - last))
        last = tick
    return track
