"""Fourteen metrics that are wrong, beside a good one and in one run: each is told what is wrong, none does harm."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import degrade_bench
from degrade_bench.bench.result import RunResult
from degrade_bench.sweep.progress import Progress
from tests.conftest import make_clip

FATAL = """
import ctypes, os, time


class Hanging:
    name, higher_is_better = "hangs", True

    def score(self, batch, sample_rate, reference=None):
        time.sleep(60)


class Exiting:
    name, higher_is_better = "exits the process", True

    def score(self, batch, sample_rate, reference=None):
        os._exit(3)


class Crashing:
    name, higher_is_better = "segfaults", True

    def score(self, batch, sample_rate, reference=None):
        ctypes.string_at(0)
"""


class Rough:
    """Falls as the signal gets rougher; right in everything."""

    name, higher_is_better = "good", True

    def score(self, batch, sample_rate, reference=None):
        return -batch.diff(dim=-1).abs().mean(dim=(1, 2))


def rough(batch):
    return Rough().score(batch, 0)


def wrong_rate(batch, rate, reference):
    if rate != 16000:
        raise ValueError("16 kHz only")
    return rough(batch)


def stereo(batch, rate, reference):
    if batch.shape[1] != 1:
        raise ValueError("one channel only")
    return rough(batch)


def on_short_clips(batch, rate, reference):
    if batch.shape[2] < 5 * rate:
        raise ValueError("too short")
    return rough(batch)


def writing(batch, rate, reference):
    batch *= 0.0
    return rough(batch)


def printing(batch, rate, reference):
    print("x" * 2_000_000)
    return rough(batch)


def setting_the_type(batch, rate, reference):
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(1)
    return rough(batch)


@dataclass(frozen=True)
class Wrong:
    """A metric, what is said of it, and what becomes of it.

    Attributes:
        name: of the metric.
        said: the essential words of the sentence.
        left_out: whether the run goes on without it.
        score: a function of batch, rate and reference; None for one of those in the file.
        traits: that it declares.
    """

    name: str
    said: str
    left_out: bool
    score: Any = None
    traits: Any = None


WRONG = [
    Wrong("wrong rate", "declare resample = True", True, wrong_rate, {"sample_rate": 16000}),
    Wrong("stereo", "in two channels it raises ValueError: one channel only", True, stereo),
    Wrong("NaN", "it gives NaN for clean music", True, lambda batch, *_: rough(batch) * torch.nan),
    Wrong("list", "it returned list, expected a tensor of numbers", True, lambda batch, *_: [["a"]] * len(batch)),
    Wrong("batch-dependent", "depends on the batch", False, lambda batch, *_: rough(batch) - rough(batch).mean()),
    Wrong("random", "depends on chance", False, lambda batch, *_: np.random.default_rng().random(len(batch))),
    Wrong("writes to its input", "it writes to its input", False, writing),
    Wrong(
        "needs a reference and gets none",
        "declare needs_reference = True",
        True,
        lambda batch, rate, reference: -(batch - reference).abs().mean(dim=(1, 2)),
    ),
    Wrong("raises on short clips", "declare min_seconds", True, on_short_clips),
    Wrong("prints megabytes", "it prints: 2000001 characters over one call", False, printing),
    Wrong("sets a type", "it changes torch's default type", False, setting_the_type),
    Wrong("hangs", "did not answer within 1 s; --no-probe runs it", True),
    Wrong("exits the process", "its process ended (exit code 3); --no-probe runs it", True),
    Wrong("segfaults", "SIGSEGV); --no-probe runs it", True),
]


def made(wrong: Wrong) -> Any:
    def score(self, batch, sample_rate, reference=None):
        return wrong.score(batch, sample_rate, reference)

    return type("Tried", (Rough,), {"name": wrong.name, "score": score, **(wrong.traits or {})})()


@dataclass(frozen=True)
class Ran:
    """A run, and the warnings of it."""

    result: RunResult
    told: list[str]


def ran(metrics: list[Any], out: Path, **options: Any) -> Ran:
    told: list[str] = []
    clips = [make_clip(3.0, 22050, 2, seed=seed) for seed in range(2)]
    options |= {"degradations": ["white_noise"], "levels": (5,), "workers": 1}
    progress = Progress(warned=told.append)
    result = degrade_bench.stress_test(metrics, clips=clips, out=out, progress=progress, **options)
    return Ran(result, told)


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wrong")
    file = folder / "fatal.py"
    file.write_text(FATAL)
    objects = [made(wrong) for wrong in WRONG if wrong.score is not None]
    fatal = [f"{file}:{name}" for name in ("Hanging", "Exiting", "Crashing")]
    own = {"metric_python": sys.executable, "metric_timeout": 1.0}  # processes of their own that start fast
    return ran([*objects[:7], Rough(), *objects[7:], *fatal], folder / "out", **own)


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.name)
def test_each_is_told_what_is_wrong_in_one_sentence_and_does_not_end_the_run(wrong, together):
    about = [text for text in together.told if text.startswith(f"metric {wrong.name}")]
    assert [wrong.said in text for text in about].count(True) == 1, about
    rest = [text for text in about if wrong.said not in text]
    left_out = f"metric {wrong.name} is left out: it failed on all of its first cells, as before the run"
    assert rest in ([], [left_out])
    skipped = {one["name"]: one for one in together.result.record["metrics_skipped"]}
    assert (wrong.name in skipped) == wrong.left_out
    rows = together.result.scores
    assert (wrong.name in set(rows["metric"])) != wrong.left_out


def test_none_changes_the_scores_of_the_good_one_by_a_bit(together, tmp_path):
    alone = ran([Rough()], tmp_path / "out")
    assert alone.told == []
    columns = ["clip_id", "degradation", "level", "status", "score"]
    rows = [one.result.scores for one in (alone, together)]
    expected, found = (table[table["metric"] == "good"][columns].reset_index(drop=True) for table in rows)
    assert found.equals(expected)
    assert found["status"].eq("ok").all()
    assert torch.get_default_dtype() == torch.float32


def test_the_summary_says_who_is_missing(together):
    from degrade_bench.reports.text import left_out_lines

    missing = [wrong.name for wrong in WRONG if wrong.left_out]
    assert together.result.given_up == len(missing)
    lines = left_out_lines(together.result.run)
    for name in missing:
        assert any(line.startswith(f"left out: metric {name}: it ") for line in lines), name
