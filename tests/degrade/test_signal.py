"""Oracles of the signal damages: what came out, measured by other means than the code's own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from degrade_bench.clip import Clip
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Rendered
from degrade_bench.degrade.codec import DELAY_SAMPLES, codec_rate, encode, mp3_round_trip
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.degrade.signal.low_pass import response_db
from degrade_bench.errors import NotApplicableError
from tests.conftest import make_clip


def render(name: str, clip: Clip, level: int) -> Rendered:
    degradation = catalogue.get(name)
    return degradation.render(clip, level, generator(cell_seed(3, clip.hash, *degradation.seed_key)))


def undone_gain(rendered: Rendered) -> np.ndarray:
    return (rendered.clip.samples.double() * 10 ** (-rendered.plan.gain_db / 20)).numpy()


@pytest.fixture(scope="module")
def builtin() -> list[Clip]:
    return [source.load() for source in builtin_sources()[:3]]


# -- white noise ---------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    rate=st.sampled_from([8000, 22050, 44100, 192000]),
    channels=st.integers(1, 6),
    seconds=st.floats(1, 4),
    level=st.integers(1, 5),
)
def test_noise_has_the_asked_ratio_to_a_signal_that_never_pauses(rate, channels, seconds, level):
    clip = make_clip(seconds, rate, channels, kind="noise")
    rendered = render("white_noise", clip, level)
    noise = undone_gain(rendered) - clip.samples.double().numpy()
    snr = 10 * np.log10(np.mean(clip.samples.double().numpy() ** 2) / np.mean(noise**2))
    assert snr == pytest.approx((40.0, 30.0, 20.0, 10.0, 0.0)[level - 1], abs=0.1)
    assert catalogue.get("white_noise").achieved(clip, rendered) == pytest.approx(snr, abs=0.1)


def test_noise_is_measured_against_the_active_level():
    music = make_clip(4.0, 16000, 1, kind="noise")
    padded = Clip("padded", torch.nn.functional.pad(music.samples, (0, 12 * 16000)), 16000)
    noise = undone_gain(render("white_noise", padded, 3)) - padded.samples.double().numpy()
    power = float(music.samples.double().square().mean())
    assert 10 * np.log10(power / np.mean(noise**2)) == pytest.approx(20.0, abs=0.1)


def test_all_levels_share_one_white_noise(builtin):
    clip = builtin[0]
    noises = [undone_gain(render("white_noise", clip, level)) - clip.samples.double().numpy() for level in (2, 5)]
    for channel in range(clip.channels):
        assert np.corrcoef(noises[0][channel], noises[1][channel])[0, 1] > 0.999
    assert abs(np.corrcoef(noises[1])[0, 1]) < 0.01, "channels have noise of their own"
    spectrum = np.abs(np.fft.rfft(noises[1][0])) ** 2
    bands = [band.mean() for band in np.array_split(spectrum, 10)]
    assert max(bands) / min(bands) < 1.1, "white: the same power everywhere"


def test_another_replicate_and_another_run_seed_draw_other_noise(builtin):
    clip, degradation = builtin[0], catalogue.get("white_noise")
    keys = [(0, 0), (0, 1), (1, 0)]
    seeds = [cell_seed(seed, clip.hash, *degradation.seed_key, replicate) for seed, replicate in keys]
    drawn = {degradation.plan(clip, 1, generator(seed)).params["noise_seed"] for seed in seeds}
    assert len(drawn) == 3


# -- hard clipping -------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_clipping_is_numpy_clip_and_cuts_the_asked_share(builtin, level):
    asked = (0.5, 2.0, 5.0, 15.0, 40.0)[level - 1]
    for clip in builtin:
        rendered = render("hard_clipping", clip, level)
        threshold = rendered.plan.params["threshold"]
        expected = np.clip(clip.samples.numpy(), -threshold, threshold)
        raw = catalogue.get("hard_clipping").damage(clip, rendered.plan.params).numpy()
        assert np.array_equal(raw, expected)
        cut = 100 * np.mean(np.abs(clip.samples.numpy()) > threshold)
        assert cut == pytest.approx(asked, rel=0.02, abs=0.01)


def test_there_is_nothing_to_clip_in_a_square_wave():
    with pytest.raises(NotApplicableError, match="no threshold"):
        render("hard_clipping", make_clip(2.0, 8000, 1, kind="square"), 1)


# -- low-pass ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [22050, 44100, 48000, 96000])
@pytest.mark.parametrize("cutoff", [8000.0, 4000.0, 2000.0, 1000.0])
def test_low_pass_response_at_octave_points(rate, cutoff):
    impulse = torch.zeros(1, rate)
    impulse[0, rate // 2] = 1.0
    out = catalogue.get("low_pass").damage(Clip("impulse", impulse, rate), {"cutoff_hz": cutoff})
    spectrum = 20 * np.log10(np.abs(np.fft.rfft(out[0].double().numpy())) + 1e-12)  # one bin per Hz
    points = [round(cutoff * 2.0**k) for k in (-4, -3, -2, -1, 0, 1, 2) if cutoff * 2.0**k < 0.9 * rate / 2]
    design = response_db(np.asarray(points, dtype=float), cutoff, rate)
    audible = design > -80
    assert np.abs(spectrum[points] - design)[audible].max() < 1.0
    assert spectrum[round(cutoff)] == pytest.approx(-3.01, abs=0.1)
    assert spectrum[round(cutoff / 8)] == pytest.approx(0.0, abs=0.05)
    if 4 * cutoff < rate / 6:  # far from the end of the band: 24 dB per octave
        assert spectrum[round(2 * cutoff)] - spectrum[round(4 * cutoff)] == pytest.approx(24, abs=2)


def test_low_pass_has_no_delay_and_is_refused_where_it_removes_nothing(builtin):
    clip = builtin[1]
    assert lag(clip, undone_gain(render("low_pass", clip, 5))) == 0
    with pytest.raises(NotApplicableError, match="nothing to remove"):
        render("low_pass", make_clip(2.0, 16000, 1), 1)


# -- MP3 -----------------------------------------------------------------------------------------------


def lag(clip: Clip, degraded: np.ndarray) -> int:
    """Where the cross-correlation of the mean of the channels peaks, in samples."""
    x, y = clip.samples.double().numpy().mean(axis=0), degraded.mean(axis=0)
    size = 2 * len(x)
    correlation = np.fft.irfft(np.conj(np.fft.rfft(x, size)) * np.fft.rfft(y, size), size)
    peak = int(np.argmax(correlation))
    return peak if peak < len(x) else peak - size


@pytest.mark.parametrize("level", [1, 3, 5])
def test_mp3_has_no_lag_on_builtin_clips(builtin, level):
    for clip in builtin:
        assert lag(clip, undone_gain(render("mp3", clip, level))) == 0


@pytest.mark.parametrize(
    ("rate", "channels"), [(8000, 1), (22050, 2), (32000, 3), (44100, 6), (48000, 2), (96000, 2), (192000, 6)]
)
def test_mp3_has_no_lag_at_any_rate_and_channel_count(rate, channels):
    clip = make_clip(1.7, rate, channels, seed=2)
    for level in (1, 5):
        out = render("mp3", clip, level)
        assert out.clip.samples.shape == clip.samples.shape
        assert lag(clip, undone_gain(out)) == 0


MPEG1_LAYER3_KBPS = [None, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]


@pytest.mark.parametrize("kbps", [128, 96, 64, 48, 32, 320, 256])
@pytest.mark.parametrize("rate", [32000, 44100, 48000])
def test_the_stream_is_mp3_at_the_asked_bitrate(kbps, rate):
    clip = make_clip(3.0, rate, 2)
    stream = encode(clip.samples.numpy(), rate, kbps)
    start = stream.index(b"\xff\xfb")
    headers, position = [], start
    while position + 4 <= len(stream) and stream[position] == 0xFF and stream[position + 1] & 0xFE == 0xFA:
        bits = stream[position + 2]
        own_kbps = MPEG1_LAYER3_KBPS[bits >> 4]
        own_rate = [44100, 48000, 32000][(bits >> 2) & 3]
        headers.append((own_kbps, own_rate))
        assert own_kbps is not None
        position += 144_000 * own_kbps // own_rate + ((bits >> 1) & 1)
    assert set(headers[1:]) == {(kbps, rate)}  # the first frame may be LAME's own, with its tables
    assert len(headers) * 1152 >= clip.num_samples


def test_mp3_of_peaks_beyond_full_scale_clips_nothing():
    clip = make_clip(2.0, 44100, 2)
    loud = clip.samples * (3.0 / float(clip.samples.abs().max()))
    out = mp3_round_trip(loud, 44100, 320)
    assert float((out - loud).square().mean()) < 1e-3 * float(loud.square().mean())
    assert float(out.abs().max()) > 2.5


def test_codec_rates_and_delay():
    assert [codec_rate(rate) for rate in (8000, 32000, 44099, 44100, 96000)] == [32000, 32000, 44100, 44100, 48000]
    assert DELAY_SAMPLES == 576 + 529


def test_fewer_bits_do_more_harm(builtin):
    for clip in builtin:
        clean = clip.samples.double().numpy()
        losses = [np.mean((undone_gain(render("mp3", clip, level)) - clean) ** 2) for level in (1, 2, 3, 4, 5)]
        assert (np.diff(losses) > 0).all()
