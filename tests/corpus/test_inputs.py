"""Files, folders and manifests as inputs."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.corpus.builtin_notes import builtin_notes
from degrade_bench.corpus.files import FileSource
from degrade_bench.corpus.inputs import sources_from
from degrade_bench.errors import AnnotationError, AudioError, CorpusError


@pytest.fixture
def folder(tmp_path) -> Path:
    """``b.wav``, ``a/x.flac``, ``a/b.wav``, a text file, a hidden file, a hidden folder."""
    root = tmp_path / "music"
    (root / "a").mkdir(parents=True)
    (root / ".hidden").mkdir()
    for number, name in enumerate(("b.wav", "a/x.flac", "a/b.wav", ".c.wav", ".hidden/d.wav", "a/UPPER.WAV")):
        soundfile.write(root / name, tone(10 + number), 8000)
    (root / "notes.txt").write_text("words")
    return root


def tone(samples_per_radian: float) -> np.ndarray:
    """Two seconds at 8 kHz."""
    return 0.1 * np.sin(np.arange(16000) / samples_per_radian)


def ids(*paths: Path) -> list[str]:
    return [source.id for source in sources_from(paths)[0]]


def test_a_file_a_folder_and_both(folder):
    assert ids(folder / "b.wav") == ["b"]
    assert ids(folder) == ["a/UPPER", "a/b", "a/x", "b"], "to the bottom, sorted, hidden ones passed over"
    (folder.parent / "other").mkdir()
    soundfile.write(folder.parent / "other" / "b.wav", tone(20), 8000)
    both = ids(folder, folder.parent / "other" / "b.wav")
    assert both == ["a/UPPER", "a/b", "a/x", "b.wav", "b.wav#2"]


def test_ids_are_unique_and_files_of_one_name_are_two_tracks(folder):
    soundfile.write(folder / "b.flac", tone(30), 8000)
    sources, _ = sources_from([folder])
    assert [source.id for source in sources] == ["a/UPPER", "a/b", "a/x", "b.flac", "b.wav"]
    tracks = {source.id: source.load().track for source in sources}
    assert len(set(tracks.values())) == 5
    assert (tracks["a/b"], tracks["b.wav"]) == ("b.wav", "b.wav#2")


def test_parts_of_one_file_are_one_track(folder):
    table = folder / "clips.csv"
    table.write_text("path,start,duration\nb.wav,0,1\nb.wav,1,1\na/b.wav,,\n")
    sources, _ = sources_from([table])
    assert [source.id for source in sources] == ["b@0", "b@1", "a/b"]
    clips = [source.load() for source in sources]
    assert clips[0].track == clips[1].track != clips[2].track
    assert [clip.num_samples for clip in clips] == [8000, 8000, 16000]


def test_what_leads_nowhere(folder, tmp_path):
    with pytest.raises(CorpusError, match=r"nowhere: no such file or folder"):
        sources_from([tmp_path / "nowhere"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(CorpusError, match=r"no audio found; looked for \.wav"):
        sources_from([tmp_path / "empty"])
    (folder / "gone.wav").symlink_to(tmp_path / "nowhere.wav")
    sources, skipped = sources_from([folder])
    assert len(sources) == 4
    assert [(each.id, each.reason) for each in skipped] == [("gone", "a link that leads nowhere")]


def test_a_folder_that_cannot_be_listed_is_named(folder, monkeypatch):
    import os

    real = os.scandir

    def scandir(path):
        if str(path).endswith("/a"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr("os.scandir", scandir)
    sources, skipped = sources_from([folder])
    assert [source.id for source in sources] == ["b"]
    assert [(each.id, each.reason) for each in skipped] == [("a", "cannot be listed: Permission denied")]


def test_a_file_source_loads_and_travels(folder):
    source = FileSource(id="x", path=folder / "b.wav", group="pop")
    again = pickle.loads(pickle.dumps(source))
    assert again == source
    clip = again.load()
    assert (clip.id, clip.group, clip.sample_rate, clip.source) == ("x", "pop", 8000, "b.wav")
    assert again.seconds_hint == 2.0
    assert FileSource(id="x", path=folder / "b.wav", start=0.5, duration=1.0).seconds_hint == 1.0
    assert FileSource(id="x", path=folder / "b.wav", start=1.5, duration=1.0).seconds_hint == 0.5
    assert FileSource(id="x", path=folder / "none.wav", duration=3.0).seconds_hint == 3.0
    with pytest.raises(AudioError, match="no such file"):
        FileSource(id="x", path=folder / "none.wav").load()


def test_which_inputs_bring_their_beats(folder, tmp_path):
    audio = next(folder.glob("*.wav"))
    bare = shutil.copy(audio, tmp_path / "bare.wav")
    beside = shutil.copy(audio, tmp_path / "beside.wav")
    (tmp_path / "beside.beats").write_text("0.1 1\n0.6 2\n")
    (tmp_path / "elsewhere.txt").write_text("0.1 1\n0.6 2\n")
    assert not FileSource("bare", path=bare).brings_beats
    assert FileSource("bare", path=bare, beat_file=tmp_path / "elsewhere.txt").brings_beats
    assert FileSource("beside", path=beside).brings_beats
    assert FileSource("notes", path=tmp_path / "notes.mid").brings_beats
    assert all(source.brings_beats for source in [*builtin_sources(), *builtin_notes()])


def test_the_identity_of_an_input_is_its_content_not_its_place(folder, tmp_path):
    one = FileSource(id="x", path=folder / "b.wav")
    moved = tmp_path / "moved.wav"
    shutil.copy(folder / "b.wav", moved)
    assert FileSource(id="x", path=moved).identity == one.identity
    assert FileSource(id="x", path=folder / "b.wav", start=1.0).identity != one.identity
    before = one.identity
    (folder / "b.beats").write_text("0.5\n1.0\n")
    assert one.identity != before
    (folder / "b.beats").write_text("0.5\nx\n")
    with pytest.raises(AnnotationError, match=r"b\.beats, line 2"):
        one.load()


# -- manifests -----------------------------------------------------------------------------------------


def test_a_manifest_in_both_forms(folder):
    (folder / "own.beats").write_text("0.25 1\n0.75 2\n")
    (folder / "m.csv").write_text(
        "\ufeffpath, id, group, track, start, duration, beat_file\n"
        "b.wav, first, jazz, t1, 0.5, 1.25, own.beats\na/x.flac,,,,,,\n"
    )
    (folder / "m.jsonl").write_text(
        '{"path": "b.wav", "id": "first", "group": "jazz", "track": "t1", "start": 0.5, "duration": 1.25, '
        '"beat_file": "own.beats"}\n\n{"path": "a/x.flac", "group": null}\n'
    )
    for name in ("m.csv", "m.jsonl"):
        sources, _ = sources_from([folder / name])
        assert [source.id for source in sources] == ["first", "a/x"]
        clip = sources[0].load()
        assert (clip.group, clip.track, clip.duration) == ("jazz", "t1", 1.25)
        assert clip.annotations.beats == (0.25,)
        assert sources[1].load().group is None


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("m.csv", "", "no column 'path'"),
        ("m.csv", "path\n", "names no clip"),
        ("m.csv", "file,id\nb.wav,x\n", "unknown column 'file'"),
        ("m.csv", "path,gruop\nb.wav,x\n", "did you mean 'group'"),
        ("m.csv", "path,id\n,x\n", "line 2: no path"),
        ("m.csv", "path,id\nb.wav,x,y\n", "line 2: more fields"),
        ("m.csv", "path,id\nb.wav,x\na/b.wav,x\n", "line 3: id 'x' is taken by line 2"),
        ("m.csv", "path,start\nb.wav,soon\n", "line 2: start 'soon' is not a number of seconds"),
        ("m.csv", "path,start\nb.wav,-1\n", "is not a number of seconds"),
        ("m.csv", "path,duration\nb.wav,0\n", "duration '0' is not"),
        ("m.csv", "path,duration\nb.wav,nan\n", "duration 'nan' is not"),
        ("m.jsonl", "{\n", "line 1: not JSON"),
        ("m.jsonl", '\n["b.wav"]\n', "line 2: expected an object"),
        ("m.jsonl", '{"path": "b.wav", "colour": 1}\n', "unknown column 'colour'"),
        ("m.jsonl", '{"path": "b.wav", "start": [1]}\n', "is not a number of seconds"),
        ("m.jsonl", "", "names no clip"),
    ],
)
def test_mistakes_in_a_manifest_are_named_with_their_line(folder, name, text, said):
    (folder / name).write_text(text)
    with pytest.raises(CorpusError) as raised:
        sources_from([folder / name])
    assert said in str(raised.value)
    assert str(folder / name) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_manifest_that_is_no_text(folder):
    (folder / "m.csv").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(CorpusError, match="cannot be read as UTF-8"):
        sources_from([folder / "m.csv"])
