"""What a degradation out of another library's effect is: names, settings, files, and the definition of it all."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any, get_args

from degrade_bench.clip import Annotations, Clip
from degrade_bench.degrade.base import Degradation, Group
from degrade_bench.degrade.ladder import LEVEL_COUNT, Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.errors import ConfigError

FILE_SETTING = re.compile(r"(_path|_file|_filename)$")
"""Settings whose name ends so name files; what is in the files counts, not where they lie."""


class PluginError(ConfigError):
    """An effect that cannot be made as asked.

    Args:
        message: what is wrong and what was expected.
        where: the argument that is to blame, and keys and indices in it.
    """

    def __init__(self, message: str, *where: str | int) -> None:
        self.where = where
        super().__init__(message)


class PluginDegradation(Degradation):
    """An effect of another library, with its ladder on one named parameter.

    Args:
        library: the distribution that the effect comes from; its version is part of the definition.
        effect: what the effect is and how it is set, as JSON types, for the definition.
        parameter: the parameter that the ladder is on.
        ladder: five strengths of that parameter, from faint to gross; a control may have fewer.
        unit: of the strengths; the parameter's name by default.
        name: lower-case with underscores.
        placebo: a strength that nobody hears. Without one there is no placebo, and a drop cannot be told from
            what the processing does by itself.
        group, family, summary, changes_duration, matches_loudness: as of any degradation.

    Raises:
        PluginError: whatever in this cannot be; says what is expected.
    """

    def __init__(
        self,
        *,
        library: str,
        effect: Mapping[str, Any],
        parameter: str,
        ladder: Ladder | Sequence[float],
        unit: str | None,
        name: str,
        placebo: float | None,
        group: str,
        family: str | None,
        summary: str | None,
        changes_duration: bool,
        matches_loudness: bool,
    ) -> None:
        if group not in get_args(Group):
            raise PluginError(f"group must be one of {', '.join(get_args(Group))}, got {group!r}", "group")
        if not isinstance(ladder, Ladder):
            try:
                ladder = Ladder(tuple(float(item) for item in ladder), unit or parameter.replace("_", " "))
            except ConfigError as error:
                raise PluginError(str(error), "ladder") from error
        if group != "control" and len(ladder.levels) != LEVEL_COUNT:
            raise PluginError(f"ladder: expected {LEVEL_COUNT} strengths, got {len(ladder.levels)}", "ladder")
        if placebo is not None:
            if group == "control":
                raise PluginError("a control has no placebo", "placebo")
            first, second = ladder.strengths[:2]
            if (placebo - first) * (second - first) >= 0:
                side = "under" if second > first else "over"
                said = f"placebo: expected a strength {side} level 1's {first:g}, got {placebo:g}"
                raise PluginError(said, "placebo")
        self.name, self.group = name, group  # type: ignore[assignment]
        self.family = family or library
        self.summary = summary or f"{library}: {parameter} at {', '.join(f'{s:g}' for s in ladder.strengths)}"
        self.changes_duration, self.matches_loudness = changes_duration, matches_loudness
        self.parameter, self.placebo_strength = parameter, placebo
        self.library_version = installed_version(library)
        self.source = f"{library} {self.library_version}"
        self.definition = plain(
            {
                library: self.library_version,
                **effect,
                "parameter": parameter,
                "placebo": placebo,
                "changes_duration": changes_duration,
                "matches_loudness": matches_loudness,
            }
        )
        self.default_ladder = ladder
        super().__init__(ladder)

    @property
    def is_foreign(self) -> bool:
        """Yes: the effect is another library's."""
        return True

    def annotations_after(self, clip: Clip, *, moves: bool, transposes: bool) -> Annotations | None:
        """What is still known to be true of the music: the library says nothing of it, so nothing is guessed.

        Args:
            clip: what is damaged.
            moves: whether the effect is one after which the music lies elsewhere in time.
            transposes: whether it is one after which the music is higher or lower.

        Returns:
            None where annotations stay. An effect that is said to be structural, or to change the duration, leaves
            nothing that is known.
        """
        if moves or self.changes_duration or self.group == "structural":
            return Annotations()
        return clip.annotations.without("key", "chords") if transposes else None

    def strengths_asked(self) -> list[tuple[float, tuple[str | int, ...]]]:
        """Every strength that will be wanted, the placebo's included, and where it was given."""
        asked: list[tuple[float, tuple[str | int, ...]]] = [
            (strength, ("ladder", index)) for index, strength in enumerate(self.ladder.strengths)
        ]
        return asked if self.placebo_strength is None else [*asked, (self.placebo_strength, ("placebo",))]

    def make_placebo(self) -> Degradation | None:
        """The same effect at the strength that was given for it; None where none was."""
        if self.placebo_strength is None:
            return None
        shown = f"{self.parameter} at {self.placebo_strength:g}"
        return FaintPlacebo(self, self.placebo_strength, f"the same effect with {shown}")


def default_name(effect: str) -> str:
    """``TanhDistortion`` as ``tanh_distortion``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", effect).lower()


def plain(settings: Any, *where: str | int) -> Any:
    """Settings as JSON types, with paths as text.

    Raises:
        PluginError: something in them is no plain value.
    """

    def shown(value: Any) -> str:
        if isinstance(value, Path):
            return str(value)
        raise TypeError(f"{value!r} is a {type(value).__name__}")

    try:
        return json.loads(json.dumps(settings, default=shown, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise PluginError(f"expected plain values (numbers, texts, lists): {error}", *where) from error


def fingerprinted(settings: Mapping[str, Any], *where: str | int) -> dict[str, Any]:
    """Settings in which files are told by what is in them.

    Raises:
        PluginError: a file that is named is not there.
    """
    told = {}
    for name, value in settings.items():
        told[name] = value
        if FILE_SETTING.search(name) and value is not None:
            given = value if isinstance(value, list) else [value]
            for item in given:
                if not isinstance(item, str):
                    raise PluginError(f"{name}: expected the path of a file or folder, got {item!r}", *where, name)
            paths = [Path(item) for item in given]
            for path in paths:
                if not path.exists():
                    raise PluginError(f"{name}: no such file or folder: {path}", *where, name)
            told[name] = [_digest(path) for path in paths]
    return told


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    files = [path] if path.is_file() else sorted(item for item in path.rglob("*") if item.is_file())
    for file in files:
        digest.update(str(file.relative_to(path)).encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]
