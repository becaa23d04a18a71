"""Degradations of strangers, which exit and change what everybody uses: their own rows, and no more."""

from __future__ import annotations

import os
import sys
import warnings

import numpy as np
import pytest
import torch

from tests.sweep import toys
from tests.sweep.test_execute import comparable, make_sweep, sweep_in


class Changes(toys.ToyNoise):
    """Changes the state of interpreter and libraries while it damages."""

    name = "changes"

    def damage(self, clip, params):
        torch.set_default_dtype(torch.float64)
        torch.set_num_threads(3)
        np.seterr(all="raise")
        os.chdir("/")
        os.environ["DEGRADE_BENCH_TEST"] = "1"
        sys.path.clear()
        warnings.simplefilter("error")
        torch.manual_seed(0)
        return super().damage(clip, params)


class Exits(toys.ToyNoise):
    """Ends the interpreter."""

    name = "exits"

    def damage(self, clip, params):
        sys.exit(0)


class ExitsWhileDrawing(toys.ToyStretch):
    """Ends the interpreter while it is asked how it moves time."""

    name = "exits_while_drawing"

    def draw(self, clip, level, strength, rng):
        raise SystemExit(3)


class Raises(toys.ToyNoise):
    """Raises what no ``except Exception`` catches."""

    name = "raises"

    def damage(self, clip, params):
        raise GeneratorExit


PANEL = (toys.Rms(), toys.Difference(), toys.Length())
"""Length has a window, so that the plans of what moves time are asked for beforehand."""


@pytest.mark.parametrize("stranger", [Changes, Exits, ExitsWhileDrawing, Raises])
def test_a_degradation_that_exits_or_changes_global_state_costs_its_rows(tmp_path, stranger):
    ours = (toys.ToyNoise(), toys.ToyThreads())
    alone = sweep_in(tmp_path / "alone", make_sweep(degradations=ours, metrics=PANEL)).table
    state = _state()
    beside = sweep_in(tmp_path / "beside", make_sweep(degradations=(stranger(), *ours), metrics=PANEL)).table
    assert _state() == state
    theirs = np.char.startswith(np.array(beside["degradation"].to_pylist()), stranger.name)
    assert comparable(beside.filter(~theirs)).equals(comparable(alone))
    rows = beside.filter(theirs).to_pylist()
    if stranger is Changes:
        assert {row["status"] for row in rows} == {"ok"}
    else:
        failed = [row for row in rows if row["status"] == "failed"]
        assert {row["level"] for row in failed} == set(toys.LEVELS)
        assert all(f"degradation {row['degradation']} {EXIT[stranger]}" in row["error"] for row in failed)
        assert "ok" not in {row["status"] for row in rows}


EXIT = {Exits: "called sys.exit(0)", ExitsWhileDrawing: "called sys.exit(3)", Raises: "raised GeneratorExit"}


def _state():
    filters = list(warnings.filters)
    return torch.get_default_dtype(), torch.get_num_threads(), np.geterr(), os.getcwd(), sys.path[:], filters
