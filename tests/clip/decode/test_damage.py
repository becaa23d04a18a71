"""Damaged files of every format are read as far as they go, or refused with the reason; nothing is filled up."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
import torch

from degrade_bench.clip.audio import checked, read_audio, read_part
from degrade_bench.clip.decode.samples import Decoded
from degrade_bench.clip.decode.sound import BLOCK_FRAMES
from degrade_bench.errors import AudioError
from tests.clip.decode.files import KINDS, SECONDS, encoded, suffix_of

SHARES = (0.002, 0.02, 0.1, 0.5, 0.9, 0.99)
NOTICED = ("FLAC-PCM_16", "FLAC-PCM_24", "OGG-VORBIS", "OGG-OPUS", "MP3-MPEG_LAYER_III")
"""Formats that have checksums or numbers, or whose frames must follow each other."""


def whole_of(kind: str, tmp_path) -> np.ndarray:
    path = tmp_path / f"whole{suffix_of(kind)}"
    path.write_bytes(encoded(kind))
    return read_audio(path)[0].numpy()


def read(content: bytes, kind: str, tmp_path) -> Decoded | str:
    """What is read of a file, or why it is refused."""
    path = tmp_path / f"a{suffix_of(kind)}"
    path.write_bytes(content)
    try:
        return read_part(path)
    except AudioError as error:
        message = str(error)
        assert message.startswith(f"{path}: ")
        assert "\n" not in message
        return message.removeprefix(f"{path}: ")


def silent_at_the_end(samples: np.ndarray) -> int:
    sounding = np.flatnonzero(samples.any(axis=0))
    return samples.shape[1] - (sounding[-1] + 1 if len(sounding) else 0)


@pytest.mark.parametrize("kind", KINDS)
def test_files_that_are_cut_off(tmp_path, kind):
    whole, content = whole_of(kind, tmp_path), encoded(kind)
    for share in SHARES:
        part = read(content[: round(share * len(content))], kind, tmp_path)
        if isinstance(part, str):
            assert share < 0.5 or "ALAC" in kind or "OPUS" in kind, part
            assert "silent" not in part
            assert "cut off" in part or share < 0.03, part
            continue
        length = part.samples.shape[1]
        same = length - (4 if "DWVW" in kind else 0)  # its last samples have bits in the part that is missing
        assert np.array_equal(part.samples[:, :same], whole[:, :same])
        assert length <= share * 1.1 * whole.shape[1] + BLOCK_FRAMES
        assert length >= share * 0.7 * whole.shape[1] - BLOCK_FRAMES or "OGG" in kind
        assert part.damage is not None
        assert part.damage.startswith("cut off")
        assert silent_at_the_end(part.samples) < 5


@pytest.mark.parametrize("kind", NOTICED)
def test_files_with_a_hole(tmp_path, kind):
    whole, content = whole_of(kind, tmp_path), encoded(kind)
    middle = round(0.7 * len(content))
    for damaged in (
        content[:middle] + bytes(1500) + content[middle + 1500 :],
        content[:middle] + content[middle + 1500 :],
        content[:middle] + np.random.default_rng(0).bytes(1500) + content[middle + 1500 :],
    ):
        part = read(damaged, kind, tmp_path)
        assert isinstance(part, Decoded)
        length = part.samples.shape[1]
        assert np.array_equal(part.samples, whole[:, :length])
        assert 0.3 * whole.shape[1] < length < 0.75 * whole.shape[1]
        assert "damaged" in (part.damage or "")
        rate = part.sample_rate
        assert read_audio(tmp_path / f"a{suffix_of(kind)}", 0.2, 0.4)[0].shape[1] == round(0.4 * rate)
        assert read_part(tmp_path / f"a{suffix_of(kind)}", 0.2, 0.4).damage is None, "not in this part"


@pytest.mark.parametrize("kind", KINDS)
def test_what_comes_after_the_sound_is_no_sound(tmp_path, kind):
    whole, content = whole_of(kind, tmp_path), encoded(kind)
    for more in (bytes(5000), np.random.default_rng(0).bytes(5000), b"TAG" + b"x" * 125):
        part = read(content + more, kind, tmp_path)
        assert isinstance(part, Decoded)
        if kind.startswith("AU-"):  # its header may leave the length open
            part = Decoded(part.samples[:, : whole.shape[1]], part.sample_rate, part.damage)
        assert np.array_equal(part.samples, whole)
        assert part.damage is None


@pytest.mark.parametrize("kind", ["WAV-PCM_16", "FLAC-PCM_16", "OGG-VORBIS", "MP3-MPEG_LAYER_III", "AIFF-PCM_16"])
def test_a_file_that_is_cut_off_before_its_music_begins_is_not_called_silent(tmp_path, kind):
    form, subtype, rate = KINDS[kind]
    stream = io.BytesIO()
    noise = 0.1 * np.random.default_rng(0).standard_normal((8 * rate, 1)).astype(np.float32)
    with soundfile.SoundFile(stream, "w", rate, 1, subtype, format=form) as file:
        file.write(np.concatenate([np.zeros((2 * rate, 1), np.float32), noise]))
    content = stream.getvalue()
    refused = [read(content[:length], kind, tmp_path) for length in range(1000, len(content), len(content) // 40)]
    cut = [text for text in refused if isinstance(text, str)]
    assert cut
    assert all("cut off" in text for text in cut)
    if "WAV" in kind:
        assert "cut off: 1.52 of 10 s are there, and they are silent" in cut
    for read_on in refused:
        if isinstance(read_on, Decoded):
            checked(torch.from_numpy(read_on.samples), rate, tmp_path)


def test_the_first_bytes_of_a_flac_file_are_not_read_as_silence(tmp_path):
    content = encoded("FLAC-PCM_24")
    for share in (0.005, 0.01, 0.02):
        text = read(content[: round(share * len(content))], "FLAC-PCM_24", tmp_path)
        assert text == f"cut off or damaged: 0 of {SECONDS:g} s are there"


def test_pages_that_are_lost(tmp_path):
    """Whole pages, as a transmission loses them: the pages that are left are all in order."""
    kind, content = "OGG-VORBIS", encoded("OGG-VORBIS")
    whole = whole_of(kind, tmp_path)
    starts = [place for place in range(len(content)) if content.startswith(b"OggS", place)]
    third = starts[len(starts) // 2]
    after = starts[len(starts) // 2 + 1]
    part = read(content[:third] + content[after:], kind, tmp_path)
    assert isinstance(part, Decoded)
    assert np.array_equal(part.samples, whole[:, : part.samples.shape[1]])
    assert part.damage is not None
    assert part.damage.startswith("damaged (a page is missing): 1.")
    flipped = bytearray(content)
    flipped[third + 60] ^= 1
    broken = read(bytes(flipped), kind, tmp_path)
    assert isinstance(broken, Decoded)
    assert np.array_equal(broken.samples, part.samples)


def test_streams_that_follow_each_other_are_read_all(tmp_path):
    for kind in ("OGG-VORBIS", "MP3-MPEG_LAYER_III"):
        whole, content = whole_of(kind, tmp_path), encoded(kind)
        part = read(content + content, kind, tmp_path)
        assert isinstance(part, Decoded)
        assert abs(part.samples.shape[1] - 2 * whole.shape[1]) < 6000
        assert part.damage is None
    whole = whole_of("OGG-VORBIS", tmp_path)
    part = read(encoded("OGG-VORBIS") + encoded("OGG-VORBIS"), "OGG-VORBIS", tmp_path)
    assert isinstance(part, Decoded)
    assert np.array_equal(part.samples, np.concatenate([whole, whole], axis=1))
    other = read(encoded("OGG-VORBIS") + encoded("OGG-OPUS"), "OGG-VORBIS", tmp_path)
    assert isinstance(other, Decoded)
    assert np.array_equal(other.samples, whole)
    assert other.damage == "goes on with 2 channels at 24000 Hz: 4 s are there"
