"""Any pedalboard plug-in, or a chain of them, as a degradation.

pedalboard takes the delay out that a plug-in reports, and gives as many samples as it was given (a test holds that
the cross-correlation of noise with its MP3, resampled and limited copies peaks at lag 0). Plug-ins that delay on
purpose (``Delay``, ``Chorus``) do so. Every application makes its plug-ins anew, so that no state is carried over.

Source: pedalboard (Spotify), https://github.com/spotify/pedalboard.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.plan import Drawn
from degrade_bench.degrade.plugins.base import PluginDegradation, PluginError, default_name, fingerprinted, plain
from degrade_bench.errors import NotApplicableError, UnknownNameError

LIBRARY = "pedalboard"
NOT_EFFECTS = (
    "Plugin",
    "PluginContainer",
    "Pedalboard",
    "Chain",
    "Mix",
    "ExternalPlugin",
    "VST3Plugin",
    "IIRFilter",
)
"""Base classes, containers, and plug-ins from files, which are not the same on two machines."""

Plugins = Sequence[str | Mapping[str, Mapping[str, Any] | None]]
"""Such as ``["Compressor", {"Distortion": {"drive_db": 20}}]``."""


class PedalboardDegradation(PluginDegradation):
    """One pedalboard plug-in, or several in a row, with the ladder on one parameter of one of them.

    Clips of more than two channels go through in pairs, since many plug-ins take no more than two.

    Args:
        plugins: class names, each alone or with its settings: ``"Reverb"``,
            ``["Compressor", {"Distortion": {"drive_db": 20}}]``.
        parameter: the parameter of the ladder, ``"Distortion.drive_db"``; the plug-in may be left out where there
            is only one.
        ladder: five strengths, from faint to gross.
        options: as of :class:`~degrade_bench.degrade.plugins.base.PluginDegradation`.

    Raises:
        PluginError: no such plug-in or parameter (says which are near), or a value that a plug-in refuses.

    >>> PedalboardDegradation("Distortion", "drive_db", (5, 10, 15, 20, 30), unit="dB").name
    'distortion'
    """

    def __init__(
        self,
        plugins: str | Plugins,
        parameter: str,
        ladder: Ladder | Sequence[float],
        *,
        unit: str | None = None,
        name: str | None = None,
        placebo: float | None = None,
        group: str = "signal",
        family: str | None = None,
        summary: str | None = None,
        matches_loudness: bool = True,
    ) -> None:
        self.plugins = _checked([plugins] if isinstance(plugins, str) else plugins)
        self.at, self.argument = _target(parameter, self.plugins)
        super().__init__(
            library=LIBRARY,
            effect={
                "plugins": [
                    [kind, fingerprinted(settings, "effect", index, kind)]
                    for index, (kind, settings) in enumerate(self.plugins)
                ]
            },
            parameter=f"{self.plugins[self.at][0]}.{self.argument}",
            ladder=ladder,
            unit=unit or self.argument.replace("_", " "),
            name=name or "_".join(default_name(kind) for kind, _ in self.plugins),
            placebo=placebo,
            group=group,
            family=family,
            summary=summary,
            changes_duration=False,
            matches_loudness=matches_loudness,
        )
        for strength, where in self.strengths_asked():  # the plug-ins' own checks, at the door
            self._board(strength, where)

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Nothing is random."""
        transposes = any(kind == "PitchShift" for kind, _ in self.plugins)
        annotations = self.annotations_after(clip, moves=False, transposes=transposes)
        return Drawn({"strength": strength}, achieved=strength, annotations=annotations)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Run the plug-ins, on two channels at a time."""
        audio = clip.samples.numpy()
        pairs = [audio[at : at + 2] for at in range(0, clip.channels, 2)]
        try:
            damaged = [self._board(params["strength"])(pair, clip.sample_rate) for pair in pairs]
        except ValueError as error:  # a rate or a channel count that a plug-in does not take
            raise NotApplicableError(str(error)) from error
        return torch.from_numpy(np.ascontiguousarray(np.concatenate(damaged), dtype=np.float32))

    def _board(self, strength: float, where: tuple[str | int, ...] = ()) -> Any:
        """The plug-ins at a strength of the ladder's parameter, which was given at ``where``."""
        import pedalboard

        made = []
        for index, (kind, settings) in enumerate(self.plugins):
            arguments = {name: _value(kind, name, value) for name, value in settings.items()}
            if index == self.at:
                arguments[self.argument] = strength
            try:
                made.append(getattr(pedalboard, kind)(**arguments))
            except Exception as error:  # pybind11's TypeError, a plug-in's ValueError
                shown = ", ".join(f"{name} {value!r}" for name, value in arguments.items())
                said = str(error).split("The following argument types")[0].strip()
                blamed = where if index == self.at else ("effect", index, kind)
                raise PluginError(f"{kind} refuses {shown or 'its defaults'}: {said}", *blamed) from error
        return pedalboard.Pedalboard(made)  # type: ignore[attr-defined]


def _effects() -> list[str]:
    """The names of the plug-ins that there are."""
    import pedalboard

    return [
        name
        for name, item in vars(pedalboard).items()
        if inspect.isclass(item)
        and issubclass(item, pedalboard.Plugin)
        and name not in NOT_EFFECTS
        and not name.startswith("_")
    ]


def _parameters(kind: str) -> dict[str, str]:
    """A plug-in's parameters and their types; pybind11 tells them in the constructor's docstring only."""
    import pedalboard

    first_line = (getattr(pedalboard, kind).__init__.__doc__ or "").splitlines()[0]
    matches = re.findall(r"[(,]\s*(\w+): ([\w.]+(?:\[[^=]*\])?)", first_line)
    return {name: annotation for name, annotation in matches if name != "self"}


def _checked(plugins: Plugins) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Names and settings of plug-ins that exist."""
    if not plugins:
        raise PluginError("expected one plug-in or more, got none", "effect")
    checked = []
    for index, item in enumerate(plugins):
        kind, settings = next(iter(item.items()), (None, None)) if isinstance(item, Mapping) else (item, None)
        lonely = not isinstance(item, Mapping) or len(item) == 1
        if not lonely or not isinstance(kind, str) or not isinstance(settings or {}, Mapping):
            said = f"expected a plug-in as 'Name' or 'Name: {{setting: value}}', got {item!r}"
            raise PluginError(said, "effect", index)
        if kind not in _effects():
            raise PluginError(str(UnknownNameError("pedalboard plug-in", kind, _effects())), "effect", index)
        settings = plain(dict(settings or {}), "effect", index, kind)
        for name, value in settings.items():
            where = ("effect", index, kind, name)
            if name not in _parameters(kind):
                raise PluginError(str(UnknownNameError(f"parameter of {kind}", name, _parameters(kind))), *where)
            if _parameters(kind)[name] == "float" and (
                isinstance(value, bool) or not isinstance(value, int | float)
            ):
                raise PluginError(f"{name} of {kind}: expected a number, got {value!r}", *where)
            _value(kind, name, value, where)
        checked.append((kind, settings))
    return tuple(checked)


def _target(parameter: str, plugins: Sequence[tuple[str, Mapping[str, Any]]]) -> tuple[int, str]:
    """Which plug-in and which of its parameters the ladder is on."""
    kind, _, argument = parameter.rpartition(".")
    kinds = [item for item, _ in plugins]
    if not kind and len(kinds) > 1:
        said = f"expected a parameter such as {kinds[0]}.{parameter}: there are {len(kinds)} plug-ins"
        raise PluginError(said, "parameter")
    kind = kind or kinds[0]
    if kind not in kinds:
        raise PluginError(str(UnknownNameError("plug-in of this chain", kind, kinds)), "parameter")
    if kinds.count(kind) > 1:
        said = f"{kind} is in the chain {kinds.count(kind)} times: {parameter} could be of any of them"
        raise PluginError(said, "parameter")
    at, available = kinds.index(kind), _parameters(kind)
    if argument not in available:
        raise PluginError(str(UnknownNameError(f"parameter of {kind}", argument, available)), "parameter")
    if available[argument] not in ("float", "int", "Optional[float]"):
        raise PluginError(f"{argument} of {kind} is not a number: a ladder cannot be on it", "parameter")
    if argument in plugins[at][1]:
        said = f"{argument} of {kind} is set by the ladder on {parameter}"
        raise PluginError(said, "effect", at, kind, argument)
    return at, argument


def _value(kind: str, name: str, value: Any, where: tuple[str | int, ...] = ()) -> Any:
    """A setting as the plug-in takes it: the name of a choice (``LPF24``) becomes the choice."""
    import pedalboard

    annotation = _parameters(kind)[name]
    if not annotation.startswith("pedalboard_native."):
        return value
    choices: Any = pedalboard
    for part in annotation.split(".")[1:]:
        choices = getattr(choices, part)
    if value not in choices.__members__:
        raise PluginError(str(UnknownNameError(f"{name} of {kind}", str(value), choices.__members__)), *where)
    return choices.__members__[value]
