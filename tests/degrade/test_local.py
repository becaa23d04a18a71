"""Oracles of local damage: where it is, that it is nowhere else, and what it is there."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from degrade_bench.clip import Clip
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.dsp.amplitude import active_rms
from degrade_bench.degrade.seeds import generator
from degrade_bench.degrade.signal.concealed_dropouts import best_lag, conceal
from degrade_bench.degrade.signal.dropouts import FIRST_PACKET, lost_runs, packet_length, sounding_packets
from degrade_bench.errors import NotApplicableError
from tests.conftest import make_clip
from tests.degrade.probes import LEVELS, added, harm_db, raw, render

LOCAL = ("dropouts", "concealed_dropouts", "noise_burst")


@pytest.fixture(scope="module")
def clip() -> Clip:
    return builtin_sources()[4].load()


# -- dropouts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
def test_lost_packets_are_silent_and_the_others_untouched(clip, level):
    out, length = raw("dropouts", clip, level), packet_length(clip.sample_rate)
    packets = render("dropouts", clip, level).plan.params["packets"]
    assert len(set(packets)) == len(packets)
    lost = np.zeros(clip.num_samples, dtype=bool)
    for packet in packets:
        lost[packet * length : (packet + 1) * length] = True
    assert not out[:, lost].any()
    assert np.array_equal(out[:, ~lost], clip.samples.numpy()[:, ~lost])
    asked = catalogue.get("dropouts").ladder.strength(level)
    share = 100 * len(packets) / len(sounding_packets(clip))
    assert share == pytest.approx(asked, abs=0.1)


@pytest.mark.parametrize("name", ["dropouts", "concealed_dropouts"])
def test_each_level_loses_the_packets_of_the_level_below_and_more(name, clip):
    lost = [render(name, clip, level).plan.params["packets"] for level in LEVELS]
    for fewer, more in pairwise(lost):
        assert len(fewer) < len(more)
        assert more[: len(fewer)] == fewer
    degradation = catalogue.get(name)
    for level, packets in zip(LEVELS, lost, strict=True):
        share = 100 * len(packets) / len(sounding_packets(clip))
        assert degradation.measure(clip, render(name, clip, level).clip) == pytest.approx(share, abs=0.01)


def test_pauses_and_the_beginning_are_never_lost():
    sound = make_clip(1.0, 8000, 1, kind="noise").samples
    paused = Clip("paused", torch.cat([sound, torch.zeros(1, 80000), sound], dim=1), 8000)
    packets = sounding_packets(paused)
    assert len(packets) == 100 - FIRST_PACKET
    assert packets.min() == FIRST_PACKET
    assert not np.isin(np.arange(51, 549), packets).any()
    with pytest.raises(NotApplicableError, match="too short"):
        render("dropouts", Clip("blip", sound[:, :1000], 8000), 5)
    with pytest.raises(NotApplicableError, match="0 packets"):
        render("dropouts", make_clip(1.0, 8000, 1, kind="silence"), 1)


def test_neighbours_make_one_run():
    assert lost_runs([7, 3, 4, 9, 8], 10) == [(30, 50), (70, 100)]
    assert lost_runs([], 10) == []


# -- concealment ---------------------------------------------------------------------------------------


def test_both_lose_the_same_packets(clip):
    ours, theirs = catalogue.get("concealed_dropouts"), catalogue.get("dropouts")
    assert ours.seed_key == theirs.seed_key
    drawn = [each.draw(clip, 3, 5.0, generator(1)).params["packets"] for each in (ours, theirs)]
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 48000, 192000])
@pytest.mark.parametrize("hz", [60.0, 110.0, 185.0])
def test_the_lag_is_the_period(rate, hz):
    t = np.arange(round(0.1 * rate)) / rate
    tone = sum(np.sin(2 * np.pi * k * hz * t + k) / k for k in (1, 2, 3, 4))
    periods = best_lag(tone, rate) / (rate / hz)
    assert round(periods) >= 1
    assert abs(periods - round(periods)) * rate / hz < 1.0, "a whole number of periods, to the sample"


@pytest.mark.parametrize("rate", [8000, 44100])
def test_a_gap_in_a_periodic_sound_is_filled_as_if_nothing_had_happened(rate):
    t = np.arange(rate) / rate
    tone = np.stack([np.sin(2 * np.pi * 100 * t), 0.5 * np.sin(2 * np.pi * 200 * t + 1)]).astype(np.float32)
    start, stop = rate // 2, rate // 2 + round(0.01 * rate)
    out = tone.copy()
    out[:, start:stop] = 0.0
    conceal(out, start, stop, rate)
    assert np.abs(out - tone).max() < 0.12, "the fade has begun where both overlap"
    assert np.abs(out - tone)[:, start:stop].max() < 0.02
    margin = round(0.006 * rate)
    assert np.array_equal(out[:, : start - margin], tone[:, : start - margin])
    assert np.array_equal(out[:, stop + margin :], tone[:, stop + margin :])


def test_a_long_gap_fades_to_nothing(clip):
    rate, start = clip.sample_rate, clip.num_samples // 2
    out = clip.samples.numpy().copy()
    conceal(out, start, start + round(0.1 * rate), rate)
    filled = out[:, start : start + round(0.1 * rate)]
    assert not filled[:, round(0.0601 * rate) :].any()
    assert filled[:, : round(0.01 * rate)].any()


def test_concealment_does_less_harm_and_leaves_no_edges(clip):
    packets = {"packets": render("dropouts", clip, 4).plan.params["packets"]}
    bare, concealed = (
        catalogue.get(name).damage(clip, packets).double().numpy() for name in ("dropouts", "concealed_dropouts")
    )
    x = clip.samples.double().numpy()
    edges = np.asarray(lost_runs(packets["packets"], packet_length(clip.sample_rate))).ravel()

    def jump(audio: np.ndarray) -> float:
        return float(np.abs(np.diff(audio, axis=1))[:, edges - 1].mean())

    assert jump(concealed) < 0.5 * jump(bare)
    assert jump(concealed) < 3 * jump(x)
    assert np.mean((concealed - x) ** 2) < 1.5 * np.mean((bare - x) ** 2)


@pytest.mark.parametrize("rate", [8000, 16000, 96000])
def test_what_arrived_is_kept_but_for_the_overlaps(rate):
    clip = make_clip(3.0, rate, 2)
    out, length = raw("concealed_dropouts", clip, 4), packet_length(rate)
    touched = np.zeros(clip.num_samples, dtype=bool)
    for start, stop in lost_runs(render("concealed_dropouts", clip, 4).plan.params["packets"], length):
        touched[start - length // 4 - 1 : stop + length // 4 + 1] = True
    assert np.array_equal(out[:, ~touched], clip.samples.numpy()[:, ~touched])


# -- a burst of noise ----------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
def test_the_burst_is_where_the_plan_says_and_as_loud_as_the_music(clip, level):
    rendered = render("noise_burst", clip, level)
    start, length = rendered.plan.params["start_sample"], rendered.plan.params["length_samples"]
    asked = catalogue.get("noise_burst").ladder.strength(level)
    assert length == round(asked * clip.sample_rate)
    assert 0 <= start <= clip.num_samples // 2
    noise = added("noise_burst", clip, level)
    assert not noise[:, :start].any()
    assert not noise[:, start + length :].any()
    inside = noise[:, start : start + length]
    assert 20 * np.log10(inside.std() / active_rms(clip)) == pytest.approx(0, abs=0.2)
    assert catalogue.get("noise_burst").measure(clip, rendered.clip) == pytest.approx(asked, abs=1e-3)


def test_a_longer_burst_begins_as_the_shorter_one(clip):
    short, long = added("noise_burst", clip, 2), added("noise_burst", clip, 5)
    inside = short.any(axis=0)
    assert np.array_equal(short[:, inside], long[:, inside])
    with pytest.raises(NotApplicableError, match="more than half"):
        render("noise_burst", make_clip(3.0, 8000, 1), 5)
    with pytest.raises(NotApplicableError, match="silent"):
        render("noise_burst", make_clip(3.0, 8000, 1, kind="silence"), 1)


# -- all -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LOCAL)
def test_placebos_damage_the_same_places_far_below_the_music(name, clip):
    for level in (1, 5):
        assert harm_db(f"{name}_placebo", clip, level) == pytest.approx(harm_db(name, clip, level) - 80, abs=12)
        assert render(f"{name}_placebo", clip, level).plan.params == render(name, clip, level).plan.params
