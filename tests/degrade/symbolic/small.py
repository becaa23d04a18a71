"""What the tests of damage to notes share: a small piece, and what becomes of its notes."""

from __future__ import annotations

from functools import cache

import numpy as np

from degrade_bench.clip import Annotations, Clip
from degrade_bench.clip.notes.notes import Note, Notes, Part
from degrade_bench.clip.notes.rendering import levelled, played
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.degrade.symbolic.base import notes_after

RATE, BEAT, BARS = 44100, 0.25, 7
FLUTE, BASS = 73, 33
EVERY = catalogue.SYMBOLIC.names()
TESTED = [name for name in EVERY if catalogue.get(name).group != "control"]
MINOR = (0, 2, 3, 5, 7, 8, 10)


@cache
def music() -> Clip:
    """Seven bars of 4/4, a second each, in C minor: a melody, chords, a bass and drums, every bar another one."""
    rng = np.random.default_rng(1)
    scale = [60 + 12 * octave + step for octave in (0, 1) for step in MINOR]
    notes = []
    for bar in range(BARS):
        for beat in range(4):
            at = 0.1 + 4 * BEAT * bar + BEAT * beat
            notes.append(Note(at, 0.2, scale[int(rng.integers(len(scale)))] + 12, 60 + 12 * beat, 0))
            notes.append(Note(at, 0.1, (36, 42, 38, 42)[beat], 90 - 5 * beat, 3))
        at, root = 0.1 + 4 * BEAT * bar, int(rng.choice(MINOR))
        notes += [Note(at, 0.9, 48 + root + step, 70, 1) for step in (0, 3, 7)]
        notes += [Note(at + 2 * BEAT * half, 0.4, 36 + root, 90, 2) for half in (0, 1)]
    parts = (Part("melody", FLUTE), Part("chords", 80, volume=70), Part("bass", BASS), Part("drums", 0, True))
    seconds = 0.1 + 4 * BEAT * BARS + 0.5
    played_notes = levelled(Notes((), parts).with_notes(notes), seconds)
    beats = tuple((0.1 + BEAT * np.arange(4 * BARS + 1)).tolist())
    annotations = Annotations(
        beats=beats,
        downbeats=beats[::4],
        sections=((0.1, "A"), (0.1 + 16 * BEAT, "B")),
        key="C minor",
        tempo_bpm=240.0,
        time_signature="4/4",
        beat_source="annotated",
        beat_confidence=1.0,
        downbeat_confidence=1.0,
    )
    samples = played(played_notes, seconds)
    return Clip("small", samples, RATE, annotations, notes=played_notes)


def rng_of(degradation: Degradation, clip: Clip) -> np.random.Generator:
    return generator(cell_seed(3, clip.hash, *degradation.seed_key))


def drawn(name: str, level: int):
    degradation, clip = catalogue.get(name), music()
    return degradation.draw(clip, level, degradation.ladder.strength(level), rng_of(degradation, clip))


def after(name: str, level: int) -> list[Note]:
    return list(notes_after(music().notes, drawn(name, level).params).notes)


def pairs(name: str, level: int) -> list[tuple[Note, Note]]:
    """Each note and what became of it; of damage that leaves none out."""
    params = drawn(name, level).params
    assert not params["removed"]
    before = music().notes.notes
    return [(note, Note(*params["changed"].get(str(k), note))) for k, note in enumerate(before)]
