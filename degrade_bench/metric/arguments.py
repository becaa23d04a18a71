"""What an object was made with, for the fingerprint: the arguments of its constructor, where it keeps them.

An argument ``k`` is looked for under ``k`` and ``_k``, as dataclasses and most classes keep it. Values that methods
close over, because the class was made in a function, count too.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import types
from collections.abc import Iterable, Mapping
from enum import Enum
from numbers import Number
from pathlib import PurePath
from typing import Any

from degrade_bench.metric.settings import BENCH_SETS

LONGEST = 200
"""Texts of values that are longer stand in the fingerprint by their hash."""
DEEPEST = 8


class UntoldError(Exception):
    """A value that no text can stand for from run to run."""


def argument_parts(metric: object, accounted: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """The arguments that an object keeps, as parts of its fingerprint, and the names of those that cannot be told.

    Args:
        metric: the object.
        accounted: names of arguments that its ``fingerprint_parts`` holds already.
    """
    left_out = {*accounted, BENCH_SETS}
    parts: dict[str, str] = {}
    untold: list[str] = []
    for name, value in _held(metric).items():
        if name in left_out:
            continue
        try:
            parts[f"argument.{name}"] = value_text(value)
        except Exception:  # UntoldError, or whatever a foreign value raises
            untold.append(name)
    return parts, untold


def value_text(value: Any, depth: int = 0) -> str:
    """A text that is the same for the same value in another process.

    Raises:
        UntoldError: there is none: an open file, a generator, an object of a class that nothing is known of.
    """
    if depth > DEEPEST:
        raise UntoldError
    text = _text(value, depth)
    return text if len(text) <= LONGEST else f"sha256 {hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _text(value: Any, depth: int) -> str:
    if value is None or type(value) in (bool, int, float, complex, str, bytes):
        return repr(value)
    if isinstance(value, Enum):
        return f"{type(value).__qualname__}.{value.name}"
    if isinstance(value, PurePath):
        return repr(str(value))
    if isinstance(value, list | tuple):
        return f"[{', '.join(value_text(item, depth + 1) for item in value)}]"
    if isinstance(value, set | frozenset):
        return f"{{{', '.join(sorted(value_text(item, depth + 1) for item in value))}}}"
    if isinstance(value, Mapping):
        pairs = [f"{value_text(key, depth + 1)}: {value_text(item, depth + 1)}" for key, item in value.items()]
        return f"{{{', '.join(sorted(pairs))}}}"
    if isinstance(value, type):
        return value.__qualname__
    if isinstance(value, types.FunctionType):
        return f"{value.__qualname__}({value_text(_closure(value), depth + 1)})"
    if isinstance(value, functools.partial):
        return f"partial{value_text([value.func, value.args, value.keywords], depth + 1)}"
    if isinstance(value, types.MethodType):
        return f"{value.__func__.__qualname__}({value_text(value.__self__, depth + 1)})"
    if isinstance(value, types.BuiltinFunctionType):
        return value.__qualname__
    return _array_text(value, depth)


def _array_text(value: Any, depth: int) -> str:
    """Of arrays, tensors, networks and numbers of other libraries, known by what they offer."""
    if hasattr(value, "state_dict"):
        return f"{type(value).__qualname__}({value_text(dict(value.state_dict()), depth + 1)})"
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    if hasattr(value, "dtype") and hasattr(value, "tobytes") and not value.dtype.hasobject:
        digest = hashlib.sha256(value.tobytes()).hexdigest()[:16]
        return f"{value.dtype} {value.shape} {digest}"
    if isinstance(value, Number):
        return repr(value)
    if callable(value):
        return _called_text(value, depth)
    raise UntoldError


def _called_text(value: Any, depth: int) -> str:
    """Of an object that is called, as a function is: its class, and the arguments of its constructor."""
    held = {name: inner for name, inner in _held(value).items() if name != BENCH_SETS}
    return f"{type(value).__qualname__}({value_text(held, depth + 1)})"


def _held(metric: object) -> dict[str, Any]:
    """The arguments of the constructor by name, and what methods close over."""
    kind, held = type(metric), {}
    parameters: Iterable[inspect.Parameter] = ()
    if kind.__init__ is not object.__init__:
        try:
            parameters = inspect.signature(kind).parameters.values()
        except (TypeError, ValueError):
            parameters = ()
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        name = parameter.name
        held[name] = getattr(metric, name, getattr(metric, f"_{name}", _MISSING))
    for name, function in vars(kind).items():
        if isinstance(function, types.FunctionType) and name != "__init__":
            held.update({f"{name}.{inner}": value for inner, value in _closure(function).items()})
    return held


def _closure(function: types.FunctionType) -> dict[str, Any]:
    """What a function closes over, its class aside."""
    names, closed = function.__code__.co_freevars, {}
    for name, cell in zip(names, function.__closure__ or (), strict=True):
        if name == "__class__":
            continue
        try:
            closed[name] = cell.cell_contents
        except ValueError:  # not set yet
            closed[name] = None
        if isinstance(closed[name], list | dict | set):  # what a function closes over to fill it is no setting
            closed[name] = _MISSING
    return closed


_MISSING = object()
"""Of an argument that an object does not keep: no text stands for it."""
