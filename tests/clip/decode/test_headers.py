"""Headers that are wrong: what they promise is not believed where the file tells otherwise."""

from __future__ import annotations

import shlex
import struct

import lameenc
import numpy as np
import pytest

from degrade_bench.clip.audio import duration_hint, read_audio, read_part
from degrade_bench.errors import AudioError
from tests.clip.decode.files import encoded, suffix_of


def changed(kind: str, mark: bytes, offset: int, value: bytes) -> bytes:
    """A file in which something else stands ``offset`` bytes behind a mark."""
    content = encoded(kind)
    place = content.index(mark) + offset
    return content[:place] + value + content[place + len(value) :]


def whole(kind: str, tmp_path) -> np.ndarray:
    path = tmp_path / f"whole{suffix_of(kind)}"
    path.write_bytes(encoded(kind))
    return read_audio(path)[0].numpy()


@pytest.mark.parametrize(
    ("kind", "mark", "offset", "value", "damaged"),
    [
        ("WAV-PCM_16", b"data", 4, struct.pack("<I", 0), False),
        ("WAV-PCM_16", b"data", 4, struct.pack("<I", 2**32 - 1), False),
        ("WAV-PCM_16", b"data", 4, struct.pack("<I", 2**31 - 1), True),
        ("WAV-PCM_16", b"RIFF", 4, struct.pack("<I", 0), False),
        ("WAV-GSM610", b"data", 4, struct.pack("<I", 0), False),
        ("CAF-PCM_16", b"data", 4, b"\xff" * 8, False),
        ("CAF-PCM_16", b"data", 4, struct.pack(">q", 10**12), True),
        ("AIFF-PCM_16", b"SSND", 4, struct.pack(">I", 2**32 - 2), True),
        ("AIFF-PCM_16", b"COMM", 10, struct.pack(">I", 100), False),
        ("AIFF-PCM_16", b"COMM", 10, struct.pack(">I", 2**31), False),
        ("AU-PCM_16", b".snd", 8, struct.pack(">I", 2**32 - 1), False),
        ("FLAC-PCM_16", b"fLaC", 22, struct.pack(">I", 2**32 - 1), True),
        ("MP3-MPEG_LAYER_III", b"Xing", 8, struct.pack(">I", 10**6), True),
    ],
)
def test_lengths(tmp_path, kind, mark, offset, value, damaged):
    mark = b"Info" if mark == b"Xing" and mark not in encoded(kind) else mark
    path = tmp_path / f"a{suffix_of(kind)}"
    path.write_bytes(changed(kind, mark, offset, value))
    expected, part = whole(kind, tmp_path), read_part(path)
    assert np.array_equal(part.samples[:, : expected.shape[1]], expected)
    assert part.samples.shape[1] - expected.shape[1] < 1500
    assert (part.damage is not None) == damaged
    hint = duration_hint(path)
    assert hint is None or hint > 0


def test_a_header_that_states_too_few_mpeg_frames(tmp_path):
    kind = "MP3-MPEG_LAYER_III"
    mark = b"Xing" if b"Xing" in encoded(kind) else b"Info"
    path = tmp_path / "a.mp3"
    path.write_bytes(changed(kind, mark, 8, struct.pack(">I", 20)))
    expected = whole(kind, tmp_path)
    samples = read_audio(path)[0].numpy()
    assert 0 <= samples.shape[1] - expected.shape[1] < 2000
    lag = [np.abs(samples[:, k : k + 5000] - expected[:, :5000]).max() for k in range(2000)]
    assert min(lag) < 1e-5, "the same music, later by the encoder's delay"


def lame(samples: np.ndarray, rate: int, kbps: int) -> bytes:
    """An MP3 stream without a frame that counts the others."""
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_channels(len(samples))
    encoder.set_in_sample_rate(rate)
    encoder.set_out_sample_rate(rate)
    encoder.set_bit_rate(kbps)
    stream = bytes(encoder.encode((samples.T * 32767).astype(np.int16).tobytes()) + encoder.flush())
    assert b"Xing" not in stream
    return stream if b"Info" not in stream else stream[stream.index(b"\xff\xfb", 10) :]


@pytest.mark.parametrize("rates", [(320, 32), (32, 320), (128, 128)])
def test_a_bit_rate_that_changes_leaves_no_frames_out(tmp_path, rates):
    """A decoder that takes all frames to be as long as the first expects fewer than there are."""
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 2 * 44100))
    content = b"".join(lame(noise, 44100, kbps) for kbps in rates)
    (tmp_path / "a.mp3").write_bytes(content)
    samples, _ = read_audio(tmp_path / "a.mp3")
    assert samples.shape[1] > 4 * 44100
    assert float(samples[:, -30000:-5000].square().mean()) > 0.005


@pytest.mark.parametrize(
    "before",
    [
        b"ID3\x04\x00\x00\x00\x7f\x7f\x7f" + b"\xff\xfb\x90\x00" * 524287 + b"xxx",
        b"ID3\x04\x00\x00\x00\x00\x00\x05hallo" * 2,
        bytes(5000),
        np.random.default_rng(3).bytes(20000).replace(b"\xff", b"\xfe"),
    ],
    ids=["a picture of megabytes", "two tags", "zeros", "garbage"],
)
def test_what_stands_before_the_first_mpeg_frame(tmp_path, before):
    kind = "MP3-MPEG_LAYER_III"
    path = tmp_path / "a.mp3"
    path.write_bytes(before + encoded(kind))
    assert np.array_equal(read_audio(path)[0].numpy(), whole(kind, tmp_path))


@pytest.mark.parametrize(
    ("kind", "mark", "offset", "value", "said"),
    [
        ("WAV-PCM_16", b"fmt ", 12, struct.pack("<I", 3), "a sample rate of 3 Hz; expected 1000 to 1536000 Hz"),
        ("WAV-PCM_16", b"fmt ", 12, struct.pack("<I", 2 * 10**9), "a sample rate of 2000000000 Hz"),
        ("WAV-PCM_16", b"fmt ", 12, struct.pack("<I", 0), "a sample rate or a number of channels that cannot be"),
        ("WAV-PCM_16", b"fmt ", 10, struct.pack("<H", 0), "Channel count is zero"),
        ("WAV-PCM_16", b"fmt ", 8, struct.pack("<H", 0x161), "not audio that can be decoded|not read here"),
        ("FLAC-PCM_16", b"fLaC", 8, bytes(40), "not audio that can be decoded|not read here"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, kind, mark, offset, value, said):
    path = tmp_path / f"a{suffix_of(kind)}"
    path.write_bytes(changed(kind, mark, offset, value))
    with pytest.raises(AudioError, match=said):
        read_audio(path)


@pytest.mark.parametrize("kind", ["WAV-PCM_16", "FLAC-PCM_16", "MP3-MPEG_LAYER_III", "OGG-VORBIS"])
@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.raw", "a", "a.ogg"])
def test_the_name_does_not_matter(tmp_path, kind, name):
    (tmp_path / name).write_bytes(encoded(kind))
    assert np.array_equal(read_audio(tmp_path / name)[0].numpy(), whole(kind, tmp_path))


def test_nothing_is_said_on_the_terminal(tmp_path, capfd):
    """mpg123 would, of frames that do not follow each other."""
    content = encoded("MP3-MPEG_LAYER_III")
    middle = len(content) // 2
    for number, damaged in enumerate((content[:middle], content[:middle] + bytes(2000) + content[middle:])):
        (tmp_path / f"{number}.mp3").write_bytes(damaged)
        read_audio(tmp_path / f"{number}.mp3")
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"\x00\x00\x00\x20ftypM4A ", r"MPEG-4 audio \(AAC or ALAC\) is not read here; .*`ffmpeg -i a.x a.flac`"),
        (b"\xff\xf1\x50\x80", "AAC audio is not read here; convert it"),
        (bytes.fromhex("3026b2758e66cf11"), "Windows Media audio is not read here"),
        (b"OggS" + bytes(24) + b"\x7fFLAC", "FLAC in an Ogg file is not read here"),
        (b"\n<!DOCTYPE html>", "not audio but an HTML page, as of a download that failed"),
        (b"version https://git-lfs.github.com/spec/v1", "Git LFS pointer; `git lfs pull`"),
    ],
)
def test_what_is_known_and_not_read(tmp_path, head, said):
    (tmp_path / "a.x").write_bytes(head + bytes(1000))
    with pytest.raises(AudioError, match=said):
        read_audio(tmp_path / "a.x")


@pytest.mark.parametrize("suffix", [".m4a", ".mp4", ".aac", ".wma"])
def test_suffixes_that_are_not_read_are_told_what_to_do(tmp_path, suffix):
    (tmp_path / f"my song{suffix}").write_bytes(np.random.default_rng(0).bytes(3000))
    with pytest.raises(AudioError) as caught:
        read_audio(tmp_path / f"my song{suffix}")
    assert f"{suffix} is not read here" in str(caught.value)
    command = shlex.split(str(caught.value).split("`")[1])
    assert command == ["ffmpeg", "-i", f"my song{suffix}", "my song.flac"]


def test_garbage_that_is_called_mp3_is_not_called_a_pipe(tmp_path):
    (tmp_path / "a.mp3").write_bytes(np.random.default_rng(0).bytes(20000))
    with pytest.raises(AudioError, match=r"not audio that can be decoded \(no whole MPEG frame is in it\)"):
        read_audio(tmp_path / "a.mp3")
