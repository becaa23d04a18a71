"""The excerpts of a report are made in a process of their own, and are the same there."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from degrade_bench.bench import playing
from degrade_bench.bench.playing import being_played
from degrade_bench.errors import AudioError
from degrade_bench.runs.columns import SCHEMA
from degrade_bench.sweep.examples import Played
from tests.sweep import toys
from tests.sweep.test_execute import make_sweep


@dataclass(frozen=True)
class Gone(toys.ToySource):
    """A clip that cannot be read any more."""

    def load(self):
        raise AudioError("it is gone")


EMPTY = SCHEMA.empty_table()


def played(workers, sources=None, clips=("c0", "c1"), degradations=None, deadly=()):
    """What is played after a run of so many workers, and what is said."""
    said = []
    result = SimpleNamespace(workers=workers, clips=clips, broken_off=lambda clip_id: set(deadly), table=EMPTY)
    sweep = make_sweep(
        sources=sources or toys.toy_sources(2), degradations=degradations or (toys.ToyNoise(),), workers=workers
    )
    with being_played(sweep, result, said.append) as excerpts:
        return excerpts(), said


def test_they_are_the_same_in_a_process_of_their_own():
    here, said = played(1)
    assert [example.degradation for example in here.examples][:2] == ["clean", "toy_noise"]
    assert [picture.degradation for picture in here.pictures] == ["toy_noise"]
    assert (here, said) == (played(2)[0], [])


@pytest.mark.parametrize("workers", [1, 2])
def test_a_clip_that_cannot_be_read_any_more_is_passed_over(workers):
    sources = (Gone("c0"), *toys.toy_sources(2)[1:])
    assert {example.clip_id for example in played(workers, sources)[0].examples} == {"c1"}
    assert played(workers, (Gone("c0"),), clips=("c0",)) == (Played(), [])
    assert played(workers, clips=()) == (Played(), [])


def test_a_death_costs_the_excerpts_and_not_the_run():
    nothing, (said,) = played(2, clips=("c1",), degradations=(toys.ToyKiller(),))
    assert nothing == Played()
    assert "the report plays nothing" in said
    assert "SIGKILL" in said or "killed" in said
    some, _ = played(2, clips=("c1",), degradations=(toys.ToyKiller(), toys.ToyNoise()), deadly={"toy_killer"})
    assert {example.degradation for example in some.examples} == {"clean", "toy_noise", "toy_noise_placebo"}


def test_where_no_process_can_be_started_they_are_made_here(monkeypatch):
    def refused(**options):
        raise OSError("no memory for a process")

    monkeypatch.setattr(playing, "start_process", refused)
    assert {example.degradation for example in played(2)[0].examples} == {"clean", "toy_noise", "toy_noise_placebo"}
