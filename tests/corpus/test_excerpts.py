"""Parts of long recordings: where they begin, how long they are, and that the clips of a file are one track."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from degrade_bench.clip.audio import read_audio
from degrade_bench.corpus.excerpts import Excerpt
from degrade_bench.corpus.inputs import sources_from
from degrade_bench.errors import ConfigError
from degrade_bench.sweep.config import make_config

RATE = 8000


@pytest.fixture
def song(tmp_path):
    """Ten seconds in which every sample says where it is."""
    path = tmp_path / "song.wav"
    soundfile.write(path, np.arange(10 * RATE) / (10 * RATE), RATE, subtype="FLOAT")
    return path


def parts(path, **wanted):
    sources, _ = sources_from([path], excerpt=Excerpt(**wanted))
    return [(source.id, source.start, source.duration, source.track) for source in sources]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, [("song", None, None)]),
        ({"max_seconds": 10.0}, [("song", None, None)]),
        ({"max_seconds": 4.0}, [("song", 0.0, 4.0)]),
        ({"max_seconds": 4.0, "begin": "middle"}, [("song", 3.0, 4.0)]),
        ({"max_seconds": 4.0, "begin": 5.0}, [("song", 5.0, 4.0)]),
        ({"begin": 5.0}, [("song", 5.0, None)]),
        ({"max_seconds": 2.0, "windows": 2}, [("song@1.5", 1.5, 2.0), ("song@6.5", 6.5, 2.0)]),
        ({"max_seconds": 4.0, "windows": 9}, [("song@0.5", 0.5, 4.0), ("song@5.5", 5.5, 4.0)]),
        ({"max_seconds": 6.0, "windows": 2}, [("song", 2.0, 6.0)]),
    ],
    ids=str,
)
def test_where_the_parts_of_a_recording_lie(wanted, expected, song):
    assert parts(song, **wanted) == [(*one, "song.wav") for one in expected]


def test_what_is_read_is_the_part_and_nothing_else(song):
    (source,) = sources_from([song], excerpt=Excerpt(2.5, "middle"))[0]
    clip = source.load()
    whole, _ = read_audio(song)
    assert clip.duration == 2.5
    assert np.array_equal(clip.samples.numpy(), whole[:, int(3.75 * RATE) : int(6.25 * RATE)].numpy())


def test_a_part_of_a_manifest_is_left_as_it_is_and_the_identity_says_which_part_is_read(song, tmp_path):
    manifest = tmp_path / "m.csv"
    manifest.write_text("path,id,start,duration\nsong.wav,a,1,7\nsong.wav,b,,\n")
    assert parts(manifest, max_seconds=3.0) == [("a", 1.0, 7.0, "song.wav"), ("b", 0.0, 3.0, "song.wav")]
    identities = {
        sources_from([song], excerpt=excerpt)[0][0].identity
        for excerpt in (Excerpt(), Excerpt(3.0), Excerpt(3.0, "middle"), Excerpt(4.0))
    }
    assert len(identities) == 4


def test_beats_follow_the_part(song):
    song.with_suffix(".beats").write_text("".join(f"{beat / 2} {beat % 4 + 1}\n" for beat in range(20)))
    (source,) = sources_from([song], excerpt=Excerpt(2.0, 4.0))[0]
    assert source.load().annotations.beats == (0.0, 0.5, 1.0, 1.5, 2.0)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"windows": 3}, "needs --max-seconds"),
        ({"excerpt": "middle"}, "needs --max-seconds"),
        ({"max_seconds": 10, "windows": 2, "excerpt": "middle"}, "leave --excerpt out"),
        ({"max_seconds": 10, "excerpt": "end"}, "expected start, middle, or a number of seconds"),
        ({"max_seconds": 0.5}, "greater than or equal to 1"),
        ({"max_seconds": 10, "excerpt": float("nan")}, "expected start, middle"),
    ],
    ids=str,
)
def test_options_that_contradict_each_other_are_refused(options, said):
    with pytest.raises(ConfigError, match=said):
        make_config({"out": "o", "suite": ("signal",), **options})
