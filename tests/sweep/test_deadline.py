"""A time limit: a run stops by itself, keeps what is finished, and goes on from it."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from degrade_bench.bench import run
from degrade_bench.errors import ConfigError
from degrade_bench.runs.folder import RunFolder
from degrade_bench.sweep.config import make_config
from degrade_bench.sweep.deadline import NO_DEADLINE, Deadline, TimeLimitError
from degrade_bench.sweep.execute import execute
from tests.sweep import toys
from tests.sweep.test_execute import comparable, make_sweep, sweep_in
from tests.sweep.test_lane import OnDevice


class Slow(toys.ToyNoise):
    """Takes a while; in the third clip it does not come to an end."""

    name = "toy_slow"

    def damage(self, clip, params):
        time.sleep(30 if clip.id == "c2" else 0.01)
        return super().damage(clip, params)


@dataclass(frozen=True)
class AfterEvents(Deadline):
    """Comes when it was asked for so many times."""

    asked: list[None] = field(default_factory=list)

    @property
    def has_passed(self):
        self.asked.append(None)
        return len(self.asked) > 12


@pytest.mark.parametrize("workers", [1, 2])
def test_it_stops_keeps_what_is_finished_and_goes_on(tmp_path, workers):
    sweep = make_sweep(metrics=(toys.Rms(), OnDevice()), workers=workers)
    whole = sweep_in(tmp_path / "whole", sweep).table
    kept, table = [0], None
    with RunFolder(tmp_path / "out") as folder:
        while table is None and len(kept) < 20:
            with suppress(TimeLimitError):
                table = execute(sweep, folder, deadline=AfterEvents(seconds=60)).table
            kept.append(folder.read_finished().rows.num_rows)
    assert len(set(kept)) > 3, "it was stopped more than once"
    assert kept == sorted(kept), "what was finished stays"
    assert comparable(table).equals(comparable(whole))


def test_a_worker_that_does_not_come_to_an_end_is_not_waited_for(tmp_path):
    sweep = make_sweep(degradations=(Slow(),), metrics=(toys.Rms(),), workers=2)
    with RunFolder(tmp_path / "out") as folder:
        started = time.monotonic()
        with pytest.raises(TimeLimitError, match="the time limit of 12 s is reached"):
            execute(sweep, folder, deadline=Deadline.after(12.0))
        assert time.monotonic() - started < 20
        clips = set(folder.read_finished().rows["clip_id"].to_pylist())
    assert clips >= {"c0", "c1"}, "the others were finished meanwhile"


def test_no_deadline_never_comes():
    assert NO_DEADLINE.left is None
    assert not NO_DEADLINE.has_passed
    assert Deadline.after(None) == NO_DEADLINE
    assert Deadline.after(0.0).left == 0.0


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("45s", 45), ("30m", 1800), ("1h30m", 5400), (12, 12)])
def test_how_it_is_written(text, seconds):
    assert make_config({"out": "x", "suite": "quick", "time_limit": text}).time_limit == seconds


@pytest.mark.parametrize("text", ["soon", "-1", "0", "0m", "inf", "1x", "m", ""])
def test_what_is_no_time_is_refused_in_a_line(text):
    with pytest.raises(ConfigError, match="--time-limit") as raised:
        make_config({"out": "x", "suite": "quick", "time_limit": text})
    assert "\n" not in str(raised.value)


def test_through_the_api_it_is_an_error_of_its_own(tmp_path):
    options = {"out": tmp_path / "out", "degradation": "white_noise", "metric": "loudness", "limit_clips": 2}
    config = make_config({**options, "levels": "5", "time_limit": 0.01})
    with pytest.raises(TimeLimitError):
        run(config)
    assert (tmp_path / "out" / "run.json").exists()
