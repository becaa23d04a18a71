"""MuQ-Eval A1 to the letter of its contract, on small checkpoints in the published formats."""

from __future__ import annotations

import json
import os
import pickle
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from degrade_bench._support.files import sha256_of
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.errors import MetricError
from degrade_bench.metric.muq_eval.contract import preprocessed
from degrade_bench.metric.muq_eval.metric import MuQEval
from tests.conftest import make_clip
from tests.metric.muq_eval.build import build_checkpoint, reference_score


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> tuple[Path, Path]:
    return build_checkpoint(tmp_path_factory.mktemp("muq-eval"))


@pytest.fixture(scope="module")
def metric(built) -> MuQEval:
    checkpoint, encoder = built
    return MuQEval(checkpoint=str(checkpoint), encoder=str(encoder))


@pytest.fixture
def no_hub(tmp_path, monkeypatch):
    """An empty cache and no network."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


@pytest.mark.parametrize(
    ("seconds", "rate", "channels"), [(14.0, 44100, 2), (4.0, 24000, 1), (10.0, 24000, 1), (12.0, 8000, 3)]
)
def test_scores_are_those_of_the_contract(metric, built, seconds, rate, channels):
    clip = make_clip(seconds, rate, channels)
    expected = reference_score(clip.samples, rate, *built)
    assert float(metric.score(clip.samples[None], rate)) == pytest.approx(expected, abs=1e-5)


def test_scores_of_builtin_clips_are_those_of_the_contract_and_differ(metric, built):
    scores = []
    for source in builtin_sources()[:3]:
        clip = source.load()
        expected = reference_score(clip.samples, clip.sample_rate, *built)
        scores.append(float(metric.score(clip.samples[None], clip.sample_rate)))
        assert scores[-1] == pytest.approx(expected, abs=1e-5)
    assert np.ptp(scores) > 1e-3, "a network that hears nothing would pass as well"


def test_a_score_does_not_change_with_its_batch(metric):
    kinds = ("music", "noise", "silence", "square", "music")
    clips = [make_clip(11.0, 24000, 1, seed=seed, kind=kind).samples for seed, kind in enumerate(kinds)]
    batch = torch.stack(clips)
    together = metric.score(batch, 24000)
    assert together.shape == (5,)
    assert torch.isfinite(together).all()
    for index, clip in enumerate(clips):
        assert float(metric.score(clip[None], 24000)) == pytest.approx(float(together[index]), abs=1e-5)
    swapped = metric.score(batch.flip(0), 24000).flip(0)
    assert torch.allclose(swapped, together, atol=1e-5)


def test_preprocessing_takes_the_middle_and_fills_up_behind():
    ramp = torch.arange(300_000, dtype=torch.float32)[None, None]
    assert torch.equal(preprocessed(ramp, 24000)[0], ramp[0, 0, 30_000:270_000])
    odd = torch.arange(240_001, dtype=torch.float32)[None, None]
    assert torch.equal(preprocessed(odd, 24000)[0], odd[0, 0, :240_000])
    short = torch.ones(1, 2, 1000)
    out = preprocessed(short, 24000)
    assert out.shape == (1, 240_000)
    assert float(out.sum()) == 1000.0
    two = torch.stack([torch.ones(1000), torch.zeros(1000)])[None]
    assert float(preprocessed(two, 24000)[0, 0]) == 0.5


def test_loading_leaves_global_random_state_alone(built):
    states = random.getstate(), np.random.get_state()[1].copy(), torch.random.get_rng_state()
    MuQEval(checkpoint=str(built[0]), encoder=str(built[1]))
    assert random.getstate() == states[0]
    assert np.array_equal(np.random.get_state()[1], states[1])
    assert torch.equal(torch.random.get_rng_state(), states[2])


def test_the_fingerprint_is_that_of_the_weights(built, metric, tmp_path):
    again = MuQEval(checkpoint=str(built[0]), encoder=str(built[1]))
    assert again.fingerprint() == metric.fingerprint()
    parts = metric.fingerprint_parts()
    assert parts["checkpoint_sha256"] == sha256_of(built[0] / "model_state_dict.pt")
    assert parts["checkpoint_revision"] == "local folder"
    other = tmp_path / "other"
    shutil.copytree(built[0], other)
    state = torch.load(other / "model_state_dict.pt", weights_only=True)
    state["heads.MI.mlp.3.bias"] += 1
    torch.save(state, other / "model_state_dict.pt")
    changed = MuQEval(checkpoint=str(other), encoder=str(built[1]))
    assert changed.fingerprint() != metric.fingerprint()
    clip = make_clip(10.0, 24000, 1)
    assert float(changed.score(clip.samples[None], 24000)) == pytest.approx(
        float(metric.score(clip.samples[None], 24000)) + 1, abs=1e-4
    )


# -- what is refused -----------------------------------------------------------------------------------


def broken(built, tmp_path, change) -> str:
    folder = tmp_path / "broken"
    folder.mkdir()
    state = torch.load(built[0] / "model_state_dict.pt", weights_only=True)
    change(state)
    torch.save(state, folder / "model_state_dict.pt")
    return str(folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda state: state.pop("heads.TA.mlp.0.bias"), "lacks heads.TA.mlp.0.bias"),
        (lambda state: state.update(extra=torch.zeros(1)), "has unexpected extra"),
        (
            lambda state: state.update({"heads.MI.mlp.3.bias": torch.zeros(5)}),
            "wrong shapes: heads.MI.mlp.3.bias (5,)",
        ),
        (lambda state: state.update(note="text"), "not a state dictionary"),
    ],
)
def test_loading_is_strict(built, tmp_path, change, said):
    with pytest.raises(MetricError) as raised:
        MuQEval(checkpoint=broken(built, tmp_path, change), encoder=str(built[1]))
    assert said in str(raised.value)


class Evil:
    def __reduce__(self):
        return os.system, ("touch was_here",)


def test_a_pickle_with_code_in_it_is_refused_and_does_not_run(built, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for write in (torch.save, lambda thing, path: path.write_bytes(pickle.dumps(thing))):
        write({"model": Evil()}, tmp_path / "model_state_dict.pt")
        with pytest.raises(MetricError, match=r"refused|cannot be read"):
            MuQEval(checkpoint=str(tmp_path), encoder=str(built[1]))
        assert not (tmp_path / "was_here").exists()


def test_files_that_are_cut_off_or_not_there(built, tmp_path, no_hub):
    whole = (built[0] / "model_state_dict.pt").read_bytes()
    for count in (0, 100, len(whole) // 2, len(whole) - 100):
        (tmp_path / "model_state_dict.pt").write_bytes(whole[:count])
        with pytest.raises(MetricError, match=r"cannot be read|refused"):
            MuQEval(checkpoint=str(tmp_path), encoder=str(built[1]))
    with pytest.raises(MetricError, match="no such folder"):
        MuQEval(checkpoint=str(tmp_path / "nowhere"), encoder=str(built[1]))
    with pytest.raises(MetricError, match=r"there is no model_state_dict\.pt in it"):
        MuQEval(checkpoint=str(built[1]), encoder=str(built[1]))
    with pytest.raises(MetricError, match="weights are not available"):
        MuQEval()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "cannot be read"),
        ("{}", "lacks w2v2_config"),
        ('{"w2v2_config": {}, "stat": {}, "colour": 1}', "does not describe a MuQ encoder"),
    ],
)
def test_a_wrong_encoder_configuration(built, tmp_path, text, said):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(MetricError, match=said):
        MuQEval(checkpoint=str(built[0]), encoder=str(tmp_path))


# -- through the command line --------------------------------------------------------------------------


def test_the_command_line_scores_real_audio_with_a_local_checkpoint(built, tmp_path, capsys, monkeypatch):
    import pandas as pd

    from degrade_bench.cli import app as cli

    out = tmp_path / "out"
    arguments = ["run", "--degradation", "white_noise", "--levels", "1,5", "--limit-clips", "2"]
    arguments += ["--metric", "muq-eval,loudness", "--workers", "1", "--out", str(out)]
    arguments += ["--set", f"muq-eval.checkpoint={built[0]}", "--set", f"muq-eval.encoder={built[1]}"]
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 0, capsys.readouterr().err
    scores = pd.read_parquet(out / "scores.parquet")
    muq_eval = scores[scores.metric == "muq-eval"]
    assert muq_eval.status.eq("ok").all()
    for source in builtin_sources()[:2]:
        clip = source.load()
        expected = reference_score(clip.samples, clip.sample_rate, *built)
        clean = muq_eval[(muq_eval.clip_id == clip.id) & (muq_eval.role == "clean")].score
        assert clean.iloc[0] == pytest.approx(expected, abs=1e-5)
    record = json.loads((out / "run.json").read_text())
    described = next(metric for metric in record["metrics"] if metric["name"] == "muq-eval")
    assert described["parts"]["checkpoint_sha256"] == sha256_of(built[0] / "model_state_dict.pt")
    assert record["metrics_skipped"] == []


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_scores_as_the_cpu_does(built, metric):
    on_gpu = MuQEval(checkpoint=str(built[0]), encoder=str(built[1]), device="cuda:0")
    clip = make_clip(12.0, 44100, 2)
    expected = float(metric.score(clip.samples[None], 44100))
    assert float(on_gpu.score(clip.samples[None], 44100)) == pytest.approx(expected, abs=1e-3)
