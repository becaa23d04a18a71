"""Any audiomentations transform as a degradation.

audiomentations draws from two global generators (``random`` and ``numpy.random``), some of its transforms also
while they are applied with frozen parameters. So its parameters are drawn once, into the plan, with both generators
seeded from the plan's seed; they are seeded again for the application; and both are given back as they were.

Source: audiomentations (I. Jordal and others), https://github.com/iver56/audiomentations.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.clip.mixdown import one_channel
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.plan import Drawn
from degrade_bench.degrade.plugins.base import PluginDegradation, PluginError, default_name, fingerprinted, plain
from degrade_bench.degrade.plugins.global_state import seeded_globals
from degrade_bench.degrade.seeds import generator
from degrade_bench.errors import ConfigError, NotApplicableError, UnknownNameError

LIBRARY = "audiomentations"
TRIAL_RATE = 44100
"""Samples per second, and samples, of the trial run."""

MOVING_TRANSFORMS = ("AdjustDuration", "RepeatPart", "Resample", "Reverse", "Shift", "TimeStretch", "Trim")
"""Transforms after which the music lies elsewhere in time."""


class AudiomentationsDegradation(PluginDegradation):
    """One audiomentations transform, always applied, with its ladder on one parameter.

    Where a transform has a range ``min_x`` to ``max_x``, ``x`` stands for both ends. A range that is left open is
    drawn from, in the same way at every level. The output is cut or filled up with zeros to the clip's length
    unless ``changes_duration``; no time map says where the music went then. Transforms for one channel run on each
    channel.

    Args:
        transform: the name of its class, such as ``"TanhDistortion"``.
        parameter: the parameter of the ladder, such as ``"distortion"``.
        ladder: five strengths, from faint to gross.
        settings: its other parameters.
        options: as of :class:`~degrade_bench.degrade.plugins.base.PluginDegradation`.

    Raises:
        PluginError: no such transform or parameter (says which are near), or a value that the transform refuses.

    >>> AudiomentationsDegradation("TanhDistortion", "distortion", (0.1, 0.3, 0.5, 0.7, 0.9)).name
    'tanh_distortion'
    """

    def __init__(
        self,
        transform: str,
        parameter: str,
        ladder: Ladder | Sequence[float],
        *,
        settings: Mapping[str, Any] | None = None,
        unit: str | None = None,
        name: str | None = None,
        placebo: float | None = None,
        group: str = "signal",
        family: str | None = None,
        summary: str | None = None,
        changes_duration: bool = False,
        matches_loudness: bool = True,
    ) -> None:
        self.transform = transform
        self.settings = plain(dict(settings or {}), "settings")
        _check_names(transform, parameter, self.settings)
        super().__init__(
            library=LIBRARY,
            effect={"transform": transform, "settings": fingerprinted(self.settings, "settings")},
            parameter=parameter,
            ladder=ladder,
            unit=unit,
            name=name or default_name(transform),
            placebo=placebo,
            group=group,
            family=family,
            summary=summary,
            changes_duration=changes_duration,
            matches_loudness=matches_loudness,
        )
        for strength, where in self.strengths_asked():  # the transform's own checks, at the door
            try:
                self._made(strength)
            except ConfigError as error:
                raise PluginError(str(error), *where) from error
        self._try()

    def _try(self) -> None:
        """Run once on a second of noise: many transforms look at their settings, or for a library, only then.

        Raises:
            PluginError: a library that the transform needs is missing, or a setting is of a wrong type.
        """
        noise = (0.1 * generator(0).standard_normal(TRIAL_RATE)).astype(np.float32)
        made = self._made(self.ladder.strength(1))
        try:
            with seeded_globals(0):
                made(noise if made.supports_mono else np.stack([noise, noise]), TRIAL_RATE)
        except (ImportError, TypeError) as error:
            raise PluginError(f"{self.transform} cannot run: {error}", "effect") from error
        except Exception:  # such as a second being too short for it: a clip will tell
            return

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Let the transform draw its parameters, and keep them."""
        seed = int(rng.integers(2**62))
        made = self._made(strength)
        if clip.channels == 1 and not made.supports_mono:
            raise NotApplicableError(f"{self.transform} needs more than one channel")
        audio = clip.samples.numpy().copy()
        analysed = (
            audio if made.supports_multichannel and clip.channels > 1 else one_channel(audio).astype(np.float32)
        )
        with seeded_globals(seed):
            made.randomize_parameters(analysed, clip.sample_rate)
        params = {"seed": seed, "strength": strength, "parameters": _as_json(made.parameters)}
        moves, transposes = self.transform in MOVING_TRANSFORMS, self.transform == "PitchShift"
        annotations = self.annotations_after(clip, moves=moves, transposes=transposes)
        return Drawn(params, achieved=strength, annotations=annotations)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Apply the transform with the parameters of the plan."""
        made = self._made(params["strength"])
        made.parameters = dict(params["parameters"])
        made.freeze_parameters()
        audio = clip.samples.numpy().copy()
        parts = [audio] if made.supports_multichannel and clip.channels > 1 else list(audio)
        damaged = []
        for index, part in enumerate(parts):
            with seeded_globals(params["seed"] + 1 + index):  # not what the parameters were drawn from
                damaged.append(np.atleast_2d(made(part, clip.sample_rate)))
        out = np.concatenate(damaged)
        if not self.changes_duration:
            out = _of_length(out, clip.num_samples)
        return torch.from_numpy(np.ascontiguousarray(out, dtype=np.float32))

    def _made(self, strength: float) -> Any:
        """The transform at a strength."""
        kind = _kind(self.transform)
        wanted = {**self.settings, self.parameter: _whole(kind, self.parameter, strength)}
        arguments = {}
        for name, value in wanted.items():
            arguments.update({item: value for item in _arguments(kind)[name]})
        try:
            return kind(**arguments, p=1.0)
        except Exception as error:  # asserts, ValueError, TypeError: each transform checks in its own way
            said = str(error) or type(error).__name__
            raise ConfigError(f"{self.transform} refuses {self.parameter} {strength:g}: {said}") from error


def _kind(transform: str) -> Any:
    """The class of a transform.

    Raises:
        PluginError: audiomentations has no such transform; says which are near.
    """
    import audiomentations
    from audiomentations.core.transforms_interface import BaseWaveformTransform

    candidate = getattr(audiomentations, transform, None)
    if inspect.isclass(candidate) and issubclass(candidate, BaseWaveformTransform):
        return candidate
    available = [
        name
        for name, item in vars(audiomentations).items()
        if inspect.isclass(item) and issubclass(item, BaseWaveformTransform)
    ]
    raise PluginError(str(UnknownNameError("audiomentations transform", transform, available)), "effect")


def _arguments(kind: Any) -> dict[str, tuple[str, ...]]:
    """What may be set, and the constructor's arguments that each sets; ``x`` for ``min_x`` and ``max_x``."""
    skipped = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    arguments = [
        item.name
        for item in inspect.signature(kind.__init__).parameters.values()
        if item.kind not in skipped and item.name not in ("self", "p")
    ]
    ranges = {
        name.removeprefix("min_"): (name, "max_" + name.removeprefix("min_"))
        for name in arguments
        if name.startswith("min_") and "max_" + name.removeprefix("min_") in arguments
    }
    return {
        **{name: pair for name, pair in ranges.items() if name not in arguments},
        **{name: (name,) for name in arguments},
    }


def _default(kind: Any, name: str) -> inspect.Parameter:
    return inspect.signature(kind.__init__).parameters[_arguments(kind)[name][0]]


def _check_names(transform: str, parameter: str, settings: Mapping[str, Any]) -> None:
    kind = _kind(transform)
    available = _arguments(kind)
    for name, where in ((parameter, ("parameter",)), *((name, ("settings", name)) for name in settings)):
        if name not in available:
            raise PluginError(str(UnknownNameError(f"parameter of {transform}", name, available)), *where)
    default = _default(kind, parameter)
    if not _is_number(default.default) and default.annotation not in (int, float, "int", "float"):
        raise PluginError(f"{parameter} of {transform} is not a number: a ladder cannot be on it", "parameter")
    for name, value in settings.items():
        if set(available[name]) & set(available[parameter]):
            raise PluginError(f"{name} of {transform} is set by the ladder on {parameter}", "settings", name)
        usual = _default(kind, name).default
        if _is_number(usual) and not _is_number(value):
            said = f"{name} of {transform}: expected a number such as {usual:g}, got {value!r}"
            raise PluginError(said, "settings", name)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(kind: Any, parameter: str, strength: float) -> float | int:
    """The strength, as an integer where the transform takes integers.

    Raises:
        ConfigError: it takes integers and this is none.
    """
    annotation = _default(kind, parameter).annotation
    if annotation not in (int, "int"):
        return strength
    if not float(strength).is_integer():
        raise ConfigError(f"{parameter} of {kind.__name__} takes whole numbers, got {strength:g}")
    return int(strength)


def _as_json(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Drawn parameters as JSON types: numpy's numbers and arrays become Python's."""

    def converted(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {str(key): converted(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [converted(item) for item in value]
        if isinstance(value, np.ndarray | np.generic):
            return value.tolist()
        return value

    result: dict[str, Any] = plain(converted(parameters))
    return result


def _of_length(samples: np.ndarray, count: int) -> np.ndarray:
    """``(channels, time)`` cut, or filled up with zeros, to ``count`` samples."""
    missing = count - samples.shape[1]
    return samples[:, :count] if missing <= 0 else np.pad(samples, ((0, 0), (0, missing)))
