"""Oracles of the damages to single layers: offsets, mistuning, transposed and swapped stems."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import soundfile
import torch
from scipy.signal import correlate

from degrade_bench.clip import Annotations, Clip
from degrade_bench.clip.stems import stems_of
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.dsp.joins import join_positions
from degrade_bench.degrade.dsp.separation import separated
from degrade_bench.degrade.plan import Drawn, Plan, Rendered
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.degrade.structural.layer_mistuning import bands, crossover_hz
from degrade_bench.degrade.structural.layer_offset import in_time_pieces, late_pieces
from degrade_bench.degrade.structural.layers import layers, turned
from degrade_bench.errors import NotApplicableError, PlanError
from tests.conftest import make_clip
from tests.degrade.probes import discontinuities

RATE = 22050
WITH_STEMS = ("rock_band", "jazz_trio", "funk_band", "electronic")


def seed(name: str, clip: Clip) -> np.random.Generator:
    return generator(cell_seed(3, clip.hash, *catalogue.get(name).seed_key))


def render(name: str, clip: Clip, level: int) -> Rendered:
    return catalogue.get(name).render(clip, level, seed(name, clip))


def drawn(name: str, clip: Clip, level: int) -> Drawn:
    degradation = catalogue.get(name)
    return degradation.draw(clip, level, degradation.ladder.strength(level), seed(name, clip))


@pytest.fixture(scope="module")
def builtin() -> dict[str, Clip]:
    return {source.id: source.load() for source in builtin_sources()}


def tone(hz: float, seconds: float = 4.0) -> np.ndarray:
    return 0.2 * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE)


@pytest.fixture
def band(tmp_path) -> Clip:
    """Drums (clicks on every beat), a bass and a voice (tones), as stems."""
    drums = np.zeros_like(tone(1.0))
    burst = 0.8 * np.hanning(80) * np.sin(2 * np.pi * 1500 * np.arange(80) / RATE)
    for start in range(RATE // 8, len(drums) - 100, RATE // 2):
        drums[start : start + 80] = burst
    parts = {"drums": drums, "bass": tone(220.0), "voice": tone(1760.0)}
    for name, part in parts.items():
        soundfile.write(tmp_path / f"{name}.wav", part, RATE, subtype="FLOAT")
    beats = tuple(np.arange(0.125, 4.0, 0.5))
    known = Annotations(beats=beats, downbeats=beats[::4], beat_source="annotated")
    mix = sum(part.astype(np.float32) for part in parts.values())
    paths = {name: tmp_path / f"{name}.wav" for name in parts}
    return Clip("band", torch.from_numpy(mix[None]), RATE, known, stems=paths)


def pitch_hz(samples: np.ndarray, near: float) -> float:
    """Frequency of the largest spectral peak within a semitone and a half, interpolated on a log parabola."""
    spectrum = np.log(np.abs(np.fft.rfft(samples * np.blackman(len(samples)), 4 * len(samples))) + 1e-12)
    to_hz = RATE / (4 * len(samples))
    low, high = (round(near * 2 ** (step / 12) / to_hz) for step in (-1.5, 1.5))
    k = low + int(np.argmax(spectrum[low:high]))
    a, b, c = spectrum[k - 1 : k + 2]
    return (k + 0.5 * (a - c) / (a - 2 * b + c)) * to_hz


def cents(samples: torch.Tensor, reference: float) -> float:
    inside = samples[0].numpy()[RATE : 3 * RATE]
    return 1200 * np.log2(pitch_hz(inside, reference) / reference)


# -- layers --------------------------------------------------------------------------------------------


def test_layers_add_up_to_the_clip(builtin):
    for clip in (builtin["rock_band"], builtin["choir"]):
        moved, rest = layers(clip, drawn("layer_offset", clip, 1).params)
        assert torch.allclose(moved + rest, clip.samples, atol=1e-6)


def test_stems_are_used_where_there_are_any(builtin):
    params = drawn("layer_offset", builtin["rock_band"], 1).params
    assert params["stems"] == ["drums"]
    assert torch.equal(layers(builtin["rock_band"], params)[0], stems_of(builtin["rock_band"])["drums"])
    params = drawn("layer_offset", builtin["choir"], 1).params
    assert params["stems"] == []
    assert layers(builtin["choir"], params)[0] is separated(builtin["choir"])[1]


def test_a_plan_is_refused_for_other_stems(band):
    plan = Plan.from_json(render("stem_offset", band, 1).plan.to_json())
    degradation = catalogue.get("stem_offset")
    bare = replace(band, stems={})
    with pytest.raises(PlanError, match="other stems than those of clip 'band'"):
        degradation.apply(bare, plan)
    renamed = replace(band, stems={f"{name}2": path for name, path in band.stems.items()})
    with pytest.raises(PlanError, match="other stems"):
        degradation.apply(renamed, plan)


@pytest.mark.parametrize("name", ["stem_offset", "stem_transposition", "stem_swap"])
def test_what_needs_stems_says_so(name, builtin):
    for key, clip in builtin.items():
        if key not in WITH_STEMS:
            with pytest.raises(NotApplicableError, match="needs stems; the clip has none"):
                render(name, clip, 1)


@pytest.mark.parametrize(
    ("name", "kind"), [("layer_offset", "silence"), ("layer_mistuning", "silence"), ("layer_offset", "steady")]
)
def test_what_has_one_layer_is_not_applicable(name, kind):
    ramp = np.clip(np.minimum(np.arange(4 * RATE), np.arange(4 * RATE)[::-1]) / RATE, 0, 1)  # no stroke at its ends
    steady = make_clip(4.0, RATE, 1).with_samples(torch.from_numpy((ramp * tone(440.0))[None].astype(np.float32)))
    with pytest.raises(NotApplicableError, match="no two layers"):
        render(name, steady if kind == "steady" else make_clip(3.0, 16000, 2, kind=kind), 3)


@pytest.mark.parametrize(
    "name", ["layer_offset", "stem_offset", "layer_mistuning", "stem_transposition", "stem_swap"]
)
def test_ladders_are_nested_and_strictly_monotone(name, builtin):
    applied = 0
    for clip in (builtin[key] for key in (*WITH_STEMS, "choir", "waltz")):
        try:
            catalogue.get(name).check_needs(clip)
            plans = [drawn(name, clip, level) for level in (1, 2, 3, 4, 5)]
        except NotApplicableError:
            continue
        applied += 1
        achieved = [each.achieved for each in plans]
        assert (np.diff(achieved) > 0).all()
        moved = [[each.params.get("stems"), each.params.get("donor")] for each in plans]
        assert all(each == moved[0] for each in moved), "the same layer at every level"
        if name == "stem_swap":
            for fewer, more in itertools.pairwise(plans):
                few, many = (dict(zip(p.params["bars"], p.params["places"], strict=True)) for p in (fewer, more))
                assert few.items() < many.items()
            assert achieved[-1] == 100
        else:
            assert np.allclose(achieved, catalogue.get(name).ladder.strengths, rtol=0.02)
    assert applied == (6 if name.startswith("layer") else 4)


# -- offsets -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [1, 3, 5])
def test_the_drums_are_late_by_the_asked_fraction_of_a_beat(level, builtin, band):
    for clip in (band, builtin["rock_band"], builtin["funk_band"]):
        params = drawn("layer_offset", clip, level).params
        damaged = catalogue.get("layer_offset").damage(clip, params)
        drums = stems_of(clip)["drums"]
        late = (damaged - (clip.samples - drums)).sum(dim=0).double().numpy()
        lags = correlate(late, drums.sum(dim=0).double().numpy(), method="fft")
        beat = np.median(np.diff(clip.annotations.beats)) * clip.sample_rate
        found = int(np.argmax(lags)) - (clip.num_samples - 1)
        assert found == params["offset"]
        assert 100 * found / beat == pytest.approx((6.0, 10.0, 16.0, 25.0, 38.0)[level - 1], abs=0.05)
        after = params["offset"] + params["own_from"] + 500
        rest = damaged - torch.nn.functional.pad(drums, (params["offset"], 0))[:, : clip.num_samples]
        others = clip.samples - drums
        assert torch.allclose(rest[:, after:], others[:, after:], atol=1e-5), "the others stay in time"


@pytest.mark.parametrize("level", [1, 5])
def test_separated_drums_are_late_too(level, builtin):
    clip = builtin["reggae"]
    params = drawn("layer_offset", clip, level).params
    assert not params["stems"]
    moved, rest = layers(clip, params)
    late = catalogue.get("layer_offset").damage(clip, params) - rest
    offset, period, join = params["offset"], params["period"], params["offset"] + params["own_from"]
    after, before = slice(join + 300, None), slice(0, join - 300)
    assert torch.allclose(late[:, after], moved.roll(offset, 1)[:, after], atol=1e-5)
    assert torch.allclose(late[:, before], moved.roll(offset - period, 1)[:, before], atol=1e-5), "a bar later"


def test_one_stem_is_late_and_the_others_are_not(band):
    names = {drawn("stem_offset", band, 1).params["stems"][0]}
    for replicate in range(20):
        rng = generator(cell_seed(3, band.hash, "stem_offset", "1", replicate))
        names |= set(catalogue.get("stem_offset").draw(band, 1, 6.0, rng).params["stems"])
    assert names == {"drums", "bass", "voice"}


@pytest.mark.parametrize("name", ["layer_offset", "stem_offset"])
def test_the_placebo_of_an_offset_is_in_time_and_has_its_join(name, builtin):
    ratios = []
    for clip in builtin.values():
        for level in (1, 3, 5):
            try:
                catalogue.get(name).check_needs(clip)
                damage, placebo = (drawn(each, clip, level).params for each in (name, f"{name}_placebo"))
            except NotApplicableError:
                continue
            assert damage.items() <= placebo.items()
            late, in_time = late_pieces(damage, clip.num_samples), in_time_pieces(placebo, clip.num_samples)
            assert join_positions(late) == join_positions(in_time) == [damage["offset"] + damage["own_from"]]
            moved = layers(clip, damage)[0]
            found = [discontinuities(moved, pieces, clip.sample_rate) for pieces in (late, in_time)]
            assert all(found), "no join in silence"
            ratios.append(found[1][0] / found[0][0])
    assert 0.8 < np.median(ratios) < 1.25


@pytest.mark.parametrize("key", ["rock_band", "reggae"])
def test_the_placebo_of_an_offset_moves_nothing(key, builtin):
    clip = builtin[key]
    params = drawn("layer_offset_placebo", clip, 5).params
    out = catalogue.get("layer_offset_placebo").damage(clip, params)
    after = params["offset"] + params["own_from"] + 500
    moved, rest = layers(clip, params)
    put_back = (out - rest)[:, after:]
    expected = moved if params["stems"] else turned(moved)
    assert torch.allclose(put_back, expected[:, after:], atol=1e-5)
    envelopes = [
        each.double().square().sum(dim=0)[: len(each[0]) // 441 * 441].reshape(-1, 441).sum(dim=1).numpy()
        for each in (put_back, moved[:, after:])
    ]
    lags = correlate(*(each - each.mean() for each in envelopes))
    assert int(np.argmax(lags)) - (len(envelopes[0]) - 1) == 0, "its envelope is where it was"


def test_a_quarter_turn_keeps_the_power_of_every_frequency_and_makes_a_cosine_a_sine():
    cosine = torch.from_numpy(np.cos(2 * np.pi * 500 * np.arange(RATE) / RATE)[None].astype(np.float32))
    sine = np.sin(2 * np.pi * 500 * np.arange(RATE) / RATE)
    assert np.allclose(turned(cosine)[0].numpy()[4000:-4000], sine[4000:-4000], atol=0.01)


# -- tuning --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [1, 3, 5])
def test_a_transposed_stem_moves_by_the_asked_cents_and_the_other_does_not(level, band):
    rendered = render("stem_transposition", band, level)
    assert rendered.clip.samples.shape == band.samples.shape
    (name,) = rendered.plan.params["stems"]
    assert name != "drums"
    asked = (20.0, 35.0, 50.0, 75.0, 100.0)[level - 1]
    assert abs(100 * rendered.plan.params["semitones"]) == asked
    tones = {"bass": 220.0, "voice": 1760.0}
    for each, hz in tones.items():
        expected = 100 * rendered.plan.params["semitones"] if each == name else 0.0
        assert cents(rendered.clip.samples, hz) == pytest.approx(expected, abs=5)


@pytest.mark.parametrize("with_stems", [True, False])
@pytest.mark.parametrize("level", [1, 5])
def test_mistuned_layers_move_apart_by_the_asked_cents(with_stems, level, band):
    clip = band if with_stems else replace(band, stems={})
    rendered = render("layer_mistuning", clip, level)
    asked = (10.0, 20.0, 35.0, 60.0, 100.0)[level - 1]
    low, high = (cents(rendered.clip.samples, hz) for hz in (220.0, 1760.0))
    assert abs(high - low) == pytest.approx(asked, abs=5)
    assert high == pytest.approx(-low, abs=5)
    for each, hz in (("low", 220.0), ("high", 1760.0)):
        if not with_stems:
            assert "crossover_hz" in rendered.plan.params
        else:
            assert rendered.plan.params[each]["stems"] in (["bass"], ["voice"]), hz


@pytest.mark.parametrize("name", ["stem_transposition", "layer_mistuning"])
def test_placebos_of_the_mistunings_are_in_tune(name, band):
    damage, placebo = drawn(name, band, 5), render(f"{name}_placebo", band, 5)
    assert placebo.plan.params == damage.params
    assert not torch.equal(placebo.clip.samples, band.samples)
    for hz in (220.0, 1760.0):
        assert abs(cents(placebo.clip.samples, hz)) < 5


@pytest.mark.parametrize("name", ["layer_offset", "layer_mistuning"])
def test_separation_errors_are_as_bare_in_the_placebo_as_in_the_damage(name, builtin):
    whole = builtin["folk_jig"]
    cut = Annotations(beats=tuple(t for t in whole.annotations.beats if t < 6))
    clip = replace(whole, samples=whole.samples[:, : 6 * whole.sample_rate].clone(), annotations=cut)
    damage, placebo = (
        catalogue.get(each).damage(clip, drawn(each, clip, 2).params) for each in (name, f"{name}_placebo")
    )
    lost, lost_too = (
        10 * np.log10(float(clip.samples.square().mean() / each.square().mean())) for each in (damage, placebo)
    )
    assert lost > 0.2, "layers that were moved no longer add up by their amplitudes"
    assert lost_too == pytest.approx(lost, abs=0.3)


def test_bands_add_up_and_divide_at_the_crossover():
    noise = torch.from_numpy(np.random.default_rng(0).standard_normal((2, 2 * RATE)).astype(np.float32))
    low, high = bands(noise, RATE, 1000.0)
    assert torch.allclose(low + high, noise, atol=1e-6)
    frequencies = np.fft.rfftfreq(2 * RATE, 1 / RATE)
    powers = [np.abs(np.fft.rfft(each[0].numpy())) ** 2 for each in (low, noise)]

    def gain(from_hz: float, to_hz: float) -> float:
        inside = (frequencies >= from_hz) & (frequencies < to_hz)
        return float(np.sqrt(powers[0][inside].sum() / powers[1][inside].sum()))

    assert gain(20, 880) == pytest.approx(1.0, abs=0.01)
    assert gain(990, 1010) == pytest.approx(0.5, abs=0.05)
    assert gain(1140, RATE / 2) < 0.01


def test_the_crossover_halves_the_power_and_ignores_a_constant_offset():
    clip = make_clip(4.0, RATE, 1)
    shifted = clip.with_samples(clip.samples + 0.5)
    assert crossover_hz(shifted) == pytest.approx(crossover_hz(clip), rel=0.06)
    low, high = bands(separated(clip)[0], RATE, crossover_hz(clip))
    assert 0.4 < float(low.square().sum()) / float(high.square().sum()) < 2.5
