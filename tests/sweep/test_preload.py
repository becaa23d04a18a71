"""What workers of the tests are forked from: whoever forks them passes over what cannot be imported."""

from __future__ import annotations

import importlib
import multiprocessing
import sys
from multiprocessing import forkserver

import pytest

from degrade_bench.sweep import template


def test_all_of_it_is_there():
    importlib.import_module("tests.sweep.preload")
    assert {"tests.sweep.toys", "degrade_bench.sweep.preload", "degrade_bench.sweep.processes"} <= set(sys.modules)


@pytest.mark.parametrize("beats", [True, False])
def test_the_beat_tracker_is_there_where_beats_are_to_be_found(beats, monkeypatch):
    asked: list[str] = []
    monkeypatch.setattr(multiprocessing, "set_forkserver_preload", asked.extend)
    monkeypatch.setattr(forkserver, "ensure_running", lambda: None)
    monkeypatch.setattr(template, "_expected", [])
    template.expect(beat_tracking=beats)
    template.prepare()
    for name in asked:
        importlib.import_module(name)
    assert asked == [*template.PRELOADED, *([template.BEAT_TRACKING] if beats else [])]
    assert {"librosa.beat", "librosa.onset"} <= set(sys.modules) or not beats
