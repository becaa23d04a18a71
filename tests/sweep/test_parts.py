"""Cells, pool, estimate, provenance, examples."""

from __future__ import annotations

import pickle
import random
import subprocess
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import torch

from degrade_bench._support.durations import human_seconds
from degrade_bench.corpus.source import MemorySource
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.structural.tempo_jitter import TempoJitter
from degrade_bench.errors import ConfigError, NotApplicableError
from degrade_bench.metric.traits import Traits
from degrade_bench.runs import provenance
from degrade_bench.sweep import device, examples, heard
from degrade_bench.sweep.block import BlockResult
from degrade_bench.sweep.cells import expand, levels_of
from degrade_bench.sweep.estimate import _without_first_use, estimate
from degrade_bench.sweep.examples import Playing, excerpts, write_examples
from degrade_bench.sweep.heard import (
    BYTES,
    BYTES_OF_A_PICTURE,
    CAREFUL_KBPS,
    Form,
    choose,
    room,
    room_for_recordings,
    shown,
    size,
)
from degrade_bench.sweep.pool import Pool
from degrade_bench.sweep.scoring import MetricInput, Outcome
from degrade_bench.sweep.worker import Task, Work, single_threaded, work_on
from tests.conftest import make_clip
from tests.sweep import toys


def work(*degradations, metrics=None, heavy=()):
    metrics = (toys.Rms(),) if metrics is None else metrics
    return Work(0, toys.LEVELS, 1, degradations, metrics, tuple(Traits.of(each) for each in heavy))


def tasks(work, count=2):
    todo = {block.name: frozenset({"rms"}) for block in work.blocks()}
    return [Task(source, todo) for source in toys.toy_sources(count)]


class NeverDone(toys.ToyNoise):
    """Damage that no clip can have, although its placebo can."""

    def draw(self, clip, level, strength, rng):
        raise NotApplicableError("never")


def test_damage_that_cannot_be_done_is_not_shown_by_its_placebo_alone():
    damage = NeverDone()
    assert damage.placebo is not None
    made = excerpts(make_clip(), Playing(None, (damage,), (1, 5), seed=0))
    assert [one.degradation for one in made.examples] == ["clean"]
    assert made.pictures == ()


def test_levels_filter_long_ladders_only():
    assert levels_of(toys.ToyNoise(), (1, 5)) == (1, 5)
    assert levels_of(toys.ToyGain(), (5,)) == (1, 2)
    blocks = expand((toys.ToyNoise(), toys.ToyGain()), (1, 5), 2)
    assert [block.name for block in blocks] == ["clean", "toy_noise", "toy_gain"]
    cells = [(cell.role, cell.level, cell.replicate) for cell in blocks[1].cells]
    at_level_1 = [("test", 1, 0), ("placebo", 1, 0), ("test", 1, 1), ("placebo", 1, 1)]
    assert cells == [*at_level_1, ("test", 5, 0), ("test", 5, 1)]


def test_what_a_metric_is_given_crosses_processes_without_its_storage():
    long = torch.zeros(2, 1_000_000)
    given = MetricInput(long[:, :100], long[:, 100:200], None)
    packed = pickle.dumps(given, protocol=5)
    assert len(packed) < 10_000
    again = pickle.loads(packed)
    assert torch.equal(again.samples, given.samples)
    assert again.outcome is None
    assert pickle.loads(pickle.dumps(MetricInput(outcome=Outcome.not_applicable("x")))).outcome.error == "x"


def test_a_windowed_metric_with_a_reference_is_given_both_equally_long():
    class Windowed(toys.Difference):
        window_seconds = 10.0

    music = MemorySource("music", make_clip(14.0, 8000, 1))
    asked = work(TempoJitter(), metrics=(Windowed(),))
    todo = {block.name: frozenset({"difference"}) for block in asked.blocks()}
    messages = [each for each in work_on(Task(music, todo), asked) if isinstance(each, BlockResult)]
    rows = [row for message in messages for row in message.rows]
    assert len(rows) == 11
    assert {row.error for row in rows} == {None}


def test_reasons_are_one_bounded_line():
    assert Outcome.failed("a\n b\t" + "x" * 1000).error == "a b " + "x" * 496


def test_threads_are_given_back():
    before = torch.get_num_threads()
    with single_threaded():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


def test_a_sweep_touches_no_global_random_state():
    torch_state, numpy_state, python_state = torch.get_rng_state(), np.random.get_state(), random.getstate()
    made = work(toys.ToyNoise(), toys.ToyStretch())
    with Pool(made, 1) as pool:
        assert any(isinstance(event, BlockResult) for event in pool.run(tasks(made)))
    assert torch.equal(torch_state, torch.get_rng_state())
    assert all(np.array_equal(a, b) for a, b in zip(numpy_state, np.random.get_state(), strict=True))
    assert python_state == random.getstate()


def test_an_estimate_adds_up_what_was_measured(monkeypatch):
    clock = {"seconds": 0.0}

    class Slow(toys.Rms):
        name = "slow"

        def score(self, batch, sample_rate, reference=None):
            clock["seconds"] += 0.03 * batch.shape[0]
            return super().score(batch, sample_rate)

    monkeypatch.setattr("time.perf_counter", lambda: clock["seconds"])
    made = work(toys.ToyNoise(), metrics=(Slow(),))
    todo = {block.name: frozenset({"slow"}) for block in made.blocks()}
    slow_tasks = [Task(source, todo) for source in (toys.ToySource("bad", bad=True), *toys.toy_sources(20))]
    two = SimpleNamespace(workers=2, probe=work_on)
    expected = estimate(slow_tasks, made, (), two)
    assert expected.seconds == pytest.approx(21 * 7 * 0.03 / 2)
    assert "clip 'c0'" in str(expected)
    assert estimate([], made, (), two) is None
    assert estimate([Task(toys.ToySource("bad", bad=True), todo)], made, (), two) is None


def test_what_a_process_does_once_is_not_counted_for_every_cell():
    assert _without_first_use({"clean": 3.0, "noise": 0.2}) == {"noise": 0.2}
    assert _without_first_use({"clean": 3.0}) == {"clean": 3.0}


def test_heavy_metrics_count_for_every_cell():
    made = work(toys.ToyNoise(), metrics=(), heavy=(toys.Length(),))
    todo = {block.name: frozenset({"length"}) for block in made.blocks()}
    assert estimate([Task(toys.ToySource("c"), todo)], made, (toys.Length(),), Pool(made, 1)).seconds > 0


@pytest.mark.parametrize(("seconds", "said"), [(0.2, "1 s"), (42, "42 s"), (360, "6 min"), (7800, "2 h 10 min")])
def test_seconds_in_words(seconds, said):
    assert human_seconds(seconds) == said


def test_devices(monkeypatch):
    assert device.resolve_device("cpu") == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device.resolve_device("auto") == "cpu"
    with pytest.raises(ConfigError, match="finds no CUDA device"):
        device.resolve_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda name: "Toy")
    assert device.resolve_device("auto") == "cuda:0"
    with pytest.raises(ConfigError, match="there are 1 CUDA devices"):
        device.resolve_device("cuda:1")
    assert device.device_name("cuda:0") == "cuda:0 (Toy)"
    assert device.device_name("cpu").startswith("cpu (")


def test_versions():
    versions = provenance.library_versions()
    assert versions["torch"] == version("torch")
    assert versions["libsndfile"] == soundfile.__libsndfile_version__


def test_a_library_that_is_not_installed_has_no_version(monkeypatch):
    monkeypatch.setattr(provenance, "LIBRARIES", ["no-such-library"])
    assert provenance.library_versions()["no-such-library"] is None


@pytest.mark.parametrize(
    ("changes", "revision"), [("", "ab" * 20), (" M degrade_bench/clip/clip.py\n", "ab" * 20 + "+dirty")]
)
def test_a_checkout_knows_its_revision(monkeypatch, tmp_path, changes, revision):
    def git(command, **options):
        said = "ab" * 20 + "\n" if "rev-parse" in command else changes
        return subprocess.CompletedProcess(command, 0, said, "")

    package = tmp_path / "degrade_bench" / "runs"
    package.mkdir(parents=True)
    monkeypatch.setattr(provenance, "__file__", str(package / "provenance.py"))
    assert provenance.git_revision() is None  # neither a checkout nor built from one
    (tmp_path / ".git").mkdir()
    monkeypatch.setattr(subprocess, "run", git)
    assert provenance.git_revision() == revision
    monkeypatch.setattr(subprocess, "run", lambda *arguments, **options: 1 / 0)
    (tmp_path / "degrade_bench" / "_revision.txt").write_text("cd" * 20 + "\n")
    assert provenance.git_revision() == "cd" * 20


def test_without_git_the_revision_is_not_known(monkeypatch, tmp_path):
    def no_git(*arguments, **options):
        raise FileNotFoundError("git")

    (tmp_path / ".git").mkdir()
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "degrade_bench" / "runs" / "provenance.py"))
    monkeypatch.setattr(subprocess, "run", no_git)
    assert provenance.git_revision() is None


def test_examples_share_one_gain_and_stay_below_full_scale(tmp_path):
    clip = make_clip(9.0, 48000, 2)
    clip = clip.with_samples(clip.samples * (1.4 / clip.samples.abs().max()))
    degradations = [toys.ToyNoise(), toys.ToyStretch(), toys.ToyGain()]
    made = excerpts(clip, asked(clip, degradations, (1, 3, 5)))
    write_examples(tmp_path, made)
    played = [("toy_noise", 1), ("toy_noise", 3), ("toy_noise", 5), ("toy_noise_placebo", 1)]
    played += [("toy_stretch", level) for level in (1, 3, 5)]
    assert [(example.degradation, example.level) for example in made.examples] == [("clean", 0), *played]
    for example in made.examples:
        audio, rate = soundfile.read(tmp_path / example.file)
        assert rate == 44100
        assert len(audio) == pytest.approx(5 * 44100, abs=1)
        assert np.abs(audio).max() < 1.0
        assert np.abs(audio).max() > 0.2
    files = {path.name for path in (tmp_path / "audio").iterdir()}
    assert files == {Path(one.file).name for one in (*made.examples, *made.pictures)}
    assert [picture.degradation for picture in made.pictures] == ["toy_noise", "toy_stretch"]
    panels = [(panel.degradation, panel.level) for panel in made.pictures[0].panels]
    assert panels == [("clean", 0), *played[:4]], "what is seen is what is heard"
    write_examples(tmp_path, excerpts(clip, asked(clip, [toys.ToyNoise()], (5,))))
    files = {path.name for path in (tmp_path / "audio").iterdir()}
    assert files == {"clean.mp3", "toy_noise_level5.mp3", "toy_noise_placebo_level1.mp3", "toy_noise.png"}


def test_of_a_long_clip_only_what_is_played_is_drawn(monkeypatch):
    clip = make_clip(2.0, 8000, 1)
    monkeypatch.setattr(heard, "BYTES", 900_000)
    noises = [toys.ToyNoise(), toys.ToyNoise()]
    noises[1].name = "toy_hiss"
    asked_for = asked(clip, noises, (1, 2, 3, 4, 5))
    assert [picture.degradation for picture in excerpts(clip, asked_for).pictures] == ["toy_noise", "toy_hiss"]
    monkeypatch.setattr(examples, "LONGEST_DRAWN", 1.0)
    assert [picture.degradation for picture in excerpts(clip, asked_for).pictures] == ["toy_noise"]


def asked(clip, degradations, levels) -> Playing:
    return Playing(MemorySource(clip.id, clip), tuple(degradations), levels, 0)


def test_every_level_is_played_of_fewer_damages_or_at_fewer_bits_so_that_all_fit():
    class Kin(toys.ToyNoise):
        def __init__(self, name: str, family: str, placebo_of: str | None = None) -> None:
            super().__init__()
            self.name, self.family, self.placebo_of = name, family, placebo_of
            self.ladder = Ladder((1.0,), "dB") if placebo_of else self.ladder

        def make_placebo(self):
            return None if self.placebo_of else Kin(f"{self.name}_placebo", self.family, self.name)

    def played(count: int, families: int) -> tuple[int, Form]:
        kin = [Kin(f"d{k}", f"f{k % families}") for k in range(count)]
        chosen, form = choose(shown([*kin, toys.ToyGain()], (1, 2, 4)))
        for k, one in enumerate(chosen):
            made = [(made.name, level) for made, level in one.made]
            assert made == [(f"d{k}", 1), (f"d{k}", 2), (f"d{k}", 4), (f"d{k}_placebo", 1)]
        assert size(chosen, form) + count * BYTES_OF_A_PICTURE <= BYTES == room(1, count)
        return len(chosen), form

    assert played(10, 5) == (10, Form(5, 256))
    assert played(20, 5) == (20, Form(5, 128))
    assert played(21, 5) == (5, Form(5, 256)), "one of each family"
    assert played(28, 28) == (28, Form(4, 112))
    assert played(60, 60) == (33, Form(4, 96)), "of the first families"
    kin = [Kin(f"d{k}", f"f{k}") for k in range(28)]
    for metrics, form in ((16, Form(4, 112)), (30, Form(4, 96))):
        chosen, of_them = choose(shown(kin, (1, 2, 4)), metrics)
        assert of_them == form
        assert room(metrics, 28) == BYTES - 6_200 * (28 * metrics - 7 * 64) * (metrics > 16)
        assert size(chosen, form) + 28 * BYTES_OF_A_PICTURE <= room(metrics, 28)
    fewer, _ = choose(shown(kin, (1, 2, 4)), 30, room_for_recordings(30, 28))
    assert len(fewer) < len(chosen), "recordings that stand out take room"
    assert choose(shown(kin, (1, 2, 4)), 60)[0] == [], "no room beside so many"
    assert room_for_recordings(7, 64) == pytest.approx(7e6 / 6)
    assert room_for_recordings(60, 28) == 0


def test_of_what_mp3_does_itself_more_bits_are_kept_beside_a_clean_version_of_as_many(monkeypatch):
    class ToyCodec(toys.ToyNoise):
        name, family = "toy_codec", "codec"

        def make_placebo(self):
            return None

    monkeypatch.setattr(heard, "BYTES", 1_800_000)
    clip = make_clip(5.5, 44100, 2)
    made = excerpts(clip, asked(clip, [toys.ToyNoise(), ToyCodec()], (1, 2, 3, 4, 5)))
    rates = {(example.degradation, example.kbps) for example in made.examples}
    assert {rate for name, rate in rates if name == "toy_codec"} == {CAREFUL_KBPS}
    assert {rate for name, rate in rates if name in ("toy_noise", "toy_noise_placebo")} == {160}
    assert [example.file for example in made.examples[:2]] == ["audio/clean.mp3", "audio/clean_160.mp3"]
    assert [example.kbps for example in made.examples[:2]] == [CAREFUL_KBPS, 160]
    assert sum(map(len, made.files.values())) < 1_800_000
