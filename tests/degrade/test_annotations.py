"""What a damage makes of annotations: for every registered degradation, what must survive it and what must not."""

from __future__ import annotations

import functools
from dataclasses import fields, replace

import numpy as np
import pytest

from degrade_bench.clip import Annotations, Clip
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.chain import AdHocChain, Step
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.plan import Plan, Rendered
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.degrade.signal.speed import SpeedChange
from degrade_bench.degrade.structural.missing_beats import MissingBeats
from degrade_bench.degrade.structural.pitch_shift import PitchShift
from degrade_bench.degrade.structural.shuffle import BarShuffle
from degrade_bench.degrade.structural.tempo_change import TempoChange
from tests.conftest import make_clip

TIMES = {"beats", "downbeats", "sections", "chords"}
PITCHES = {"key", "chords"}

KEEP_ALL = [
    *("white_noise", "pink_noise", "brown_noise", "hum", "crackle", "clicks", "noise_burst", "birdies"),
    *("hard_clipping", "soft_clipping", "percentile_clipping", "bit_depth", "aliasing", "mp3", "vorbis", "gsm"),
    *("low_pass", "high_pass", "telephone_band", "spectral_holes", "reverb", "echo", "comb_filter"),
    *("compression", "limiter", "level_wobble", "dropouts", "concealed_dropouts", "flutter"),
    *("phase_scrambling", "mel_inversion", "stereo_collapse", "channel_imbalance"),
    *("live_recording", "smartphone_recording", "strong_mp3"),
    *("density_thinning", "layer_offset", "stem_offset"),
    *("gain", "polarity", "resampling", "mp3_transparent", "dither", "subsonic_filter", "fractional_delay"),
    *("paper_noise", "paper_lowpass_noise", "pmqd_waveshaper", "pmqd_limiter", "pmqd_low_pass", "pmqd_noise"),
]
"""Nothing moves and nothing is transposed: whatever was true stays true."""

# Of the others: what is cleared, and what is known but has changed. Everything else stays as it is.
CHANGES: dict[str, tuple[set[str], set[str]]] = {
    "wow": (set(), TIMES),
    "vinyl": (set(), TIMES),
    "radio_broadcast": (PITCHES, TIMES - PITCHES | {"tempo_bpm"}),
    "sample_rate_drift": ({"tempo_bpm"} | PITCHES, TIMES - PITCHES),
    "speed_change": (PITCHES, TIMES - PITCHES | {"tempo_bpm"}),
    "bar_shuffle": (set(), {"chords", "sections"}),
    "beat_shuffle": ({"downbeats", "time_signature"}, {"chords", "sections"}),
    "section_swap": (set(), {"chords", "sections"}),
    "phrase_jump": ({"downbeats", "time_signature"}, {"chords", "sections"}),
    "stuck_loop": (set(), {"chords", "sections"}),
    "monotony": (set(), {"chords", "sections"}),
    "reversed_bars": (set(), {"chords"}),
    "missing_beats": ({"time_signature"}, TIMES),
    "foreign_bars": ({"sections", "key", "chords", "time_signature"}, set()),
    "tempo_change": (set(), TIMES | {"tempo_bpm"}),
    "accelerando": ({"tempo_bpm"}, TIMES),
    "rubato": (set(), TIMES),
    "tempo_jitter": (set(), TIMES),
    "swing_warp": (set(), set()),
    "pitch_shift": (set(), PITCHES),
    "detune_drift": (PITCHES, set()),
    "key_break": (PITCHES, set()),
    "layer_mistuning": (PITCHES, set()),
    "stem_transposition": (PITCHES, set()),
    "stem_swap": (PITCHES, set()),
    "crop_offset": (set(), TIMES),
    "paper_varispeed_pitch": (set(), TIMES | PITCHES | {"tempo_bpm"}),
    "paper_varispeed_tempo": (PITCHES, TIMES - PITCHES | {"tempo_bpm"}),
}
EMPTY = Annotations()


@functools.cache
def annotated_clip() -> Clip:
    """A built-in clip with stems, chords and three sections."""
    return next(source for source in builtin_sources() if source.id == "funk_band").load()


def render(name: str, clip: Clip, level: int) -> Rendered:
    degradation = catalogue.get(name)
    return degradation.render(clip, level, generator(cell_seed(3, clip.hash, *degradation.seed_key)))


def annotations_after(name: str, level: int) -> Annotations:
    degradation, clip = catalogue.get(name), annotated_clip()
    drawn = degradation.draw(
        clip, level, degradation.ladder.strength(level), generator(cell_seed(3, clip.hash, *degradation.seed_key))
    )
    return drawn.annotations_after(clip.annotations)


def same(before, after) -> bool:
    """Whether two values of an annotation are equal; times to within what float arithmetic adds."""
    if isinstance(before, tuple) and isinstance(after, tuple):
        return len(before) == len(after) and all(map(same, before, after))
    if isinstance(before, float) and isinstance(after, float):
        return bool(np.isclose(before, after, rtol=1e-6, atol=1e-4))
    return before == after


def test_every_degradation_is_in_one_of_the_tables():
    names = [*catalogue.REGISTRY.names(), *catalogue.REPRODUCTIONS.names()]
    built_in = [name for name in names if type(catalogue.get(name)).__module__.startswith("degrade_bench.")]
    assert sorted(built_in) == sorted([*KEEP_ALL, *CHANGES])


@pytest.mark.parametrize("name", KEEP_ALL)
def test_where_nothing_moves_annotations_stay(name):
    assert annotations_after(name, 3) == annotated_clip().annotations


@pytest.mark.parametrize("name", CHANGES)
def test_what_survives_and_what_does_not(name):
    cleared, changed = CHANGES[name]
    before, after = annotated_clip().annotations, annotations_after(name, 3)
    for field in fields(Annotations):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if field.name in cleared:
            assert new == getattr(EMPTY, field.name), field.name
        elif field.name in changed:
            assert new not in ((), None), field.name
            assert not same(old, new), field.name
        elif not (field.name == "downbeat_confidence" and "downbeats" in cleared):
            assert same(old, new), field.name


@pytest.mark.parametrize("name", [name for name in (*KEEP_ALL, *CHANGES) if catalogue.get(name).placebo])
def test_a_placebo_keeps_everything(name):
    placebo = catalogue.get(name).placebo
    after = annotations_after(placebo.name, min(3, len(placebo.ladder.levels)))
    before = annotated_clip().annotations
    for field in fields(Annotations):
        assert same(getattr(before, field.name), getattr(after, field.name)), field.name


# -- by hand -----------------------------------------------------------------------------------------------


def song(bars: int = 8) -> Clip:
    """Bars of 2 s: each has a chord and, half a bar later, another one."""
    roots = ("C", "D", "E", "F", "G", "A", "B", "Db", "Eb", "F#", "Ab", "Bb")
    clip = make_clip(2.0 * bars, 16000, 1)
    assert clip.annotations.downbeats == tuple(2.0 * bar for bar in range(bars))
    chords: list[tuple[float, str]] = []
    for bar, root in enumerate(roots[:bars]):
        chords += [(2.0 * bar, root), (2.0 * bar + 1.0, f"{root}m7")]
    sections = ((0.0, "verse"), (bars * 1.0, "chorus"))
    known = replace(clip.annotations, key="C major", chords=tuple(chords), sections=sections)
    return replace(clip, annotations=known)


@pytest.mark.parametrize(
    ("level", "keys"),
    [
        (1, {None}),
        (2, {"Db major", "B major"}),
        (3, {"D major", "Bb major"}),
        (4, {"E major", "Ab major"}),
        (5, {"F# major"}),
    ],
)
def test_the_key_follows_a_shift_by_whole_semitones(level, keys):
    rendered = render("pitch_shift", song(), level)
    assert rendered.clip.annotations.key in keys
    assert (rendered.clip.annotations.chords == ()) == (level == 1)
    if level > 1:
        tonic, first = rendered.clip.annotations.key.split()[0], rendered.clip.annotations.chords[0][1]
        assert first == tonic, "the song begins with its tonic"


def test_a_speed_of_a_semitone_is_a_semitone():
    semitone_slower = SpeedChange(Ladder((100 * (1 - 2 ** (-1 / 12)), 50.0), "% slower"))
    known = semitone_slower.render(song(), 1, generator(0)).clip.annotations
    assert known.key == "B major"
    assert known.tempo_bpm == pytest.approx(120 * 2 ** (-1 / 12))
    octave_lower = semitone_slower.render(song(), 2, generator(0)).clip.annotations
    assert (octave_lower.key, octave_lower.tempo_bpm) == ("C major", pytest.approx(60.0))
    assert octave_lower.downbeats == pytest.approx([0.0, 4.0, 8.0, 12.0, 16.0, 20.0, 24.0, 28.0])


def test_chords_and_sections_go_with_their_bars():
    clip = song()
    rendered = render("bar_shuffle", clip, 5)
    chords = dict(rendered.clip.annotations.chords)
    position = 0
    for start, end in rendered.plan.params["pieces"]:
        for sample in range(start, end, 16000):
            time = (position + sample - start) / 16000
            source = dict(clip.annotations.chords)[sample / 16000]
            assert chords[time] == source
        position += end - start
    assert len(chords) == 16
    assert rendered.clip.annotations.downbeats == clip.annotations.downbeats
    assert rendered.clip.annotations.key == "C major"


def test_swapped_sections_change_places():
    known = render("section_swap", song(), 5).clip.annotations
    # the last downbeat is at 14 s: what follows it is no whole bar, and stays
    assert known.sections == ((0.0, "chorus"), (6.0, "verse"), (14.0, "chorus"))


def test_bars_that_are_turned_round_end_with_what_they_began_with():
    clip = song()
    known = render("reversed_bars", clip, 5).clip.annotations
    assert known.chords[:4] == ((0.0, "Cm7"), (1.0, "C"), (2.0, "Dm7"), (3.0, "D"))
    assert known.downbeats == clip.annotations.downbeats[: len(known.downbeats)]


def test_a_bar_that_is_stuck_repeats_its_chords():
    clip = song()
    rendered = render("stuck_loop", clip, 2)
    first, *others = rendered.plan.params["units"]
    stuck = first - 1
    labels = [label for _, label in clip.annotations.chords]
    heard = [label for _, label in rendered.clip.annotations.chords]
    for bar in (stuck, first, *others):
        assert heard[2 * bar : 2 * bar + 2] == labels[2 * stuck : 2 * stuck + 2]
    assert rendered.clip.annotations.beats == clip.annotations.beats


def test_a_slower_clip_has_a_slower_tempo_and_the_same_key():
    known = render("tempo_change", song(), 4).clip.annotations
    assert (known.tempo_bpm, known.key) == (pytest.approx(96.0), "C major")
    assert known.downbeats[1] == pytest.approx(2.5, abs=1e-4)
    assert known.chords[1] == (pytest.approx(1.25, abs=1e-4), "Cm7")


def test_beats_are_earlier_where_the_beginning_is_left_out():
    known = render("crop_offset", song(), 5).clip.annotations
    assert known.beats[:2] == pytest.approx((0.4, 0.9))
    assert known.chords[:2] == ((0.0, "C"), (pytest.approx(0.9), "Cm7")), "the chord that goes on begins at once"


def test_the_papers_pitch_shift_is_faster_and_ends_in_silence():
    clip = song()
    known = render("paper_varispeed_pitch", clip, 2).clip.annotations
    assert known.key == "D major"
    assert known.tempo_bpm == pytest.approx(120 * 2 ** (2 / 12))
    assert known.beats[-1] == pytest.approx(clip.annotations.beats[-1] / 2 ** (2 / 12))
    slow = render("paper_varispeed_tempo", clip, 3).clip.annotations
    assert slow.key is None
    assert slow.beats[-1] <= clip.duration
    assert slow.beats[1] == pytest.approx(0.5 / 0.7)
    assert len(slow.beats) < len(clip.annotations.beats)


def test_foreign_bars_leave_the_pulse_alone():
    clip = annotated_clip()
    known = render("foreign_bars", clip, 1).clip.annotations
    assert known == clip.annotations.without("sections", "key", "chords", "time_signature")


# -- plans and chains --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["pitch_shift", "bar_shuffle", "missing_beats", "accelerando", "white_noise"])
def test_a_plan_carries_it_through_json(name):
    clip = song()
    rendered = render(name, clip, 3)
    plan = Plan.from_json(rendered.plan.to_json())
    assert plan == rendered.plan
    assert plan.annotations_after(clip.annotations) == rendered.clip.annotations
    assert catalogue.get(name).apply(clip, plan).annotations == rendered.clip.annotations


def chain(*steps: Step) -> AdHocChain:
    return AdHocChain("steps", steps, Ladder((1.0,), "level"))


def test_the_steps_of_a_chain_are_combined():
    clip = song()
    up_and_up = chain(Step(PitchShift(), (2.0,)), Step(TempoChange(), (20.0,)), Step(PitchShift(), (1.0,)))
    known = up_and_up.render(clip, 1, generator(1)).clip.annotations
    assert known.key in {"Eb major", "Db major", "B major", "A major"}
    assert known.tempo_bpm == pytest.approx(96.0)
    assert known.chords[1][0] == pytest.approx(1.25, abs=1e-4)
    lost = chain(Step(PitchShift(), (0.25,)), Step(PitchShift(), (2.0,))).render(clip, 1, generator(1))
    assert (lost.clip.annotations.key, lost.clip.annotations.chords) == (None, ())
    assert lost.clip.annotations.beats == clip.annotations.beats


def test_a_later_step_finds_the_bars_where_they_went():
    seen = []

    class Looks(BarShuffle):
        def arrange(self, clip, level, strength, rng):
            seen.append(clip.annotations)
            return super().arrange(clip, level, strength, rng)

    clip = song(12)
    shorter = chain(Step(MissingBeats(), (10.0,)), Step(Looks(), (50.0,)))
    rendered = shorter.render(clip, 1, generator(1))
    (before_shuffle,) = seen
    assert before_shuffle.time_signature is None
    assert len(before_shuffle.beats) < len(clip.annotations.beats)
    assert rendered.clip.annotations.time_signature is None
    assert len(rendered.clip.annotations.downbeats) == len(before_shuffle.downbeats)
