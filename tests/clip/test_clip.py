"""Clips, annotations and time maps."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from degrade_bench.clip import Annotations, Clip, TimeMap, check_samples
from degrade_bench.errors import AnnotationError, AudioError


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        (np.zeros((1, 8)), "must be a torch.Tensor, got ndarray"),
        (torch.zeros(8), "expected shape (channels, time), got (8,)"),
        (torch.zeros(1, 8, 1), "expected shape (channels, time)"),
        (torch.zeros(1, 8, dtype=torch.float64), "expected float32 samples, got torch.float64"),
        (torch.zeros(1, 8, dtype=torch.int16), "expected float32"),
        (torch.zeros(0, 8), "empty signal of shape (0, 8)"),
        (torch.zeros(2, 0), "empty signal"),
        (torch.zeros(44100, 2), "looks like (time, channels)"),
        (torch.tensor([[0.0, float("nan"), float("inf")]]), "2 of 3 samples are NaN or infinite"),
    ],
)
def test_a_wrong_signal_is_refused_at_the_door(samples, said):
    with pytest.raises(AudioError) as raised:
        check_samples(samples, where="clip 'x'")
    assert str(raised.value).startswith("clip 'x': ")
    assert said in str(raised.value)
    with pytest.raises(AudioError):
        Clip("x", samples, 8000)


def test_a_wrong_rate_is_refused():
    with pytest.raises(AudioError, match="sample rate must be positive, got 0"):
        Clip("x", torch.zeros(1, 8), 0)


def test_the_hash_is_of_samples_rate_and_shape_and_of_nothing_else():
    samples = torch.linspace(-1, 1, 16).reshape(2, 8)
    clip = Clip("a", samples, 8000)
    assert clip.hash == Clip("b", samples.clone(), 8000, Annotations(beats=(0.0, 0.5)), group="g").hash
    others = [
        Clip("a", samples, 16000),
        Clip("a", samples.reshape(4, 4), 8000),
        Clip("a", samples + 1e-7, 8000),
        Clip("a", samples[:, :7], 8000),
    ]
    assert len({clip.hash, *(each.hash for each in others)}) == 5
    assert Clip("a", torch.cat([samples, samples], dim=1)[:, :8], 8000).hash == clip.hash, "strides do not count"
    assert (clip.channels, clip.num_samples, clip.duration) == (2, 8, 0.001)


def test_with_samples_keeps_what_the_clip_is():
    clip = Clip(
        "a", torch.ones(1, 8), 8000, Annotations(beats=(0.0,)), "genre", "track", "file.wav", {"drums": None}
    )
    other = clip.with_samples(torch.zeros(2, 4))
    assert (other.id, other.group, other.track, other.source) == ("a", "genre", "track", "file.wav")
    assert other.annotations == clip.annotations
    assert other.stems == {}
    assert clip.with_samples(torch.zeros(1, 1), Annotations()).annotations == Annotations()


@pytest.mark.parametrize("times", [(0.0, 0.0), (1.0, 0.5), (0.0, float("nan")), (0.0, float("inf"))])
@pytest.mark.parametrize("name", ["beats", "downbeats"])
def test_beats_must_rise(name, times):
    with pytest.raises(AnnotationError, match=name):
        Annotations(**{name: times})


def test_a_time_map_interpolates_and_goes_on_outside():
    stretch = TimeMap(((1.0, 2.0), (3.0, 4.0), (5.0, 8.0)))
    assert np.allclose(stretch([1, 2, 3, 4, 5]), [2, 3, 4, 6, 8])
    assert np.allclose(stretch([0, 6]), [1, 10])
    assert float(stretch(2.0)) == 3.0
    assert stretch.mean_stretch == 1.5
    assert stretch.gaps == ()
    for points in (
        (),
        ((0.0, 0.0),),
        ((0.0, 0.0), (0.0, 1.0)),
        ((0.0, 1.0), (1.0, 1.0)),
        ((0.0, 0.0), (1.0, 1.0), (1.0, 2.0)),
        ((0.0, 0.0), (1.0, 1.0), (0.5, 2.0)),
        ((0.0, 0.0), (1.0, 1.0), (2.0, 0.5)),
        ((0.0, 0.0), (1.0, float("nan"))),
        ((0.0, 0.0), (1.0, float("inf"))),
    ):
        with pytest.raises(AnnotationError, match="two points or more"):
            TimeMap(points)


def test_a_time_map_may_leave_source_out():
    cut = TimeMap(((0.0, 0.0), (2.0, 2.0), (3.0, 2.0), (5.0, 4.0)))
    assert np.allclose(cut([0, 1, 2, 2.5, 3, 4, 6]), [0, 1, 2, 2, 2, 3, 5])
    assert cut.gaps == ((2.0, 3.0),)
    assert cut.left_out([1.9, 2.0, 2.00001, 2.5, 2.99999, 3.0, 3.1]).tolist() == [*[False] * 3, True, *[False] * 3]
    assert cut.mean_stretch == 1.0, "what is left is played at the old speed"
    with pytest.raises(AnnotationError, match="only between spans where it rises"):
        TimeMap(((0.0, 0.0), (1.0, 0.0), (2.0, 1.0)))  # what lies before the map goes on like its first span
    with pytest.raises(AnnotationError, match="only between spans where it rises"):
        TimeMap(((0.0, 0.0), (1.0, 1.0), (2.0, 1.0)))


def test_maps_after_one_another_leave_out_what_either_leaves_out():
    cut = TimeMap(((0.0, 0.0), (2.0, 2.0), (3.0, 2.0), (9.0, 8.0)))
    other_cut = TimeMap(((0.0, 0.0), (4.1, 4.1), (4.7, 4.1), (8.0, 7.4)))
    same_place = TimeMap(((0.0, 0.0), (1.5, 1.5), (2.5, 1.5), (8.0, 7.0)))
    slower = TimeMap(((0.0, 0.0), (1.0, 1.3)))
    uneven = TimeMap(((0.0, 0.0), (1.7, 2.1), (4.4, 4.1), (9.0, 9.0)))
    shifted = TimeMap(((-1.0, 0.0), (0.0, 1.0)))
    times = np.linspace(-1, 12, 2001)
    maps = [cut, other_cut, same_place, slower, uneven, shifted]
    for first in maps:
        for second in maps:
            both = first.then(second)
            assert np.allclose(both(times), second(first(times)), atol=1e-6)
            lost = second(first(times + 0.002)) - second(first(times - 0.002)) < 1e-6
            edges = np.asarray([-9.0, *(edge for gap in both.gaps for edge in gap)])
            clear = np.abs(times[:, None] - edges).min(axis=1) > 0.003
            assert (both.left_out(times) == lost)[clear].all()
    assert np.allclose(cut.then(same_place).gaps, [(1.5, 3.5)])
    assert np.allclose(cut.then(other_cut).gaps, [(2.0, 3.0), (5.1, 5.7)])
    assert cut.then(slower).mean_stretch == pytest.approx(1.3)


def test_annotations_follow_a_stretch():
    known = Annotations(
        beats=(0.0, 0.5, 1.0),
        downbeats=(0.0,),
        sections=((0.0, "A"), (0.5, "B")),
        chords=((0.5, "C:maj"),),
        tempo_bpm=120.0,
        key="C major",
        beat_source="annotated",
        beat_confidence=1.0,
    )
    slow = known.warp(TimeMap(((0.0, 0.0), (1.0, 2.0))))
    assert slow.beats == (0.0, 1.0, 2.0)
    assert slow.sections == ((0.0, "A"), (1.0, "B"))
    assert slow.chords == ((1.0, "C:maj"),)
    assert slow.tempo_bpm == 60.0
    assert (slow.key, slow.beat_source) == ("C major", "annotated")
    assert Annotations().warp(TimeMap(((0.0, 0.0), (1.0, 2.0)))) == Annotations()


def test_annotations_lose_what_is_left_out():
    known = Annotations(
        beats=(0.0, 0.5, 1.0, 1.25, 1.5, 2.0),
        downbeats=(0.0, 1.0, 2.0),
        sections=((0.0, "A"), (1.0, "B")),
        chords=((0.0, "C"), (1.0, "F"), (1.25, "G"), (1.5, "Am"), (2.0, "C")),
        tempo_bpm=120.0,
    )
    # cut in whole samples, so not quite where the beats are annotated
    cut = known.warp(TimeMap(((0.0, 0.0), (1.00001, 1.00001), (1.49999, 1.00001), (3.0, 2.50002))))
    assert np.allclose(cut.beats, (0.0, 0.5, 1.0, 1.5), atol=1e-4)
    assert np.allclose(cut.downbeats, (0.0, 1.0, 1.5), atol=1e-4), (
        "a bar that lost its first beat begins with the next"
    )
    assert [label for _, label in cut.chords] == ["C", "Am", "C"]
    assert [label for _, label in cut.sections] == ["A", "B"], "a section goes on after the gap in which it began"
    assert np.allclose([start for start, _ in cut.sections], (0.0, 1.0), atol=1e-4)
    assert cut.tempo_bpm == pytest.approx(120.0)
    inside = Annotations(beats=(0.0, 1.2, 3.0)).warp(TimeMap(((0.0, 0.0), (1.0, 1.0), (1.5, 1.0), (3.0, 2.5))))
    assert inside.beats == (0.0, 2.5)
    close = Annotations(beats=(0.0, 0.0005)).warp(TimeMap(((0.0, 0.0), (1.0, 1.0))))
    assert close.beats == (0.0, 0.0005), "only a gap brings times together"
