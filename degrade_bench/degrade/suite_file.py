"""A user's own suite, in YAML: any degradation, own ladders, chains, and other libraries' effects.

``docs/suites.md`` is the reference. Everything is checked when the file is loaded, and what is wrong is said with
its line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from degrade_bench._support.yaml_lines import LinedYaml
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Degradation, Group, Ladder
from degrade_bench.degrade.chain import AdHocChain, Chain, Step
from degrade_bench.degrade.plugins.base import FILE_SETTING, PluginError
from degrade_bench.degrade.suite import Suite
from degrade_bench.errors import ConfigError, UnknownNameError

Where = tuple[str | int, ...]
"""Keys and indices from the top of the file."""

LEVELS = 5


def _number(value: Any) -> Any:
    """Refuse texts and truth values, which pydantic would take for numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        hint = (
            " (YAML takes 1.0e-5 for a number, and 1e-5 for a text)" if re.match(r"[-+\d.]+e", str(value)) else ""
        )
        raise ValueError(f"expected a number, got {value!r}{hint}")
    return value


def _name(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", value):
        raise ValueError("expected lower-case letters, digits and underscores, such as my_noise")
    if value == "clean" or value.endswith(catalogue.PLACEBO_SUFFIX):
        raise ValueError("'clean' and names that end in '_placebo' are taken")
    return value


Number = Annotated[float, BeforeValidator(_number), Field(allow_inf_nan=False)]
Name = Annotated[str, AfterValidator(_name)]
Family = Annotated[str, Field(pattern=r"^[a-z][a-z0-9 _-]*$")]
Settings = dict[str, Any]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Registered(_Model):
    """A degradation by its name, as it is or with another ladder and another name."""

    degradation: str
    name: Name | None = None
    ladder: list[Number] | None = None


class _StepOf(_Model):
    """One step of a chain."""

    degradation: str
    strength: Any  # one number or five; checked by hand, since pydantic tells of both readings of a union


class _Own(_Model):
    """What chains and plug-ins have in common."""

    name: Name | None = None
    group: Group | None = None
    family: Family | None = None
    summary: str | None = None
    ladder: list[Number] | None = None
    unit: str | None = None


class _Chained(_Own):
    """Several degradations in a row."""

    name: Name
    chain: list[Any]  # of steps, which are checked one by one


class _Plugin(_Own):
    """What plug-ins have in common."""

    parameter: str
    ladder: list[Number]
    placebo: Number | None = None
    matches_loudness: bool = True


class _Audiomentations(_Plugin):
    """An audiomentations transform."""

    audiomentations: str
    settings: Settings = {}
    changes_duration: bool = False


class _Pedalboard(_Plugin):
    """A pedalboard plug-in or a chain of them."""

    pedalboard: Any  # a name, or a list of names and of settings by name; its class checks it


class _File(_Model):
    """The top of the file."""

    name: Name | None = None
    summary: str = ""
    levels: list[Literal[1, 2, 3, 4, 5]] | None = None
    degradations: list[Any] = Field(min_length=1)


KINDS: Mapping[str, type[_Model]] = {
    "degradation": _Registered,
    "chain": _Chained,
    "audiomentations": _Audiomentations,
    "pedalboard": _Pedalboard,
}
"""What an entry may be, by the key that says so."""


class _WrongError(Exception):
    """Something is wrong at ``where``."""

    def __init__(self, where: Where, message: str) -> None:
        self.where, self.message = where, message
        super().__init__(message)


def read_suite(path: Path) -> Suite:
    """A suite from its file.

    Raises:
        ConfigError: names the file, the line, and what was expected.
    """
    file = LinedYaml(path)
    if file.data is None:
        raise ConfigError(f"{path}: the file is empty; expected 'degradations:' with a list")
    try:
        top = _checked(_File, file.data, ())
        made: dict[str, Degradation] = {}
        for index, entry in enumerate(top.degradations):
            where: Where = ("degradations", index)
            degradation = _made(entry, where, made, path.parent)
            if degradation.name in made:
                raise _WrongError(
                    (*where, "name"), f"{degradation.name!r} is in this suite twice; give one a 'name'"
                )
            made[degradation.name] = degradation
    except _WrongError as wrong:
        raise file.error(wrong.where, wrong.message) from wrong
    levels = None if not top.levels else tuple(sorted(set(top.levels)))
    return Suite(top.name or path.stem, top.summary, tuple(made.values()), levels)


def _checked(model: type[Any], data: Any, where: Where) -> Any:
    """A model from data; the first thing that is wrong as a :class:`_WrongError` at its place."""
    if not isinstance(data, Mapping):
        raise _WrongError(where, f"expected 'key: value' pairs ({', '.join(model.model_fields)}), got {data!r}")
    for key in data:
        if key not in model.model_fields:
            raise _WrongError((*where, key), str(UnknownNameError("key", str(key), model.model_fields)))
    try:
        return model.model_validate(dict(data))
    except ValidationError as error:
        first = error.errors()[0]
        place = tuple(first["loc"])
        said = first["msg"].removeprefix("Value error, ")
        named = ".".join(str(step) for step in place if isinstance(step, str)) or "this"
        if first["type"] == "missing":
            raise _WrongError(where, f"'{named}' is missing") from error
        if first["type"] == "extra_forbidden":
            raise _WrongError((*where, *place), f"unknown key {place[-1]!r}") from error
        said = f"{named}: {said[0].lower() + said[1:]}"
        if not said.endswith(repr(first["input"])) and not isinstance(first["input"], Mapping):
            said += f", got {first['input']!r}"
        raise _WrongError((*where, *place), said) from error


def _made(entry: Any, where: Where, known: Mapping[str, Degradation], folder: Path) -> Degradation:
    """The degradation of one entry."""
    if isinstance(entry, str):
        entry = {"degradation": entry}
    kinds = [kind for kind in KINDS if isinstance(entry, Mapping) and kind in entry]
    if len(kinds) != 1:
        raise _WrongError(where, f"expected a name, or exactly one of the keys {', '.join(KINDS)}; got {entry!r}")
    (kind,) = kinds
    asked = _checked(KINDS[kind], entry, where)
    if asked.name is not None and _is_registered(asked.name) and entry.get("degradation") != asked.name:
        raise _WrongError(
            (*where, "name"), f"{asked.name!r} is the name of a degradation that there is; choose another"
        )
    if isinstance(asked, _Registered):
        return _registered(asked, where)
    if isinstance(asked, _Chained):
        return _chain(asked, where, known)
    if isinstance(asked, _Audiomentations):
        return _audiomentations(asked, where, folder)
    return _pedalboard(asked, where, folder)


def _is_registered(name: str) -> bool:
    return name in catalogue.REGISTRY or name in catalogue.REPRODUCTIONS


def _get(name: str, where: Where) -> Degradation:
    """A registered degradation; an unknown name is wrong at ``where``."""
    if not _is_registered(name):
        known = [*catalogue.REGISTRY.names(), *catalogue.REPRODUCTIONS.names()]
        raise _WrongError(where, str(UnknownNameError("degradation", name, known)))
    try:
        return catalogue.get(name)
    except ConfigError as error:
        raise _WrongError(where, str(error)) from error


def _registered(asked: _Registered, where: Where) -> Degradation:
    degradation = _get(asked.degradation, (*where, "degradation"))
    if asked.ladder is not None:
        if isinstance(degradation, Chain):
            said = f"the ladder of {asked.degradation} is that of its steps; write a 'chain:' of your own"
            raise _WrongError((*where, "ladder"), said)
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
        raise _WrongError(where, str(error)) from error


def _check_ladder(strengths: Sequence[float], usual: Ladder, where: Where, count: int) -> None:
    """So many strengths, from faint to gross as the degradation's own go, and of a sign that it knows."""
    key = where[-1]
    if len(strengths) != count:
        raise _WrongError(where, f"{key}: expected {count} strengths, got {len(strengths)}")
    shown = ", ".join(f"{each:g}" for each in usual.strengths) + f" {usual.unit}"
    rising = len(usual.levels) == 1 or usual.strengths[1] > usual.strengths[0]
    for before, after in pairwise(strengths):
        if before == after or (after > before) != rising:
            word = "rise" if rising else "fall"
            said = f"{key}: strengths must {word} from faint to gross, as {shown} do; {after:g} follows {before:g}"
            raise _WrongError(where, said)
    if "dB" not in usual.unit and min(usual.strengths) > 0 and min(strengths) <= 0:
        raise _WrongError(where, f"{key}: strengths must be positive, as {shown}; got {min(strengths):g}")


def _chain(asked: _Chained, where: Where, known: Mapping[str, Degradation]) -> Degradation:
    steps = [_step(step, (*where, "chain", index), known) for index, step in enumerate(asked.chain)]
    if not steps:
        raise _WrongError((*where, "chain"), "a chain needs one step or more")
    if all(len(step.strengths) == 1 for step in steps):
        said = f"a chain needs a step with {LEVELS} strengths: with one strength each, all levels are the same"
        raise _WrongError((*where, "chain"), said)
    ladder = asked.ladder if asked.ladder is not None else [float(level) for level in range(1, LEVELS + 1)]
    if len(ladder) != LEVELS:
        raise _WrongError((*where, "ladder"), f"ladder: expected {LEVELS} strengths, got {len(ladder)}")
    structural = any(step.degradation.group == "structural" for step in steps)
    own_ladder = _ladder(ladder, asked.unit or "level", (*where, "ladder"))
    try:
        chain = AdHocChain(
            asked.name,
            steps,
            own_ladder,
            group=asked.group or ("structural" if structural else "signal"),
            family=asked.family or "chain",
            summary=asked.summary or "",
        )
    except ConfigError as error:  # a chain as a step, at a strength that it does not have
        raise _WrongError((*where, "chain"), str(error)) from error
    chain.definition = {
        "chain": [[step.degradation.name, list(step.strengths), step.degradation.identity()] for step in steps]
    }
    return chain


def _step(entry: Any, where: Where, known: Mapping[str, Degradation]) -> Step:
    asked = _checked(_StepOf, entry, where)
    degradation = known.get(asked.degradation) or _get(asked.degradation, (*where, "degradation"))
    strengths = asked.strength if isinstance(asked.strength, list) else [asked.strength]
    place = (*where, "strength")
    for index, each in enumerate(strengths):
        if isinstance(each, bool) or not isinstance(each, int | float):
            at = (*place, index) if isinstance(asked.strength, list) else place
            raise _WrongError(at, f"strength: expected one number or {LEVELS}, got {each!r}")
    if len(strengths) not in (1, LEVELS):
        raise _WrongError(place, f"strength: expected one number or {LEVELS}, got {len(strengths)}")
    if degradation.group != "control":
        _check_ladder(strengths, degradation.default_ladder, place, len(strengths))
    return Step(degradation, tuple(float(each) for each in strengths))


def _own(asked: _Plugin) -> dict[str, Any]:
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


def _audiomentations(asked: _Audiomentations, where: Where, folder: Path) -> Degradation:
    from degrade_bench.degrade.plugins.audiomentations import AudiomentationsDegradation

    try:
        return AudiomentationsDegradation(
            asked.audiomentations,
            settings=_from_here(asked.settings, folder),
            changes_duration=asked.changes_duration,
            **_own(asked),
        )
    except PluginError as error:
        raise _WrongError((*where, *_renamed(error.where, "audiomentations")), str(error)) from error


def _pedalboard(asked: _Pedalboard, where: Where, folder: Path) -> Degradation:
    from degrade_bench.degrade.plugins.pedalboard import PedalboardDegradation

    plugins = [asked.pedalboard] if isinstance(asked.pedalboard, str) else asked.pedalboard
    if not isinstance(plugins, list):
        said = f"pedalboard: expected a plug-in's name or a list, got {asked.pedalboard!r}"
        raise _WrongError((*where, "pedalboard"), said)
    plugins = [
        {kind: _from_here(settings, folder) for kind, settings in each.items()} if isinstance(each, dict) else each
        for each in plugins
    ]
    try:
        return PedalboardDegradation(plugins, **_own(asked))
    except PluginError as error:
        raise _WrongError((*where, *_renamed(error.where, "pedalboard")), str(error)) from error


def _renamed(where: Where, kind: str) -> Where:
    """The place of an argument in the file: the effect itself stands under the key that says what it is."""
    return (kind, *where[1:]) if where[:1] == ("effect",) else where


def _from_here(settings: Any, folder: Path) -> Any:
    """Settings in which paths are meant from where the suite lies. What is no mapping is left as it is."""
    if not isinstance(settings, Mapping):
        return settings

    def meant(value: Any) -> Any:
        if isinstance(value, list):
            return [meant(each) for each in value]
        return str(folder / value) if isinstance(value, str) else value

    return {name: meant(value) if FILE_SETTING.search(str(name)) else value for name, value in settings.items()}
