"""Numbers, intervals and detection strengths in words."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from degrade_bench.reports.words import (
    detection,
    duration,
    fixed,
    level_and_strength,
    listed,
    number,
    records,
    when,
    with_interval,
)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (0.0, "0"),
        (-1.5, "−1.5"),
        (16000.0, "16,000"),
        (123456.0, "123,456"),
        (0.00012345, "0.000123"),
        (1.23e-7, "1.23 × 10⁻⁷"),
        (3, "3"),
        ("text", "text"),
        (2e7, "20,000,000"),
    ],
)
def test_numbers(value, shown):
    assert number(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (math.nan, "–"), (0.5, "0.50"), (-0.256, "−0.26"), (-0.001, "0.00"), (1, "1.00")],
)
def test_shares(value, shown):
    assert fixed(value) == shown


def test_durations_and_times():
    assert [duration(s) for s in (None, 0.2, 59.6, 61, 3725)] == ["–", "0 s", "1 min 0 s", "1 min 1 s", "1 h 2 min"]
    assert when("2026-11-24T02:03:04+00:00") == "2026-11-24 02:03:04 UTC"
    assert when(None) == "–"


def test_lists_and_intervals():
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert with_interval(1.0, 0.5, 2.0) == "1.00 (0.50 to 2.00)"
    assert with_interval(1.0, None, None) == "1"
    assert with_interval(None, 0.5, 2.0) == "–"


def test_what_is_missing_is_none():
    frame = pd.DataFrame({"a": [1.0, math.nan], "b": pd.array([pd.NA, 2], dtype="Int64"), "c": [None, "x"]})
    assert records(frame) == [{"a": 1.0, "b": None, "c": None}, {"a": None, "b": 2, "c": "x"}]


STRENGTHS = {1: 40.0, 3: 20.0, 5: 0.0}


@pytest.mark.parametrize(
    ("at", "strength", "level", "shown"),
    [
        ((2.0, 1.5, 2.5), (30.0, 35.0, 25.0), 3, ("30.0 dB", "35.0 to 25.0 dB")),
        ((4.5, 4.0, None), (5.0, 10.0, None), 5, ("5 dB", "10 dB to beyond the ladder")),
        ((1.5, 0.4, 2.0), (35.0, None, 30.0), 3, ("35 dB", "below level 1 to 30 dB")),
        ((0.5, 0.4, 0.6), (None, None, None), 1, ("below level 1", "")),
        ((1.5, None, None), (35.0, None, None), 3, ("35 dB", "")),
        ((1.5, 1.2, 1.8), (None, None, None), 3, ("level 1.5", "level 1.2 to level 1.8")),
        ((None, None, None), (20.0, None, None), 3, ("level 3 (20 dB)", "")),
        ((math.nan, None, None), (None, None, None), None, ("–", "")),
    ],
)
def test_where_a_damage_is_detected(at, strength, level, shown):
    ends = ("", "_low", "_high")
    verdict = {"unit": "dB", "detection_level": level}
    verdict |= {f"detection_at{end}": value for end, value in zip(ends, at, strict=True)}
    verdict |= {f"detection_strength{end}": value for end, value in zip(ends, strength, strict=True)}
    assert detection(verdict, STRENGTHS) == shown


def test_a_level_without_a_known_strength():
    assert level_and_strength(2.0, STRENGTHS, "dB") == "level 2"
    assert level_and_strength(math.nan, STRENGTHS, "dB") == "–"
