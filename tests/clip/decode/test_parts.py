"""A part of a file has the samples that the whole has there, and takes no more memory than they do."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import soundfile

from degrade_bench.clip.audio import read_audio, read_part
from degrade_bench.errors import AudioError
from tests.clip.decode.files import KINDS, SECONDS, encoded, suffix_of

PARTS = [(0.0, 1.0), (1 / 3, 0.5), (1.25, None), (1.7, 0.75), (2.4999, 5.0), (3.8, 0.1), (3.95, None)]


@pytest.mark.parametrize("kind", KINDS)
def test_parts_of_every_format(tmp_path, kind):
    path = tmp_path / f"a{suffix_of(kind)}"
    path.write_bytes(encoded(kind))
    whole, rate = read_audio(path)
    assert abs(whole.shape[1] / rate - SECONDS) < 0.1
    for start, duration in PARTS:
        first = round(start * rate)
        last = whole.shape[1] if duration is None else first + round(duration * rate)
        part = read_part(path, start, duration)
        assert np.array_equal(part.samples, whole[:, first:last].numpy())
        assert part.damage is None
        assert part.samples.flags["C_CONTIGUOUS"]
    with pytest.raises(AudioError, match="holds no samples from 99 s on"):
        read_audio(path, start=99.0)


@pytest.mark.parametrize("kind", ["WAV-PCM_24", "FLAC-PCM_16", "OGG-VORBIS", "MP3-MPEG_LAYER_III"])
def test_memory_is_that_of_the_samples(tmp_path, kind):
    path = tmp_path / f"a{suffix_of(kind)}"
    path.write_bytes(encoded(kind))
    samples, _ = read_audio(path)
    tracemalloc.start()
    read_audio(path)
    whole = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    read_audio(path, start=3.0, duration=0.1)
    part = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    slack = 250_000
    assert whole < 4 * samples.numel() + slack
    assert part < 4 * samples.numel() / 40 + slack


def test_six_channels_at_96_khz_and_24_bits(tmp_path):
    noise = np.random.default_rng(0).uniform(-0.9, 0.9, (6, 3 * 96000)).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", noise.T, 96000, subtype="PCM_24")
    tracemalloc.start()
    samples, rate = read_audio(tmp_path / "a.wav")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rate == 96000
    assert np.abs(samples.numpy() - noise).max() <= 2**-23
    assert peak < 1.1 * 4 * noise.size


@pytest.mark.parametrize("kind", ["WAV-PCM_16", "FLAC-PCM_16", "OGG-VORBIS", "MP3-MPEG_LAYER_III", "WAV-GSM610"])
def test_what_is_too_long_is_refused_and_a_part_of_it_is_read(tmp_path, kind):
    path = tmp_path / f"a{suffix_of(kind)}"
    path.write_bytes(encoded(kind))
    whole, rate = read_audio(path)
    size = 4 * whole.numel()
    assert read_audio(path, most_bytes=size)[0].shape == whole.shape
    with pytest.raises(AudioError, match=r"too long to be decoded whole: [34]\S* s would be .* read a part"):
        read_audio(path, most_bytes=size - 8)
    assert read_audio(path, duration=1.0, most_bytes=size // 2)[0].shape == (len(whole), rate)
    with pytest.raises(AudioError, match="at most"):
        read_audio(path, start=0.1, duration=3.0, most_bytes=size // 2)


def test_hours_of_silence_in_a_few_kilobytes_are_refused_before_they_are_decoded(tmp_path, monkeypatch):
    path = tmp_path / "a.flac"
    with soundfile.SoundFile(path, "w", 8000, 1, "PCM_16") as file:
        for _ in range(10):
            file.write(np.zeros(6 * 60 * 8000, np.int16))
    assert path.stat().st_size < 300_000
    limit = 4 * 8000 * 1800
    blocks = "degrade_bench.clip.decode.sound.Sound.blocks"
    monkeypatch.setattr(blocks, lambda *arguments: pytest.fail("decoded it"))
    with pytest.raises(
        AudioError, match=r"3600 s would be 109\.9 MiB; at most 54\.93 MiB of samples are decoded, 1800 s"
    ):
        read_audio(path, most_bytes=limit)


def test_a_length_that_is_not_known_is_counted(tmp_path):
    path = tmp_path / "a.flac"
    content = bytearray(encoded("FLAC-PCM_16"))
    content[21] &= 0xF0
    content[22:26] = bytes(4)
    path.write_bytes(content)
    whole, rate = read_audio(path)
    assert whole.shape[1] == round(SECONDS * rate)
    with pytest.raises(AudioError, match="more than that is there; at most"):
        read_audio(path, most_bytes=4 * whole.numel() - 8)
