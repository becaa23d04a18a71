"""A user's suite, read from its YAML file: registered degradations, chains, and other libraries' effects.

``docs/suites.md`` is the reference. Everything is checked when the file is loaded, and what is wrong is said with
its line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from degrade_bench._support.yaml_entries import Where, WrongEntryError, checked
from degrade_bench._support.yaml_lines import LinedYaml
from degrade_bench.degrade import catalogue, references
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.chain import AdHocChain, Chain, Step
from degrade_bench.degrade.ladder import LEVEL_COUNT, LEVELS, Ladder
from degrade_bench.degrade.plugins.base import FILE_SETTING, PluginError
from degrade_bench.degrade.suite import Suite
from degrade_bench.degrade.suite_entries import (
    KINDS,
    AudiomentationsEntry,
    ChainEntry,
    ChainStep,
    PedalboardEntry,
    PluginEntry,
    RegisteredEntry,
    SuiteTop,
)
from degrade_bench.errors import ConfigError, UnknownNameError


def read_suite(path: Path) -> Suite:
    """A suite from its file.

    Raises:
        ConfigError: names the file, the line, and what was expected.
    """
    file = LinedYaml(path)
    if file.data is None:
        raise ConfigError(f"{path}: the file is empty; expected 'degradations:' with a list")
    try:
        top = checked(SuiteTop, file.data, ())
        made: dict[str, Degradation] = {}
        for index, entry in enumerate(top.degradations):
            where: Where = ("degradations", index)
            degradation = _made(entry, where, made, path.parent)
            if degradation.name in made:
                raise WrongEntryError(
                    (*where, "name"), f"{degradation.name!r} is in this suite twice; give one a 'name'"
                )
            made[degradation.name] = degradation
    except WrongEntryError as wrong:
        raise file.error(wrong.where, wrong.message) from wrong
    levels = None if not top.levels else tuple(sorted(set(top.levels)))
    return Suite(top.name or path.stem, top.summary, tuple(made.values()), levels)


def _made(entry: Any, where: Where, earlier: Mapping[str, Degradation], folder: Path) -> Degradation:
    """The degradation of one entry; a chain may name those that stand ``earlier`` in the file."""
    if isinstance(entry, str):
        entry = {"degradation": entry}
    kinds = [kind for kind in KINDS if isinstance(entry, Mapping) and kind in entry]
    if len(kinds) != 1:
        raise WrongEntryError(
            where, f"expected a name, or exactly one of the keys {', '.join(KINDS)}; got {entry!r}"
        )
    (kind,) = kinds
    asked = checked(KINDS[kind], entry, where)
    if asked.name is not None and catalogue.is_known(asked.name) and entry.get("degradation") != asked.name:
        raise WrongEntryError(
            (*where, "name"), f"{asked.name!r} is the name of a degradation that there is; choose another"
        )
    if isinstance(asked, RegisteredEntry):
        return _registered(asked, where, folder)
    if isinstance(asked, ChainEntry):
        return _chain(asked, where, earlier, folder)
    if isinstance(asked, AudiomentationsEntry):
        return _audiomentations(asked, where, folder)
    return _pedalboard(asked, where, folder)


def _get(name: str, where: Where, folder: Path) -> Degradation:
    """A degradation by name or reference; an unknown one is wrong at ``where``.

    Args:
        name: of it, or where its class is.
        where: it stands in the file.
        folder: where the file lies.
    """
    if not catalogue.is_known(name) and not references.is_reference(name):
        raise WrongEntryError(where, str(UnknownNameError("degradation", name, catalogue.every_name())))
    try:
        return references.get(name, folder)
    except ConfigError as error:
        raise WrongEntryError(where, str(error)) from error


def _registered(asked: RegisteredEntry, where: Where, folder: Path) -> Degradation:
    degradation = _get(asked.degradation, (*where, "degradation"), folder)
    if asked.ladder is not None:
        if isinstance(degradation, Chain):
            said = f"the ladder of {asked.degradation} is that of its steps; write a 'chain:' of your own"
            raise WrongEntryError((*where, "ladder"), said)
        _check_ladder(asked.ladder, degradation.default_ladder, (*where, "ladder"), len(degradation.ladder.levels))
        ladder = _ladder(asked.ladder, degradation.ladder.unit, (*where, "ladder"))
        degradation = degradation.varied(ladder=ladder)
    if asked.name is not None and asked.name != degradation.name:
        definition = {**degradation.definition, "degradation": asked.degradation}
        degradation = degradation.varied(name=asked.name, definition=definition)
    return degradation


def _ladder(strengths: Sequence[float], unit: str, where: Where) -> Ladder:
    try:
        return Ladder(tuple(strengths), unit)
    except ConfigError as error:
        raise WrongEntryError(where, str(error)) from error


def _check_ladder(strengths: Sequence[float], usual: Ladder, where: Where, count: int) -> None:
    """So many strengths, from faint to gross as the degradation's own go, and of a sign that it knows."""
    key = where[-1]
    if len(strengths) != count:
        raise WrongEntryError(where, f"{key}: expected {count} strengths, got {len(strengths)}")
    shown = ", ".join(f"{strength:g}" for strength in usual.strengths) + f" {usual.unit}"
    rising = len(usual.levels) == 1 or usual.strengths[1] > usual.strengths[0]
    for before, after in pairwise(strengths):
        if before == after or (after > before) != rising:
            word = "rise" if rising else "fall"
            said = f"{key}: strengths must {word} from faint to gross, as {shown} do; {after:g} follows {before:g}"
            raise WrongEntryError(where, said)
    if "dB" not in usual.unit and min(usual.strengths) > 0 and min(strengths) <= 0:
        raise WrongEntryError(where, f"{key}: strengths must be positive, as {shown}; got {min(strengths):g}")


def _chain(asked: ChainEntry, where: Where, earlier: Mapping[str, Degradation], folder: Path) -> Degradation:
    steps = [_step(step, (*where, "chain", index), earlier, folder) for index, step in enumerate(asked.chain)]
    if not steps:
        raise WrongEntryError((*where, "chain"), "a chain needs one step or more")
    if all(len(step.strengths) == 1 for step in steps):
        said = f"a chain needs a step with {LEVEL_COUNT} strengths: with one strength each, all levels are the same"
        raise WrongEntryError((*where, "chain"), said)
    ladder = asked.ladder if asked.ladder is not None else [float(level) for level in LEVELS]
    if len(ladder) != LEVEL_COUNT:
        raise WrongEntryError((*where, "ladder"), f"ladder: expected {LEVEL_COUNT} strengths, got {len(ladder)}")
    structural = any(step.degradation.group == "structural" for step in steps)
    chain_ladder = _ladder(ladder, asked.unit or "level", (*where, "ladder"))
    try:
        chain = AdHocChain(
            asked.name,
            steps,
            chain_ladder,
            group=asked.group or ("structural" if structural else "signal"),
            family=asked.family or "chain",
            summary=asked.summary or "",
        )
    except ConfigError as error:  # a chain as a step, at a strength that it does not have
        raise WrongEntryError((*where, "chain"), str(error)) from error
    chain.definition = {
        "chain": [[step.degradation.name, list(step.strengths), step.degradation.identity()] for step in steps]
    }
    return chain


def _step(entry: Any, where: Where, earlier: Mapping[str, Degradation], folder: Path) -> Step:
    asked = checked(ChainStep, entry, where)
    degradation = earlier.get(asked.degradation) or _get(asked.degradation, (*where, "degradation"), folder)
    strengths = asked.strength if isinstance(asked.strength, list) else [asked.strength]
    place = (*where, "strength")
    for index, strength in enumerate(strengths):
        if isinstance(strength, bool) or not isinstance(strength, int | float):
            at = (*place, index) if isinstance(asked.strength, list) else place
            raise WrongEntryError(at, f"strength: expected one number or {LEVEL_COUNT}, got {strength!r}")
    if len(strengths) not in (1, LEVEL_COUNT):
        raise WrongEntryError(place, f"strength: expected one number or {LEVEL_COUNT}, got {len(strengths)}")
    if degradation.group != "control":
        _check_ladder(strengths, degradation.default_ladder, place, len(strengths))
    return Step(degradation, tuple(float(strength) for strength in strengths))


def _plugin_arguments(asked: PluginEntry) -> dict[str, Any]:
    """Arguments that every plug-in's class takes."""
    return {
        "parameter": asked.parameter,
        "ladder": tuple(asked.ladder),
        "unit": asked.unit,
        "name": asked.name,
        "placebo": asked.placebo,
        "group": asked.group or "signal",
        "family": asked.family,
        "summary": asked.summary,
        "matches_loudness": asked.matches_loudness,
    }


def _audiomentations(asked: AudiomentationsEntry, where: Where, folder: Path) -> Degradation:
    from degrade_bench.degrade.plugins.audiomentations import AudiomentationsDegradation

    try:
        return AudiomentationsDegradation(
            asked.audiomentations,
            settings=_from_here(asked.settings, folder),
            changes_duration=asked.changes_duration,
            **_plugin_arguments(asked),
        )
    except PluginError as error:
        raise WrongEntryError((*where, *_renamed(error.where, "audiomentations")), str(error)) from error


def _pedalboard(asked: PedalboardEntry, where: Where, folder: Path) -> Degradation:
    from degrade_bench.degrade.plugins.pedalboard import PedalboardDegradation

    plugins = [asked.pedalboard] if isinstance(asked.pedalboard, str) else asked.pedalboard
    if not isinstance(plugins, list):
        said = f"pedalboard: expected a plug-in's name or a list, got {asked.pedalboard!r}"
        raise WrongEntryError((*where, "pedalboard"), said)
    plugins = [
        {kind: _from_here(settings, folder) for kind, settings in plugin.items()}
        if isinstance(plugin, dict)
        else plugin
        for plugin in plugins
    ]
    try:
        return PedalboardDegradation(plugins, **_plugin_arguments(asked))
    except PluginError as error:
        raise WrongEntryError((*where, *_renamed(error.where, "pedalboard")), str(error)) from error


def _renamed(where: Where, kind: str) -> Where:
    """The place of an argument in the file: the effect itself stands under the key that says what it is."""
    return (kind, *where[1:]) if where[:1] == ("effect",) else where


def _from_here(settings: Any, folder: Path) -> Any:
    """Settings in which paths are meant from where the suite lies. What is no mapping is left as it is."""
    if not isinstance(settings, Mapping):
        return settings

    def meant(value: Any) -> Any:
        if isinstance(value, list):
            return [meant(item) for item in value]
        return str(folder / value) if isinstance(value, str) else value

    return {name: meant(value) if FILE_SETTING.search(str(name)) else value for name, value in settings.items()}
