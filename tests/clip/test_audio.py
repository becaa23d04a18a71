"""Reading and writing audio: any file as it is, and one clear line where it is none."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from degrade_bench.clip.audio import checked, duration_hint, read_audio, write_audio
from degrade_bench.errors import AudioError, RunFolderError
from tests.conftest import make_clip


@pytest.fixture(scope="module")
def music() -> np.ndarray:
    return make_clip(3.0, 44100, 2).samples.numpy()


@pytest.mark.parametrize(
    ("suffix", "subtype", "tolerance"),
    [
        (".wav", "FLOAT", 0.0),
        (".wav", "PCM_16", 4e-5),
        (".wav", "PCM_24", 2e-7),
        (".flac", "PCM_24", 2e-7),
        (".aiff", "PCM_16", 4e-5),
        (".ogg", None, None),
        (".mp3", None, None),
        (".caf", "FLOAT", 0.0),
        (".au", "FLOAT", 0.0),
    ],
)
def test_formats(tmp_path, music, suffix, subtype, tolerance):
    path = tmp_path / f"a{suffix}"
    soundfile.write(path, music.T, 44100, subtype=subtype)
    samples, rate = read_audio(path)
    assert rate == 44100
    assert samples.dtype == torch.float32
    assert samples.shape == music.shape
    assert samples.is_contiguous()
    if tolerance is not None:
        assert np.abs(samples.numpy() - music).max() <= tolerance
    assert duration_hint(path) == pytest.approx(3.0, abs=0.1)


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (22050, 2), (48000, 3), (96000, 4), (192000, 6)])
def test_rates_and_channels(tmp_path, rate, channels):
    clip = make_clip(1.5, rate, channels)
    write_audio(tmp_path / "a.wav", clip.samples, rate)
    samples, found = read_audio(tmp_path / "a.wav")
    assert found == rate
    assert torch.equal(samples, clip.samples), "float WAV loses nothing"


def test_peaks_beyond_full_scale_stay(tmp_path, music):
    loud = torch.from_numpy(music) * 20
    write_audio(tmp_path / "a.wav", loud, 44100)
    assert torch.equal(read_audio(tmp_path / "a.wav")[0], loud)
    for suffix in (".flac", ".mp3", ".ogg", ".aiff"):
        with pytest.raises(AudioError, match=r"would clip them; write \.wav instead"):
            write_audio(tmp_path / f"a{suffix}", loud, 44100)
        assert not (tmp_path / f"a{suffix}").exists()


def test_a_part_of_a_file(tmp_path, music):
    soundfile.write(tmp_path / "a.wav", music.T, 44100, subtype="FLOAT")
    whole, _ = read_audio(tmp_path / "a.wav")
    part, _ = read_audio(tmp_path / "a.wav", start=1.0, duration=0.5)
    assert torch.equal(part, whole[:, 44100 : 44100 + 22050])
    assert read_audio(tmp_path / "a.wav", start=2.5, duration=60.0)[0].shape[1] == 22050
    with pytest.raises(AudioError, match="holds no samples from 99 s on"):
        read_audio(tmp_path / "a.wav", start=99.0)


def cut_off(tmp_path, music, suffix: str, share: float) -> tuple[Path, Path]:
    """A file and another one that holds only the first ``share`` of its bytes, as of a download that stopped."""
    whole, part = tmp_path / f"whole{suffix}", tmp_path / f"cut{suffix}"
    soundfile.write(whole, music.T, 44100)
    data = whole.read_bytes()
    part.write_bytes(data[: round(share * len(data))])
    return whole, part


@pytest.mark.parametrize("suffix", [".mp3", ".wav", ".flac", ".ogg"])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_file_that_is_cut_off_is_read_as_far_as_it_goes(tmp_path, music, suffix, share):
    whole, part = cut_off(tmp_path, music, suffix, share)
    expected, samples = read_audio(whole)[0], read_audio(part)[0]
    assert samples.shape[0] == 2
    assert share / 2 * expected.shape[1] < samples.shape[1] <= expected.shape[1]
    intact = round(share / 2 * expected.shape[1])
    assert torch.equal(samples[:, :intact], expected[:, :intact])


@pytest.mark.parametrize(
    ("suffix", "share", "said"),
    [
        (".mp3", 0.0, "empty"),
        (".wav", 0.0, "empty"),
        (".mp3", 0.001, "no whole MPEG frame is in it"),
        (".ogg", 0.001, "not audio that can be decoded"),
        (".ogg", 0.02, "cut off; what is left of it cannot be decoded"),
    ],
)
def test_a_file_of_which_too_little_is_left_is_refused_in_one_line(tmp_path, music, suffix, share, said):
    _, part = cut_off(tmp_path, music, suffix, share)
    with pytest.raises(AudioError, match=said) as caught:
        read_audio(part)
    assert part.name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_audio(tmp_path):
    (tmp_path / "text.wav").write_text("not audio at all")
    (tmp_path / "zero.wav").write_bytes(b"")
    (tmp_path / "random.mp3").write_bytes(np.random.default_rng(0).bytes(5000))
    (tmp_path / "folder.wav").mkdir()
    for name, said in (
        ("text.wav", "not audio that can be decoded"),
        ("zero.wav", r"empty \(0 bytes\)"),
        ("folder.wav", "is a directory"),
        ("missing.wav", "no such file"),
    ):
        with pytest.raises(AudioError, match=f"{name}: .*{said}"):
            read_audio(tmp_path / name)
        assert duration_hint(tmp_path / name) is None
    soundfile.write(tmp_path / "none.wav", np.zeros((0, 2)), 44100)
    with pytest.raises(AudioError, match="holds no samples"):
        read_audio(tmp_path / "none.wav")


def test_what_is_no_regular_file_is_refused_at_once(tmp_path, monkeypatch):
    """None of them is opened: a pipe would be waited for, a device read without end."""
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "zero.wav").symlink_to("/dev/zero")
    (tmp_path / "none.wav").symlink_to("/dev/null")
    (tmp_path / "linked.wav").symlink_to("pipe.wav")
    (tmp_path / "loop.wav").symlink_to("loop.wav")
    monkeypatch.chdir(tmp_path)  # the name of a socket is at most a hundred bytes long
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.wav")
    monkeypatch.setattr("os.open", lambda *arguments, **named: pytest.fail("opened it"))
    for name, said in (
        ("pipe", "is a named pipe, expected a regular file"),
        ("linked", "is a named pipe"),
        ("socket", "is a socket"),
        ("zero", "is a device"),
        ("none", "is a device"),
        ("folder", "is a directory"),
        ("loop", "symbolic links"),
    ):
        with pytest.raises(AudioError, match=f"{name}.wav: .*{said}"):
            read_audio(tmp_path / f"{name}.wav")
        assert duration_hint(tmp_path / f"{name}.wav") is None
    for name in ("a\0b.wav", "a\ud800b.wav", "x" * 300 + ".wav"):
        with pytest.raises(AudioError, match=r"not a path that a file can have|too long"):
            read_audio(tmp_path / name)


def test_a_minute_of_vorbis_is_written(tmp_path):
    """libsndfile's encoder crashes the interpreter when it is given so much at once."""
    noise = 0.1 * torch.randn(2, 60 * 44100, generator=torch.Generator().manual_seed(0))
    write_audio(tmp_path / "a.ogg", noise, 44100)
    assert duration_hint(tmp_path / "a.ogg") == 60


def test_a_file_without_permission(tmp_path, music, monkeypatch):
    soundfile.write(tmp_path / "a.wav", music.T, 44100)

    def refused(*arguments, **named):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.open", refused)
    with pytest.raises(AudioError, match="no permission to read it"):
        read_audio(tmp_path / "a.wav")


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        (torch.full((1, 16000), float("nan")), "16000 of 16000 samples are NaN or infinite"),
        (torch.zeros(1, 16000), "silent: no sample reaches -80 dBFS"),
        (torch.full((1, 16000), 5e-5), "silent"),
        (torch.full((2, 16000), 0.3), "silent: no sample reaches -80 dBFS beside a constant offset"),
        (torch.ones(1, 1), "too short: 0.000125 s"),
        (torch.ones(1, 7999), "too short"),
    ],
)
def test_what_cannot_be_damaged_and_scored(tmp_path, samples, said):
    with pytest.raises(AudioError, match=said):
        checked(samples, 8000, tmp_path / "a.wav")


def test_writing_is_whole_or_not_at_all(tmp_path, music):
    samples = torch.from_numpy(music)
    for suffix in (".wav", ".flac", ".ogg", ".mp3", ".aiff"):
        write_audio(tmp_path / f"a{suffix}", samples, 44100)
        assert read_audio(tmp_path / f"a{suffix}")[0].shape[0] == 2
    for name, said in (("a.xyz", r"cannot write \.xyz"), ("a", "without suffix")):
        with pytest.raises(AudioError, match=said):
            write_audio(tmp_path / name, samples, 44100)
    with pytest.raises(AudioError, match="MP3 cannot hold 6 channels at 192000 Hz"):
        write_audio(tmp_path / "six.mp3", torch.zeros(6, 1000), 192000)
    with pytest.raises(RunFolderError, match="cannot write"):
        write_audio(tmp_path / "nowhere" / "a.wav", samples, 44100)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".aiff", ".flac", ".mp3", ".ogg", ".wav"]


def test_real_music_is_read(music_folder):
    files = sorted(music_folder.glob("*.ogg"))
    assert files
    for path in files:
        samples, rate = read_audio(path)
        checked(samples, rate, path)
        expected, expected_rate = soundfile.read(path, dtype="float32", always_2d=True)
        assert rate == expected_rate
        assert np.array_equal(samples.numpy(), expected.T)
