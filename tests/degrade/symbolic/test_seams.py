"""At bar lines of damage to notes the music goes on as it does in the clean rendering; cut audio does not.

The piece is made so that no note begins near a beat, and most are held over the bar lines: whatever is unlike there
is a seam. Measured is what ``benchmarks/seams.py`` measures on the built-in pieces.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import lfilter

from degrade_bench.clip import Clip
from degrade_bench.clip.notes.notes import Note, Notes, Part
from degrade_bench.clip.notes.rendering import levelled, played
from degrade_bench.corpus.builtin_notes import builtin_notes
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.symbolic.base import notes_after
from tests.degrade.symbolic.small import BARS, BEAT, MINOR, RATE, TESTED, music

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

from joining.lines import at_lines
from joining.prediction import coefficients, continued
from joining.ranks import told
from seams import CARRIED, UNLIKE, lines_of, places, rendered

CLARINET, PAD = 71, 89
AFTER_BEAT = 0.07
MOST_LINES = 4
CUTTING = ("bar_shuffle", "beat_shuffle", "reversed_bars", "monotony", "missing_beats")


@cache
def held() -> Clip:
    """As many bars as the small piece, with notes that begin between the beats and sound over them."""
    rng = np.random.default_rng(2)
    notes = []
    for beat in range(4 * BARS):
        at = 0.1 + BEAT * beat + AFTER_BEAT
        notes.append(Note(at, 0.28, 72 + int(rng.choice(MINOR)), 70 + 5 * (beat % 4), 0))
        if beat % 2:
            root = 48 + int(rng.choice(MINOR))
            notes += [Note(at, 0.53, root + step, 70, 1) for step in (0, 3, 7)]
        if beat % 4 == 2:
            notes.append(Note(at, 0.78, 36 + int(rng.choice(MINOR)), 80, 2))
    parts = (Part("melody", CLARINET), Part("chords", PAD), Part("bass", CLARINET))
    seconds = music().duration
    ready = levelled(Notes((), parts).with_notes(notes), seconds)
    return Clip("held", played(ready, seconds), RATE, music().annotations, notes=ready)


@cache
def clean() -> np.ndarray:
    return at_lines(held().samples, RATE, [round((0.1 + bar) * RATE) for bar in range(1, BARS)])


def most_unlike() -> float:
    """The clean rendering's largest, and its own spread from bar to bar above that."""
    return float(clean()[:, UNLIKE].max() + np.ptp(clean()[:, UNLIKE]))


def lines(name: str) -> np.ndarray:
    """What is measured at the lines of damage near which no note begins."""
    degradation = catalogue.get(name)
    result = rendered(degradation, held())
    there, _ = places(degradation, held(), result)
    if name in TESTED:
        onsets = [note.onset * RATE for note in notes_after(held().notes, result.plan.params).notes]
        there = np.asarray([at for at in there if not any(at - 900 < onset < at + 500 for onset in onsets)])
    return at_lines(result.clip.samples, RATE, there[:MOST_LINES])


@pytest.mark.parametrize("name", TESTED)
def test_no_damage_to_notes_has_a_seam(name):
    found = lines(name)
    assert len(found) >= 1
    assert np.median(found[:, UNLIKE]) < most_unlike()
    assert np.median(found[:, CARRIED]) > 0.5


@pytest.mark.parametrize("name", CUTTING)
def test_the_same_measures_tell_cuts_in_audio(name):
    found = lines(name)
    assert np.median(found[:, UNLIKE]) > most_unlike()
    assert np.median(found[:, CARRIED]) < 0.5


def test_a_detector_of_joins_tells_the_audio_twin_of_built_in_pieces_and_not_the_notes():
    clips = [builtin_notes()[k].load() for k in (0, 10)]

    def area(name: str) -> float:
        pairs = [lines_of(catalogue.get(name), clip) for clip in clips]
        return told([-one[:, CARRIED] for one, _ in pairs], [-other[:, CARRIED] for _, other in pairs]).area

    assert area("bar_shuffle") > 0.8
    assert 0.35 < area("symbolic_bar_shuffle") < 0.65


def test_prediction_finds_what_made_noise_and_carries_sinusoids_on():
    noise = lfilter([1.0], [1.0, -1.2, 0.6], np.random.default_rng(0).standard_normal(20_000))
    assert coefficients(noise, 3) == pytest.approx([1.2, -0.6, 0.0], abs=0.03)
    time = np.arange(5000) / RATE
    tones = np.sin(2 * np.pi * 440 * time) * np.exp(-3 * time) + 0.5 * np.sin(2 * np.pi * 1310 * time + 1)
    assert continued(tones[:4096], 500, 256) == pytest.approx(tones[4096:4596], abs=1e-3)


def test_how_well_damage_is_told():
    rng = np.random.default_rng(1)
    base = [rng.standard_normal(9) for _ in range(12)]
    apart = told([one + 5 for one in base], base)
    assert apart.area > 0.99
    assert (apart.pieces, apart.of) == (12, 12)
    assert apart.p_value == pytest.approx(2**-12)
    same = told([rng.standard_normal(7) for _ in base], base)
    assert same.low < 0.5 < same.high
    assert same.p_value > 0.05
