"""Oracles of the low-pass and of MP3: what came out, measured by other means than the code's own."""

from __future__ import annotations

import numpy as np
import pytest
import torch

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
