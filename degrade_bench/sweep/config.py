"""What a run was asked to do, from the command line, a YAML file or the API, under the same names.

The command line wins over the file, the file over the defaults. Everything is checked here, at the door,
before any audio is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_serializer,
    field_validator,
    model_validator,
)
from pydantic_core import to_jsonable_python

from degrade_bench._support.addresses import beside, checked_address
from degrade_bench._support.durations import parse_seconds
from degrade_bench.corpus.excerpts import MOST_SECONDS, SHORTEST_SECONDS, Begin, Excerpt
from degrade_bench.degrade.ladder import LEVELS
from degrade_bench.degrade.suite import is_suite_file
from degrade_bench.errors import ConfigError, UnknownNameError
from degrade_bench.metric.host.timeout import TIMEOUT_SECONDS
from degrade_bench.metric.outside.declaration import PLACES


def _split(value: Any) -> Any:
    """Let ``"a,b"`` and ``["a,b", "c"]`` stand for a list of names. A path is one name, commas and all."""
    if isinstance(value, str | int | Path):
        value = [value]
    if isinstance(value, list | tuple):
        parts = [
            part.split(",") if isinstance(part, str) else [str(part) if isinstance(part, Path) else part]
            for part in value
        ]
        return tuple(p.strip() if isinstance(p, str) else p for group in parts for p in group if p != "")
    return value


def _paths(value: Any) -> Any:
    """Let one path stand for a list of one. Paths may hold commas, so nothing is split."""
    return (value,) if isinstance(value, str | Path) else value


def _split_metrics(value: Any) -> Any:
    """As :func:`_split`; a command may hold commas, so it is one name."""
    given = value if isinstance(value, list | tuple) else [value]
    parts = [[one] if isinstance(one, str) and one.startswith(PLACES) else _split(one) for one in given]
    return tuple(name for names in parts for name in (names if isinstance(names, list | tuple) else [names]))


Names = Annotated[tuple[str, ...], BeforeValidator(_split)]
Seconds = Annotated[float, BeforeValidator(parse_seconds)]


class RunConfig(BaseModel):
    """One run. Field names are the option names of ``degrade-bench run`` and the keys of ``--config``.

    Attributes:
        input: files, folders or manifests; empty for the built-in corpus.
        reference_set: files, folders or manifests of clean music that set metrics compare with, cut as the
            inputs are; empty for the clean clips themselves.
        out: the run directory.
        suite: suites to run, by name or by the path of a YAML file. The controls always come along.
        degradation: single degradations beside (or instead of) the suites.
        metric: metrics to run; empty for the defaults (the panel, and MuQ-Eval where it is available).
        set: settings of metrics, ``{"muq-eval": {"checkpoint": "DIR", "hop_seconds": 5.0}}``, with types of their
            own; text from the command line gets its type where the metric is made.
        seed: the run seed, from which every cell's seed follows.
        levels: which of the levels 1 to 5; where none are asked for, those that the suites are meant for.
        replicates: independent draws of every cell.
        limit_clips: use only the first so many clips.
        until: ``concluded`` scores clips in planned looks until no verdict is inconclusive, and corrects the
            verdicts for having looked more than once; None scores all clips before anything is concluded.
        max_clips: with ``until``, how many clips may be scored; None for all.
        looks: with ``until``, at how many numbers of clips it is concluded.
        max_seconds: use so much of a recording at most; None for all of it. Where a manifest says a start or a
            duration, that holds.
        excerpt: where the part begins that is used of a longer recording: ``start``, ``middle``, or after so many
            seconds.
        windows: use so many parts of ``max_seconds`` of a longer recording, evenly spread, as clips of one track.
        soundfont: an SF2 or SF3 file that notes are played on; None for the one that comes with the package.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``; for metrics that use one.
        damage_device: ``cpu``, ``cuda`` or ``cuda:N``; where workers filter and transform signals, for the damage,
            for the panel's features and for what a network hears. Results differ from the processor's by rounding.
        batch_size: the most signals that a metric with a device is given at once; None for whole blocks.
        workers: processes that damage and score; 1 does everything in this process. None for one per core, or as
            many as memory suffices for, or one per processor of a cluster: no result depends on it.
        engine: ``local`` for this machine, ``ray`` for a Ray cluster; no result depends on it.
        ray_address: of the cluster: ``auto`` for the one that this machine is part of, ``HOST`` or ``HOST:PORT`` of
            a head node, ``local`` to start one here.
        metric_timeout: seconds that a metric by file, package or entry point may take for one batch before its
            process is ended; 0 for as long as it takes.
        metric_python: another interpreter, for metrics that are named by a file or a package; None for this one.
        metric_env: an environment that ``degrade-bench env`` has made, in place of ``metric_python``.
        time_limit: seconds after which the run stops by itself, keeping what is finished; None for no limit.
        max_failures: cells that may fail before the exit code is 1.
        keep_going: go on where a metric fails on all of its first cells; else that ends the run.
        probe: try plug-in metrics on two short clips first, and refuse those that are not what they say.
        retry_failed: score again the cells that failed in an earlier run of this directory.
        overwrite: throw away what another run left in ``out``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    out: Path
    input: Annotated[tuple[Path, ...], BeforeValidator(_paths)] = ()
    reference_set: Annotated[tuple[Path, ...], BeforeValidator(_paths)] = ()
    suite: Names = ()
    degradation: Names = ()
    metric: Annotated[tuple[str, ...], BeforeValidator(_split_metrics)] = ()
    set: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    seed: int = Field(default=0, ge=0, lt=2**63)
    levels: Annotated[tuple[int, ...], BeforeValidator(_split)] = LEVELS
    replicates: int = Field(default=1, ge=1, le=1000)
    limit_clips: int | None = Field(default=None, ge=1)
    until: Literal["concluded"] | None = None
    max_clips: int | None = Field(default=None, ge=1)
    looks: int = Field(default=3, ge=1, le=20)
    max_seconds: float | None = Field(default=None, ge=SHORTEST_SECONDS, le=MOST_SECONDS)
    excerpt: Begin = "start"
    windows: int = Field(default=1, ge=1, le=1000)
    soundfont: Path | None = None
    device: str = Field(default="auto", pattern=r"^(auto|cpu|cuda(:\d+)?)$")
    damage_device: str = Field(default="cpu", pattern=r"^(cpu|cuda(:\d+)?)$")
    batch_size: int | None = Field(default=None, ge=1)
    workers: int | None = Field(default=1, ge=1, le=10_000)
    engine: Literal["local", "ray"] = "local"
    ray_address: str = "auto"
    metric_timeout: float = Field(default=TIMEOUT_SECONDS, ge=0, allow_inf_nan=False)
    metric_python: str | None = None
    metric_env: str | None = None
    time_limit: Seconds | None = Field(default=None, gt=0, allow_inf_nan=False)
    max_failures: int = Field(default=0, ge=0)
    keep_going: bool = False
    probe: bool = True
    retry_failed: bool = False
    overwrite: bool = False

    @field_validator("out")
    @classmethod
    def _address(cls, out: Path) -> Path:
        return checked_address(out, "--out")

    @field_validator("levels")
    @classmethod
    def _known_levels(cls, levels: tuple[int, ...]) -> tuple[int, ...]:
        if not levels or any(level not in LEVELS for level in levels):
            raise ValueError(f"levels go from 1 to {LEVELS[-1]} (0, the clean clip, is always scored)")
        return tuple(sorted(set(levels)))

    @field_validator("set", mode="before")
    @classmethod
    def _setting_names(cls, settings: Any) -> Any:
        """Let dashes stand in the names of settings, as on the command line."""
        if not isinstance(settings, Mapping):
            return settings
        return {
            metric: {str(name).replace("-", "_"): value for name, value in given.items()}
            if isinstance(given, Mapping)
            else given
            for metric, given in settings.items()
        }

    @field_validator("excerpt", mode="before")
    @classmethod
    def _begin(cls, begin: Any) -> Any:
        """Numbers come as text from the command line."""
        try:
            seconds = begin if begin in ("start", "middle") or isinstance(begin, bool) else float(begin)
        except (TypeError, ValueError, OverflowError):
            seconds = None
        if seconds not in ("start", "middle") and not (isinstance(seconds, float) and 0 <= seconds <= MOST_SECONDS):
            raise ValueError("expected start, middle, or a number of seconds")
        return seconds

    @model_validator(mode="after")
    def _excerpts_fit(self) -> RunConfig:
        if self.max_seconds is None and (self.excerpt == "middle" or self.windows > 1):
            name = "excerpt middle" if self.excerpt == "middle" else f"windows {self.windows}"
            raise ValueError(f"--{name} needs --max-seconds, the length of a part")
        if self.windows > 1 and self.excerpt != "start":
            raise ValueError("--windows spreads its parts over the recording: leave --excerpt out")
        return self

    @model_validator(mode="after")
    def _engine_fits(self) -> RunConfig:
        if self.engine == "local" and "ray_address" in self.model_fields_set:
            raise ValueError("--ray-address needs --engine ray")
        if self.engine == "ray" and self.damage_device != "cpu":
            raise ValueError("--damage-device is for --engine local: the workers of a cluster have no device")
        return self

    @model_validator(mode="after")
    def _interpreter_fits(self) -> RunConfig:
        given = [
            name for name in ("metric-python", "metric-env") if getattr(self, name.replace("-", "_")) is not None
        ]
        if len(given) > 1:
            raise ValueError("give --metric-python or --metric-env, not both")
        if given:
            if not any(":" in spec and not spec.startswith(PLACES) for spec in self.metric):
                raise ValueError(f"--{given[0]} needs --metric file.py:Name or package.module:Name")
            if self.engine == "ray":
                raise ValueError(f"--{given[0]} is for --engine local: say it in a metric file")
        return self

    @model_validator(mode="after")
    def _looks_fit(self) -> RunConfig:
        if self.until is None:
            for name in ("max_clips", "looks"):
                if name in self.model_fields_set and getattr(self, name) is not None:
                    raise ValueError(f"--{name.replace('_', '-')} needs --until concluded")
        elif self.limit_clips is not None:
            raise ValueError("--limit-clips takes the first clips; with --until, give --max-clips")
        return self

    def excerpts(self) -> Excerpt:
        """What is used of a recording that is longer."""
        return Excerpt(self.max_seconds, self.excerpt, self.windows)

    @field_serializer("set", when_used="json")
    def _settings_as_json(self, settings: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
        return {
            metric: {name: to_jsonable_python(value, fallback=str) for name, value in given.items()}
            for metric, given in settings.items()
        }


def make_config(
    options: Mapping[str, Any],
    config_file: Path | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> RunConfig:
    """A checked :class:`RunConfig` from given options over a YAML file over the defaults.

    Args:
        options: options that were given; a value of None was not.
        config_file: YAML with the same names.
        defaults: for options that neither gives, in place of the model's own.

    Raises:
        ConfigError: says which option is wrong, with its value, and what is expected.
    """
    merged = dict(defaults or {})
    if config_file is not None:
        merged.update(_read_yaml(config_file))
    where = f"{config_file}: " if config_file is not None else ""
    given = {name: value for name, value in options.items() if value is not None}
    if isinstance(merged.get("set"), Mapping) and "set" in given:
        given["set"] = _laid_over(merged["set"], given["set"])
    from_file = set(merged) - set(given) - set(defaults or {})
    merged.update(given)
    for name in merged:
        if name not in RunConfig.model_fields:
            options_there_are = (option.replace("_", "-") for option in RunConfig.model_fields)
            raise ConfigError(where + str(UnknownNameError("option", name.replace("_", "-"), options_there_are)))
    if "out" not in merged:
        raise ConfigError("no run directory: give --out DIR")
    try:
        config = RunConfig(**merged)
    except ValidationError as error:
        raise ConfigError(_one_line(error, from_file, where)) from error
    if not config.suite and not config.degradation:
        raise ConfigError("nothing to do: give --suite signal,structural or --degradation NAME")
    return config


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Settings by metric, those ``above`` over those ``below``; what is no mapping is left to be refused."""
    merged = dict(below)
    for metric, settings in above.items():
        if isinstance(merged.setdefault(metric, {}), Mapping):
            named = {str(name).replace("-", "_"): value for name, value in merged[metric].items()}
            merged[metric] = {**named, **settings}
    return merged


def _read_yaml(path: Path) -> dict[str, Any]:
    from degrade_bench._support.yaml_lines import LinedYaml

    loaded = LinedYaml(path).data
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise ConfigError(f"--config {path}: expected option: value pairs, got a {type(loaded).__name__}")
    options = {str(key).replace("-", "_"): value for key, value in loaded.items()}
    # paths in a file are meant from where the file lies
    for name in ("input", "reference_set", "out", "soundfont"):
        if isinstance(options.get(name), str):
            options[name] = beside(path, options[name])
        elif isinstance(options.get(name), list):
            options[name] = [beside(path, file) if isinstance(file, str) else file for file in options[name]]
    suites = _split(options.get("suite", ()))
    if isinstance(suites, tuple):
        options["suite"] = [path.parent / str(suite) if is_suite_file(str(suite)) else suite for suite in suites]
    return options


def _one_line(error: ValidationError, from_file: set[str], where: str) -> str:
    first = error.errors()[0]
    if not first["loc"]:  # options that do not go together; the message names them
        return where + first["msg"].removeprefix("Value error, ")
    name = str(first["loc"][0])
    shown = where + name.replace("_", "-") if name in from_file else "--" + name.replace("_", "-")
    message = first["msg"].removeprefix("Value error, ")
    value = first.get("input")
    return f"{shown} {value!r}: {message[0].lower() + message[1:]}"
