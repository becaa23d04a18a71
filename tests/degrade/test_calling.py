"""Whose degradations are called under a guard: those that hold anything that is not ours."""

from __future__ import annotations

import os
import sys

import pytest

from degrade_bench._support.guard import ForeignExitError
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.calling import calling
from degrade_bench.degrade.chain import AdHocChain, Step
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plugins import PedalboardDegradation
from degrade_bench.degrade.signal.low_pass import LowPass

LADDER = Ladder((1.0, 2.0, 3.0, 4.0, 5.0), "steps")


class Stranger(LowPass):
    """Somebody's, in a module that is not the bench's."""


def chain(*parts):
    return AdHocChain("two", [Step(part, part.ladder.strengths) for part in parts], LADDER)


def ours():
    return catalogue.get("white_noise")


def plugin():
    return PedalboardDegradation("Distortion", "drive_db", (5, 10, 15, 20, 25))


@pytest.mark.parametrize(
    ("made", "is_foreign"),
    [
        (ours, False),
        (lambda: ours().placebo, False),
        (lambda: chain(ours(), ours()), False),
        (lambda: chain(ours(), ours()).placebo, False),
        (plugin, True),
        (Stranger, True),
        (lambda: Stranger().varied(name="another"), True),
        (lambda: FaintPlacebo(Stranger(), 20000.0, "what nobody hears"), True),
        (lambda: chain(ours(), Stranger()), True),
        (lambda: chain(ours(), Stranger()).placebo, True),
        (lambda: chain(chain(ours(), plugin()), ours()), True),
    ],
)
def test_what_somebody_else_does_is_guarded(made, is_foreign, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    degradation = made()
    assert degradation.is_foreign == is_foreign
    with calling(degradation):
        os.chdir("/")
    assert os.getcwd() == (str(tmp_path) if is_foreign else "/")


@pytest.mark.parametrize("made", [ours, Stranger])
def test_nobody_ends_the_interpreter(made):
    degradation = made()
    said = rf"degradation {degradation.name} called sys.exit\(2\)"
    with pytest.raises(ForeignExitError, match=said), calling(degradation):
        sys.exit(2)
