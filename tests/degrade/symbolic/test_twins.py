"""Twins: the same arrangement as their audio damage's, done to the notes."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from degrade_bench.clip.notes.notes import Note
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.symbolic.harmony import EARLY_SECONDS
from degrade_bench.degrade.symbolic.twins import Rearranged, Twin, Warped
from tests.degrade.symbolic.small import BARS, BEAT, EVERY, RATE, after, drawn, music, rng_of

TWINS = [name for name in EVERY if isinstance(catalogue.get(name), Twin)]


@pytest.mark.parametrize("name", TWINS)
def test_twins_draw_what_their_audio_damage_draws(name):
    """From the same seed, at the same level."""
    twin = catalogue.get(name)
    assert twin.seed_key == twin.audio.seed_key
    audio = twin.audio.draw(music(), 4, twin.ladder.strength(4), rng_of(twin.audio, music()))
    ours = drawn(name, 4)
    assert ours.achieved == audio.achieved
    if isinstance(twin, Warped):
        assert ours.time_map == audio.time_map
        onsets = [note.onset for note in music().notes.notes]
        expected = np.sort(np.maximum(audio.time_map(onsets), 0))
        assert sorted(note.onset for note in after(name, 4)) == pytest.approx(expected, abs=1e-9)
    if isinstance(twin, Rearranged):
        seconds = sum(abs(end - start) for start, end in audio.params["pieces"]) / RATE
        assert ours.params["seconds"] == pytest.approx(seconds)


def bars_of(notes: list[Note], shift: float = 0.0) -> list[Counter]:
    """What is played in each bar, and when in it."""
    where = [int((note.onset - 0.1 + EARLY_SECONDS) // (4 * BEAT)) for note in notes]
    return [
        Counter(
            (round(note.onset - 0.1 - bar + shift, 3), note.pitch, note.part)
            for note, place in zip(notes, where, strict=True)
            if place == bar
        )
        for bar in range(BARS)
    ]


def test_a_bar_shuffle_is_a_permutation_of_bars_and_is_heard_as_one():
    twin = catalogue.get("symbolic_bar_shuffle")
    audio = twin.audio.draw(music(), 5, 100.0, rng_of(twin, music()))
    starts = [round(start / RATE - 0.1) for start, _ in audio.params["pieces"][1:-1]]
    order = [
        bar
        for (start, end), first in zip(audio.params["pieces"][1:-1], starts, strict=True)
        for bar in range(first, first + round((end - start) / RATE))
    ]
    clean, shuffled = bars_of(list(music().notes.notes)), bars_of(after("symbolic_bar_shuffle", 5))
    assert sorted(order) == list(range(BARS))
    assert all(place != bar for place, bar in enumerate(order))
    assert [clean[bar] for bar in order] == shuffled
    heard = twin.damage(music(), drawn("symbolic_bar_shuffle", 5).params).numpy().sum(0)
    source = music().samples.numpy().sum(0)

    def bar(signal: np.ndarray, place: int) -> np.ndarray:
        start = round((0.1 + place + 0.15) * RATE)  # after what rings over from the bar before
        return signal[start : start + round(0.8 * RATE)]

    for place, origin in enumerate(order[:-1]):
        likeness = [np.corrcoef(bar(heard, place), bar(source, other))[0, 1] for other in range(BARS)]
        assert int(np.argmax(likeness)) == origin
        assert likeness[origin] > 0.9


def test_reversed_bars_and_monotony():
    reversed_notes = [note for note in after("symbolic_reversed_bars", 5) if note.part == 0]
    melody = [note for note in music().notes.notes if note.part == 0]
    assert [n.pitch for n in reversed_notes[:4]] == [n.pitch for n in melody[:4]][::-1]
    bars = bars_of(after("symbolic_monotony", 5))
    assert all(bar == bars[0] for bar in bars)


def test_foreign_bars_are_played_by_strangers_or_by_the_piece_itself():
    strangers = drawn("symbolic_foreign_bars", 3).params
    assert strangers["added"]
    assert min(values[4] for values in strangers["added"]) >= len(music().notes.parts)
    ours = drawn("symbolic_foreign_bars_own_sound", 3).params
    assert ours["removed"] == strangers["removed"]
    assert not ours["parts"]
    assert {values[4] for values in ours["added"]} <= set(range(4))
