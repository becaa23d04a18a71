"""Channels come in WAV's order, from any format, and are written in the format's."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
import torch

from degrade_bench.clip.audio import read_audio, write_audio
from degrade_bench.clip.decode.channels import VORBIS_ORDER, ogg_order
from degrade_bench.clip.loudness import integrated_lufs

RATE = 48000
SET_CHANNEL_MAP = 0x1101


def tones(channels: int) -> np.ndarray:
    """Channel k has a tone of 20 + 10 k Hz, low enough for an LFE."""
    time = np.arange(RATE) / RATE
    return np.stack([0.5 * np.sin(2 * np.pi * (20 + 10 * k) * time) for k in range(channels)]).astype(np.float32)


def places(samples: torch.Tensor) -> list[int]:
    """Which channel stands where, from 0, by its tone."""
    return [(int(peak) - 20) // 10 for peak in torch.fft.rfft(samples[:, :RATE]).abs().argmax(dim=1)]


def ogg(samples: np.ndarray, subtype: str) -> bytes:
    """Channels as they are given: libsndfile knows no order."""
    stream = io.BytesIO()
    with soundfile.SoundFile(stream, "w", RATE, len(samples), subtype, format="OGG", compression_level=0.0) as file:
        file.write(samples.T)
    return stream.getvalue()


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
@pytest.mark.parametrize(
    ("channels", "vorbis"),  # by the Vorbis specification, in terms of WAV's: L R C LFE Ls Rs, and so on
    [
        (1, [0]),
        (2, [0, 1]),
        (3, [0, 2, 1]),
        (4, [0, 1, 2, 3]),
        (5, [0, 2, 1, 3, 4]),
        (6, [0, 2, 1, 4, 5, 3]),
        (7, [0, 2, 1, 5, 6, 4, 3]),
        (8, [0, 2, 1, 6, 7, 4, 5, 3]),
    ],
)
def test_ogg(tmp_path, subtype, channels, vorbis):
    (tmp_path / "a.ogg").write_bytes(ogg(tones(channels)[vorbis], subtype))
    samples, _ = read_audio(tmp_path / "a.ogg")
    assert places(samples) == list(range(channels))


def test_a_surround_is_counted_and_the_lfe_is_not(tmp_path):
    """An Ogg Vorbis 5.1 file of which only the LFE, or only a surround, sounds."""
    for name, place, vorbis in (("lfe", 3, 5), ("surround", 4, 3)):
        noise = np.zeros((6, 3 * RATE), np.float32)
        noise[vorbis] = 0.1 * np.random.default_rng(0).standard_normal(3 * RATE)
        (tmp_path / f"{name}.ogg").write_bytes(ogg(noise, "VORBIS"))
        samples, _ = read_audio(tmp_path / f"{name}.ogg")
        assert int(samples.square().sum(dim=1).argmax()) == place
        lufs = integrated_lufs(samples, RATE)
        alone = integrated_lufs(samples[place : place + 1], RATE)
        assert (lufs < -60) if name == "lfe" else lufs == pytest.approx(alone + 10 * np.log10(1.41), abs=0.3)


@pytest.mark.parametrize(
    ("form", "subtype", "given", "expected"),
    [
        ("CAF", "PCM_16", [2, 3, 9, 10, 4, 11], [0, 1, 4, 5, 2, 3]),  # MPEG 5.1 B: L R Ls Rs C LFE
        ("CAF", "PCM_16", [2, 4, 3, 9, 10, 11], [0, 2, 1, 5, 3, 4]),  # MPEG 5.1 C: L C R Ls Rs LFE
        ("CAF", "PCM_16", [4, 2, 3, 9, 10, 11], [1, 2, 0, 5, 3, 4]),  # MPEG 5.1 D: C L R Ls Rs LFE
        ("AIFF", "PCM_16", [4, 2, 3, 9, 10, 11], [1, 2, 0, 5, 3, 4]),
        ("WAVEX", "PCM_16", [2, 3, 4, 11, 9, 10], [0, 1, 2, 3, 4, 5]),
        ("WAVEX", "PCM_16", [2, 3, 4, 11, 14, 15], [0, 1, 2, 3, 4, 5]),
    ],
)
def test_formats_that_name_their_channels(tmp_path, form, subtype, given, expected):
    path = tmp_path / "a.caf"
    with soundfile.SoundFile(path, "w", RATE, len(given), subtype, format=form) as file:
        numbers = soundfile._ffi.new("int[]", given)
        assert soundfile._snd.sf_command(file._file, SET_CHANNEL_MAP, numbers, soundfile._ffi.sizeof(numbers))
        file.write(tones(len(given)).T)
    assert places(read_audio(path)[0]) == expected


@pytest.mark.parametrize("form", ["WAV", "FLAC", "AU", "AIFF", "CAF"])
def test_formats_that_do_not_are_left_alone(tmp_path, form):
    soundfile.write(tmp_path / "a.caf", tones(6).T, RATE, subtype="PCM_16", format=form)
    assert places(read_audio(tmp_path / "a.caf")[0]) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("channels", [1, 3, 5, 6, 7, 8])
def test_what_is_written_is_read_back_in_order(tmp_path, channels):
    write_audio(tmp_path / "a.ogg", torch.from_numpy(tones(channels)), RATE)
    assert places(read_audio(tmp_path / "a.ogg")[0]) == list(range(channels))
    straight, _ = soundfile.read(tmp_path / "a.ogg", dtype="float32", always_2d=True)
    order = ogg_order(channels)
    assert places(torch.from_numpy(straight.T.copy())) == list(range(channels) if order is None else order)


def test_the_two_orders_undo_each_other():
    for channels, order in VORBIS_ORDER.items():
        back = ogg_order(channels)
        assert back is not None
        assert [order[place] for place in back] == list(range(channels))
