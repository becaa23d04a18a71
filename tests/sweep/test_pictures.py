"""The report's small pictures, held against what they are of."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from degrade_bench.clip import Clip, TimeMap
from degrade_bench.corpus.builtin_notes import builtin_notes
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.plan import Plan
from degrade_bench.degrade.seeds import generator
from degrade_bench.sweep.excerpts import clean_version, damaged_version
from degrade_bench.sweep.pictures import bands, moves, rolls, waves
from degrade_bench.sweep.pictures.draw import drawn
from degrade_bench.sweep.pictures.order import place_at, runs
from degrade_bench.sweep.pictures.raster import COLUMNS, GAP, ROWS, band, image
from degrade_bench.sweep.pictures.version import Version
from tests.conftest import make_clip

RATE = 8000


def plan_of(params, time_map=None) -> Plan:
    return Plan("x", "1", 1, 1.0, "%", "0" * 64, 1000, params=params, time_map=time_map)


def version(samples, begins=0.0, plan=None, seconds=None) -> Version:
    samples = np.atleast_2d(np.asarray(samples, np.float32))
    return Version(samples, RATE, begins, seconds or samples.shape[1] / RATE, plan)


def test_order_of_pieces_and_of_a_piece_played_backwards():
    order = runs(plan_of({"pieces": [[1000, 2000], [4000, 2000]]}), 3.0)
    assert order == [(0.0, 1.0, 1.0, 2.0), (1.0, 3.0, 4.0, 2.0)]
    assert runs(None, 4.0) == [(0.0, 4.0, 0.0, 4.0)]
    assert runs(plan_of({}), 4.0) == []
    for something_else in (3, "bars", [1, 2], [["a", "b"]], [[1, 2, 3]]):
        assert runs(plan_of({"pieces": something_else}), 4.0) == [], "a plug-in's parameter of that name"
    places = place_at(order, np.array([0.0, 0.5, 1.5, 2.5, 3.5]))
    assert places[:4].tolist() == [1.0, 1.5, 3.5, 2.5]
    assert np.isnan(places[4])


def test_order_from_a_time_map_which_goes_on_at_its_ends_and_leaves_source_out():
    order = runs(plan_of({}, TimeMap(((1.0, 0.5), (2.0, 1.0), (3.0, 1.0), (4.0, 3.0)))), 4.0)
    assert order == [(0.0, 1.0, 0.0, 2.0), (1.0, 4.0, 3.0, 4.5)]
    cut = runs(plan_of({}, TimeMap(((0.0, 0.0), (2.0, 1.0), (3.0, 3.0)))), 0.5)
    assert cut == [(0.0, 0.5, 0.0, 1.0)], "no further than the rendering lasts"


def test_ink_lies_between_the_curves_and_nowhere_without_them():
    ink = band(np.array([-1.0, 0.0, np.nan]), np.array([1.0, 0.0, np.nan]), -1.0, 1.0)
    assert (ink[1:-1, 0] == 1).all()
    assert ink[:, 1].sum() == pytest.approx(1.0), "a line of one dot"
    assert ink[[ROWS // 2 - 1, ROWS // 2], 1] == pytest.approx([0.5, 0.5])
    assert not ink[:, 2].any()


def test_silence_has_no_ink_in_a_spectrogram():
    silence, noise = np.zeros(RATE), np.random.default_rng(0).normal(size=RATE)
    for draw in (bands.spectrograms, bands.pitches):
        clean, damaged = draw([version(silence), version(noise)])[0]
        assert not clean.any()
        assert damaged.any()


@pytest.mark.parametrize("draw", [waves.waveforms, waves.lanes, bands.spectrograms])
def test_a_version_of_half_the_length_takes_half_of_its_panel(draw):
    noise = np.random.default_rng(0).normal(size=(2, RATE))
    clean, short = draw([version(noise), version(noise[:, : RATE // 2])])[0]
    of_clip = slice(0, 20)  # under this are the milliseconds of a waveform
    assert clean[of_clip].any(axis=0).sum() > 0.97 * COLUMNS
    assert np.flatnonzero(short[of_clip].any(axis=0)).max() == pytest.approx(COLUMNS / 2, abs=2)


def test_a_placebo_whose_plan_tells_no_notes_is_seen_in_the_sound():
    clip = builtin_notes()[0].load()
    damage = next(one for one in catalogue.symbolic() if one.group != "control")
    versions = [clean_version(clip, 1.0), replace(clean_version(clip, 1.0), plan=plan_of({}))]
    assert drawn(damage, clip, versions).caption.startswith("Pitches")


def test_an_envelope_is_the_lowest_and_highest_sample():
    samples = np.random.default_rng(0).normal(size=(2, 7 * COLUMNS)).astype(np.float32)
    low, high = waves.envelope(samples)
    assert low.tolist() == samples.reshape(2, COLUMNS, 7).min(axis=(0, 2)).tolist()
    assert high.tolist() == samples.reshape(2, COLUMNS, 7).max(axis=(0, 2)).tolist()
    low, high = waves.envelope(np.ones((1, 3), np.float32))
    assert (low[:3] == 1).all()
    assert np.isnan(low[3:]).all()


def test_milliseconds_are_those_in_which_the_middle_level_differs_most():
    clean = np.zeros((2, RATE))
    clicked = clean.copy()
    clicked[1, 6000:6010] = 1.0
    panels, caption = waves.waveforms([version(clean), version(clicked), version(clean)])
    assert "10 ms" in caption
    middle = panels[1][waves.OVER + 2 :]
    assert middle[: len(middle) // 3].any(), "the click rises"
    assert not panels[0][waves.OVER + 2 :][: len(middle) // 3].any(), "the clean clip does not"


def test_a_tone_lies_where_its_frequency_is():
    time = np.arange(2 * 44100) / 44100
    tone = Version(np.sin(2 * np.pi * 5000 * time)[None].astype(np.float32), 44100, 0.0, 2.0)
    (ink,), caption = bands.spectrograms([tone])
    assert caption == "Spectrogram, 40 Hz to 22 kHz, over 80 dB"
    row = int(ink.mean(axis=1).argmax())
    edges = 40 + (22050 - 40) * np.linspace(0, 1, ROWS + 1) ** 2
    assert edges[ROWS - 1 - row] <= 5000 <= edges[ROWS - row]
    (ink,), _ = bands.pitches([Version(np.sin(2 * np.pi * 440 * time)[None].astype(np.float32), 44100, 0.0, 2.0)])
    assert abs(int(ink.mean(axis=1).argmax()) - ROWS // 2) <= 1, "A4 is an octave above the lowest pitch, of two"


def test_pitches_are_dark_where_they_are_not_the_clean_clips():
    time = np.arange(2 * 44100) / 44100
    low, high = (np.sin(2 * np.pi * hz * time)[None].astype(np.float32) for hz in (300.0, 600.0))
    (clean, same, other), _ = bands.pitches([Version(one, 44100, 0.0, 2.0) for one in (low, low, high)])
    assert clean.max() == same.max() == pytest.approx(bands.PALE)
    assert other.max() == pytest.approx(1.0, abs=0.05)


def test_power_in_bands_is_that_of_white_noise():
    noise = np.random.default_rng(0).normal(size=(2, 30000)).astype(np.float32)
    levels = bands.band_levels(noise, RATE, np.array([500.0, 1500.0, 3500.0]), 1024, 500)
    assert levels.shape == (2, 60)
    window = np.hanning(1024)
    per_hertz = 2 * np.square(window).sum() / window.sum() ** 2 / (RATE / 1024)
    assert (10 ** (levels[:, 2:-2] / 10)).mean(axis=1) == pytest.approx([per_hertz] * 2, rel=0.05)


@pytest.mark.parametrize("backwards", [False, True])
def test_the_line_of_an_order_is_at_the_place_that_is_heard(backwards):
    clip = make_clip(4.0, RATE, 1)
    pieces = [[2 * 1000, 4 * 1000], [2000, 0] if backwards else [0, 2000]]
    moved = version(np.zeros(2 * RATE), 1.0, plan_of({"pieces": pieces}), 4.0)
    panels, caption = moves.orders(clip, [version(np.zeros(2 * RATE), 1.0, None, 4.0), moved])
    assert "upward" in caption
    heights = clip.duration * (ROWS - 0.5 - np.arange(ROWS)) / ROWS
    ink = np.where(panels[1] > 0.2, panels[1], 0)
    centre = (ink * heights[:, None]).sum(axis=0) / ink.sum(axis=0)
    times = (np.arange(COLUMNS) + 0.5) * 4.0 / COLUMNS
    expected = np.where(times < 2, times + 2, 4 - times if backwards else times - 2)
    assert np.abs(centre - expected)[3:-3].max() < 0.1
    inside = (times > 1) & (times < 3)
    assert panels[1][:, inside].max() > 1.9 * panels[1][:, ~inside].max(), "what is played is darker"


def test_how_much_later_a_moment_is_heard():
    slower = TimeMap(((0.0, 0.0), (4.0, 5.0)))
    slow = version(np.zeros(RATE), 2.0, plan_of({}, slower), 5.0)
    clean = version(np.zeros(RATE), 1.5, None, 4.0)
    panels, caption = moves.tempi([clean, slow])
    assert "999 ms at most" in caption
    rows = panels[1].argmax(axis=0)
    assert rows[2] == pytest.approx(ROWS / 2, abs=3)
    assert rows[-2] == pytest.approx(ROWS / 22, abs=3), "a second later, at the end, where a tenth more is room"
    assert moves.tempi([clean, clean]) is None
    assert not panels[0][:, round(0.81 * COLUMNS) :].any() or panels[0][:, -1].max() < 0.2, "it lasts four of five"


def test_a_roll_has_new_notes_darker_than_those_of_the_clean_clip():
    clip = builtin_notes()[0].load()
    damage = catalogue.get("wrong_notes")
    clean = clean_version(clip, 5.0)
    wrong = damaged_version(clip, damage, 5, 0, 5.0)
    panels, _ = rolls.rolls(clip, [clean, wrong])
    assert panels[0].max() <= rolls.KEPT
    assert panels[1].max() > 0.6
    assert (panels[0] > 0).mean() == pytest.approx((panels[1] > 0).mean(), rel=0.3)


def test_an_image_has_its_panels_side_by_side_and_no_colour_where_no_ink_is():
    full, empty = np.ones((ROWS, COLUMNS)), np.zeros((ROWS, COLUMNS))
    picture = Image.open(io.BytesIO(image([full, empty, full / 2])))
    pixels = np.asarray(picture.convert("RGBA")).astype(int)
    assert pixels.shape == (ROWS, 3 * COLUMNS + 2 * GAP, 4)
    assert (pixels[:, :COLUMNS, 3] == 255).all()
    assert not pixels[:, COLUMNS : 2 * (COLUMNS + GAP), 3].any()
    assert pixels[0, 0, :3].sum() < pixels[0, -1, :3].sum(), "more ink is darker"
    assert image([full, empty]) == image([full, empty])


NAMES = ("white_noise", "hard_clipping", "stereo_collapse", "bar_shuffle", "tempo_jitter", "key_break")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["usual", "short", "mono"])
def test_every_kind_can_be_drawn_of_any_clip_that_it_damages(name, kind):
    clip = catalogue_clip(kind)
    degradation = catalogue.get(name)
    made = [damaged_version(clip, degradation, level, 0, 5.0) for level in (1, 5)]
    versions = [clean_version(clip, 5.0), *filter(None, made)]
    picture = drawn(degradation, clip, versions)
    assert picture.caption
    assert len(picture.spans) == len(versions)
    panels = len(versions)
    for place, (begins, ends) in enumerate(picture.spans):
        assert place / panels - 0.01 <= begins < ends <= (place + 1) / panels + 0.01
    wide = panels * (COLUMNS + GAP) - GAP
    assert Image.open(io.BytesIO(picture.png)).size == (wide, ROWS)


def catalogue_clip(kind: str) -> Clip:
    if kind == "usual":
        return make_clip(8.0, 44100, 2)
    if kind == "mono":
        return make_clip(6.0, 8000, 1)
    noise = torch.from_numpy(generator(1).normal(size=(2, 3000)).astype(np.float32)) * 0.1
    return Clip(id="short", samples=noise, sample_rate=44100)


@pytest.mark.parametrize("count", [1, 2, 50, RATE])
def test_silence_and_single_samples_can_be_drawn(count):
    silent = version(np.zeros((1, count)))
    for draw in (waves.waveforms, waves.lanes, bands.spectrograms, bands.pitches):
        panels, _ = draw([silent, silent])
        assert np.isfinite(panels).all()
