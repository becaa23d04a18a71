"""Clips in planned looks: a run stops when it has concluded, goes on where it was stopped, and its plan stays."""

from __future__ import annotations

import shutil
import zlib
from dataclasses import replace

import numpy as np
import pytest

from degrade_bench import stress_test
from degrade_bench.analysis import analyse_folder
from degrade_bench.bench.looks import begun, first_look, looked_at, plan_looks
from degrade_bench.corpus.source import MemorySource
from degrade_bench.errors import AudioError, ConfigError, RunFolderError
from degrade_bench.runs.folder import RunFolder
from degrade_bench.runs.record import LooksRecord
from tests.conftest import make_clip

CLIPS = [replace(make_clip(1.0, 8000, 1, seed=seed), id=f"clip{seed:02d}") for seed in range(24)]
DAMAGE = {"degradations": ["white_noise"], "levels": (5,)}


class Roughness:
    """Hears noise: the mean difference from one sample to the next."""

    name = "roughness"
    higher_is_better = False

    def score(self, batch, sample_rate, reference=None):
        return batch.diff(dim=-1).abs().mean(dim=(1, 2)).log()


class Chance:
    """Hears nothing: a number that the samples determine, and that tells nothing of them."""

    name = "chance"
    higher_is_better = True

    def score(self, batch, sample_rate, reference=None):
        seeds = [zlib.crc32(signal.numpy().tobytes()) for signal in batch]
        return [float(np.random.default_rng(seed).normal()) for seed in seeds]


def looking(metric, out, **options):
    return stress_test(metric, clips=CLIPS, workers=1, out=out, until="concluded", **DAMAGE, **options)


@pytest.fixture(scope="module")
def concluded(tmp_path_factory):
    """The folder of a run that stopped at its first look, to be copied by whoever goes on in it; and its result."""
    out = tmp_path_factory.mktemp("concluded") / "out"
    return out, looking(Roughness(), out)


def test_a_run_stops_at_the_first_look_that_concludes(concluded, tmp_path):
    first, result = concluded
    assert result.run.looks == LooksRecord(clips=(14, 19, 24), recordings=(14, 19, 24), taken=1, concluded=True)
    assert result.scores["clip_id"].nunique() == result.run.counts.clips == 14
    assert len(result.run.identity.clips) == 24
    (row,) = result.analysis.verdicts.to_dict("records")
    assert row["verdict"] == "sensitive"
    assert "Look 1 of 3 planned." in row["sentence"]
    assert result.analysis.looks["taken"].tolist() == [True, False, False]
    again = looking(Roughness(), shutil.copytree(first, tmp_path / "out"))
    assert again.run.looks == result.run.looks
    assert again.run.starts == 2


def test_a_run_that_cannot_conclude_takes_every_look_and_its_table_is_that_of_one_go(tmp_path):
    result = looking([Roughness(), Chance()], tmp_path / "out", looks=2)
    assert (result.run.looks.clips, result.run.looks.taken, result.run.looks.concluded) == ((14, 24), 2, False)
    at_once = stress_test([Roughness(), Chance()], clips=CLIPS, workers=1, out=tmp_path / "once", **DAMAGE)
    key = ["clip_id", "degradation", "level", "metric"]
    one, other = (of.scores.sort_values(key)["score"].to_numpy() for of in (result, at_once))
    assert np.array_equal(one, other)
    verdicts = result.analysis.verdicts.set_index("metric")
    assert verdicts.loc["roughness", "verdict"] == "sensitive"
    assert verdicts.loc["chance", "verdict"] == "inconclusive"


def test_a_run_that_was_stopped_goes_on_with_its_look(tmp_path, monkeypatch):
    out, clips, add = tmp_path / "out", set(), RunFolder.add_shard

    def interrupted(folder, rows, counts=None):
        clips.update(row.clip_id for row in rows)
        if len(clips) > 18:
            raise KeyboardInterrupt
        return add(folder, rows, counts)

    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "add_shard", interrupted)
        with pytest.raises(KeyboardInterrupt):
            looking(Chance(), out, looks=2)
    with RunFolder(out) as folder:
        before = folder.read_record()
    assert (before.state, before.looks.taken) == ("running", 1)
    result = looking(Chance(), out, looks=2)
    assert (result.run.looks.taken, result.run.starts) == (2, 2)
    assert result.scores["clip_id"].nunique() == 24
    assert result.scores.groupby("clip_id").size().nunique() == 1


def test_clips_that_are_added_outside_a_plan_mark_the_run(tmp_path):
    out = tmp_path / "out"
    stress_test(Chance(), clips=CLIPS[:8], workers=1, out=out, **DAMAGE)
    result = stress_test(Chance(), clips=CLIPS[:16], workers=1, out=out, **DAMAGE)
    assert result.run.looked_at == (8,)
    assert result.scores["clip_id"].nunique() == 16
    assert result.analysis.looks["planned"].tolist() == [False, False]
    assert "errs more often than stated" in result.analysis.verdicts["sentence"].iloc[0]
    again = stress_test(Chance(), clips=CLIPS[:16], workers=1, out=out, **DAMAGE)
    assert again.run.looked_at == (8,)
    with pytest.raises(RunFolderError, match="looked at without a plan"):
        looking(Chance(), out)
    with pytest.raises(RunFolderError, match="another run"):
        stress_test(Chance(), clips=CLIPS[:6], workers=1, out=out, **DAMAGE)


def test_a_plan_that_is_given_up_marks_the_run_whether_clips_are_added_or_not(tmp_path):
    out = tmp_path / "out"
    assert looking(Chance(), out).run.looks.taken == 3
    result = stress_test(Chance(), clips=CLIPS, workers=1, out=out, **DAMAGE)
    assert (result.run.looks, result.run.looked_at) == (None, (14, 19))
    assert "errs more often than stated" in result.analysis.verdicts["sentence"].iloc[0]


def test_a_start_that_is_stopped_while_it_takes_a_look_again_forgets_none(tmp_path, monkeypatch):
    out = tmp_path / "out"
    looking(Chance(), out, looks=2)

    def interrupted(folder, rows, counts=None):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "add_shard", interrupted)
        with pytest.raises(KeyboardInterrupt):
            looking([Chance(), Roughness()], out, looks=2)
    frame = analyse_folder(out).looks
    assert frame["taken"].tolist() == [True, True]
    assert frame["clips"].tolist() == [14, 24]


def test_a_first_look_none_of_whose_clips_can_be_used_is_passed_over(tmp_path, monkeypatch):
    plan = plan_looks([MemorySource(clip.id, clip) for clip in CLIPS], None, 3, 0)
    first = {source.id for source in plan.sources[:14]}

    def unreadable(source):
        if source.id in first:
            raise AudioError(f"{source.id}: cannot be read")
        return source.clip

    monkeypatch.setattr(MemorySource, "load", unreadable)
    result = looking(Roughness(), tmp_path / "out")
    assert (result.run.looks.taken, result.run.counts.clips_skipped) == (3, 14)
    assert result.scores["clip_id"].nunique() == 10


def test_verdicts_of_a_first_look_hang_on_nothing_that_was_not_tried(concluded):
    metrics = concluded[1].analysis.metrics
    assert np.isnan(metrics[["changed_without_control", "changed_without_clip"]].to_numpy(dtype=float)).all()


def test_a_plan_stays_as_it_was_made_and_clips_beyond_it_mark_the_run(concluded, tmp_path):
    out = shutil.copytree(concluded[0], tmp_path / "out")
    with pytest.raises(RunFolderError, match="planned at 14, 19, 24 clips, not at 14, 24"):
        looking(Roughness(), out, looks=2)
    with pytest.raises(RunFolderError, match="planned at 14, 19, 24 clips, not at 14, 17, 20"):
        looking(Roughness(), out, max_clips=20)
    result = stress_test(Roughness(), clips=CLIPS, workers=1, out=out, **DAMAGE)
    assert (result.run.looks, result.run.looked_at) == (None, (14,))


def test_recordings_come_whole_in_an_order_that_the_seed_draws():
    sources = [
        MemorySource(f"{place}.{part}", replace(CLIPS[place], id=f"{place}.{part}", track=f"song{place}"))
        for part in range(2)
        for place in range(20)
    ]
    plan = plan_looks(sources, 31, 3, 0)
    assert plan.record == LooksRecord(clips=(28, 30), recordings=(14, 15))
    names = [source.recording for source in plan.sources]
    assert names[::2] == names[1::2]
    assert len(set(names)) == 15
    assert plan_looks(sources[::-1], 31, 3, 0).record == plan.record
    assert [source.recording for source in plan_looks(sources[::-1], 31, 3, 0).sources] == names
    other = [source.recording for source in plan_looks(sources, 31, 3, 1).sources]
    assert other != names
    assert len(plan_looks(sources, 1, 3, 0).sources) == 1


def test_looks_that_do_not_fit_are_refused(tmp_path):
    for options, message in (
        ({"max_clips": 5}, "needs --until"),
        ({"looks": 2}, "needs --until"),
        ({"until": "concluded", "limit_clips": 5}, "give --max-clips"),
        ({"until": "bored"}, "should be 'concluded'"),
    ):
        with pytest.raises(ConfigError, match=message):
            stress_test(Chance(), clips=CLIPS, workers=1, out=tmp_path / "out", **DAMAGE, **options)
    for wrong in ({"clips": (2, 1)}, {"clips": (1,)}, {"taken": 3}):
        with pytest.raises(ValueError, match=r"more than the one before|do not fit"):
            LooksRecord(**{"clips": (1, 2), "recordings": (1, 2), **wrong})
    assert begun(None, None, None) is None
    assert first_look(LooksRecord(clips=(1, 2), recordings=(1, 2), taken=2), None) == 1
    assert looked_at(None, None, None) == ()
