"""Oracles of the codecs: no lag, nothing clipped, streams of the asked bit rate, bits counted by other means."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
import torch

from degrade_bench.clip import Clip
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.dsp.codec import (
    DELAY_SAMPLES,
    codec_rate,
    decode,
    encode,
    gsm_round_trip,
    mp3_round_trip,
    ogg_audio_bytes,
    pcm_round_trip,
    resampled,
    round_trip,
    vorbis_encode,
)
from degrade_bench.degrade.signal.vorbis import coding
from tests.conftest import make_clip
from tests.degrade.probes import LEVELS, error, lag, render, undone_gain

CODECS = ["mp3", "vorbis", "gsm"]


@pytest.fixture(scope="module")
def builtin() -> list[Clip]:
    clips = [source.load() for source in builtin_sources()[:3]]
    return [clip.with_samples(clip.samples[:, : 5 * clip.sample_rate].contiguous()) for clip in clips]


# -- all of them ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*CODECS, *(f"{name}_placebo" for name in CODECS)])
@pytest.mark.parametrize("level", [1, 3, 5])
def test_a_codec_has_no_lag_on_builtin_clips(builtin, name, level):
    if level in catalogue.get(name).ladder.levels:
        for clip in builtin:
            assert lag(clip, undone_gain(render(name, clip, level))) == 0


@pytest.mark.parametrize("name", CODECS)
@pytest.mark.parametrize(
    ("rate", "channels"), [(8000, 1), (22050, 2), (32000, 3), (44100, 6), (48000, 2), (96000, 2), (192000, 6)]
)
def test_a_codec_has_no_lag_at_any_rate_and_channel_count(name, rate, channels):
    clip = make_clip(1.7, rate, channels, seed=2)
    for level in (1, 5):
        out = render(name, clip, level)
        assert out.clip.samples.shape == clip.samples.shape
        # GSM's noise may move the peak by a fraction of its own samples, of which the clip has several
        fraction = 1 if name == "gsm" and rate >= 2.5 * out.plan.params["rate"] else 0
        assert abs(lag(clip, undone_gain(out))) <= fraction


@pytest.mark.parametrize("name", CODECS)
def test_fewer_bits_do_more_harm_and_the_placebo_hardly_any(builtin, name):
    for clip in builtin:
        errors = [error(name, clip, level) for level in LEVELS]
        if name == "vorbis":  # a lower sample rate leaves more bits to what remains of the band
            assert errors[0] < errors[1] < errors[4]
        else:
            assert (np.diff(errors) > 0).all()
        assert error(f"{name}_placebo", clip, 1) < errors[0] / 10


@pytest.mark.parametrize("name", CODECS)
def test_channels_stay_where_they_are(name):
    clip = make_clip(2.0, 32000, 3, seed=4)
    only = clip.with_samples(clip.samples * torch.tensor([[0.0], [0.0], [1.0]]))
    out = undone_gain(render(name, only, 1))
    assert np.abs(out[:2]).max() < 1e-3 * np.abs(out[2]).max()


@pytest.mark.parametrize("name", CODECS)
@pytest.mark.parametrize("scale", [1e-3, 30.0])
def test_a_quiet_or_loud_master_is_damaged_alike(name, scale):
    clip = make_clip(2.0, 44100, 2)
    scaled = clip.with_samples(clip.samples * scale)
    if name == "gsm" or scale > 1:
        assert error(name, scaled, 2) == pytest.approx(error(name, clip, 2), rel=0.25)
    else:
        assert np.isfinite(error(name, scaled, 2))


def test_a_coder_that_does_nothing_leaves_the_samples_alone():
    clip = make_clip(1.0, 44100, 3)
    loud = clip.samples * 5
    assert torch.allclose(round_trip(loud, 44100, 44100, lambda audio, _: audio), loud, rtol=1e-6, atol=1e-6)
    silence = torch.zeros(2, 4410)
    assert torch.equal(round_trip(silence, 44100, 8000, lambda audio, _: audio, 1, peak=0.8), silence)


# -- MP3 -----------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("kbps", [320, 128, 32])
@pytest.mark.parametrize("seconds", [1152 / 44100, 0.5, 1.7])
def test_both_ways_of_taking_out_the_delay_agree(kbps, seconds):
    """With LAME's tag the decoder takes it out, without we do."""
    clip = make_clip(seconds, 44100, 2)
    out = mp3_round_trip(clip.samples, 44100, kbps)
    assert lag(clip, out.double().numpy()) == 0


# -- Vorbis --------------------------------------------------------------------------------------------


def test_the_stream_is_vorbis_and_its_bits_are_counted_without_headers():
    clip = make_clip(3.0, 44100, 2)
    stream = vorbis_encode(clip.samples.numpy(), 44100, 0.2)
    info = soundfile.info(io.BytesIO(stream))
    assert (info.format, info.subtype, info.samplerate, info.channels) == ("OGG", "VORBIS", 44100, 2)
    pages = stream.split(b"OggS")[1:]  # the name may occur in packets, but hardly does
    audio = sum(4 + len(page) for page in pages if page[2:10] != bytes(8))
    assert ogg_audio_bytes(stream) == audio < len(stream)
    assert decode(stream).shape == tuple(clip.samples.shape)


def test_more_bits_are_spent_on_the_higher_levels_of_quality(builtin):
    for clip in builtin:
        spent = [catalogue.get("vorbis").achieved(clip, render("vorbis", clip, level)) for level in LEVELS]
        assert (np.diff(spent) < 0).all()
        assert np.allclose(spent, catalogue.get("vorbis").ladder.strengths, rtol=0.3)


def test_bit_rates_become_qualities_and_rates():
    assert coding(96, 48000) == (48000, pytest.approx(0.2))
    assert coding(64, 44100) == (44100, 0.0)
    assert coding(500, 22050) == (32000, 1.0)
    assert [coding(kbps, 44100)[0] for kbps in (12, 19, 20, 28, 40)] == [8000, 8000, 11025, 11025, 22050]


# -- GSM -----------------------------------------------------------------------------------------------


def test_at_its_own_rate_gsm_is_what_libsndfile_makes_of_it():
    clip = make_clip(2.0, 8000, 1)
    loud = clip.samples * (0.8 / float(clip.samples.abs().max()))
    stream = io.BytesIO()
    soundfile.write(stream, loud[0].numpy(), 8000, format="WAV", subtype="GSM610")
    assert len(stream.getvalue()) * 8 / 2.0 / 1000 == pytest.approx(13.0, rel=0.02)  # kbps, and a header
    stream.seek(0)
    expected, _ = soundfile.read(stream, dtype="float32")
    assert np.allclose(gsm_round_trip(loud, 8000, 8000)[0].numpy(), expected[: clip.num_samples], atol=1e-6)


def test_the_band_ends_where_the_clock_lets_it():
    clip = make_clip(2.0, 44100, 1, kind="noise")
    frequencies = np.fft.rfftfreq(clip.num_samples, 1 / 44100)
    for level, clock in zip(LEVELS, (32000, 24000, 16000, 12000, 8000), strict=True):
        power = np.abs(np.fft.rfft(undone_gain(render("gsm", clip, level))[0])) ** 2
        assert power[frequencies > clock / 2 + 100].sum() < 1e-4 * power.sum()
        assert power[(frequencies > 0.3 * clock) & (frequencies < 0.45 * clock)].sum() > 0.03 * power.sum()


def test_pcm_in_gsms_place_leaves_16_bits():
    clip = make_clip(1.0, 48000, 2)
    out = pcm_round_trip(clip.samples, 48000, 48000)
    step = float(clip.samples.abs().max()) / 0.8 / 2**15
    assert float((out - clip.samples).abs().max()) <= step


def test_resampling_there_and_back_has_no_lag():
    audio = make_clip(1.0, 44100, 2).samples.numpy()
    assert resampled(audio, 44100, 44100) is audio
    back = resampled(resampled(audio, 44100, 48000), 48000, 44100)
    assert np.abs(back[:, 1000:40000] - audio[:, 1000:40000]).max() < 0.02 * np.abs(audio).max()


def test_streams_of_a_signal_are_used_again(monkeypatch):
    samples = make_clip(3, 44100, 3).samples
    fresh = mp3_round_trip(samples, 44100, 64)
    streams: dict[int, tuple[bytes, ...]] = {}
    assert torch.equal(mp3_round_trip(samples, 44100, 64, streams), fresh)
    assert [len(stream) > 1000 for stream in streams[64]] == [True, True], "a pair of channels, and a single one"
    monkeypatch.setattr("degrade_bench.degrade.dsp.codec.encode", None)
    assert torch.equal(mp3_round_trip(samples, 44100, 64, streams), fresh)
