"""Suites: named lists of degradations.

``signal``, ``structural`` and ``control`` hold every registered degradation of that group, plug-ins included.
"""

from __future__ import annotations

from collections.abc import Sequence

from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Degradation
from degrade_bench.errors import UnknownNameError

GROUP_SUITES = {
    "signal": "what damages the sound: noise, clipping, bandwidth, codecs",
    "structural": "what damages the music and leaves the sound: order, tempo, key",
    "control": "edits that should not matter; every run includes them for the nuisance floor",
}


def suite(name: str) -> list[Degradation]:
    """The degradations of one suite, in the catalogue's order.

    Raises:
        UnknownNameError: no such suite; says which are near.
    """
    if name not in GROUP_SUITES:
        raise UnknownNameError("suite", name, GROUP_SUITES, "see `degrade-bench list suites`")
    every = (catalogue.get(each) for each in catalogue.names())
    return [degradation for degradation in every if degradation.group == name]


def resolve(suites: Sequence[str], extra: Sequence[str] = ()) -> list[Degradation]:
    """The degradations of several suites and of names given singly, once each, controls last.

    Controls always come along: without them there is no nuisance floor.

    Raises:
        UnknownNameError: an unknown suite or degradation.
    """
    chosen: dict[str, Degradation] = {}
    for suite_name in suites:
        for degradation in suite(suite_name):
            chosen.setdefault(degradation.name, degradation)
    for name in extra:
        chosen.setdefault(name, catalogue.get(name))
    for control in suite("control"):
        chosen.setdefault(control.name, control)
    order = {"signal": 0, "structural": 1, "control": 2}
    return sorted(chosen.values(), key=lambda d: order[d.group])


def describe_suites() -> list[dict[str, object]]:
    """What ``degrade-bench list suites --json`` prints."""
    return [
        {"name": name, "summary": summary, "degradations": [d.name for d in suite(name)]}
        for name, summary in GROUP_SUITES.items()
    ]
