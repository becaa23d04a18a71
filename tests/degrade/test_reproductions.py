"""Other studies' damages against their formulas, written out here once more."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest
import torch

from degrade_bench.degrade import catalogue
from degrade_bench.degrade.plan import Plan
from degrade_bench.degrade.reproduction import muq_eval_paper, pmqd, pmqd_ratings
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.errors import NotApplicableError, UnknownNameError
from tests.conftest import make_clip

PAPER = ("paper_noise", "paper_lowpass_noise", "paper_varispeed_pitch", "paper_varispeed_tempo")
PMQD = ("pmqd_waveshaper", "pmqd_limiter", "pmqd_low_pass", "pmqd_noise")
EVERY = (*PAPER, *PMQD)


@pytest.fixture(scope="module", params=[(24000, 1), (44100, 2)], ids=["24k mono", "44.1k stereo"])
def clip(request):
    rate, channels = request.param
    return make_clip(2.0, rate, channels)


def render(name, clip, level):
    degradation = catalogue.get(name)
    return degradation.render(clip, level, generator(cell_seed(7, clip.hash, *degradation.seed_key)))


def noise_of(rendered):
    """The standard normal noise that a plan's seed gives."""
    shape = tuple(rendered.clip.samples.shape)
    return generator(rendered.plan.params["noise_seed"]).standard_normal(shape, dtype=np.float32)


def numpy_of(clip):
    return clip.samples.numpy().astype(np.float64)


# -- MuQ-Eval's twelve cells -----------------------------------------------------------------------------


def test_the_twelve_cells_and_no_more():
    cells = [(name, step["strength"]) for name in PAPER for step in catalogue.get(name).describe()["ladder"]]
    assert cells == [
        ("paper_noise", 30),
        ("paper_noise", 20),
        ("paper_noise", 10),
        ("paper_lowpass_noise", 8000),
        ("paper_lowpass_noise", 4000),
        ("paper_lowpass_noise", 2000),
        ("paper_varispeed_pitch", 1),
        ("paper_varispeed_pitch", 2),
        ("paper_varispeed_pitch", 4),
        ("paper_varispeed_tempo", 0.95),
        ("paper_varispeed_tempo", 0.85),
        ("paper_varispeed_tempo", 0.7),
    ]


@pytest.fixture(scope="module", params=[(44100, 2), (48000, 1), (8000, 1), (96000, 6), (24000, 1)])
def loud_clip(request):
    rate, channels = request.param
    return make_clip(7.0, rate, channels)  # beyond sample 131,072 the grid of the played cells is coarse


@cache
def loaded(clip):
    """What the script loads of a file, ``(1, time)``: the mean in float64, then torchaudio's resampler."""
    torchaudio = pytest.importorskip("torchaudio")
    mono = torch.from_numpy(numpy_of(clip).mean(axis=0, keepdims=True).astype(np.float32))
    return torchaudio.functional.resample(mono, clip.sample_rate, 24000)


def furthest(rendered, expected):
    """The largest difference of any sample, from an array or tensor of the same shape."""
    assert rendered.clip.sample_rate == 24000
    assert rendered.clip.samples.shape == expected.shape
    return float(np.abs(numpy_of(rendered.clip) - np.asarray(expected, dtype=np.float64)).max())


@pytest.mark.parametrize(("level", "snr_db"), [(1, 30), (2, 20), (3, 10)])
def test_paper_noise_is_white_noise_against_mean_power(loud_clip, level, snr_db):
    rendered = render("paper_noise", loud_clip, level)
    x = loaded(loud_clip).double().numpy()
    sigma = np.sqrt(np.mean(x**2) / 10 ** (snr_db / 10))
    assert 20 * np.log10(rendered.plan.params["sigma"] / sigma) == pytest.approx(0, abs=0.001)
    assert furthest(rendered, x + sigma * noise_of(rendered)) < 1e-6
    achieved = catalogue.get("paper_noise").achieved(loud_clip, rendered)
    assert achieved == pytest.approx(snr_db, abs=4 * 20 / np.log(10) / np.sqrt(2 * x.size)), "as far as chance goes"


def low_pass_by_hand(x, cutoff, rate):
    """The audio EQ cookbook's low-pass with Q = 0.707, sample by sample."""
    w = 2 * np.pi * cutoff / rate
    alpha = np.sin(w) / 2 / 0.707
    b = np.array([1 - np.cos(w), 2 * (1 - np.cos(w)), 1 - np.cos(w)]) / 2 / (1 + alpha)
    a = np.array([-2 * np.cos(w), 1 - alpha]) / (1 + alpha)
    y = np.zeros_like(x)
    padded = np.pad(x, ((0, 0), (2, 0)))
    for n in range(x.shape[1]):
        y[:, n] = b[0] * padded[:, n + 2] + b[1] * padded[:, n + 1] + b[2] * padded[:, n]
        y[:, n] -= a[0] * (y[:, n - 1] if n > 0 else 0) + a[1] * (y[:, n - 2] if n > 1 else 0)
    return y


@pytest.mark.parametrize(("level", "cutoff", "amplitude"), [(1, 8000, 0.005), (2, 4000, 0.01), (3, 2000, 0.02)])
def test_paper_lowpass_noise_is_a_biquad_and_noise_of_a_fixed_amplitude(loud_clip, level, cutoff, amplitude):
    torchaudio = pytest.importorskip("torchaudio")
    rendered = render("paper_lowpass_noise", loud_clip, level)
    x = loaded(loud_clip)
    theirs = torchaudio.functional.lowpass_biquad(x, 24000, cutoff)  # in float32, as the script calls it
    assert furthest(rendered, theirs.double().numpy() + amplitude * noise_of(rendered)) < 1e-6
    dull = (numpy_of(rendered.clip) - amplitude * noise_of(rendered))[:, :3000]
    assert np.abs(dull - low_pass_by_hand(x[:, :3000].double().numpy(), cutoff, 24000)).max() < 1e-6


def test_paper_lowpass_noise_limits_to_full_scale_before_the_noise_as_torchaudio_does():
    clip = make_clip(1.0, 44100, 1)
    loud = clip.with_samples(clip.samples * 20)
    rendered = render("paper_lowpass_noise", loud, 3)
    dull = numpy_of(rendered.clip) - 0.02 * noise_of(rendered)
    assert np.abs(dull).max() == pytest.approx(1.0, abs=1e-6)


def varispeed_by_hand(x, speed):
    """The script's grid, by torch's own functions, and zeros or a cut at the end; all in float32."""
    count = x.shape[1]
    places = torch.linspace(0, count - 1, int(count / speed))
    left = places.floor().long()
    share = places - left
    read = x[:, left] * (1 - share) + x[:, (left + 1).clamp(max=count - 1)] * share
    return torch.nn.functional.pad(read, (0, max(0, count - read.shape[1])))[:, :count]


SPEEDS = [
    *[("paper_varispeed_pitch", level, 2 ** (steps / 12)) for level, steps in ((1, 1), (2, 2), (3, 4))],
    *[("paper_varispeed_tempo", level, speed) for level, speed in ((1, 0.95), (2, 0.85), (3, 0.7))],
]


@pytest.mark.parametrize(("name", "level", "speed"), SPEEDS)
def test_paper_varispeed_is_linear_interpolation_on_the_scripts_grid(loud_clip, name, level, speed):
    rendered = render(name, loud_clip, level)
    assert furthest(rendered, varispeed_by_hand(loaded(loud_clip), speed)) < 1e-6
    assert rendered.plan.time_map is None, "the study did not move the window: neither do we"


@pytest.mark.parametrize("speed", [speed for _, _, speed in SPEEDS])
@pytest.mark.parametrize("count", [1, 2, 3, 240_000, 523_457])
def test_the_grid_is_evenly_spread_and_rounded_as_torch_rounds_it(speed, count):
    places = muq_eval_paper.positions(count, speed)
    assert places.dtype == np.float32
    assert len(places) == int(count / speed)
    exact = np.linspace(0, count - 1, len(places))
    assert np.abs(places - exact).max(initial=0) <= 2 * np.spacing(np.float32(count))
    theirs = torch.linspace(0, count - 1, len(places)).numpy()  # in other steps on some processors
    assert np.abs(places - theirs).max(initial=0) <= np.spacing(np.float32(count))


@pytest.mark.parametrize("name", PAPER)
def test_the_placebo_is_what_the_script_loads(loud_clip, name):
    rendered = render(f"{name}_placebo", loud_clip, 1)
    assert furthest(rendered, loaded(loud_clip)) < 1e-6
    assert torch.equal(rendered.clip.samples, catalogue.get(name).undamaged(loud_clip).samples)


def test_paper_varispeed_has_the_confounds_of_the_study(clip):
    up = render("paper_varispeed_pitch", clip, 3).clip.samples
    silent = int((up.abs().amax(dim=0) == 0).flip(0).cumprod(0).sum())
    assert silent / up.shape[1] == pytest.approx(1 - 2 ** (-4 / 12), abs=0.002)  # a fifth is padding
    t = torch.arange(48000) / 24000
    sine = make_clip(2.0, 24000, 1).with_samples(torch.sin(2 * torch.pi * 1000 * t)[None])
    down = render("paper_varispeed_tempo", sine, 3).clip.samples[0].numpy()
    peak = np.abs(np.fft.rfft(down)).argmax() / 2.0
    assert 12 * np.log2(peak / 1000) == pytest.approx(-6.17, abs=0.02)  # lower by 6.2 semitones


# -- PMQD ------------------------------------------------------------------------------------------------


def test_the_published_ratings_are_beside_the_damages():
    assert set(pmqd_ratings.MEAN_RATINGS) == set(PMQD)
    for name in PMQD:
        assert catalogue.get(name).ladder.strengths == (10, 30, 50, 70, 90)
        assert len(pmqd_ratings.MEAN_RATINGS[name]) == 5
        assert all(1 <= rating <= 5 for rating in pmqd_ratings.MEAN_RATINGS[name])
    assert pmqd_ratings.UNDAMAGED_RATING == 4.02


def raw(rendered):
    """What a damage gave before its loudness was matched."""
    return numpy_of(rendered.clip) / 10 ** (rendered.plan.gain_db / 20)


@pytest.mark.parametrize("level", [1, 3, 5])
def test_the_waveshaper_follows_its_curve(clip, level):
    amount = (0.55, 0.65, 0.75, 0.85, 0.95)[level - 1]
    x = numpy_of(clip)
    peak = np.abs(x).max()
    k = 2 * amount / (1 - amount)
    expected = peak * (1 + k) * (x / peak) / (1 + k * np.abs(x / peak))
    assert np.abs(raw(render("pmqd_waveshaper", clip, level)) - expected).max() < 1e-5


@pytest.mark.parametrize(("level", "threshold_db"), [(1, -3), (2, -9), (3, -15), (4, -21), (5, -27)])
def test_no_sample_passes_the_limiter_and_none_under_it_is_touched_before_the_first_peak(clip, level, threshold_db):
    x, y = numpy_of(clip), raw(render("pmqd_limiter", clip, level))
    threshold = np.abs(x).max() * 10 ** (threshold_db / 20)
    assert np.abs(y).max() == pytest.approx(threshold, rel=1e-4)
    first = int(np.argmax(np.abs(x).max(axis=0) > threshold))
    assert np.allclose(y[:, :first], x[:, :first], atol=1e-7)
    assert (np.abs(y) <= np.abs(x) + 1e-7).all()
    gain = np.abs(y).max(axis=0) / np.maximum(np.abs(x).max(axis=0), 1e-12)
    sounding = np.abs(x).max(axis=0) > 1e-3
    recovery = np.diff(np.log(gain[sounding]))  # one neper in 100 ms, and never faster where samples adjoin
    adjoining = np.diff(np.flatnonzero(sounding)) == 1
    assert recovery[adjoining].max() <= 1 / (0.1 * clip.sample_rate) + 1e-4


@pytest.mark.parametrize(("level", "cutoff"), [(3, 10500.0), (4, 6700.0), (5, 2900.0)])
def test_the_low_pass_falls_by_24_db_in_the_octave_above_its_cutoff(level, cutoff):
    impulse = make_clip(1.0, 192000, 1)
    samples = torch.zeros(1, 192000)
    samples[0, 100] = 1.0
    degradation = catalogue.get("pmqd_low_pass")
    damaged = degradation.damage(impulse.with_samples(samples), {"cutoff_hz": cutoff})[0].numpy()
    gain = 20 * np.log10(np.abs(np.fft.rfft(damaged)))
    assert gain[int(cutoff)] == pytest.approx(-3.01, abs=0.05)
    assert gain[int(2 * cutoff)] == pytest.approx(-24.1, abs=2.5)
    drawn = degradation.draw(impulse, level, degradation.ladder.strength(level), generator(0))
    assert drawn.params["cutoff_hz"] == pytest.approx(cutoff)


def test_the_noise_is_pink_and_as_loud_as_asked(clip):
    x = numpy_of(clip)
    added = {level: raw(render("pmqd_noise", clip, level)) - x for level in (1, 5)}
    for level, db in ((1, -22.5), (5, -2.5)):
        assert 20 * np.log10(np.std(added[level]) / np.sqrt(np.mean(x**2))) == pytest.approx(db, abs=0.1)
    assert np.allclose(added[1] * 10, added[5], atol=1e-4), "the same noise at every level"
    noise = pmqd.pink_noise(1, 2**18, 32000, 1)[0]
    power = np.abs(np.fft.rfft(noise)) ** 2
    hz = np.fft.rfftfreq(2**18, 1 / 32000)
    octaves = [power[(hz >= low) & (hz < 2 * low)].sum() for low in (125, 250, 500, 1000, 2000, 4000)]
    assert np.ptp(10 * np.log10(octaves)) < 0.7, "equal power in every octave"


# -- what holds for all ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EVERY)
def test_they_are_known_by_name_and_in_no_listing(name):
    assert name not in catalogue.names()
    degradation = catalogue.get(name)
    described = degradation.describe()
    assert json.loads(json.dumps(described)) == described
    assert described["source"]
    assert described["placebo"] == (f"{name}_placebo" if name in PAPER else None)
    if name not in PAPER:
        with pytest.raises(UnknownNameError, match="what reproduces a study has no placebo"):
            catalogue.get(f"{name}_placebo")


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize(("seconds", "rate", "channels"), [(1.0, 8000, 6), (1.3, 192000, 1), (5.0, 22050, 2)])
@pytest.mark.parametrize("kind", ["music", "silence", "square"])
def test_any_clip_gives_finite_samples_or_a_reason_and_replays(name, seconds, rate, channels, kind):
    clip = make_clip(seconds, rate, channels, kind=kind)
    before = clip.samples.clone()
    degradation = catalogue.get(name)
    for level in (1, len(degradation.ladder.levels)):
        try:
            rendered = render(name, clip, level)
        except NotApplicableError:
            continue
        assert torch.equal(clip.samples, before)
        clean = degradation.undamaged(clip)
        assert (clean.sample_rate, clean.channels) == ((24000, 1) if name in PAPER else (rate, channels))
        assert rendered.clip.samples.shape == clean.samples.shape
        assert rendered.clip.sample_rate == clean.sample_rate
        assert rendered.clip.samples.dtype == torch.float32
        assert bool(torch.isfinite(rendered.clip.samples).all())
        replayed = degradation.apply(clip, Plan.from_json(rendered.plan.to_json()))
        assert torch.equal(replayed.samples, rendered.clip.samples)
