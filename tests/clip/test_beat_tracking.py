"""Estimated beats: right where a pulse is clear, without confidence where there is none."""

from __future__ import annotations

import mir_eval
import numpy as np
import pytest
import torch

from degrade_bench.clip.beat_tracking import bar_starts, beat_confidence, estimated
from degrade_bench.corpus.builtin import builtin_sources
from tests.conftest import make_clip


def clicks(bpm: float, seconds: float = 12.0, rate: int = 22050, metre: int = 4) -> tuple[torch.Tensor, np.ndarray]:
    times = np.arange(0.3, seconds - 0.2, 60 / bpm)
    t = np.arange(round(0.08 * rate)) / rate
    rng = np.random.default_rng(0)
    out = 0.003 * rng.standard_normal(round(seconds * rate))
    for k, start in enumerate(times):
        first = k % metre == 0
        hit = np.exp(-50 * t) * rng.standard_normal(len(t)) * (0.5 if first else 0.2)
        if first:
            hit += np.exp(-20 * t) * np.sin(2 * np.pi * 70 * t)
        out[round(start * rate) : round(start * rate) + len(t)] += hit
    return torch.from_numpy(out[None].astype(np.float32)), times


@pytest.mark.parametrize("bpm", [90.0, 100.0, 130.0])
@pytest.mark.parametrize("rate", [8000, 44100])
def test_a_click_track_is_found(bpm, rate):
    samples, times = clicks(bpm, rate=rate)
    found = estimated(samples, rate)
    score = mir_eval.beat.f_measure(
        mir_eval.beat.trim_beats(times, 1.0), mir_eval.beat.trim_beats(np.array(found.beats), 1.0)
    )
    assert score > 0.9
    assert found.beat_source == "estimated"
    assert found.beat_confidence > 0.5
    assert found.tempo_bpm == pytest.approx(bpm, rel=0.05)
    assert set(found.downbeats) <= set(found.beats)


@pytest.mark.parametrize("metre", [3, 4])
def test_accented_bars_are_found(metre):
    samples, times = clicks(110.0, seconds=16.0, metre=metre)
    found = estimated(samples, 22050)
    near = [np.abs(times[::metre] - downbeat).min() for downbeat in found.downbeats]
    assert np.median(near) < 0.07
    assert np.median(np.diff(found.downbeats)) == pytest.approx(metre * 60 / 110, rel=0.03)
    assert found.downbeat_confidence > 0.1


def test_no_confidence_where_nothing_pulses():
    silent = estimated(torch.zeros(2, 44100), 22050)
    assert (silent.beats, silent.beat_source, silent.beat_confidence) == ((), "none", 0.0)
    click, _ = clicks(100.0)
    noise = estimated(make_clip(12.0, 22050, 1, kind="noise").samples, 22050)
    assert noise.beat_confidence < 0.6 * estimated(click, 22050).beat_confidence
    for short in (1, 100, 3000):
        found = estimated(make_clip(2.0, 22050, 1).samples[:, :short], 22050)
        assert 0.0 <= found.beat_confidence <= 1.0


@pytest.mark.parametrize(("metre", "phase"), [(4, 0), (4, 3), (3, 1)])
def test_bar_starts_finds_metre_and_phase(metre, phase):
    rng = np.random.default_rng(1)
    salience = 0.2 * rng.standard_normal(32)
    salience[phase::metre] += 2.0
    starts, confidence = bar_starts(salience)
    assert starts.tolist() == list(range(phase, 32, metre))
    assert confidence > 0.3
    flat, none = bar_starts(np.zeros(32))
    assert none == 0.0
    assert len(flat) >= 8
    assert bar_starts(np.ones(5))[0].tolist() == []
    assert beat_confidence(np.array([3]), np.ones(10)) == 0.0


def test_most_builtin_clips_are_tracked():
    scores = []
    for source in builtin_sources():
        clip = source.load()
        found = estimated(clip.samples, clip.sample_rate)
        scores.append(mir_eval.beat.f_measure(np.array(clip.annotations.beats), np.array(found.beats)))
    assert sum(score > 0.9 for score in scores) >= 9, scores


@pytest.fixture(scope="module")
def pulse() -> torch.Tensor:
    return clicks(100.0)[0]


@pytest.mark.parametrize(
    "other",
    [
        lambda left: -left,
        lambda left: 0 * left,
        lambda left: 0 * left + 0.3,
        lambda left: 1e-5 * make_clip(12.0, 22050, 1, kind="noise").samples,
    ],
    ids=["opposite", "silent", "constant", "faint noise"],
)
def test_beats_are_found_from_what_is_there(pulse, other):
    one, two = estimated(pulse, 22050), estimated(torch.cat([pulse, other(pulse)]), 22050)
    assert two.beats == one.beats
    assert two.downbeats == one.downbeats
    assert two.beat_confidence == pytest.approx(one.beat_confidence, abs=0.02)


@pytest.mark.parametrize("change", [lambda x: x + 0.4, lambda x: x - 2.0, lambda x: 1e-4 * x, lambda x: 1e-6 * x])
def test_neither_an_offset_nor_a_low_level_moves_a_beat(pulse, change):
    assert estimated(change(pulse), 22050).beats == estimated(pulse, 22050).beats
