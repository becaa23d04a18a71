"""Stems: what lies beside a clip, how it is read, and what does not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
import torch

from degrade_bench.clip.stems import audible_stems, is_pitched, stems_digest, stems_of
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.corpus.files import FileSource
from degrade_bench.corpus.inputs import sources_from
from degrade_bench.errors import AnnotationError, CorpusError, NotApplicableError
from tests.conftest import make_clip

RATE = 16000
NAMES = ("bass", "drums", "voice")


def parts(seconds: float = 3.0, channels: int = 2) -> dict[str, np.ndarray]:
    """Three stems of ``(time, channels)``."""
    rng = np.random.default_rng(0)
    time = np.arange(round(seconds * RATE)) / RATE
    noise = np.convolve(
        rng.standard_normal(len(time)), np.hanning(12) / 40, mode="same"
    )  # nothing near the band's end
    waves = [0.2 * np.sin(2 * np.pi * 80 * time), noise, 0.1 * np.sin(3000 * time)]
    return {name: np.tile(wave[:, None], (1, channels)) for name, wave in zip(NAMES, waves, strict=True)}


def lay(folder: Path, stems: dict[str, np.ndarray], mix: np.ndarray, rate: int = RATE) -> Path:
    """``song.wav`` with its stems and beats; returns the song."""
    (folder / "song.stems").mkdir(parents=True)
    song = folder / "song.wav"
    soundfile.write(song, mix, RATE, subtype="FLOAT")
    for name, stem in stems.items():
        soundfile.write(folder / "song.stems" / f"{name}.wav", stem, rate, subtype="FLOAT")
    (folder / "song.beats").write_text("0.5 1\n1.0 2\n")
    return song


def test_a_folder_beside_the_song_holds_its_stems_and_no_clips(tmp_path):
    stems = parts()
    song = lay(tmp_path, stems, sum(stems.values()))
    (tmp_path / "song.stems" / "notes.txt").write_text("words")
    sources, skipped = sources_from([tmp_path])
    assert [source.id for source in sources] == ["song"]
    assert not skipped
    clip = sources[0].load()
    assert tuple(clip.stems) == NAMES
    read = stems_of(clip)
    assert stems_of(clip) is read, "decoded once"
    for name, stem in stems.items():
        assert torch.equal(read[name], torch.from_numpy(stem.T.astype(np.float32)))
    assert torch.allclose(sum(read.values()), clip.samples, atol=1e-6)
    assert audible_stems(clip) == NAMES
    assert not clip.with_samples(clip.samples).stems, "other samples have other stems"
    before = FileSource(id="song", path=song).identity
    (tmp_path / "song.stems" / "voice.wav").unlink()
    assert FileSource(id="song", path=song).identity != before


def test_a_folder_of_that_name_without_a_song_holds_clips(tmp_path):
    stems = parts()
    lay(tmp_path, stems, sum(stems.values())).unlink()
    assert [source.id for source in sources_from([tmp_path])[0]] == [f"song.stems/{name}" for name in NAMES]


def test_a_manifest_names_a_folder_and_excerpts_cut_the_stems_alike(tmp_path):
    stems = parts()
    mix = sum(stems.values())
    lay(tmp_path / "deep", stems, mix)
    (tmp_path / "deep" / "song.stems").rename(tmp_path / "kept")
    (tmp_path / "m.csv").write_text("path,start,duration,stems\ndeep/song.wav,0.5,1.25,kept\n")
    clip = sources_from([tmp_path / "m.csv"])[0][0].load()
    assert clip.duration == 1.25
    for name, stem in stems_of(clip).items():
        assert torch.equal(stem, torch.from_numpy(stems[name].T.astype(np.float32))[:, 8000:28000])
    (tmp_path / "m.csv").write_text("path,stems\ndeep/song.wav,gone\n")
    with pytest.raises(AnnotationError, match="gone: no such folder of stems"):
        sources_from([tmp_path / "m.csv"])[0][0].load()
    (tmp_path / "m.csv").write_text("path,stem\ndeep/song.wav,kept\n")
    with pytest.raises(CorpusError, match="did you mean 'stems'"):
        sources_from([tmp_path / "m.csv"])


def test_stems_at_another_rate_level_and_channel_count(tmp_path):
    stems = parts()
    mix = 0.5 * sum(stems.values())
    given = {name: soxr.resample(stem, RATE, 44100) for name, stem in stems.items()}
    given["bass"] = given["bass"][:-2000, :1]  # one channel, and 45 ms too short
    clip = FileSource(id="song", path=lay(tmp_path, given, mix, rate=44100)).load()
    read = stems_of(clip)
    for name, stem in stems.items():
        assert read[name].shape == clip.samples.shape
        inside = slice(200, -1000)
        assert np.allclose(read[name].numpy()[:, inside], 0.5 * stem.T[:, inside], atol=0.002), name


def test_what_mastering_added_stays_out_of_the_stems(tmp_path):
    stems = parts()
    mix = np.tanh(1.5 * sum(stems.values()))
    clip = FileSource(id="song", path=lay(tmp_path, stems, mix)).load()
    assert set(stems_of(clip)) == set(NAMES)


def test_stems_that_do_not_fit_are_refused(tmp_path):
    stems = parts()
    mix = sum(stems.values())
    late = {name: np.roll(stem, 1600, axis=0) for name, stem in stems.items()}
    short = stems | {"voice": stems["voice"][: RATE // 2]}
    wide = {name: np.tile(stem[:, :1], (1, 3)) for name, stem in stems.items()}
    single = {"bass": stems["bass"]}
    for case, (given, said) in {
        "late": (late, "do not add up to clip 'song'"),
        "silent": ({name: 0 * stem for name, stem in stems.items()}, "do not add up"),
        "short": (short, r"voice\.wav: a stem of 0\.50 s; its mix has 3\.00 s"),
        "wide": (wide, r"bass\.wav: a stem of 3 channels; its mix has 2"),
        "single": (single, "holds 1 audio files; expected two stems or more"),
        "broken": (stems | {"voice": stems["voice"] * np.nan}, r"voice\.wav: a stem with samples that are NaN"),
    }.items():
        song = lay(tmp_path / case, given, mix)
        with pytest.raises(AnnotationError, match=said):
            FileSource(id="song", path=song).load()
    song = lay(tmp_path / "twice", stems, mix)
    soundfile.write(tmp_path / "twice" / "song.stems" / "bass.flac", stems["bass"], RATE)
    with pytest.raises(AnnotationError, match=r"bass\.flac and bass\.wav are stems of one name"):
        FileSource(id="song", path=song).load()
    song = lay(tmp_path / "text", stems, mix)
    (tmp_path / "text" / "song.stems" / "voice.wav").write_text("no audio")
    with pytest.raises(AnnotationError, match=r"stem of clip 'song': .*voice\.wav: not audio"):
        FileSource(id="song", path=song).load()


def test_the_stems_of_the_builtin_clips_add_up_bit_for_bit():
    for source in builtin_sources():
        clip = source.load()
        if not clip.stems:
            with pytest.raises(NotApplicableError, match="needs stems; the clip has none"):
                stems_of(clip)
            continue
        assert torch.equal(sum(stems_of(clip).values()), clip.samples)
        assert audible_stems(clip) == tuple(clip.stems)
        assert len(stems_digest(clip)) == 16


def test_a_silent_stem_is_not_audible(tmp_path):
    stems = parts() | {"other": 1e-4 * parts()["voice"]}
    clip = FileSource(id="song", path=lay(tmp_path, stems, sum(stems.values()))).load()
    assert "other" in stems_of(clip)
    assert audible_stems(clip) == NAMES


def test_drums_have_no_pitch():
    assert [
        name for name in ("drums", "Percussion", "bass", "vocals", "other", "bass_drum") if is_pitched(name)
    ] == [
        "bass",
        "vocals",
        "other",
    ]


def test_a_clip_without_stems():
    with pytest.raises(NotApplicableError, match="needs stems"):
        stems_of(make_clip(1.0))
