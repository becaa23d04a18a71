"""Oracles of filters, holes and birdies: responses against the design and against scipy, cells counted afresh."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.signal import butter, sosfiltfilt

from degrade_bench.clip import Clip
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.dsp.bark import band_starts, band_widths, bark_to_hz, framing, hz_to_bark, masking
from degrade_bench.degrade.dsp.filters import ONE_PASS, high_pass_gain, low_pass_gain, zero_phase
from degrade_bench.degrade.signal.birdies import pattern
from degrade_bench.degrade.signal.spectral_holes import holes
from degrade_bench.degrade.signal.telephone_band import TELEPHONE_HZ, edges_hz
from degrade_bench.errors import NotApplicableError
from tests.conftest import make_clip
from tests.degrade.probes import LEVELS, error, lag, render, undone_gain

RATES = [22050, 44100, 48000, 96000]


@pytest.fixture(scope="module")
def builtin() -> list[Clip]:
    clips = [source.load() for source in builtin_sources()[:3]]
    return [clip.with_samples(clip.samples[:, : 5 * clip.sample_rate].contiguous()) for clip in clips]


def response(name: str, params: dict[str, float], rate: int) -> np.ndarray:
    """Gain in dB, one bin per Hz."""
    impulse = torch.zeros(1, rate)
    impulse[0, rate // 2] = 1.0
    out = catalogue.get(name).damage(Clip("impulse", impulse, rate), params)
    return 20 * np.log10(np.abs(np.fft.rfft(out[0].double().numpy())) + 1e-12)


# -- low-pass, high-pass, telephone --------------------------------------------------------------------


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("cutoff", [8000.0, 4000.0, 2000.0, 1000.0])
def test_low_pass_response_at_octave_points(rate, cutoff):
    spectrum = response("low_pass", {"cutoff_hz": cutoff}, rate)
    points = [round(cutoff * 2.0**k) for k in (-4, -3, -2, -1, 0, 1, 2) if cutoff * 2.0**k < 0.9 * rate / 2]
    design = 20 * np.log10(low_pass_gain(np.asarray(points, dtype=float), cutoff, rate))
    audible = design > -80
    assert np.abs(spectrum[points] - design)[audible].max() < 0.1
    assert spectrum[round(cutoff)] == pytest.approx(-3.01, abs=0.1)
    assert spectrum[round(cutoff / 8)] == pytest.approx(0.0, abs=0.05)
    if 4 * cutoff < rate / 6:  # far from the end of the band: 24 dB per octave
        assert spectrum[round(2 * cutoff)] - spectrum[round(4 * cutoff)] == pytest.approx(24, abs=2)


@pytest.mark.parametrize("rate", [8000, *RATES])
@pytest.mark.parametrize("cutoff", [80.0, 160.0, 320.0, 640.0, 1280.0])
def test_high_pass_response_at_octave_points(rate, cutoff):
    spectrum = response("high_pass", {"cutoff_hz": cutoff}, rate)
    points = [round(cutoff * 2.0**k) for k in (-2, -1, 0, 1, 2, 3) if cutoff * 2.0**k < 0.9 * rate / 2]
    design = 20 * np.log10(high_pass_gain(np.asarray(points, dtype=float), cutoff, rate))
    assert np.abs(spectrum[points] - design).max() < 0.1
    assert spectrum[round(cutoff)] == pytest.approx(-3.01, abs=0.1)
    assert spectrum[round(cutoff / 2)] - spectrum[round(cutoff / 4)] == pytest.approx(24, abs=2)
    assert spectrum[round(0.9 * rate / 2)] == pytest.approx(0.0, abs=0.5)


@pytest.mark.parametrize("rate", [8000, *RATES])
def test_the_last_level_is_the_telephones_band(rate):
    clip = make_clip(1.0, rate, 1)
    params = render("telephone_band", clip, 5).plan.params
    assert (params["low_hz"], params["high_hz"]) == pytest.approx(TELEPHONE_HZ, rel=1e-3)
    spectrum = response("telephone_band", dict(params), rate)
    assert spectrum[[300, 3400]] == pytest.approx([-3.01, -3.01], abs=0.2)
    assert spectrum[600:1700].min() > -0.5
    assert spectrum[150] < -17
    if rate > 2 * 6800:
        assert spectrum[6800] < -17


def test_a_narrower_band_lies_in_every_wider_one():
    edges = [edges_hz(octaves) for octaves in catalogue.get("telephone_band").ladder.strengths]
    lows, highs = np.asarray(edges).T
    assert (np.diff(lows) > 0).all()
    assert (np.diff(highs) < 0).all()


@pytest.mark.parametrize(("kind", "name"), [("low", "low_pass"), ("high", "high_pass")])
@pytest.mark.parametrize("cutoff", [100.0, 1000.0, 9000.0, 16000.0, 19845.0])
def test_filters_are_scipys_butterworth_forward_and_backward(builtin, kind, name, cutoff):
    clip = builtin[2]
    corner = np.tan(np.pi * cutoff / clip.sample_rate) * (ONE_PASS if kind == "high" else 1 / ONE_PASS)
    sections = butter(2, 2 * np.arctan(corner) / np.pi, kind, output="sos")
    expected = sosfiltfilt(sections, clip.samples.double().numpy(), axis=1)
    out = catalogue.get(name).damage(clip, {"cutoff_hz": cutoff}).double().numpy()
    edge = clip.sample_rate // 4  # the ends are continued in another way
    assert np.abs(out - expected)[:, edge:-edge].max() < 2e-6


def test_an_end_in_the_middle_of_a_tone_does_not_click():
    t = torch.arange(44100) / 44100
    clip = Clip("tone", torch.cos(2 * torch.pi * 10000 * t)[None], 44100)
    assert float(catalogue.get("low_pass").damage(clip, {"cutoff_hz": 1000.0}).abs().max()) < 0.1


@pytest.mark.parametrize("length", [1, 2, 100, 4093, 44101])
def test_any_length_is_filtered_and_a_constant_stays(length):
    samples = torch.full((2, length), 0.5)
    out = zero_phase(samples, 44100, lambda hz: low_pass_gain(hz, 500.0, 44100), 500.0)
    assert torch.allclose(out, samples, atol=1e-5)


@pytest.mark.parametrize("name", ["low_pass", "high_pass", "telephone_band"])
def test_a_filter_has_no_delay_keeps_its_strength_and_has_a_faint_placebo(builtin, name):
    clip, degradation = builtin[1], catalogue.get(name)
    for level in LEVELS:
        rendered = render(name, clip, level)
        assert degradation.achieved(clip, rendered) == pytest.approx(degradation.ladder.strength(level), rel=0.02)
    assert lag(clip, undone_gain(render(name, clip, 2))) == 0
    assert error(f"{name}_placebo", clip, 1) < error(name, clip, 1) / 4


@pytest.mark.parametrize("length", [1, 2, 700])
def test_what_cannot_be_measured_is_not(length):
    clip = Clip("short", torch.full((1, length), 0.1), 44100)
    assert catalogue.get("low_pass").achieved(clip, render("low_pass", clip, 5)) is None


@pytest.mark.parametrize("name", ["high_pass", "telephone_band"])
@pytest.mark.parametrize("length", [1, 2, 700])
def test_a_filter_that_leaves_nothing_does_not_apply(name, length):
    clip = Clip("short", torch.full((1, length), 0.1), 44100)
    with pytest.raises(NotApplicableError, match="leaves next to nothing"):
        render(name, clip, 5)


@pytest.mark.parametrize(
    ("name", "length", "measured"),
    [("low_pass", 2, False), ("low_pass", 700, True), ("high_pass", 2, False), ("high_pass", 700, True)],
)
def test_a_few_samples_of_noise_are_measured_or_not(name, length, measured):
    noise = 0.1 * torch.randn((1, length), generator=torch.Generator().manual_seed(0))
    clip = Clip("short", noise, 44100)
    strength = catalogue.get(name).achieved(clip, render(name, clip, 5))
    assert strength is None if not measured else np.isfinite(strength)


def test_a_filter_is_refused_where_it_removes_nothing():
    for name in ("low_pass", "telephone_band"):
        with pytest.raises(NotApplicableError, match="nothing to remove"):
            render(name, make_clip(2.0, 16000, 1), 1)


def test_the_number_of_threads_changes_nothing(builtin):
    clip, low_pass = builtin[2], catalogue.get("low_pass")
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone = low_pass.damage(clip, {"cutoff_hz": 4000.0})
        torch.set_num_threads(2)
        assert torch.equal(low_pass.damage(clip, {"cutoff_hz": 4000.0}), alone)
    finally:
        torch.set_num_threads(before)


# -- spectral holes ------------------------------------------------------------------------------------


def test_the_bark_scale_and_its_bands():
    hz = np.asarray([100.0, 1000.0, 4000.0, 15000.0])
    assert bark_to_hz(hz_to_bark(hz)) == pytest.approx(hz)
    assert hz_to_bark(np.asarray(1000.0)) == pytest.approx(8.5, abs=0.1)
    for rate in (8000, 44100, 192000):
        assert band_widths(rate).sum() == framing(rate).bins
        assert (band_widths(rate) > 0).all()


def test_masking_spreads_more_upward_than_downward():
    count = len(band_starts(44100))
    one = np.eye(count)[count // 2][None]
    spread = 10 * np.log10(masking(one, 44100)[0])
    assert spread[count // 2] == pytest.approx(0.0)
    assert spread[count // 2 - 2] == pytest.approx(-25, abs=4)
    assert spread[count // 2 + 2] == pytest.approx(-10, abs=2)


def test_holes_are_nested_evenly_many_and_empty(builtin):
    for clip in builtin:
        emptied = [holes(clip, percent) for percent in catalogue.get("spectral_holes").ladder.strengths]
        for less, more in pairwise(emptied):
            assert (more | ~less).all()
        for cells, percent in zip(emptied, catalogue.get("spectral_holes").ladder.strengths, strict=True):
            assert 100 * cells.mean() == pytest.approx(percent, abs=0.2)
            assert np.ptp(cells.sum(axis=1)) <= 1, "as many in every frame, to rounding"
        out = clip.with_samples(torch.from_numpy(undone_gain(render("spectral_holes", clip, 3))).float())
        power = [
            np.add.reduceat(
                framing(44100).analyse(each.samples).abs().square().sum(0).numpy(), band_starts(44100), axis=1
            )
            for each in (clip, out)
        ]
        ratio = 10 * np.log10((power[1] + 1e-12) / (power[0] + 1e-12))
        assert np.median(ratio[~emptied[2]]) == pytest.approx(0, abs=0.5)
        assert np.median(ratio[emptied[2]]) < -6  # overlapping frames fill a lone hole by half


def test_holes_do_more_harm_by_level_and_the_placebo_hardly_any(builtin):
    for clip in builtin:
        errors = [error("spectral_holes", clip, level) for level in LEVELS]
        assert (np.diff(errors) > 0).all()
        assert error("spectral_holes_placebo", clip, 1) < errors[0] / 20


# -- birdies -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44100, 2), (96000, 6)])
def test_birdies_have_the_asked_ratio_and_are_one_pattern(rate, channels):
    clip = make_clip(2.5, rate, channels, kind="noise")
    power = float(clip.samples.double().square().mean())
    added = [undone_gain(render("birdies", clip, level)) - clip.samples.double().numpy() for level in LEVELS]
    for birdies, snr_db in zip(added, catalogue.get("birdies").ladder.strengths, strict=True):
        assert 10 * np.log10(power / np.mean(birdies**2)) == pytest.approx(snr_db, abs=0.2)
        assert np.corrcoef(birdies.ravel(), added[0].ravel())[0, 1] > 0.999
        assert error("birdies_placebo", clip, 1) < 1e-8


def test_birdies_are_few_short_tones_above_1_khz(builtin):
    clip = builtin[2]
    tones = pattern(clip, 5)
    assert torch.equal(tones, pattern(clip, 5))
    assert not torch.equal(tones, pattern(clip, 6))
    power = framing(44100).analyse(tones).abs().square().sum(0).numpy()
    hz = np.fft.rfftfreq(framing(44100).n_fft, 1 / 44100)
    inside = (hz > 950) & (hz < 14100)
    assert power[:, inside].sum() > 0.999 * power.sum()
    in_order = np.sort(power.ravel())[::-1].cumsum()
    assert in_order[power.size // 50] > 0.95 * in_order[-1], "nearly all of it in 2 % of the cells"
    with pytest.raises(NotApplicableError, match="silent"):
        render("birdies", make_clip(1.0, 8000, 1, kind="silence"), 1)
