"""Settings of metrics: keyword arguments of their constructors, with the types that these ask for.

On the command line a setting is text (``--set my.py:Mine.k=2``). What it becomes depends on the constructor's
annotation: ``int``, ``float``, ``bool``, ``str``, ``Path``, ``Literal``, an enum, or a union of these. Where the
annotation is another or there is none, text is read as a scalar of YAML 1.2 (see :func:`scalar`). From a YAML file
and from the API values have types already, which are checked and not guessed at: text is no number there.

No torch is needed here.
"""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from numbers import Integral, Real
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from degrade_bench.errors import ConfigError, UnknownNameError

BENCH_SETS = "device"
"""The argument that every constructor that has it is given by the bench."""

NULL = "null"
_CONSTANTS = {NULL: None, "true": True, "false": False}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = {".inf": float("inf"), "+.inf": float("inf"), "-.inf": float("-inf"), ".nan": float("nan")}


class CommandLineText(str):
    """A setting as it was typed at the command line: what it stands for is for the constructor to say."""

    __slots__ = ()


def parse_settings(texts: Sequence[str]) -> dict[str, dict[str, CommandLineText]]:
    """Settings from ``METRIC.KEY=VALUE``, by metric and key.

    >>> parse_settings(["muq-eval.hop-seconds=5"])
    {'muq-eval': {'hop_seconds': '5'}}

    Raises:
        ConfigError: a text of another form.
    """
    settings: dict[str, dict[str, CommandLineText]] = {}
    for text in texts:
        target, equals, value = text.partition("=")
        metric, dot, key = target.rpartition(".")
        if not (equals and dot and metric and key and value):
            raise ConfigError(f"--set {text!r}: expected METRIC.KEY=VALUE, such as muq-eval.checkpoint=DIR")
        settings.setdefault(metric, {})[key.replace("-", "_")] = CommandLineText(value)
    return settings


def scalar(text: str) -> bool | int | float | str | None:
    """What a text stands for as a scalar of YAML 1.2: a null, a truth value, a decimal number, or the text itself.

    >>> [scalar(text) for text in ("2", "0.5", "1e3", "true", "null", "no", "on", "ovrl")]
    [2, 0.5, 1000.0, True, None, 'no', 'on', 'ovrl']
    """
    lower = text.lower()
    if text in (lower, lower.capitalize(), text.upper()):
        if lower in _CONSTANTS:
            return _CONSTANTS[lower]
        if lower in _SPECIAL:
            return _SPECIAL[lower]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else str(text)


def typed_settings(spec: str, factory: Callable[..., Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as a constructor takes them.

    Args:
        spec: the metric as it was asked for, for messages.
        factory: its class, or a function that makes it.
        settings: values by the names of the constructor's arguments; text from the command line as
            :class:`CommandLineText`.

    Raises:
        ConfigError: there is no such setting (says which are near), or its value is of another type.

    Example:
        >>> def metric(k: float = 1.0, mode: Literal["fast", "slow"] = "fast"): ...
        >>> typed_settings("mm", metric, parse_settings(["mm.k=2"])["mm"])
        {'k': 2.0}
        >>> typed_settings("mm", metric, {"mode": "slwo"})
        Traceback (most recent call last):
        degrade_bench.errors.ConfigError: --set mm.mode=slwo: unknown mode 'slwo'; did you mean 'slow'?
    """
    parameters = _parameters(factory)
    others = next((p for p in parameters.values() if p.kind is inspect.Parameter.VAR_KEYWORD), None)
    by_name = {
        name: parameter
        for name, parameter in parameters.items()
        if parameter.kind in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    }
    typed = {}
    for name, value in settings.items():
        parameter = by_name.get(name, others)
        if parameter is None:
            taken = [argument for argument in by_name if argument != BENCH_SETS]
            raise _refused(spec, name, value, str(UnknownNameError("setting", name, taken)))
        try:
            null = parameter.default is None and _read(value) is None
            typed[name] = None if null else _fitted(value, _annotation(parameter, factory))
        except _MisfitError as misfit:
            raise _refused(spec, name, value, misfit.said(name, value)) from None
    return typed


def takes(factory: Callable[..., Any], name: str) -> bool:
    """Whether a constructor names that argument."""
    return name in _parameters(factory)


def check_choice(metric: str, setting: str, value: str, choices: Iterable[str]) -> None:
    """Refuse a value that is none of the choices, in the words of a setting from the command line.

    Args:
        metric: the metric's name.
        setting: the name of its constructor's argument.
        value: what that argument got.
        choices: what it may be.

    Raises:
        ConfigError: says which choices are near.
    """
    choices = list(choices)
    if value not in choices:
        raise _refused(metric, setting, value, str(UnknownNameError(setting, str(value), choices)))


def _refused(spec: str, name: str, value: Any, reason: str) -> ConfigError:
    return ConfigError(" ".join(f"--set {spec}.{name}={value}: {reason}".split()))


class _MisfitError(Exception):
    """A value that an annotation does not allow.

    Args:
        expected: what it allows, in words.
        choices: the texts that it allows, where those are all.
    """

    def __init__(self, expected: str, choices: Iterable[str] = ()) -> None:
        super().__init__(expected)
        self.expected, self.choices = expected, tuple(choices)

    def said(self, name: str, value: Any) -> str:
        if isinstance(value, str) and self.choices and value not in self.choices:
            return str(UnknownNameError(name, value, self.choices))
        got = repr(str(value)) if isinstance(value, str) else repr(value)
        hint = "; in a file, put it in quotes" if "text" in self.expected and isinstance(value, Real) else ""
        return f"expected {self.expected}, got {got}{hint}"


def _parameters(factory: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    try:
        return dict(inspect.signature(factory).parameters)
    except (TypeError, ValueError):  # of a class that is written in C, nothing may be known
        return {}


def _annotation(parameter: inspect.Parameter, factory: Callable[..., Any]) -> Any:
    """The annotation of one argument; empty where it is text that names what cannot be found."""
    annotation = parameter.annotation
    maker = inspect.unwrap(factory.__init__ if isinstance(factory, type) else factory)  # type: ignore[misc]
    holder = types.SimpleNamespace(__annotations__={"it": annotation})
    try:
        return get_type_hints(holder, globalns=getattr(maker, "__globals__", {}))["it"]
    except Exception:  # a third party's annotation may be any expression
        return inspect.Parameter.empty if isinstance(annotation, str) else annotation


def _fitted(value: Any, annotation: Any) -> Any:
    """The value as the annotation asks for it.

    Raises:
        _MisfitError: it cannot be that.
    """
    origin = get_origin(annotation)
    if origin is Annotated:
        return _fitted(value, get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return _fitted_to_one(value, get_args(annotation))
    if origin is Literal:
        return _chosen(value, {str(option): option for option in get_args(annotation)})
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        if isinstance(value, annotation):
            return value
        names = annotation.__members__
        return _chosen(value, {str(member.value): member for member in names.values()}, names)
    for kind, (expected, fit) in _KINDS.items():
        if annotation is kind:
            return fit(value, _read(value), expected)
    return _read(value)  # another annotation, or none: the constructor will see


def _read(value: Any) -> Any:
    """What a value stands for by itself."""
    return scalar(value) if isinstance(value, CommandLineText) else value


def _fitted_to_one(value: Any, members: Sequence[Any]) -> Any:
    misfits = []
    for member in sorted(members, key=_rank):
        try:
            return _fitted(value, member)
        except _MisfitError as misfit:
            misfits.append(misfit)
    misfits.sort(key=lambda misfit: misfit.expected == NULL)
    closed = all(misfit.choices or misfit.expected == NULL for misfit in misfits)
    choices = [choice for misfit in misfits for choice in misfit.choices] if closed else []
    raise _MisfitError(" or ".join(misfit.expected for misfit in misfits), choices)


def _rank(member: Any) -> int:
    """In which order the members of a union are tried: text after numbers, because all that is typed is text."""
    ranks = {types.NoneType: 1, bool: 2, int: 3, float: 4, str: 5, Path: 5}
    closed = get_origin(member) is Literal or (isinstance(member, type) and issubclass(member, Enum))
    return 0 if closed else next((rank for kind, rank in ranks.items() if member is kind), 6)


def _chosen(value: Any, options: Mapping[str, Any], names: Mapping[str, Any] | None = None) -> Any:
    """One of the options by the text of its value, or by its name."""
    plain = {text: option.value if isinstance(option, Enum) else option for text, option in options.items()}
    for text, option in options.items():
        if str(value) == text and (isinstance(value, CommandLineText) or type(value) is type(plain[text])):
            return option
    if names is not None and isinstance(value, str) and value in names:
        return names[value]
    raise _MisfitError(" or ".join(repr(choice) for choice in plain.values()), options)


def _truth(value: Any, read: Any, expected: str) -> bool:
    if isinstance(read, bool):
        return read
    raise _MisfitError(expected)


def _whole(value: Any, read: Any, expected: str) -> int:
    if isinstance(read, Integral) and not isinstance(read, bool):
        return int(read)
    raise _MisfitError(expected)


def _real(value: Any, read: Any, expected: str) -> float:
    if isinstance(read, Real) and not isinstance(read, bool):
        return float(read)
    raise _MisfitError(expected)


def _text(value: Any, read: Any, expected: str) -> str:
    if isinstance(value, str):
        return str(value)
    raise _MisfitError(expected)


def _path(value: Any, read: Any, expected: str) -> Path:
    if isinstance(value, str | Path):
        return Path(value)
    raise _MisfitError(expected)


def _nothing(value: Any, read: Any, expected: str) -> None:
    if read is not None:
        raise _MisfitError(expected)


_KINDS: dict[Any, tuple[str, Callable[[Any, Any, str], Any]]] = {
    bool: ("true or false", _truth),
    int: ("a whole number", _whole),
    float: ("a number", _real),
    str: ("text", _text),
    Path: ("a path", _path),
    types.NoneType: (NULL, _nothing),
}
"""For each annotation: what it allows, and a function of the value, what it reads as, and those words."""
