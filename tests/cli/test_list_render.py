"""`degrade-bench list` and `render`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from degrade_bench.clip.audio import write_audio
from tests.cli.requests import assert_refused
from tests.conftest import make_clip


def test_listings_are_arrays_of_objects(call):
    for what, keys in (
        ("degradations", "name version group family ladder placebo source changes_duration"),
        ("metrics", "name higher_is_better needs_reference sample_rate window_seconds score_range"),
        ("suites", "name degradations"),
    ):
        code, out, _ = call("list", what, "--json")
        entries = json.loads(out)
        assert code == 0
        assert entries
        for entry in entries:
            assert set(keys.split()) <= set(entry)
        code, out, _ = call("list", what)
        assert code == 0
        assert entries[0]["name"] in out
    ladder = json.loads(call("list", "degradations", "--json")[1])[0]["ladder"]
    assert [set(step) for step in ladder] == [{"level", "strength", "unit"}] * 5


def test_render_writes_something_to_listen_to(call, music):
    code, out, _ = call("render", "white_noise", "--level", 5, music / "clip0.wav", "a.wav", "--plan", "p.json")
    assert code == 0
    assert "white_noise level 5" in out
    audio, rate = soundfile.read("a.wav")
    assert rate == 22050
    assert len(audio) == 13 * 22050
    assert json.loads(Path("p.json").read_text())["degradation"] == "white_noise"
    code, *_ = call("render", "bar_shuffle_placebo", "--level", 1, music / "clip0.wav", "b.flac")
    assert code == 0
    assert call("render", "white_noise", "--level", 0, music / "clip0.wav", "c.wav")[0] == 0
    clean, _ = soundfile.read(music / "clip0.wav", dtype="float32")
    assert np.array_equal(soundfile.read("c.wav", dtype="float32")[0], clean)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["white_nois", "--level", 1], "did you mean 'white_noise'"),
        (["white_noise", "--level", 6], "level must be one of 0 (clean) to 5"),
        (["gain_placebo", "--level", 1], "a control has no placebo"),
    ],
)
def test_render_refuses(call, music, arguments, said):
    assert_refused(call("render", *arguments, music / "clip0.wav", "x.wav"), said)
    assert not Path("x.wav").exists()


def test_render_of_a_clip_with_too_few_bars(call, tmp_path):
    clip = make_clip(4.0, 22050, 1)
    write_audio(tmp_path / "short.wav", clip.samples, clip.sample_rate)
    (tmp_path / "short.beats").write_text(
        "\n".join(f"{t} {i % 4 + 1}" for i, t in enumerate((0.0, 0.5, 1, 1.5, 2)))
    )
    assert_refused(call("render", "bar_shuffle", "--level", 1, "short.wav", "x.wav"), "bars")
