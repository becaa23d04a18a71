"""Oracles of bit depth and aliasing: codes, errors, where a tone folds to, numpy.interp."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from degrade_bench.clip import Clip
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.seeds import generator
from degrade_bench.degrade.signal.aliasing import interpolated
from degrade_bench.errors import ConfigError, NotApplicableError
from tests.conftest import make_clip
from tests.degrade.probes import LEVELS, harm_db, raw, render


@pytest.fixture(scope="module")
def builtin() -> list[Clip]:
    return [source.load() for source in builtin_sources()[:3]]


def mono(samples: np.ndarray, rate: int) -> Clip:
    return Clip("made", torch.from_numpy(samples[None].astype(np.float32)), rate)


# -- bit depth -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
def test_codes_lie_evenly_from_minus_to_plus_the_peak(builtin, level):
    bits = catalogue.get("bit_depth").ladder.strength(level)
    for clip in builtin:
        x = clip.samples.double().numpy()
        peak = np.abs(x).max()
        step = peak / (2 ** (bits - 1) - 1)
        out = raw("bit_depth", clip, level)
        codes = out / step
        assert np.abs(codes - np.rint(codes)).max() < 1e-3, "only multiples of the step"
        assert len(np.unique(np.rint(codes))) <= 2**bits - 1
        assert np.abs(out).max() == pytest.approx(peak, rel=1e-6), "the peak is a code"
        assert np.abs(out - x).max() < 0.5001 * step, "the nearest code"
        assert not out[np.abs(x) < 0.499 * step].any(), "mid-tread: silence stays silent"
        assert catalogue.get("bit_depth").achieved(clip, render("bit_depth", clip, level)) == pytest.approx(
            bits, abs=1e-3
        )


@pytest.mark.parametrize("level", LEVELS)
def test_the_error_of_quantisation_is_that_of_the_textbook(level):
    """Of a signal that fills the range evenly, the error is uniform within a step: step / √12."""
    bits = catalogue.get("bit_depth").ladder.strength(level)
    clip = mono(np.random.default_rng(0).uniform(-1, 1, 200000), 8000)
    step = float(clip.samples.abs().max()) / (2 ** (bits - 1) - 1)
    error = raw("bit_depth", clip, level) - clip.samples.numpy()
    assert 20 * np.log10(error.std() * np.sqrt(12) / step) == pytest.approx(0.0, abs=0.1)


def test_a_single_bit_is_refused_and_two_are_three_codes():
    clip, bits = make_clip(2.0, 44100, 1), catalogue.get("bit_depth")
    with pytest.raises(ConfigError, match="1 bits leave nothing; expected 2 or more"):
        bits.varied(ladder=Ladder((2.0, 1.0), "bits")).render(clip, 2, generator(0))
    rendered = bits.varied(ladder=Ladder((2.0, 1.0), "bits")).render(clip, 1, generator(0))
    assert len(torch.unique(rendered.clip.samples)) == 3


@pytest.mark.parametrize(("kind", "said"), [("silence", "silent"), ("square", "square wave")])
def test_what_has_only_two_values_loses_no_bits(kind, said):
    with pytest.raises(NotApplicableError, match=said):
        render("bit_depth", make_clip(1.0, 8000, 1, kind=kind), 1)


# -- aliasing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("own", "rate", "length"), [(44100, 24000, 44100), (48000, 8000, 4801), (8000, 4000, 7)])
def test_reading_between_the_samples_is_numpy_interp(own, rate, length):
    audio = np.random.default_rng(1).standard_normal((2, length)).astype(np.float32)
    count = length * rate // own
    instants = np.arange(count) * (own / rate)
    out = interpolated(audio, count, own, rate)
    for channel in range(2):
        expected = np.interp(instants, np.arange(length), audio[channel])
        assert np.abs(out[channel] - expected).max() < 1e-5


@pytest.mark.parametrize("own", [11025, 22050, 44100, 96000, 192000])
@pytest.mark.parametrize("level", LEVELS)
def test_a_tone_beyond_the_new_band_folds_down(own, level):
    rate = round(catalogue.get("aliasing").ladder.strength(level))
    if rate >= own:
        with pytest.raises(NotApplicableError, match="no decimation"):
            render("aliasing", make_clip(1.0, own, 1), level)
        return
    tone = round(min(0.75 * rate, 0.45 * own))
    expected = tone if tone < rate / 2 else rate - tone
    clip = mono(0.5 * np.sin(2 * np.pi * tone * np.arange(own) / own), own)
    out = raw("aliasing", clip, level)
    assert out.shape == clip.samples.shape
    spectrum = np.abs(np.fft.rfft(out[0] * np.hanning(own)))  # one bin per Hz
    assert np.argmax(spectrum) == pytest.approx(expected, abs=1)


def test_low_tones_stay_and_each_rate_folds_more(builtin):
    clip = mono(0.5 * np.sin(2 * np.pi * 50 * np.arange(44100) / 44100), 44100)
    error = np.abs(raw("aliasing", clip, 3) - clip.samples.numpy())[0]
    assert error[:-4].max() < 1e-3
    assert error.max() < 1e-2, "the last samples lead over into the end, which is held"
    for each in builtin:
        harms = [harm_db("aliasing", each, level) for level in LEVELS]
        assert (np.diff(harms) > 0).all()
        assert harms[0] < -20
        achieved = [catalogue.get("aliasing").achieved(each, render("aliasing", each, level)) for level in (1, 5)]
        assert achieved == [24000.0, 4000.0]


@pytest.mark.parametrize("name", ["bit_depth", "aliasing"])
def test_placebos_are_far_fainter_than_level_one(name, builtin):
    for clip in builtin:
        assert harm_db(f"{name}_placebo", clip, 1) < harm_db(name, clip, 1) - 45
