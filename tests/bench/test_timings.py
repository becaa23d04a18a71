"""`run.json` says where the time of a run went."""

from __future__ import annotations

from dataclasses import replace

import pytest

from degrade_bench.bench import stress_test
from degrade_bench.bench.telling import time_line
from degrade_bench.metric.catalogue import load_metric
from degrade_bench.runs.record import read_record
from degrade_bench.runs.timings import Timings
from tests.conftest import make_clip
from tests.sweep.toys import Rms, ToyNoise

CLIPS = [replace(make_clip(2.0, 8000, 1, seed=seed), id=f"clip{seed}") for seed in range(3)]
DAMAGE = {"degradations": [ToyNoise(), "low_pass"], "suites": (), "levels": (1, 5)}


@pytest.mark.parametrize("workers", [1, 2])
def test_every_stage_of_a_run_is_there_and_none_took_longer_than_there_was(tmp_path, workers):
    loudness = load_metric("loudness", {}, "cpu")
    result = stress_test([loudness, Rms()], clips=CLIPS, out=tmp_path / "o", workers=workers, **DAMAGE)
    assert result.failed == 0
    record = read_record(tmp_path / "o")
    told = record.timings
    assert told.worker_seconds == pytest.approx(workers * told.scoring_seconds, abs=0.01)
    cells = {"decode", "plan", "damage", "match", "measure", "score loudness", "score rms"}
    assert cells <= {*told.of_workers, *told.of_main}
    assert "damage" not in told.of_main, "what is rendered for the examples is the examples'"
    assert ("hand over" in told.of_workers) == (workers > 1)
    assert {"estimate", "write", "table", "examples", "analyse", "report"} <= set(told.of_main)
    for stages in (told.of_workers, told.of_main):
        assert sum(stage.share for stage in stages.values()) < 1.01
    assert told.scoring_seconds == record.seconds["sweep"] <= record.seconds["total"] <= told.seconds
    assert told.of_workers["damage"].seconds > 0


def test_several_looks_add_up_and_a_start_with_nothing_to_do_says_so(tmp_path):
    clips = [replace(make_clip(1.0, 8000, 1, seed=seed), id=f"clip{seed:02d}") for seed in range(16)]
    options = {
        "clips": clips,
        "workers": 1,
        "out": tmp_path / "o",
        "degradations": [ToyNoise()],
        "suites": (),
        "levels": (5,),
    }
    result = stress_test(Rms(), until="concluded", looks=2, **options)
    assert result.run.looks.taken in (1, 2)
    told = result.run.timings
    assert told.scoring_seconds == result.run.seconds["sweep"]
    assert told.of_workers["damage"].seconds < told.scoring_seconds
    assert told.worker_seconds == pytest.approx(told.scoring_seconds, abs=0.01)
    again = stress_test(Rms(), until="concluded", looks=2, **options).run.timings
    assert again.of_workers == {}
    assert "analyse" in again.of_main


def test_a_line_says_what_took_longest():
    stages = {"plan": 3.0, "damage": 240.0, "features": 150.0, "score loudness": 90.0}
    told = Timings.of(400.0, 300.0, 600.0, stages, {"report": 30.0, "analyse": 9.0, "write": 1.0})
    assert time_line(told) == (
        "time: 7 min; 5 min of damage and scores, with workers busy 80 % (damage 40 %, features 25 %, "
        "score loudness 15 %); analyse 9 s; report 30 s"
    )
    assert time_line(Timings.of(2.0, 0.1, 0.0, {}, {"report": 1.0})) == "time: 2 s; report 1 s"


def test_workers_that_wait_for_a_metric_in_the_main_process_are_not_called_busy():
    main = {"score muq-eval": 290.0, "score dnsmos": 2.0}
    told = Timings.of(310.0, 300.0, 2400.0, {"hand over": 2160.0, "damage": 120.0}, main)
    assert time_line(told) == (
        "time: 5 min; 5 min of damage and scores, with workers busy 5 %, 90 % waiting for the main process "
        "(damage 5 %); score muq-eval 5 min"
    )


def test_shares_are_of_the_time_that_there_was():
    told = Timings.of(10.0, 4.0, 8.0, {"plan": 1.0, "damage": 6.0}, {"report": 5.0})
    assert list(told.of_workers) == ["damage", "plan"]
    assert told.of_workers["damage"].share == 0.75
    assert told.of_main["report"].share == 0.5
    assert Timings.of(0.0, 0.0, 0.0, {"damage": 0.0}, {}).of_workers["damage"].share == 0.0
