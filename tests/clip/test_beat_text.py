"""Beats as text: every notation is read rightly or refused with what was expected, and nothing is guessed."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from degrade_bench.clip.beat_text import LARGEST_NUMBER, MOST_LINES, beats_from_text, looks_like_beats
from degrade_bench.errors import AnnotationError

HALVES = [0.5, 1.0, 1.5, 2.0]


@pytest.mark.parametrize(
    ("text", "downbeats"),
    [
        ("0.5 1.1\n1.0 1.2\n1.5 1.3\n2.0 2.1\n", [0.5, 2.0]),  # bar.beat
        ("0.5 7.3\n1.0 7.4\n1.5 8.1\n2.0 8.2\n", [1.5]),
        ("0.5\t0.1\n1.0\t1.1\n1.5\t2.1\n2.0\t2.2\n", [0.5, 1.0, 1.5]),  # a pickup counts as bar 0
        ("0,5 1\n1,0 2\n1,5 3\n2,0 1\n", [0.5, 2.0]),  # decimal commas beside another mark between columns
        ("0,5;1\n1,0;2\n1,5;3\n2,0;1\n", [0.5, 2.0]),
        ("0,5\t1,1\n1,0\t1,2\n1,5\t1,3\n2,0\t2,1\n", [0.5, 2.0]),
        ("0,50\n1,00\n1,50\n2,00\n", []),  # no beat is number 50 of its bar
        ("0.5,1\n1.0,2\n1.5,3\n2.0,1\n", [0.5, 2.0]),  # CSV
        ("0.5;1\n1.0;2\n1.5;3\n2.0;1\n", [0.5, 2.0]),
        ("0.5,1,\n1.0,2,\n1.5,3,\n2.0,1,\n", [0.5, 2.0]),
        ("0.50\t1.0\n1.00\t2.0\n1.50\t3.0\n2.00\t1.0\n", [0.5, 2.0]),  # madmom
        ("0.5\t0.5\t1\n1\t1\t2\n1.5\t1.5\t3\n2\t2\t1\n", [0.5, 2.0]),  # Audacity: points, regions, words, no labels
        ("0.5\t1\t1\n1\t1.5\t2\n1.5\t2\t3\n2\t2.5\t1\n", [0.5, 2.0]),
        ("0.5\t0.5\tbeat\n1\t1\tbeat\n1.5\t1.5\tbeat\n2\t2\tbeat\n", []),
        ("0.5\t0.5\t\n1\t1\t\n1.5\t1.5\t\n2\t2\t\n", []),
        ("time,beat\n0.5,1\n1.0,2\n1.5,3\n2.0,1\n", [0.5, 2.0]),  # a header
        ("0.5 1\r\n1.0 2\r\n1.5 3\r\n2.0 1\r\n", [0.5, 2.0]),
        ("0.5 1\r1.0 2\r1.5 3\r2.0 1\r", [0.5, 2.0]),
        ("0.5 1\n1.0 0\n1.5 0\n2.0 1\n", [0.5, 2.0]),  # marks of downbeats
        ("0.5 1\n1.0\n1.5\n2.0 1\n", [0.5, 2.0]),
    ],
)
def test_notations_that_are_read(text, downbeats):
    assert beats_from_text(text) == (HALVES, downbeats)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0,5\n1,0\n1,5\n", "line 1: '0,5': may be one number with a decimal comma or several numbers"),
        ("0,25,1\n0,75,2\n", "decimal comma"),
        ("0,1\n1,2\n2,1\n", "decimal comma"),
        ("500 1\n1000 2\n1500 3\n", "500 s apart; expected times in seconds"),
        ("22050\n44100\n66150\n", "22050 s apart"),
        ("0.008\n0.017\n0.025\n", "expected times in seconds"),
        ("time_ms,beat\n500,1\n1000,2\n", "line 1: 'time_ms,beat': expected times in seconds, not in ms"),
        ("Samples\n22050\n", "not in Samples"),
        ("0.5 0\n1.0 1\n1.5 2\n", "which begins with 1"),
        ("0.5 0\n1.0 1\n1.5 0\n2.0 1\n", "which begins with 1"),
        ("".join(f"{k / 2} {k + 1}\n" for k in range(40)), f"line {LARGEST_NUMBER + 1}"),
        ("0.5 0.93\n1.0 0.88\n", "0.93 is not the next bar.beat"),
        ("0.5 1.1\n1.0 1.3\n", "line 2: '1.0 1.3': 1.3 is not the next bar.beat"),
        ("0.5 1.0\n1.0 1.1\n", "is not the next bar.beat"),
        ("0.5 1 1\n1.0 1 2\n1.5 1 3\n", "line 1"),
        ("0\t5\tverse\n5\t9\tchorus\n", "line 1"),
        ("0.5\t0.5\tbeat\n1\t1\tdownbeat\n", "line 1"),
        ("0:00.5\n0:01.0\n", "line 1: '0:00.5': expected a time in seconds"),
        ("0.5 1\n1.0 one\n", "line 2: '1.0 one'"),
        ("0.5,,1\n", "line 1"),
        ("0_5\n", "line 1"),
        ("٠.٥\n", "line 1"),
        ("0.5 1\n" + "1.0 2" + 2000 * " " + "1\n", "line 2"),
        ((2 * MOST_LINES + 1) * "\n", "lines"),
        ("one header\n", "line 1"),
    ],
)
def test_notations_that_are_refused(text, said):
    with pytest.raises(AnnotationError) as raised:
        beats_from_text(text)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "beats"),
    [
        ("", False),
        ("\n# only a comment\n", False),
        ("All the leaves are brown\nand the sky is grey\n", False),
        ("99 red balloons\nfloating in the summer sky\nPanic bells\n", False),
        ("[00:12.00] Hello\n[00:15.20] Goodbye\n", False),
        ("00:12.50 Hello darkness\n00:15.20 my old friend\n", False),
        ("0.5\n1.0\n", True),
        ("time beat\n0.5 1\n1.0 2\n", True),
        ("0.5 1\n1.0 2\noops\n", True),
        ("0.5 one\n1.0 two\n", True),
        ("0:00.5 1\n0:01.0 2\n", True),
    ],
)
def test_lyrics_are_told_from_beats(text, beats):
    assert looks_like_beats(text) is beats


@settings(max_examples=300, deadline=None, derandomize=True)
@given(text=st.one_of(st.text(), st.text(alphabet="0123456789.,;:\t\r\n +-e#ab")))
def test_any_text_gives_beats_or_a_reason(text):
    looks_like_beats(text)
    with suppress(AnnotationError):
        beats, downbeats = beats_from_text(text)
        assert beats == sorted(set(beats))
        assert set(downbeats) <= set(beats)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    metre=st.integers(1, 12),
    first=st.integers(0, 11),
    count=st.integers(2, 40),
    notation=st.sampled_from(["number", "bar.beat", "comma", "semicolon", "audacity"]),
)
def test_what_is_written_in_any_notation_is_read_back(metre, first, count, notation):
    places = [divmod(k + first % metre, metre) for k in range(count)]
    times = [round(0.25 + 0.37 * k, 3) for k in range(count)]
    lines = {
        "number": [f"{t:.3f} {beat + 1}" for t, (_, beat) in zip(times, places, strict=True)],
        "bar.beat": [f"{t:.3f} {bar + 1}.{beat + 1}" for t, (bar, beat) in zip(times, places, strict=True)],
        "comma": [f"{t:.3f} {beat + 1}".replace(".", ",") for t, (_, beat) in zip(times, places, strict=True)],
        "semicolon": [f"{t:.3f};{beat + 1}" for t, (_, beat) in zip(times, places, strict=True)],
        "audacity": [f"{t:.6f}\t{t:.6f}\t{beat + 1}" for t, (_, beat) in zip(times, places, strict=True)],
    }[notation]
    downbeats = [t for t, (_, beat) in zip(times, places, strict=True) if beat == 0]
    assert beats_from_text("\r\n".join(lines)) == (times, downbeats)
