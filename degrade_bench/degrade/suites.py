"""Suites: named lists of degradations, ready-made or in a user's YAML file.

``signal``, ``structural`` and ``control`` hold every registered degradation of that group, plug-ins included, but
for those that change notes, which are ``symbolic``; the others are lists. A suite may say which levels it is meant
for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from degrade_bench.degrade import catalogue, references
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.suite import Suite, is_suite_file
from degrade_bench.degrade.suite_file import read_suite
from degrade_bench.errors import ConfigError, UnknownNameError

GROUP_SUITES: Mapping[str, str] = MappingProxyType(
    {
        "signal": "what damages the sound: noise, clipping, bandwidth, codecs",
        "structural": "what damages the music and leaves the sound: order, tempo, key",
        "control": "edits that should not matter; every run includes them for the nuisance floor",
    }
)


@dataclass(frozen=True)
class _Listed:
    """A ready-made suite that is a list of names."""

    summary: str
    names: tuple[str, ...]
    levels: tuple[int, ...] | None = None


LISTED_SUITES: Mapping[str, _Listed] = MappingProxyType(
    {
        # One of each family that a metric may hear differently. With the built-in panel a cell costs about 0.15 s
        # of CPU, and a clip has 73 of them, those of the controls and the clean one included.
        "quick": _Listed(
            "a look at signal and structural damage in less than three minutes on two cores, at levels 1, 3 and 5",
            (
                *("white_noise", "hard_clipping", "low_pass", "mp3", "reverb", "wow"),
                *("bar_shuffle", "monotony", "tempo_jitter", "key_break"),
            ),
            (1, 3, 5),
        ),
        "muq-eval-paper": _Listed(
            "the twelve cells of MuQ-Eval's own degradation script as its code makes them, confounds included",
            ("paper_noise", "paper_lowpass_noise", "paper_varispeed_pitch", "paper_varispeed_tempo"),
        ),
        "pmqd": _Listed(
            "PMQD's four damages at five intensities, to set beside its human ratings",
            ("pmqd_waveshaper", "pmqd_limiter", "pmqd_low_pass", "pmqd_noise"),
        ),
    }
)


SYMBOLIC = "symbolic"
SYMBOLIC_SUMMARY = "what damages the music in its notes, played anew: the built-in pieces, or MIDI files of yours"


def suite_names() -> list[str]:
    """The ready-made suites."""
    return [*GROUP_SUITES, *LISTED_SUITES, SYMBOLIC]


def suite(name: str | Path) -> Suite:
    """One suite, by name or by the path of its YAML file.

    Raises:
        UnknownNameError: no such suite; says which are near.
        ConfigError: a file that cannot be read or is wrong; says in which line.
    """
    if is_suite_file(name):
        return read_suite(Path(name))
    if name in GROUP_SUITES:
        usable, _ = catalogue.usable()
        members = tuple(one for one in usable if one.group == name and not _of_notes(one))
        return Suite(str(name), GROUP_SUITES[str(name)], members)
    if name == SYMBOLIC:
        plugged = tuple(filter(_of_notes, catalogue.usable()[0]))
        return Suite(SYMBOLIC, SYMBOLIC_SUMMARY, (*catalogue.symbolic(), *plugged))
    if name in LISTED_SUITES:
        listed = LISTED_SUITES[str(name)]
        members = tuple(catalogue.get(member) for member in listed.names)
        return Suite(str(name), listed.summary, members, listed.levels)
    hint = "see `degrade-bench list suites`; a suite of your own is a path that ends in .yaml"
    raise UnknownNameError("suite", str(name), suite_names(), hint)


@dataclass(frozen=True)
class Resolution:
    """What suites and names came to.

    Attributes:
        degradations: once each, controls last.
        levels: the levels that the suites are meant for; None for all.
        broken: plug-ins that cannot be used. Whatever suite they were meant for, they are not in it.
    """

    degradations: tuple[Degradation, ...]
    levels: tuple[int, ...] | None
    broken: tuple[catalogue.Broken, ...] = ()


def resolve(
    suites: Sequence[str | Path], extra: Sequence[str] = (), objects: Sequence[Degradation] = ()
) -> Resolution:
    """The degradations of several suites, of names given singly and of objects, once each, controls last.

    Controls always come along: without them there is no nuisance floor.

    Args:
        suites: names of ready-made suites, and paths of YAML files.
        extra: names of single degradations, and where the classes of others are.
        objects: degradations that are given as they are.

    Raises:
        UnknownNameError: an unknown suite or degradation.
        ConfigError: two different degradations of one name, or a wrong suite file.
    """
    chosen: dict[str, Degradation] = {}
    every_level = bool(extra or objects)
    levels: set[int] = set()
    for asked in map(suite, suites):
        every_level = every_level or asked.levels is None
        levels.update(asked.levels or ())
        for degradation in asked.degradations:
            _choose(chosen, degradation)
    for name in extra:
        _choose(chosen, references.get(name))
    for degradation in objects:
        _choose(chosen, degradation)
    controls = list(suite("control").degradations)
    if any(map(_of_notes, chosen.values())):
        controls += [degradation for degradation in suite(SYMBOLIC).degradations if degradation.group == "control"]
    for control in controls:
        chosen.setdefault(control.name, control)
    order = {"signal": 0, "structural": 1, "control": 2}
    ordered = sorted(chosen.values(), key=lambda d: order[d.group])
    broken = tuple(catalogue.usable()[1])  # a broken plug-in has no group: it may have been meant for any suite
    return Resolution(tuple(ordered), None if every_level else tuple(sorted(levels)), broken)


def _of_notes(degradation: Degradation) -> bool:
    """Whether it changes notes: such are in the suite ``symbolic`` alone, whatever their group."""
    return "notes" in degradation.needs


def _choose(chosen: dict[str, Degradation], degradation: Degradation) -> None:
    earlier = chosen.setdefault(degradation.name, degradation)
    if type(earlier) is not type(degradation) or earlier.identity() != degradation.identity():
        raise ConfigError(
            f"two different degradations are called {degradation.name!r} ({_shown(earlier)}, and "
            f"{_shown(degradation)}); give one of them another name"
        )


def _shown(degradation: Degradation) -> str:
    strengths = ", ".join(f"{strength:g}" for strength in degradation.ladder.strengths)
    return f"{type(degradation).__name__} of {strengths} {degradation.ladder.unit}"


def find(name: str, suite_file: str | Path | None = None) -> Degradation:
    """The degradation of that name or reference, or the placebo of one, from a suite where one is given.

    Raises:
        UnknownNameError: no such name; says which are near.
        ConfigError: a wrong suite file, or a reference that leads to no degradation.
    """
    if suite_file is None:
        return references.get(name)
    members = {member.name: member for member in suite(suite_file).degradations}
    placebos = {member.placebo.name: member.placebo for member in members.values() if member.placebo}
    available = {**placebos, **members}
    if name not in available:
        raise UnknownNameError("degradation", name, members, f"in {suite_file}")
    return available[name]


def describe_suites() -> list[dict[str, Any]]:
    """What ``degrade-bench list suites --json`` prints."""
    return [
        {
            "name": listed.name,
            "summary": listed.summary,
            "degradations": [degradation.name for degradation in listed.degradations],
            "levels": None if listed.levels is None else list(listed.levels),
        }
        for listed in map(suite, suite_names())
    ]
