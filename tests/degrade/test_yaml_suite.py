"""A user's suite in YAML: what it makes."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from degrade_bench.cli import app as cli
from degrade_bench.clip.audio import write_audio
from degrade_bench.degrade.plan import Plan
from degrade_bench.degrade.seeds import generator
from degrade_bench.degrade.suites import suite
from degrade_bench.sweep.config import make_config
from degrade_bench.sweep.spec import Sweep
from tests.conftest import make_clip
from tests.sweep.toys import toy_sources

EXAMPLE = Path(__file__).parents[2] / "examples" / "suite.yaml"


def test_the_example_has_one_of_each():
    example = suite(EXAMPLE)
    assert (example.name, example.levels) == ("my_suite", (1, 3, 5))
    made = {each.name: each for each in example.degradations}
    assert list(made) == ["bar_shuffle", "gentle_low_pass", "old_radio", "tanh_distortion", "cheap_pedal"]
    gentle = made["gentle_low_pass"]
    assert gentle.ladder.strengths == (19000, 17000, 15000, 13000, 11000)
    assert gentle.ladder.unit == "Hz"
    assert gentle.placebo.name == "gentle_low_pass_placebo"
    assert made["old_radio"].family == "radio"
    assert made["old_radio"].placebo is not None
    assert made["tanh_distortion"].placebo.ladder.strengths == (0.01,)
    assert made["cheap_pedal"].placebo is None


def test_what_a_suite_makes_travels_and_replays():
    clip = make_clip(13.0, 44100, 1)
    for degradation in suite(str(EXAMPLE)).degradations:
        sent = pickle.loads(pickle.dumps(degradation))
        assert sent.identity() == degradation.identity()
        for each, theirs in ((degradation, sent), (degradation.placebo, sent.placebo)):
            if each is None:
                continue
            rendered = each.render(clip, len(each.ladder.levels), generator(3))
            replayed = theirs.apply(clip, Plan.from_json(rendered.plan.to_json()))
            assert torch.equal(replayed.samples, rendered.clip.samples)


def test_the_chain_does_what_its_steps_do():
    clip = make_clip(4.0, 44100, 1)
    radio = {each.name: each for each in suite(EXAMPLE).degradations}["old_radio"]
    faint, gross = (radio.render(clip, level, generator(3)).clip.samples[0].numpy() for level in (1, 5))
    power = [np.abs(np.fft.rfft(x)) ** 2 for x in (clip.samples[0].numpy(), faint, gross)]
    hz = np.fft.rfftfreq(clip.num_samples, 1 / 44100)
    treble = [float(p[hz > 8000].sum()) for p in power]
    assert treble[1] < treble[0] < treble[2], "the treble is cut first and drowned in noise later"


def test_a_run_with_the_example_and_the_same_again_is_finished(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "music").mkdir()
    clip = make_clip(13.0, 22050, 1)
    write_audio(tmp_path / "music" / "a.wav", clip.samples, clip.sample_rate)
    beats = "\n".join(f"{t:.4f}\t{i % 4 + 1}" for i, t in enumerate(clip.annotations.beats))
    (tmp_path / "music" / "a.beats").write_text(beats)
    text = EXAMPLE.read_text().replace("[19000, 17000, 15000, 13000, 11000]", "[9500, 9000, 8000, 7000, 6000]")
    (tmp_path / "mine.yaml").write_text(text)
    (tmp_path / "run.yaml").write_text("suite: mine.yaml\nmetric: loudness\ninput: music\nworkers: 1\n")

    def run(*more):
        with pytest.raises(SystemExit) as ended:
            cli.main(["run", "--config", "run.yaml", "--out", "o", *more])
        return int(ended.value.code or 0), capsys.readouterr().err

    assert run("--workers", "2")[0] == 0
    frame = pd.read_parquet("o/scores.parquet")
    tested = frame[frame.role == "test"]
    assert set(tested.degradation) == {
        "bar_shuffle",
        "gentle_low_pass",
        "old_radio",
        "tanh_distortion",
        "cheap_pedal",
    }
    assert set(tested.level) == {1, 3, 5}
    assert set(frame.status) == {"ok"}
    code, err = run()
    assert code == 0
    assert "nothing left to score" in err
    (tmp_path / "mine.yaml").write_text(text.replace("strength: 4000", "strength: 3000"))
    code, err = run()
    assert code == 2
    assert "degradation 'old_radio' has changed" in err
    (tmp_path / "mine.yaml").write_text(text.replace("- Distortion\n", "- Distortoin\n"))
    code, err = run()
    assert code == 2
    lines = [line for line in err.splitlines() if line.startswith("degrade-bench: ")]
    assert len(lines) == 1
    assert "mine.yaml, line 39: unknown pedalboard plug-in 'Distortoin'; did you mean 'Distortion'" in lines[0]
    assert "Traceback" not in err


def test_render_knows_a_suites_names(tmp_path, capsys):
    clip = make_clip(2.0, 44100, 1)
    write_audio(tmp_path / "a.wav", clip.samples, clip.sample_rate)
    (tmp_path / "a.beats").write_text("0.0 1\n1.0 2\n")  # so that none are estimated

    def render(name):
        arguments = ["render", name, tmp_path / "a.wav", tmp_path / "b.wav", "--level", 1, "--suite", EXAMPLE]
        with pytest.raises(SystemExit) as ended:
            cli.main([str(each) for each in arguments])
        return int(ended.value.code or 0), capsys.readouterr()

    assert render("old_radio")[0] == 0
    assert render("tanh_distortion_placebo")[0] == 0
    code, printed = render("old_radoi")
    assert code == 2
    assert "did you mean 'old_radio'" in printed.err


def test_paths_of_suites_in_a_config_are_meant_from_where_it_lies(tmp_path):
    (tmp_path / "run.yaml").write_text("suite: [signal, sub/mine.yml]\nout: o\n")
    config = make_config({}, tmp_path / "run.yaml")
    assert config.suite == ("signal", str(tmp_path / "sub" / "mine.yml"))
    assert make_config({"out": "o", "suite": [Path("a.yaml"), "signal"]}).suite == ("a.yaml", "signal")
    assert make_config({"out": "o", "suite": [Path("a, b.yaml")]}).suite == ("a, b.yaml",), "one path"
    (tmp_path / "a, b").mkdir()
    (tmp_path / "a, b" / "run.yaml").write_text("suite: mine.yml\nout: o\n")
    config = make_config({}, tmp_path / "a, b" / "run.yaml")
    assert config.suite == (str(tmp_path / "a, b" / "mine.yml"),)


def test_settings_that_name_files_are_meant_from_where_the_suite_lies(written, tmp_path):
    impulse = torch.zeros(1, 1000)
    impulse[0, ::300] = 0.5
    write_audio(tmp_path / "hall.wav", impulse, 44100)
    (degradation,) = written(
        """
degradations:
  - pedalboard:
      - Convolution: {impulse_response_filename: hall.wav}
    name: hall
    parameter: mix
    ladder: [0.1, 0.2, 0.4, 0.6, 0.8]
    matches_loudness: false
"""
    ).degradations
    clip = make_clip(1.0, 44100, 1)
    assert degradation.render(clip, 5, generator(0)).plan.gain_db == 0


def test_steps_may_be_what_stands_above_and_a_chain_may_be_structural(written):
    made = written(
        """
degradations:
  - pedalboard: Distortion
    name: fuzz
    parameter: drive_db
    ladder: [5, 10, 15, 20, 30]
  - name: broken_tape
    chain:
      - {degradation: bar_shuffle, strength: [25, 40, 60, 80, 100]}
      - {degradation: fuzz, strength: 12}
      - {degradation: gain, strength: 3}
    ladder: [25, 40, 60, 80, 100]
    unit: "% of bars"
"""
    ).degradations
    assert made[1].group == "structural"
    assert made[1].ladder.unit == "% of bars"
    assert made[1].needs == made[1].steps[0].degradation.needs
    clip = make_clip(14.0, 22050, 1)
    rendered = made[1].render(clip, 2, generator(1))
    assert torch.equal(made[1].apply(clip, rendered.plan).samples, rendered.clip.samples)


IDENTITY_CHANGES = {
    "a fixed strength of a step": ("strength: 4000", "strength: 3900"),
    "a strength of a step's ladder": ("[40, 30, 20, 10, 0]", "[40, 30, 20, 10, 5]"),
    "the damage behind a step": (
        "degradation: white_noise\n        strength: [40, 30, 20, 10, 0]",
        "degradation: pmqd_noise\n        strength: [10, 20, 30, 40, 50]",
    ),
    "a setting of a plug-in": ("ratio: 4", "ratio: 5"),
    "a placebo": ("placebo: 0.01", "placebo: 0.02"),
    "a ladder": ("30]\n    unit: dB", "31]\n    unit: dB"),
    "a unit": ("unit: dB", "unit: decibels"),
}


def identity(made):
    return Sweep(toy_sources(1), made.degradations, ()).identity()


@pytest.mark.parametrize("what", IDENTITY_CHANGES)
def test_a_changed_suite_is_another_run(written, what):
    old, new = IDENTITY_CHANGES[what]
    text = EXAMPLE.read_text()
    assert old in text
    assert identity(written(text)) == identity(written(text + "\n# a remark\n"))
    assert identity(written(text)) != identity(written(text.replace(old, new)))


def test_another_damage_under_the_same_name_and_ladder_is_another_run(written):
    def named(degradation):
        return written(f"degradations: [{{degradation: {degradation}, name: mine, ladder: [10, 30, 50, 70, 90]}}]")

    assert identity(named("pmqd_noise")) != identity(named("pmqd_limiter"))
