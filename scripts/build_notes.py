"""Write the built-in pieces as standard MIDI files: ``degrade_bench/corpus/data/midi/ID.mid``.

``python scripts/build_notes.py``. What is played is what :mod:`build_corpus` renders: the same notes, by the same
players with the same chance. Beats, bars, key, sections and chords stand in the files.
"""

from __future__ import annotations

import argparse
import zlib
from pathlib import Path

import numpy as np
from corpus_scores import all_scores
from corpus_scores.render import JITTER_LIMIT_MS, VELOCITY_JITTER
from corpus_scores.score import Score

from degrade_bench.clip import Annotations
from degrade_bench.clip.notes.midi import LEAD_IN_SECONDS, Piece
from degrade_bench.clip.notes.midi_writing import write_midi
from degrade_bench.clip.notes.notes import Note, Notes, Part

TARGET = Path(__file__).resolve().parent.parent / "degrade_bench" / "corpus" / "data" / "midi"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=TARGET)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for score in all_scores():
        piece = piece_of(score)
        write_midi(options.out / f"{score.id}.mid", piece)
        print(
            f"{score.id}: {len(piece.notes.notes)} notes of {len(piece.notes.parts)} parts, {piece.seconds:.1f} s"
        )


def piece_of(score: Score) -> Piece:
    """The notes of a score, played by somebody human, and what is known about them."""

    def at(beat: float) -> float:
        return LEAD_IN_SECONDS + score.seconds(beat)

    notes = []
    for number, part in enumerate(score.parts):
        rng = np.random.default_rng([zlib.crc32(score.id.encode()), zlib.crc32(part.name.encode())])
        for note in sorted(part.notes, key=lambda n: (n.start, n.pitch)):
            late = float(np.clip(rng.normal(0, part.jitter_ms), -JITTER_LIMIT_MS, JITTER_LIMIT_MS)) - part.attack_ms
            velocity = int(np.clip(note.velocity + rng.normal(0, VELOCITY_JITTER), 1, 127))
            onset, length = at(note.start) + late / 1000, at(note.start + note.length) - at(note.start)
            notes.append(Note(onset, length, note.pitch, velocity, number))
    parts = tuple(Part(part.name, part.program, part.drums, part.volume, part.pan) for part in score.parts)
    beats = range(score.num_beats + 1)  # the last one closes the last bar
    annotations = Annotations(
        beats=tuple(at(beat) for beat in beats),
        downbeats=tuple(at(beat) for beat in beats if beat % score.beats_per_bar == 0),
        sections=tuple((at(bar * score.beats_per_bar), label) for bar, label in score.sections),
        key=score.key,
        chords=tuple((at(beat), label) for beat, label in score.chord_starts()),
        time_signature=score.time_signature,
    )
    return Piece(Notes((), parts).with_notes(notes), annotations, at(score.num_beats) + score.tail_seconds)


if __name__ == "__main__":
    main()
