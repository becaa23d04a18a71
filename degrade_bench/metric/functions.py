"""A function as a metric: ``stress_test(function, higher_is_better=True)``, or ``--metric file.py:function``.

What it is given is declared: an array of numpy or a tensor of torch, one clip or a batch, one channel or all, at
the clip's rate or at its own. By default it is one clip after another, each a one-dimensional array of numpy: the
mean of the channels.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import torch

from degrade_bench._support.texts import one_line
from degrade_bench.errors import ConfigError, MetricError
from degrade_bench.metric.outside.audio import converted
from degrade_bench.metric.outside.bridge import Function, WrongError, open_parameters
from degrade_bench.metric.outside.declaration import Channels, DeclaredTraits, as_name
from degrade_bench.metric.settings import typed_settings
from degrade_bench.metric.traits import TRAITS


@dataclass(frozen=True, kw_only=True)
class FunctionDeclaration(DeclaredTraits):
    """What is declared of a function, beside the traits of a metric.

    Attributes:
        takes: arrays of numpy, or tensors of torch.
        batched: whether it is given a batch, and gives a score for each signal of it.
        channels: ``mono`` for the mean of the channels, without a dimension for it.
    """

    takes: Literal["numpy", "torch"] | None = None
    batched: bool | None = None
    channels: Channels | None = None


OPTIONS = frozenset(field.name for field in fields(FunctionDeclaration))
"""What may be declared."""


def is_function(candidate: Any) -> bool:
    """Whether an object is called for a score: a function, a network; no class, and no metric.

    >>> is_function(max), is_function(dict)
    (True, False)
    """
    is_metric = hasattr(candidate, "score") or hasattr(candidate, "score_treatment")
    return callable(candidate) and not isinstance(candidate, type) and not is_metric


def with_functions(candidates: Sequence[Any], declared: Mapping[str, Any]) -> list[Any]:
    """Objects that stand for metrics, with a metric in place of every function.

    Args:
        candidates: the objects.
        declared: of every function among them.

    Raises:
        MetricError: something is declared and no function is there, or a declaration is wrong.
    """
    functions = [candidate for candidate in candidates if is_function(candidate)]
    if declared and not functions:
        raise MetricError(f"{next(iter(declared))}=… is for a function; an object has it as an attribute")
    try:
        return [function_metric(one, declared) if is_function(one) else one for one in candidates]
    except ConfigError as error:
        raise MetricError(str(error).removeprefix("--set ")) from None


def function_metric(function: Callable[..., Any], settings: Mapping[str, Any], called: str | None = None) -> Any:
    """An object with a method ``score`` that calls a function.

    Args:
        function: called with audio, and by name with ``sample_rate`` (or ``sr``) and ``reference`` where it has
            parameters of these names.
        settings: what is declared of it, over what it says by its attributes; see :class:`FunctionDeclaration`.
        called: how the user named it, for messages.

    Raises:
        ConfigError: there is no such declaration, or it is of another type.
        MetricError: the direction is not declared, or the function cannot be called so.
    """
    name = as_name(_name_of(function))
    declared = typed_settings(called or name, FunctionDeclaration, settings)
    try:
        held = Function(function, declared)
    except WrongError as error:
        raise MetricError(f"metric {called or name!r}: {error}") from None
    traits = {**held.traits(TRAITS), "name": declared.get("name", getattr(function, "name", name))}
    if traits.get("higher_is_better") is None:
        raise MetricError(_no_direction(function, called, name))
    words = {"__module__": _home_of(function), "__qualname__": _name_of(function), "__doc__": function.__doc__}
    made: Any = type(name, (FunctionMetric,), words)
    return made(function, declared, held, traits)


def _no_direction(function: Callable[..., Any], called: str | None, name: str) -> str:
    if called is None:
        return (
            f"{name} is a function and does not say in which direction quality lies: "
            "give higher_is_better=True or False"
        )
    first = next(iter(open_parameters(function)), "")
    return (
        f"metric {called!r} is a function and does not say higher_is_better: --set {called}.higher_is_better=true "
        f"or false; if it is to make a metric from {first!r}: --set {called}.{first}=…"
    )


def _innermost(function: Any) -> Any:
    return _innermost(function.func) if isinstance(function, functools.partial) else function


def _name_of(function: Any) -> str:
    """What a function is called; an object that is called, by its class."""
    inner = _innermost(function)
    name = getattr(inner, "__name__", type(inner).__name__)
    return "function" if name == "<lambda>" else one_line(name)


def _home_of(function: Any) -> str:
    """The module that a function, or the class of an object that is called, comes from."""
    inner = _innermost(function)
    return getattr(inner, "__module__", None) or type(inner).__module__


class FunctionMetric:
    """Calls a function with what it declares to take. Every function has a class of its own, of its module.

    Args:
        function: the function.
        declared: of it.
        held: it, as it is called.
        traits: of the metric.
    """

    higher_is_better: bool
    sample_rate: int | None = None

    accounts_for = ("declared", "held", "traits")  # of these the fingerprint holds all by itself

    def __init__(
        self, function: Callable[..., Any], declared: Mapping[str, Any], held: Function, traits: Mapping[str, Any]
    ) -> None:
        self.function, self.declared, self._held = function, declared, held
        for name, value in traits.items():
            setattr(self, name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        return function_metric, (self.function, self.declared)

    def fingerprint_parts(self) -> dict[str, Any]:
        """What it is given."""
        held = self._held
        return {"takes": held.takes, "batched": held.batched, "channels": held.channels}

    def score(self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None) -> Any:
        """The function's score of every signal.

        Args:
            batch: ``(batch, channels, time)``.
            sample_rate: in Hz.
            reference: the clean signals, or None.
        """
        held, rate = self._held, self.sample_rate or sample_rate
        heard, clean = self._given(batch, sample_rate), None
        if reference is not None:
            clean = self._given(reference, sample_rate)
        scores = held.score(heard, rate, clean)
        return scores if held.batched else [float(score) for score in scores]

    def _given(self, signals: torch.Tensor, sample_rate: int) -> Any:
        samples = converted(signals, sample_rate, self.sample_rate, self._held.channels)
        return torch.from_numpy(samples) if self._held.takes == "torch" else samples
