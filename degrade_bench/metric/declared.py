"""What a foreign metric says of itself beside its traits, asked for once, as plain values."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from degrade_bench._support.texts import one_line, said, shown
from degrade_bench.errors import MetricError
from degrade_bench.metric.arguments import argument_parts
from degrade_bench.metric.base import Metric
from degrade_bench.metric.identity import ARGUMENTS, CLASS, class_name, code_parts

_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{4,}")
_RECORDED_APART = ("fingerprint", "parts", "counts")


@dataclass(frozen=True)
class Declared:
    """What a foreign metric said of itself at the door.

    Attributes:
        parts: what it adds to its fingerprint, by ``fingerprint_parts`` or by a ``fingerprint`` that it computes.
        identity: its class, code and arguments; see :func:`~degrade_bench.metric.identity.code_parts`.
        description: what its ``describe`` adds for the listing and ``run.json``.
    """

    parts: Mapping[str, Any]
    identity: Mapping[str, str]
    description: Mapping[str, Any]


def declared_by(candidate: Any, traits: Mapping[str, Any], origin: str | None) -> Declared:
    """Ask an object what it says of itself.

    Args:
        candidate: the object.
        traits: those that it has.
        origin: see :func:`~degrade_bench.metric.adapter.check_metric`.

    Raises:
        MetricError: one of its methods raises, or gives what cannot be recorded.
    """
    kind = one_line(type(candidate).__name__)
    parts = _parts(candidate, kind)
    identity = {CLASS: class_name(candidate), **code_parts(candidate, origin)}
    if origin is None:
        arguments, untold = argument_parts(candidate, traits.get("accounts_for", ()))
        identity |= arguments
        if untold and not parts:
            identity[ARGUMENTS] = f"unknown: {', '.join(untold)}"
    return Declared(parts, identity, _description(candidate, kind))


def _says(candidate: Any, method: str) -> Callable[[], Any] | None:
    """A method of the object that is not the one that every metric inherits; None without one."""
    if getattr(type(candidate), method, None) is getattr(Metric, method):
        return None
    found = getattr(candidate, method, None)
    return found if callable(found) else None


def _asked(kind: str, method: str, ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except BaseException as error:  # a third party's method may raise anything
        if isinstance(error, KeyboardInterrupt):
            raise
        raise MetricError(f"{kind} is not a metric: its {method}() raises {said(error)}") from error


def _parts(candidate: Any, kind: str) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    if ask := _says(candidate, "fingerprint_parts"):
        given = _asked(kind, "fingerprint_parts", ask)
        if not isinstance(given, Mapping):
            raise MetricError(
                f"{kind} is not a metric: its fingerprint_parts() gives {shown(given)}, expected a dict"
            )
        inherited = (CLASS,) if isinstance(candidate, Metric) else ()
        parts |= {_text(kind, key): _value(kind, value) for key, value in given.items() if key not in inherited}
    if ask := _says(candidate, "fingerprint"):
        parts["fingerprint"] = _value(kind, _asked(kind, "fingerprint", ask))
    return parts


def _value(kind: str, value: Any) -> Any:
    """A number or truth value as it is, anything else as its text."""
    return value if value is None or type(value) in (bool, int, float) else _text(kind, value)


def _text(kind: str, value: Any) -> str:
    text: str = _asked(kind, "fingerprint_parts", lambda: str(value))
    if _ADDRESS.search(text):
        raise MetricError(
            f"{kind} is not a metric: its fingerprint_parts() gives {shown(text)}, which holds a memory address "
            "and changes from run to run"
        )
    return str(text.encode("utf-8", "backslashreplace"), "utf-8")


def _description(candidate: Any, kind: str) -> dict[str, Any]:
    ask = _says(candidate, "describe")
    if ask is None:
        return {}
    given = _asked(kind, "describe", ask)
    try:
        plain = json.loads(json.dumps(given, allow_nan=False, ensure_ascii=False).encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise MetricError(
            f"{kind} is not a metric: its describe() gives what JSON cannot hold: {said(error)}"
        ) from error
    if not isinstance(plain, dict):
        raise MetricError(f"{kind} is not a metric: its describe() gives {shown(given)}, expected a dict")
    return {name: value for name, value in plain.items() if name not in _RECORDED_APART}
