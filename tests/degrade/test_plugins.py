"""audiomentations and pedalboard as degradations: against the libraries themselves, and in the bench's rules."""

from __future__ import annotations

import pickle
import random

import audiomentations
import numpy as np
import pedalboard
import pytest
import torch

from degrade_bench.clip.audio import write_audio
from degrade_bench.degrade.plan import Plan
from degrade_bench.degrade.plugins import AudiomentationsDegradation, PedalboardDegradation
from degrade_bench.degrade.plugins.global_state import seeded_globals
from degrade_bench.degrade.seeds import generator
from degrade_bench.errors import ConfigError, NotApplicableError
from tests.conftest import make_clip

TANH = (0.1, 0.3, 0.5, 0.7, 0.9)
DRIVE = (5.0, 10.0, 15.0, 20.0, 30.0)

NOISE = AudiomentationsDegradation("AddGaussianSNR", "snr_db", (40, 30, 20, 10, 0), name="snr", placebo=90)
SHAPED = AudiomentationsDegradation("TanhDistortion", "distortion", TANH)
MASK = AudiomentationsDegradation("TimeMask", "band_part", (0.01, 0.02, 0.05, 0.1, 0.2), name="mask")
EQ = AudiomentationsDegradation("SevenBandParametricEQ", "gain_db", (1, 2, 4, 8, 12), name="eq")
COLOUR = AudiomentationsDegradation("AddColorNoise", "snr_db", (40, 30, 20, 10, 0), name="colour")
LONGER = AudiomentationsDegradation(
    "TimeStretch",
    "rate",
    (0.98, 0.95, 0.9, 0.85, 0.8),
    name="longer",
    settings={"leave_length_unchanged": False},
    changes_duration=True,
)
PADDED = AudiomentationsDegradation("Padding", "fraction", (0.05, 0.1, 0.2, 0.3, 0.4), name="padded")
DRIVEN = PedalboardDegradation("Distortion", "drive_db", DRIVE, unit="dB", placebo=0)
CHAIN = PedalboardDegradation(
    ["Chorus", {"LadderFilter": {"mode": "LPF24", "cutoff_hz": 5000}}, {"Compressor": {"ratio": 4}}],
    "LadderFilter.resonance",
    (0.1, 0.3, 0.5, 0.7, 0.9),
    name="chain",
)
EVERY = [NOISE, SHAPED, MASK, EQ, COLOUR, LONGER, PADDED, DRIVEN, CHAIN]


@pytest.fixture(scope="module", params=[1, 2, 5], ids=["mono", "stereo", "five channels"])
def clip(request):
    return make_clip(2.0, 32000, request.param)


def states():
    numpy_state = np.random.get_state()
    return random.getstate(), numpy_state[1].tolist(), numpy_state[2:], torch.random.get_rng_state().tolist()


@pytest.mark.parametrize("degradation", EVERY, ids=lambda each: each.name)
def test_results_replay_bit_for_bit_and_global_state_is_untouched(degradation, clip):
    random.seed(11)
    np.random.seed(11)
    before, samples = states(), clip.samples.clone()
    rendered = degradation.render(clip, 3, generator(5))
    assert states() == before
    random.seed(12)
    np.random.seed(12)
    sent = pickle.loads(pickle.dumps(degradation))
    replayed = sent.apply(clip, Plan.from_json(rendered.plan.to_json()))
    assert torch.equal(replayed.samples, rendered.clip.samples)
    assert torch.equal(sent.render(clip, 3, generator(5)).clip.samples, rendered.clip.samples)
    assert torch.equal(clip.samples, samples), "the clip was written to"
    assert rendered.clip.samples.dtype == torch.float32
    assert not torch.equal(rendered.clip.samples[:, : clip.num_samples], clip.samples)
    if not degradation.changes_duration:
        assert rendered.clip.samples.shape == clip.samples.shape
    assert degradation.render(clip, 0, generator(5)).clip is clip


def test_the_guard_gives_both_generators_back_even_after_an_error():
    before = states()

    def fail():
        with seeded_globals(2**62 - 1):
            np.random.rand(3)
            random.random()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert states() == before
    drawn = []
    for seed in (3, 3, 2**33 + 3):
        with seeded_globals(seed):
            drawn.append((random.random(), float(np.random.rand())))
    assert drawn[0] == drawn[1]
    assert drawn[2][1] != drawn[0][1], "all bits of a seed count"


def raw(rendered):
    return rendered.clip.samples.numpy() / np.float32(10 ** (rendered.plan.gain_db / 20))


def test_a_transform_without_chance_is_the_librarys(clip):
    audio = clip.samples.numpy().copy()
    theirs = audiomentations.TanhDistortion(0.7, 0.7, p=1.0)(audio if clip.channels > 1 else audio[0], 32000)
    ours = raw(SHAPED.render(clip, 4, generator(1)))
    assert np.abs(np.atleast_2d(theirs) - ours).max() < 1e-5


def test_noise_has_the_asked_ratio_and_is_the_same_at_every_level(clip):
    x = clip.samples.numpy()
    added = {level: raw(NOISE.render(clip, level, generator(1))) - x for level in (2, 4)}
    for level, snr_db in ((2, 30), (4, 10)):
        assert 10 * np.log10(np.mean(x**2) / np.mean(added[level] ** 2)) == pytest.approx(snr_db, abs=0.3)
    assert np.corrcoef(added[2].ravel(), added[4].ravel())[0, 1] > 0.99
    assert NOISE.render(clip, 4, generator(1)).plan.params["parameters"]["should_apply"] is True


def test_what_is_drawn_does_not_depend_on_the_level(clip):
    drawn = [COLOUR.render(clip, level, generator(1)).plan.params["parameters"]["f_decay"] for level in (1, 5)]
    assert drawn[0] == drawn[1]


def test_the_output_has_the_clips_length_unless_it_is_declared_otherwise(clip):
    assert PADDED.render(clip, 5, generator(1)).clip.num_samples == clip.num_samples
    longer = LONGER.render(clip, 5, generator(1)).clip
    assert longer.num_samples / clip.num_samples == pytest.approx(1 / 0.8, abs=0.01)


class OneChannel(audiomentations.AddGaussianNoise):
    supports_multichannel = False


def test_a_transform_for_one_channel_runs_on_each_with_noise_of_its_own(monkeypatch):
    monkeypatch.setattr(audiomentations, "AddGaussianNoise", OneChannel)
    clip = make_clip(1.0, 16000, 3)
    degradation = AudiomentationsDegradation("AddGaussianNoise", "amplitude", (0.001, 0.002, 0.005, 0.01, 0.02))
    added = raw(degradation.render(clip, 5, generator(1))) - clip.samples.numpy()
    correlation = np.corrcoef(added)
    assert np.abs(correlation - np.eye(3)).max() < 0.05


class NeedsTwo(audiomentations.Gain):
    supports_mono = False


def test_a_transform_that_needs_channels_does_not_apply_to_one(monkeypatch):
    monkeypatch.setattr(audiomentations, "Gain", NeedsTwo)
    degradation = AudiomentationsDegradation("Gain", "gain_db", (1, 2, 3, 4, 5), matches_loudness=False)
    with pytest.raises(NotApplicableError, match="more than one channel"):
        degradation.render(make_clip(1.0, 16000, 1), 1, generator(0))
    assert degradation.render(make_clip(1.0, 16000, 2), 1, generator(0)).plan.gain_db == 0


def test_pedalboard_is_the_librarys(clip):
    pairs = [clip.samples.numpy()[at : at + 2] for at in range(0, clip.channels, 2)]
    for degradation, board in (
        (DRIVEN, lambda: pedalboard.Pedalboard([pedalboard.Distortion(drive_db=20)])),
        (
            CHAIN,
            lambda: pedalboard.Pedalboard(
                [
                    pedalboard.Chorus(),
                    pedalboard.LadderFilter(pedalboard.LadderFilter.Mode.LPF24, cutoff_hz=5000, resonance=0.7),
                    pedalboard.Compressor(ratio=4),
                ]
            ),
        ),
    ):
        theirs = np.concatenate([board()(pair, 32000) for pair in pairs])
        assert np.abs(raw(degradation.render(clip, 4, generator(1))) - theirs).max() < 1e-5


@pytest.mark.parametrize(
    ("plugin", "parameter", "ladder"),
    [
        ("MP3Compressor", "vbr_quality", (1, 2, 4, 6, 9)),
        ("Resample", "target_sample_rate", (30000, 25000, 20000, 16000, 12000)),
        ("BrickwallLimiter", "ceiling_db", (-1, -3, -6, -9, -12)),
        ("Limiter", "threshold_db", (-1, -3, -6, -9, -12)),
    ],
)
def test_delay_that_a_plugin_reports_is_taken_out(plugin, parameter, ladder):
    from scipy.signal import correlate

    clip = make_clip(1.0, 44100, 1, kind="noise")
    damaged = PedalboardDegradation(plugin, parameter, ladder).render(clip, 3, generator(0)).clip
    lags = correlate(damaged.samples[0].numpy(), clip.samples[0].numpy())
    assert int(lags.argmax()) - (clip.num_samples - 1) == 0


def test_a_rate_that_a_plugin_does_not_take_is_not_applicable():
    degradation = PedalboardDegradation("MP3Compressor", "vbr_quality", (1, 2, 4, 6, 9))
    with pytest.raises(NotApplicableError, match="96"):
        degradation.render(make_clip(1.0, 96000, 1), 1, generator(0))


def test_placebos_are_the_effect_at_the_strength_that_was_given():
    clip = make_clip(2.0, 32000, 2)
    assert SHAPED.placebo is None
    assert NOISE.placebo.name == "snr_placebo"
    faint = NOISE.placebo.render(clip, 1, generator(1)).clip.samples
    assert 0 < float((faint - clip.samples).abs().max()) < 1e-3
    assert pickle.loads(pickle.dumps(DRIVEN)).placebo.ladder.strengths == (0.0,)


def test_the_definition_tells_settings_and_versions():
    def defined(**options):
        return AudiomentationsDegradation("TanhDistortion", "distortion", TANH, **options).identity()

    assert defined() == defined()
    others = [defined(placebo=0.01), defined(matches_loudness=False), defined(changes_duration=True)]
    assert all(other != defined() for other in others)
    assert audiomentations.__version__ in defined()[-1].values()
    first = PedalboardDegradation(["Chorus", "Distortion"], "Distortion.drive_db", DRIVE)
    second = PedalboardDegradation([{"Chorus": {"depth": 0.3}}, "Distortion"], "Distortion.drive_db", DRIVE)
    assert first.identity() != second.identity()
    assert first.name == "chorus_distortion"


def test_files_are_told_by_what_is_in_them(tmp_path):
    impulse = torch.zeros(1, 2000)
    impulse[0, 0] = 1.0

    def mixed():
        path = str(tmp_path / "hall.wav")
        settings = {"Convolution": {"impulse_response_filename": path}}
        return PedalboardDegradation([settings], "Convolution.mix", (0.1, 0.2, 0.4, 0.6, 0.8), name="hall")

    with pytest.raises(ConfigError, match=r"no such file or folder: .*hall\.wav"):
        mixed()
    write_audio(tmp_path / "hall.wav", impulse, 32000)
    first = mixed()
    assert str(tmp_path) not in str(first.identity())
    impulse[0, 900] = 0.5
    write_audio(tmp_path / "hall.wav", impulse, 32000)
    assert mixed().identity() != first.identity()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("TanDistortion", "distortion", TANH), "did you mean 'TanhDistortion'"),
        (("Compose", "x", TANH), "unknown audiomentations transform 'Compose'"),
        (("TanhDistortion", "distorsion", TANH), "did you mean 'distortion'"),
        (("TimeMask", "mask_location", TANH), "not a number"),
        (("AddBackgroundNoise", "noise_transform", TANH), "not a number"),
        (("TanhDistortion", "distortion", (0.1, 0.2)), "expected 5 strengths, got 2"),
        (("TanhDistortion", "distortion", (0.1, 0.3, 0.2, 0.4, 0.5)), "rise or fall strictly"),
        (("TimeMask", "band_part", (0.1, 0.3, 0.5, 0.7, 1.9)), "refuses band_part 1.9"),
        (("BitCrush", "bit_depth", (12, 10, 8.5, 6, 4)), "takes whole numbers, got 8.5"),
        (("AddBackgroundNoise", "snr_db", (40, 30, 20, 10, 0)), "sounds_path"),
    ],
)
def test_wrong_transforms_are_refused_at_once(asked, said):
    with pytest.raises(ConfigError, match=said):
        AudiomentationsDegradation(*asked)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"settings": {"min_distortion": 0.1}}, "is set by the ladder"),
        ({"settings": {"p": 0.5}}, "unknown parameter of TanhDistortion 'p'"),
        ({"settings": {"distortion": object()}}, "plain values"),
        ({"placebo": 0.2}, "expected a strength under level 1's 0.1, got 0.2"),
        ({"placebo": 0.0, "group": "control"}, "a control has no placebo"),
        ({"group": "noisy"}, "group must be one of"),
    ],
)
def test_wrong_options_are_refused_at_once(options, said):
    with pytest.raises(ConfigError, match=said):
        AudiomentationsDegradation("TanhDistortion", "distortion", TANH, **options)
    with pytest.raises(ConfigError, match="expected a number such as"):
        AudiomentationsDegradation("TimeMask", "band_part", TANH, settings={"fade_duration": "long"})


@pytest.mark.parametrize(
    ("plugins", "parameter", "said"),
    [
        ("Distorsion", "drive_db", "did you mean 'Distortion'"),
        ("Pedalboard", "drive_db", "unknown pedalboard plug-in"),
        ("Distortion", "drive", "did you mean 'drive_db'"),
        (["Chorus", "Distortion"], "drive_db", "expected a parameter such as Chorus.drive_db"),
        (["Chorus", "Distortion"], "Reverb.drive_db", "unknown plug-in of this chain"),
        (["Distortion", "Distortion"], "Distortion.drive_db", "2 times"),
        ([{"Distortion": {"drive_db": 3}}], "drive_db", "is set by the ladder"),
        ([{"Chorus": {"depht": 3}}, "Distortion"], "Distortion.drive_db", "did you mean 'depth'"),
        ([{"Chorus": {"depth": "deep"}}, "Distortion"], "Distortion.drive_db", "expected a number, got 'deep'"),
        ([{"LadderFilter": {"mode": "LPF"}}], "cutoff_hz", "did you mean 'LPF"),
        ([{"Chorus": {}, "Reverb": {}}], "Chorus.depth", "expected a plug-in as"),
        ([3], "drive_db", "expected a plug-in as"),
        ([], "drive_db", "got none"),
        ("LadderFilter", "mode", "not a number"),
    ],
)
def test_wrong_plugins_are_refused_at_once(plugins, parameter, said):
    with pytest.raises(ConfigError, match=said):
        PedalboardDegradation(plugins, parameter, DRIVE)
    with pytest.raises(ConfigError, match=r"refuses bit_depth 99"):
        PedalboardDegradation("Bitcrush", "bit_depth", (12, 10, 8, 6, 4), placebo=99)
