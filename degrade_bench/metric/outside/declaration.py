"""What a user declares of a metric outside: on the command line, or in a metric file.

``--metric 'cmd:./score {wav}'`` takes its declarations from ``--set cmd.KEY=VALUE``; ``--metric my_metric.yaml``
from that file, and from ``--set my_metric.yaml.KEY=VALUE`` over it. No torch is needed here.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from degrade_bench.errors import ConfigError
from degrade_bench.metric.settings import typed_settings
from degrade_bench.metric.trait_values import LONGEST_NAME, NAME_SIGNS, plain
from degrade_bench.metric.traits import TRAITS

Channels = Literal["all", "mono"]
Audio = Literal["f32", "wav"]

COMMAND = "cmd:"
"""How a command is told from other metrics."""
FILES = (".yaml", ".yml")
"""How the name of a metric file ends."""

WAV, WAVS, REFERENCE, REFERENCES = "{wav}", "{wavs}", "{reference}", "{references}"
"""What stands in a command for the paths of files."""

ADDRESSES = ("http:", "https:")
"""How an address is told from other metrics."""
FORMS = ("command", "url", "metric")
"""The keys that say how a metric is reached."""

PLACES = (COMMAND, *ADDRESSES)
"""How the metrics begin that are no names of files."""
CALLED = {"cmd": (COMMAND,), "http": ADDRESSES}
"""What stands for the one metric that begins so where settings are addressed: ``cmd.name``, ``http.name``."""


@dataclass(frozen=True, kw_only=True)
class DeclaredTraits:
    """Traits of a metric as its user declares them, with their types; None for what was not said."""

    name: str | None = None
    version: str | None = None
    summary: str | None = None
    source: str | None = None
    sample_rate: int | None = None
    window_seconds: float | None = None
    min_seconds: float | None = None
    higher_is_better: bool | None = None
    score_range: Sequence[float | None] | None = None
    needs_reference: bool | None = None
    aligned: bool | None = None
    hears: Sequence[str] | None = None
    domain: str | None = None
    light: bool | None = None

    @property
    def traits(self) -> dict[str, Any]:
        """The traits that were declared."""
        said = {one.name: plain(getattr(self, one.name)) for one in fields(self) if one.name in TRAITS}
        return {name: value for name, value in said.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Declaration(DeclaredTraits):
    """A metric outside in its user's words; the keys of a metric file.

    Attributes:
        command: a program with its arguments, as a shell would split them; no shell runs.
        url: an address that requests are posted to.
        metric: ``file.py:Name`` or ``package.module:Name``, for another interpreter.
        python: that interpreter; with ``requires``, the one that the environment is made with.
        env: the environment of packages that it is for, in place of an interpreter; with ``requires``, how it is
            called.
        requires: pinned packages that an environment is made of where there is none of them.
        settings: of that metric.
        channels: ``mono`` for the mean of the channels, ``all`` for those that the clip has; None for those that
            the metric says, and else all.
        audio: the files that a program which speaks JSON lines is given: ``f32`` or ``wav``.
        hop_seconds: from one window to the next, of a metric that gives the scores of windows.
        folder: where files for the metric are written; None for memory, or where temporary files are.
    """

    command: str | None = None
    url: str | None = None
    metric: str | None = None
    python: str | None = None
    env: str | None = None
    requires: Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    channels: Channels | None = None
    audio: Audio = "f32"
    hop_seconds: float | None = None
    folder: Path | None = None


@dataclass(frozen=True)
class Asked:
    """A metric outside as it was asked for.

    Attributes:
        spec: how the user named it.
        called: how its settings are addressed, and how messages call it.
        declared: what is said of it.
        given: what of that came from ``--set``.
        place: the folder that its paths are meant from.
    """

    spec: str
    called: str
    declared: Declaration
    given: Mapping[str, Any]
    place: Path

    def wrong(self, reason: str) -> ConfigError:
        """The error of a metric that cannot be had as it was asked for."""
        return ConfigError(f"--metric {self.spec}: {reason}")

    def refused(self, key: str, expected: str) -> ConfigError:
        """The error of a declaration that is wrong or missing.

        Args:
            key: of it.
            expected: what it should be.
        """
        value = getattr(self.declared, key)
        if value is None:
            return self.wrong(f"it does not say {key}, expected {expected} (--set {self.called}.{key}=…)")
        return self.wrong(f"its {key} is {value!r}, expected {expected}")


def is_outside(spec: str) -> bool:
    """Whether a metric is asked for by a command, an address, or a metric file."""
    return spec.startswith(PLACES) or is_metric_file(spec)


def is_metric_file(spec: str) -> bool:
    """Whether a metric is asked for by a metric file."""
    return spec.endswith(FILES) and not spec.startswith(PLACES)


def asked_for(spec: str, settings: Mapping[str, Any]) -> Asked:
    """What a user said of a metric outside.

    Args:
        spec: ``cmd:…``, ``http://…``, or a metric file's path.
        settings: what was set beside.

    Raises:
        ConfigError: the file cannot be read, or something that was said is wrong.
    """
    said: dict[str, Any]
    if spec.startswith(COMMAND):
        said, called, place = {"command": spec.removeprefix(COMMAND)}, "cmd", Path.cwd()
    elif spec.startswith(ADDRESSES):
        said, called, place = {"url": spec}, "http", Path.cwd()
    else:
        file = Path(spec)
        said, called, place = _read(file), spec, file.absolute().parent
    given = typed_settings(called, Declaration, settings)
    asked = Asked(spec, called, Declaration(**{**said, **given}), given, place)
    for name, value in asked.declared.traits.items():
        if not TRAITS[name].values.valid(value):
            raise asked.refused(name, TRAITS[name].values.expected)
    forms = [name for name in FORMS if getattr(asked.declared, name)]
    if len(forms) != 1:
        raise asked.wrong(f"give one of {', '.join(FORMS)}" + (f", not {' and '.join(forms)}" if forms else ""))
    if not isinstance(asked.declared.settings, Mapping):
        raise asked.refused("settings", "key: value pairs")
    declared = asked.declared
    if not isinstance(declared.requires, list | tuple) or not all(
        isinstance(one, str) for one in declared.requires
    ):
        raise asked.refused("requires", "a list of pinned packages, such as [numpy==1.26.4]")
    elsewhere = [name for name in ("python", "env", "requires") if getattr(declared, name)]
    if bool(declared.metric) != bool(elsewhere):
        raise asked.wrong("metric goes together with python, env or requires: which class, and where")
    if elsewhere == ["python", "env"]:
        raise asked.wrong("give python or env, not both")
    return asked


def _read(file: Path) -> dict[str, Any]:
    """The keys of a metric file.

    Raises:
        ConfigError: with the line of what is wrong.
    """
    from degrade_bench._support.yaml_lines import LinedYaml

    lined = LinedYaml(file)
    if not isinstance(lined.data, dict):
        raise ConfigError(f"{file}: expected key: value pairs such as command: and higher_is_better:")
    said: dict[str, Any] = {}
    for key, value in lined.data.items():
        name = str(key).replace("-", "_")
        try:
            said |= typed_settings("", Declaration, {name: value})
        except ConfigError as error:
            reason = str(error).partition(": ")[2]
            raise lined.error([key], f"{key}: {reason}") from None
    return said


def called_by(spec: str) -> list[str]:
    """What settings of a metric outside may be addressed to, beside its whole text: ``cmd`` or ``http``."""
    return [name for name, beginnings in CALLED.items() if spec.startswith(beginnings)]


def arguments_of(asked: Asked) -> list[str]:
    """The command, split as a shell would.

    Raises:
        ConfigError: a quote is not closed, or there is nothing.
    """
    text = asked.declared.command or ""
    try:
        arguments = shlex.split(text)
    except ValueError as error:
        raise asked.wrong(str(error)) from None
    if not arguments:
        raise asked.refused("command", "a program and its arguments")
    return arguments


def as_name(text: str) -> str:
    """A text as the name of a metric.

    >>> as_name("./my score/v:2")
    'my score-v-2'
    """
    word = "".join(one if one.isalnum() or one in NAME_SIGNS else "-" for one in text)
    return re.sub(r"^[\W_]+", "", word)[:LONGEST_NAME].strip() or "metric"
